"""Datasets and models as inputs and outputs of runs; dataset summaries."""

from scenario import AJAX, API, Scenario, done, error, invalid, missing

scenario = s = Scenario("inputs")
HALF = "stock goes on with a half-parsed request"
I = "runs/log-inputs"
S = AJAX + "experiments/search-datasets"


def dataset(name="d", digest="x", tags=(("mlflow.data.context", "train"),), **fields):
    return {"tags": [{"key": k, "value": v} for k, v in tags],
            "dataset": {"name": name, "digest": digest, "source_type": "local", "source": "s", **fields}}


s.experiment("e", "inputs-${uid}")
s.run("r", "e")
s.run("r2", "e")
s.experiment("fe", "inputs-faulty-${uid}")
s.run("f", "fe")  # takes the calls that stock half accepts
s.model("m", "e", name="net", source_run_id="${r}")
s.post("dataset with everything", I, {"run_id": "${r}", "datasets": [dataset(schema='{"a": 1}', profile="p")]})
s.get("it is in the run", "runs/get", {"run_id": "${r}"})
s.post("the same again, with other tags and profile", I,
       {"run_id": "${r}", "datasets": [dataset(profile="other", tags=[("mlflow.data.context", "test")])]})
s.get("the first one stays", "runs/get", {"run_id": "${r}"})
s.post("the same dataset in another run", I,
       {"run_id": "${r2}", "datasets": [dataset(tags=[("mlflow.data.context", "test"), ("k", "v")], profile="third")]})
s.get("other tags there, the same dataset", "runs/get", {"run_id": "${r2}"})
s.post("twice in one call: the first wins", I,
       {"run_id": "${r2}", "datasets": [dataset("two", "1", tags=[("a", "1")]), dataset("two", "1", tags=[("a", "2")])]})
s.post("same name, another digest; no tags", I, {"run_id": "${r2}", "datasets": [dataset("two", "2", tags=[])]})
s.get("three datasets", "runs/get", {"run_id": "${r2}"})
s.post("empty schema and profile are left out", I, {"run_id": "${r2}", "datasets": [dataset("es", "1", schema="", profile="")]})
s.post("fields missing become empty text", I, {"run_id": "${r2}", "datasets": [{"dataset": {"name": "bare"}}]})
s.get("five datasets", "runs/get", {"run_id": "${r2}"})
s.post("a model as input", I, {"run_id": "${r}", "models": [{"model_id": "${m}"}]})
s.post("a model as output", "runs/outputs", {"run_id": "${r}", "models": [{"model_id": "${m}", "step": 3}]})
s.get("input and output", "runs/get", {"run_id": "${r}"})
s.post("search shows outputs, no model inputs", "runs/search", {"experiment_ids": ["${e}"], "filter": "run_id = '${r}'"})
s.post("a model as output again", "runs/outputs", {"run_id": "${r}", "models": [{"model_id": "${m}", "step": 3}]},
       deviation="stock answers with an SQL error; ours may be replayed", ours=done())
s.post("outputs: none", "runs/outputs", {"run_id": "${r2}", "models": []})
s.post("outputs: step missing", "runs/outputs", {"run_id": "${r2}", "models": [{"model_id": "${m}"}]})
s.get("outputs: step 0", "runs/get", {"run_id": "${r2}"})
s.post("outputs: models missing", "runs/outputs", {"run_id": "${r2}"})
s.post("outputs: models is a string", "runs/outputs", {"run_id": "${r2}", "models": "x"})
s.post("outputs: run missing", "runs/outputs", {"models": []})
s.post("outputs: unknown run", "runs/outputs", {"run_id": "abc", "models": []})
s.post("inputs: nothing", I, {"run_id": "${r}"})
s.post("inputs: run missing", I, {"datasets": []})
s.post("inputs: run id malformed", I, {"run_id": "-x", "datasets": []})
s.post("inputs: unknown run", I, {"run_id": "abc", "datasets": [dataset()]})
s.post("inputs: datasets is a string", I, {"run_id": "${r}", "datasets": "x"})
s.post("inputs: datasets is an object", I, {"run_id": "${r}", "datasets": {"a": 1}})
s.post("inputs: models is a number", I, {"run_id": "${r}", "models": 5})
s.post("inputs: name is a number", I, {"run_id": "${f}", "datasets": [{"dataset": {"name": 5}}]}, deviation=HALF)
s.post("inputs: a dataset is a string", I, {"run_id": "${f}", "datasets": ["x"]}, deviation=HALF)
s.get("inputs: ours wrote none of those", "runs/get", {"run_id": "${f}"}, deviation=HALF, ours=done({"run": {
    "info": {"run_uuid": "${f}", "run_id": "${f}", "experiment_id": "${fe}", "run_name": "f", "user_id": "", "status": "RUNNING",
             "start_time": 1700000000000, "lifecycle_stage": "active", "artifact_uri": "mlflow-artifacts:/${fe}/${f}/artifacts"},
    "data": {"tags": [{"key": "mlflow.runName", "value": "f"}]}, "inputs": {}, "outputs": {}}}))
for field, limit in (("name", 500), ("digest", 36), ("source", 65535)):
    s.post(f"inputs: {field} of {limit + 1}", I, {"run_id": "${r}", "datasets": [dataset(**{field: {"$repeat": ["n", limit + 1]}})]})
s.post("inputs: tag key of 256", I, {"run_id": "${r}", "datasets": [dataset("t1", tags=[({"$repeat": ["k", 256]}, "v")])]})
s.post("inputs: tag value of 501", I, {"run_id": "${r}", "datasets": [dataset("t2", tags=[("k", {"$repeat": ["v", 501]})])]})
s.get("none of the bad ones is there", "runs/get", {"run_id": "${r}"})

s.experiment("empty", "inputs-empty-${uid}")
s.post("summaries", S, {"experiment_ids": ["${e}"]})
s.post("summaries of two experiments", S, {"experiment_ids": ["${e}", "${empty}"]})
s.post("summaries: none", S, {"experiment_ids": ["${empty}"]})
s.post("summaries: ids missing", S, {})
s.post("summaries: 21 experiments", S, {"experiment_ids": ["1"] * 21})
s.post("summaries: id is no number", S, {"experiment_ids": ["abc"]})
s.post("summaries: ids is a string", S, {"experiment_ids": "abc"}, loose="stock goes on with no experiment", ours=invalid())
s.post("summaries of an empty experiment id", S, {"experiment_ids": [""]})
s.post("summaries only on the ajax path", API + "experiments/search-datasets", {"experiment_ids": ["${e}"]})
s.post("summaries: no content type", S, text="{}", headers={})
