"""Logged models: life, tags, params, metrics, artifacts, paging. Filters are in search_logged_models.py."""

from scenario import AJAX, API, ARTIFACTS, Scenario, done, error, invalid, missing

scenario = s = Scenario("logged_models")
HALF = "stock goes on with a half-parsed request"
SQL = "stock answers with an SQL error"
C = "logged-models"

s.experiment("e", "lm-${uid}")
s.run("r", "e")
s.model("f", "e", name="faulty")  # takes the calls that stock half accepts
s.post("create: all fields", C, {
    "experiment_id": "${e}", "name": "net", "model_type": "Agent", "source_run_id": "${r}",
    "params": [{"key": "p", "value": "1"}, {"key": "q", "value": ""}],
    "tags": [{"key": "t", "value": "v"}, {"key": "u", "value": ""}]}, bind={"m": "model.info.model_id|model_id"})
s.get("get", C + "/${m}", bind={"t0": "model.info.last_updated_timestamp_ms"})
s.get("get on the ajax path", AJAX + C + "/${m}")
s.post("create: name generated", C, {"experiment_id": "${e}"}, bind={"m2": "model.info.model_id|model_id"})
s.post("create: name empty is generated", C, {"experiment_id": "${e}", "name": ""})
s.post("create: a name twice", C, {"experiment_id": "${e}", "name": "net"})
s.post("create: Unicode name", C, {"experiment_id": "${e}", "name": "né 中_-"})
for name in ("a/b", "a:b", "a.b", "a%b", 'a"b', "a'b"):
    s.post(f"create: name {name!r} refused", C, {"experiment_id": "${e}", "name": name})
s.post("create: experiment missing", C, {"name": "a"})
s.post("create: unknown experiment", C, {"experiment_id": "999999999"})
s.post("create: experiment is no number", C, {"experiment_id": "abc"})
s.post("create: experiment id is a JSON number", C, {"experiment_id": 5})
s.post("create: name is a number", C, {"experiment_id": "${e}", "name": 5})
s.post("create: params is a string", C, {"experiment_id": "${e}", "params": "x"})
s.post("create: tags is an object", C, {"experiment_id": "${e}", "tags": {}})
s.post("create: a param's value is a number", C, {"experiment_id": "${e}", "params": [{"key": "a", "value": 1}]}, deviation=HALF)

# Status.
s.patch("finalize: ready", C + "/${m}", {"model_id": "${m}", "status": "LOGGED_MODEL_READY"}, pause_ms=3)
s.get("ready, with a later update time", C + "/${m}", checks=[["model.info.last_updated_timestamp_ms", ">", "${t0}"]])
s.patch("finalize: failed, by number", C + "/${m}", {"model_id": "${m}", "status": 3})
s.patch("finalize: pending", C + "/${m}", {"model_id": "${m}", "status": "LOGGED_MODEL_PENDING"})
s.patch("finalize: without a JSON content type", C + "/${m}", None, text='{"model_id": "${m}", "status": "LOGGED_MODEL_READY"}',
        headers={"Content-Type": "text/plain"})
s.patch("finalize: status missing", C + "/${m}", {"model_id": "${m}"})
s.patch("finalize: model missing in the body", C + "/${m}", {"status": "LOGGED_MODEL_READY"})
s.patch("finalize: unknown status name", C + "/${m}", {"model_id": "${m}", "status": "GOOD"},
        deviation="stock ignores the name and stores status 0")
s.patch("finalize: unknown status number", C + "/${m}", {"model_id": "${m}", "status": 77},
        deviation=HALF)
s.patch("finalize: unknown model", C + "/m-x", {"model_id": "m-x", "status": "LOGGED_MODEL_READY"})
s.patch("finalize: ready again", C + "/${m}", {"model_id": "${m}", "status": "LOGGED_MODEL_READY"})

# Tags.
s.patch("tags: set", C + "/${m}/tags", {"tags": [{"key": "t", "value": "w"}, {"key": "n", "value": "1"}, {"key": "n", "value": "2"}]})
s.patch("tags: none", C + "/${m}/tags", {"tags": []})
s.patch("tags: unknown model", C + "/m-x/tags", {"tags": [{"key": "a", "value": "b"}]})
s.patch("tags: is a string", C + "/${m}/tags", {"tags": "x"})
s.patch("tags: a value is a number", C + "/${f}/tags", {"tags": [{"key": "zz", "value": 5}]}, deviation=HALF)
s.get("tags are there", C + "/${m}")
s.delete("tags: delete", C + "/${m}/tags/n")
s.delete("tags: delete again", C + "/${m}/tags/n")
s.delete("tags: delete, key with an escaped slash", C + "/${m}/tags/a%2Fb", loose="stock takes the escaped slash for a path of its own",
         ours={"status": 404})
s.delete("tags: delete, unknown model", C + "/m-x/tags/t")

# Params.
s.post("params: add", C + "/${m2}/params", {"model_id": "${m2}", "params": [{"key": "a", "value": "1"}]})
s.post("params: none", C + "/${m2}/params", {"model_id": "${m2}"})
s.post("params: model missing in the body", C + "/${m2}/params", {"params": [{"key": "b", "value": "1"}]})
s.post("params: unknown model", C + "/m-x/params", {"model_id": "m-x", "params": [{"key": "b", "value": "1"}]})
s.post("params: is a string", C + "/${m2}/params", {"model_id": "${m2}", "params": "x"})
s.post("params: the same again", C + "/${m2}/params", {"model_id": "${m2}", "params": [{"key": "a", "value": "1"}]},
       deviation=SQL + "; ours may be replayed", ours=done())
s.post("params: another value", C + "/${m2}/params", {"model_id": "${m2}", "params": [{"key": "a", "value": "2"}]}, deviation=SQL)
s.get("params are there", C + "/${m2}")

# Metrics.
s.post("metric of a model", "runs/log-metric", {"run_id": "${r}", "key": "acc", "value": 0.5, "timestamp": 1, "step": 2,
                                                "model_id": "${m2}", "dataset_name": "d", "dataset_digest": "x"})
s.post("metric of a model again", "runs/log-metric", {"run_id": "${r}", "key": "acc", "value": 0.5, "timestamp": 1, "step": 2,
                                                      "model_id": "${m2}", "dataset_name": "d", "dataset_digest": "x"})
s.post("metric of a model at a later step", "runs/log-metric",
       {"run_id": "${r}", "key": "acc", "value": 0.25, "timestamp": 1, "step": 3, "model_id": "${m2}"})
s.post("metrics of models in a batch", "runs/log-batch", {"run_id": "${r}", "metrics": [
    {"key": "loss", "value": 2, "timestamp": 5, "model_id": "${m2}", "dataset_name": "d", "dataset_digest": "x"}, {"key": "plain", "value": 1, "timestamp": 5}]})
for label, fields in (("name", {"dataset_name": "d"}), ("digest", {"dataset_digest": "x"})):
    s.post(f"metric with a dataset's {label} alone", "runs/log-metric", {"run_id": "${r}", "key": "half", "value": 1, "timestamp": 1, **fields})
    s.post(f"metric with a dataset's {label} alone, in a batch", "runs/log-batch",
           {"run_id": "${r}", "metrics": [{"key": "half", "value": 1, "timestamp": 1, "model_id": "${m2}", **fields}]})
s.get("metrics are in the model", C + "/${m2}")
s.get("and in the run, without the model", "runs/get", {"run_id": "${r}"})
s.get("and in the history, without the model", "metrics/get-history", {"run_id": "${r}", "metric_key": "acc"})
s.model("mn", "e", name="nan")
s.post("metric of a model that is no number", "runs/log-metric", {"run_id": "${r}", "key": "nan", "value": "NaN", "timestamp": 1, "model_id": "${mn}"})
s.get("it is none in the model either", C + "/${mn}", deviation="stock shows 0, the number that stands beside its mark for NaN", ours=done({"model": {
    "info": {"model_id": "${mn}", "experiment_id": "${e}", "name": "nan", "creation_timestamp_ms": "<time>", "last_updated_timestamp_ms": "<time>",
             "artifact_uri": "mlflow-artifacts:/${e}/models/${mn}/artifacts", "status": "LOGGED_MODEL_PENDING", "model_type": "", "source_run_id": ""},
    "data": {"metrics": [{"key": "nan", "value": "NaN", "timestamp": 1, "step": 0, "model_id": "${mn}", "run_id": "${r}"}]}}}))
s.post("metric of an unknown model", "runs/log-metric", {"run_id": "${r}", "key": "lost", "value": 1, "timestamp": 1, "model_id": "m-x"},
       deviation=SQL, ours=missing("Logged model with ID 'm-x' not found."))
s.get("nothing of it was written", "metrics/get-history", {"run_id": "${r}", "metric_key": "lost"})
s.post("metric of a model: model_id is a number", "runs/log-metric",
       {"run_id": "${r}", "key": "lost", "value": 1, "timestamp": 1, "model_id": 5})

# Artifacts.
A = C + "/${m}/artifacts/directories"
F = AJAX + C + "/${m}/artifacts/files"
ROOT = ARTIFACTS + "artifacts/${e}/models/${m}/artifacts"
s.get("artifacts: none yet", A)
s.put("artifacts: put a file", ROOT + "/MLmodel", "flavors: {}")
s.put("artifacts: put a file in a folder", ROOT + "/data/a.txt", "hello")
s.put("artifacts: put an empty file", ROOT + "/data/empty", "")
s.get("artifacts: root", A)
s.get("artifacts: folder", A, {"artifact_directory_path": "data"})
s.get("artifacts: missing folder", A, {"artifact_directory_path": "none"})
s.get("artifacts: path with dots", A, {"artifact_directory_path": "../.."})
s.get("artifacts: absolute path", A, {"artifact_directory_path": "/etc"})
s.get("artifacts: unknown model", C + "/m-x/artifacts/directories")
s.get("file", F, {"artifact_file_path": "data/a.txt"}, record_headers=["content-disposition", "content-type", "x-content-type-options"])
s.get("file: path missing", F)
s.get("file: unknown", F, {"artifact_file_path": "none"})
s.get("file: a folder", F, {"artifact_file_path": "data"})
s.get("file: dots", F, {"artifact_file_path": "../../x"})
s.get("file: unknown model", AJAX + C + "/m-x/artifacts/files", {"artifact_file_path": "a"})
s.get("file: only on the ajax path", API + C + "/${m}/artifacts/files", {"artifact_file_path": "data/a.txt"})

# Delete.
s.delete("delete", C + "/${m}")
s.get("deleted", C + "/${m}")
s.get("deleted, allowed", C + "/${m}", {"allow_deleted": "true"})
s.get("deleted, allowed in capitals", C + "/${m}", {"allow_deleted": "TRUE"})
s.get("deleted, not allowed", C + "/${m}", {"allow_deleted": "false"})
s.delete("delete again", C + "/${m}")
s.delete("delete: unknown", C + "/m-x")
s.get("get: unknown", C + "/m-x")
s.patch("a deleted one can be tagged", C + "/${m}/tags", {"tags": [{"key": "late", "value": "1"}]})
s.post("a deleted one is not found by search", C + "/search", {"experiment_ids": ["${e}"], "filter": "model_id = '${m}'"})

# Pages.
S = C + "/search"
s.experiment("pg", "lm-pages-${uid}")
for i in range(5):
    s.post(f"page: create {i}", C, {"experiment_id": "${pg}", "name": f"n{i}"}, bind={f"g{i}": "model.info.model_id|model_id"}, pause_ms=2)
s.post("page: 1", S, {"experiment_ids": ["${pg}"], "max_results": 2}, bind={"tok": "next_page_token"})
s.post("page: 2", S, {"experiment_ids": ["${pg}"], "max_results": 2, "page_token": "${tok}"}, bind={"tok2": "next_page_token"})
s.post("page: 3", S, {"experiment_ids": ["${pg}"], "max_results": 2, "page_token": "${tok2}"})
s.post("page: exactly all", S, {"experiment_ids": ["${pg}"], "max_results": 5})
s.post("page: token of another filter", S, {"experiment_ids": ["${pg}"], "max_results": 2, "page_token": "${tok}", "filter": "name = 'n1'"})
s.post("page: token of another experiment", S, {"experiment_ids": ["${e}"], "max_results": 2, "page_token": "${tok}"})
s.post("page: token of another order", S, {"experiment_ids": ["${pg}"], "max_results": 2, "page_token": "${tok}", "order_by": [{"field_name": "name"}]})
s.post("page: bad token", S, {"experiment_ids": ["${pg}"], "page_token": "xx"}, deviation="stock answers 500")
s.post("page: max_results is text", S, {"experiment_ids": ["${pg}"], "max_results": "x"})
s.post("page: max_results 0 means the default", S, {"experiment_ids": ["${pg}"], "max_results": 0})
s.post("page: max_results negative", S, {"experiment_ids": ["${pg}"], "max_results": -1}, deviation="stock asks SQL for -1 rows")
s.post("page: experiments missing", S, {})
s.post("page: experiments empty", S, {"experiment_ids": []})
s.post("page: experiments is a string", S, {"experiment_ids": "1"})
s.post("page: an experiment is a number", S, {"experiment_ids": [1]})
s.post("page: an experiment is no number", S, {"experiment_ids": ["abc"]})
s.post("page: unknown experiment", S, {"experiment_ids": ["999999999"]})
