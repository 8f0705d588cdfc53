"""Runs: life, names, params, tags, single writes and batches. Metrics are in metrics.py."""

from scenario import AJAX, Scenario, done, error, invalid, missing, text_json

scenario = s = Scenario("runs")
HALF = "stock goes on with a half-parsed request"
SQL = "stock answers with an SQL error"

s.experiment("e", "runs-${uid}")
s.run("f", "e")  # takes the calls that stock half accepts

# Create.
s.post("create: all fields", "runs/create",
       {"experiment_id": "${e}", "user_id": "me", "run_name": "first", "start_time": 1234567890123,
        "tags": [{"key": "mlflow.user", "value": "me"}, {"key": "t", "value": "v"}]},
       bind={"r": "run.info.run_id|run_id"})
s.get("get", "runs/get", {"run_id": "${r}"})
s.get("get by run_uuid", "runs/get", {"run_uuid": "${r}"})
s.get("get on the ajax path", AJAX + "runs/get", {"run_id": "${r}"})
s.get("get: unknown", "runs/get", {"run_id": "0123456789abcdef0123456789abcdef"})
s.get("get: no id at all", "runs/get")
s.get("get: odd id", "runs/get", {"run_id": "../../etc"})
s.get("get: upper case is another id", "runs/get", {"run_id": "ABCDEF00000000000000000000000000"})
s.post("create: name generated", "runs/create", {"experiment_id": "${e}"}, bind={"r2": "run.info.run_id|run_id"})
s.post("create: name from the tag", "runs/create",
       {"experiment_id": "${e}", "tags": [{"key": "mlflow.runName", "value": "tagged"}]})
s.post("create: name and equal tag", "runs/create",
       {"experiment_id": "${e}", "run_name": "same", "tags": [{"key": "mlflow.runName", "value": "same"}]})
s.post("create: name and another tag", "runs/create",
       {"experiment_id": "${e}", "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]})
s.post("create: numbers as strings", "runs/create",
       {"experiment_id": "${e}", "run_name": "n", "start_time": "1234567890123"})
s.post("create: integral float as time", "runs/create",
       {"experiment_id": "${e}", "run_name": "n", "start_time": 1.5e3})
s.post("create: tags are not validated here", "runs/create",
       {"experiment_id": "${e}", "run_name": "n", "tags": [{"key": "a$../", "value": "b"}]})
s.post("create: camel case is read as well", "runs/create", {"experimentId": "${e}", "runName": "camel", "startTime": 5})
s.post("create: both spellings of one field", "runs/create",
       {"experiment_id": "${e}", "run_name": "snake", "runName": "camel"})
s.post("create: unknown experiment", "runs/create", {"experiment_id": "999999999"})
s.post("create: experiment is no number", "runs/create", {"experiment_id": "abc"})
s.post("create: experiment id is a JSON number", "runs/create", {"experiment_id": 5})
s.post("create: start_time is text", "runs/create", {"experiment_id": "${e}", "start_time": "soon"})
s.post("create: start_time is a fraction", "runs/create", {"experiment_id": "${e}", "start_time": 1.5}, deviation=HALF)
s.post("create: start_time too large", "runs/create",
       {"experiment_id": "${e}", "start_time": 99999999999999999999}, deviation=HALF)
s.post("create: run_name is a number", "runs/create", {"experiment_id": "${e}", "run_name": 5})
s.post("create: user_id is a number", "runs/create", {"experiment_id": "${e}", "run_name": "x", "user_id": 5}, deviation=HALF)
s.post("create: tags is a string", "runs/create", {"experiment_id": "${e}", "run_name": "x", "tags": "a"}, deviation=HALF)
s.post("create: no experiment means the default one", "runs/create", {"run_name": "default"},
       deviation="stock fails with an SQL error; the API promises experiment 0", bind={"r0": "run.info.run_id"},
       ours=done({"run": {
           "info": {"run_uuid": "${r0}", "run_id": "${r0}", "experiment_id": "0", "run_name": "default",
                    "user_id": "", "status": "RUNNING", "start_time": 0, "lifecycle_stage": "active",
                    "artifact_uri": "mlflow-artifacts:/0/${r0}/artifacts"},
           "data": {"tags": [{"key": "mlflow.runName", "value": "default"}]}, "inputs": {}}}))
s.post("create: the same tag twice", "runs/create",
       {"experiment_id": "${e}", "run_name": "twice", "start_time": 1,
        "tags": [{"key": "x", "value": "1"}, {"key": "x", "value": "2"}]},
       deviation=SQL + "; ours keeps the last value", bind={"r1": "run.info.run_id"},
       ours=done({"run": {
           "info": {"run_uuid": "${r1}", "run_id": "${r1}", "experiment_id": "${e}", "run_name": "twice",
                    "user_id": "", "status": "RUNNING", "start_time": 1, "lifecycle_stage": "active",
                    "artifact_uri": "mlflow-artifacts:/${e}/${r1}/artifacts"},
           "data": {"tags": [{"key": "mlflow.runName", "value": "twice"}, {"key": "x", "value": "2"}]},
           "inputs": {}}}))

# Update.
s.post("update: status, end, name", "runs/update",
       {"run_id": "${r}", "status": "FINISHED", "end_time": 1234567890999, "run_name": "renamed"})
s.get("renaming moves the tag", "runs/get", {"run_id": "${r}"})
s.post("update: status by number", "runs/update", {"run_id": "${r}", "status": 4})
s.post("update: nothing", "runs/update", {"run_id": "${r}"})
s.post("update: empty name changes nothing", "runs/update", {"run_id": "${r}", "run_name": ""})
s.post("update: by run_uuid", "runs/update", {"run_uuid": "${r}", "status": "KILLED"})
s.post("update: back to RUNNING keeps the end", "runs/update", {"run_id": "${r}", "status": "RUNNING"})
s.post("update: SCHEDULED", "runs/update", {"run_id": "${r}", "status": "SCHEDULED"})
s.post("update: unknown status number", "runs/update", {"run_id": "${r}", "status": 77})
s.post("update: unknown status name is ignored", "runs/update", {"run_id": "${r}", "status": "DONE"})
s.post("update: end_time is text", "runs/update", {"run_id": "${r}", "end_time": "x"})
s.post("update: end_time is a fraction", "runs/update", {"run_id": "${f}", "end_time": 1.5}, deviation=HALF)
s.post("update: run_name is a number", "runs/update", {"run_id": "${r}", "run_name": 7})
s.post("update: unknown run", "runs/update", {"run_id": "abc", "status": "FAILED"})
s.post("update: id missing", "runs/update", {"status": "FAILED"})

# Params.
P = "runs/log-parameter"
s.post("param", P, {"run_id": "${r}", "key": "lr", "value": "0.1"})
s.post("param: same value again", P, {"run_id": "${r}", "key": "lr", "value": "0.1"})
s.post("param: another value", P, {"run_id": "${r}", "key": "lr", "value": "0.2"})
s.post("param: value with quotes in the text", P, {"run_id": "${r}", "key": "lr", "value": "a'b\"c"})
s.post("param: empty value", P, {"run_id": "${r}", "key": "empty", "value": ""})
s.post("param: no value", P, {"run_id": "${r}", "key": "none"})
s.post("param: null value", P, {"run_id": "${r}", "key": "null", "value": None})
s.post("param: by run_uuid", P, {"run_uuid": "${r}", "key": "uuid", "value": "1"})
s.post("param: Unicode", P, {"run_id": "${r}", "key": "größe 中/b:c.d-e", "value": "😀"})
s.post("param: value is a number", P, {"run_id": "${r}", "key": "k", "value": 5})
s.post("param: value is an object", P, {"run_id": "${r}", "key": "k", "value": {"a": 1}})
s.post("param: key is a number", P, {"run_id": "${r}", "key": 5, "value": "5"})
s.post("param: key missing", P, {"run_id": "${r}", "value": "5"})
s.post("param: run missing", P, {"key": "k", "value": "5"})
s.post("param: run is a list", P, {"run_id": ["${r}"], "key": "k", "value": "5"})
s.post("param: unknown run", P, {"run_id": "abc", "key": "k", "value": "5"})
s.post("param: key of 250 characters", P, {"run_id": "${r}", "key": {"$repeat": ["é", 250]}, "value": "5"})
s.post("param: key of 251 characters", P, {"run_id": "${r}", "key": {"$repeat": ["k", 251]}, "value": "5"})
s.post("param: value of 6,001 characters is cut", P, {"run_id": "${r}", "key": "long", "value": {"$repeat": ["中", 6001]}})
s.post("param: the same long value again", P, {"run_id": "${r}", "key": "long", "value": {"$repeat": ["中", 6001]}})
s.post("param: a longer one cuts to the same", P, {"run_id": "${r}", "key": "long", "value": {"$repeat": ["中", 7000]}})
for key in ("a$", "../a", "a//b", "/a", "a/", ".", "..", "a/..", "./a", "a\tb", "a%2fb", "a\\b", "a(b)", "a\x00b"):
    s.post(f"param: key {key!r} refused", P, {"run_id": "${r}", "key": key, "value": "v"})
s.post("param: key that ends in a line feed", P, {"run_id": "${f}", "key": "a\n", "value": "v"},
       deviation="stock's pattern lets one final line feed through")
s.get("params are there", "runs/get", {"run_id": "${r}"})

# Tags.
T = "runs/set-tag"
s.post("tag", T, {"run_id": "${r}", "key": "t", "value": "v"})
s.post("tag: overwrite", T, {"run_id": "${r}", "key": "t", "value": "w"})
s.post("tag: empty", T, {"run_id": "${r}", "key": "empty", "value": ""})
s.post("tag: no value", T, {"run_id": "${r}", "key": "none"})
s.post("tag: by run_uuid", T, {"run_uuid": "${r}", "key": "uuid", "value": "1"})
s.post("tag: the run's name", T, {"run_id": "${r}", "key": "mlflow.runName", "value": "by tag"})
s.post("tag: the run's name, empty: unchanged", T, {"run_id": "${r}", "key": "mlflow.runName", "value": ""})
s.post("tag: value of 8,001 characters is cut", T, {"run_id": "${r}", "key": "long", "value": {"$repeat": ["é", 8001]}})
s.post("tag: value is a number", T, {"run_id": "${r}", "key": "t", "value": 5})
s.post("tag: value is a bool", T, {"run_id": "${r}", "key": "t", "value": False})
s.post("tag: key missing", T, {"run_id": "${r}", "value": "v"})
s.post("tag: key empty", T, {"run_id": "${r}", "key": "", "value": "v"})
s.post("tag: run missing", T, {"key": "k", "value": "v"})
s.post("tag: unknown run", T, {"run_id": "abc", "key": "k", "value": "v"})
s.post("tag: key of 251 characters", T, {"run_id": "${r}", "key": {"$repeat": ["k", 251]}, "value": "5"})
for key in ("a$", "../a", "a//b", "/a", "a/", "."):
    s.post(f"tag: key {key!r} refused", T, {"run_id": "${r}", "key": key, "value": "v"})
s.get("tags are there", "runs/get", {"run_id": "${r}"})
s.post("delete tag", "runs/delete-tag", {"run_id": "${r}", "key": "t"})
s.post("delete tag again", "runs/delete-tag", {"run_id": "${r}", "key": "t"})
s.post("delete tag: key missing", "runs/delete-tag", {"run_id": "${r}"})
s.post("delete tag: unknown run", "runs/delete-tag", {"run_id": "abc", "key": "t"})
s.post("delete tag: long one", "runs/delete-tag", {"run_id": "${r}", "key": "long"})

# Batches.
B = "runs/log-batch"
s.run("b", "e")
s.post("batch: all kinds", B, {
    "run_id": "${b}",
    "metrics": [{"key": "m", "value": 1.5, "timestamp": 1, "step": 0}, {"key": "m", "value": 2, "timestamp": 2, "step": 1},
                {"key": "n", "value": "-1e-3", "timestamp": "7"}],
    "params": [{"key": "p", "value": "1"}, {"key": "q"}],
    "tags": [{"key": "t", "value": "1"}, {"key": "t", "value": "2"}, {"key": "u"}]})
s.post("batch: the same again", B, {
    "run_id": "${b}", "metrics": [{"key": "m", "value": 1.5, "timestamp": 1, "step": 0}],
    "params": [{"key": "p", "value": "1"}], "tags": [{"key": "t", "value": "2"}]})
s.post("batch: empty", B, {"run_id": "${b}"})
s.post("batch: empty lists", B, {"run_id": "${b}", "metrics": [], "params": [], "tags": []})
s.post("batch: renames by tag", B, {"run_id": "${b}", "tags": [{"key": "mlflow.runName", "value": "batched"}]})
s.get("batch: the run", "runs/get", {"run_id": "${b}"})
s.post("batch: a param changes", B, {"run_id": "${b}", "params": [{"key": "p", "value": "2"}]})
s.post("batch: two params change", B,
       {"run_id": "${b}", "params": [{"key": "p", "value": "it's"}, {"key": "q", "value": "x"}, {"key": "new", "value": "1"}]})
s.post("batch: param twice, equal", B, {"run_id": "${b}", "params": [{"key": "d", "value": "1"}, {"key": "d", "value": "1"}]})
s.post("batch: several params twice", B,
       {"run_id": "${b}", "params": [{"key": k, "value": "1"} for k in ("d", "e", "d", "e", "d")]})
s.post("batch: metric and tag beside a changed param stay out", B,
       {"run_id": "${b}", "metrics": [{"key": "out", "value": 1, "timestamp": 1}],
        "tags": [{"key": "out", "value": "1"}], "params": [{"key": "p", "value": "9"}]})
s.get("batch: nothing was written", "runs/get", {"run_id": "${b}"})
s.post("batch: bad tag after good ones", B,
       {"run_id": "${b}", "params": [{"key": "fine", "value": "1"}], "tags": [{"key": "ok", "value": "1"}, {"key": "a$", "value": "1"}]})
s.post("batch: bad param path", B, {"run_id": "${b}", "params": [{"key": "ok", "value": "1"}, {"key": "../x", "value": "1"}]})
s.post("batch: bad metric path", B, {"run_id": "${b}", "metrics": [{"key": "a//b", "value": 1, "timestamp": 1}]})
s.post("batch: tag key of 251", B, {"run_id": "${b}", "tags": [{"key": {"$repeat": ["k", 251]}, "value": "1"}]})
s.post("batch: param key of 251", B, {"run_id": "${b}", "params": [{"key": {"$repeat": ["k", 251]}, "value": "1"}]})
s.post("batch: metric key of 251", B, {"run_id": "${b}", "metrics": [{"key": {"$repeat": ["k", 251]}, "value": 1, "timestamp": 1}]})
s.post("batch: metric time negative", B, {"run_id": "${b}", "metrics": [{"key": "x", "value": 1, "timestamp": 1}, {"key": "m", "value": 1, "timestamp": -1}]})
for field, entry in (("key", {"value": 1, "timestamp": 1}), ("value", {"key": "m", "timestamp": 1}), ("timestamp", {"key": "m", "value": 1})):
    s.post(f"batch: metric without {field}", B,
           {"run_id": "${b}", "metrics": [{"key": "x", "value": 1, "timestamp": 1}, entry]})
s.post("batch: metric key empty", B, {"run_id": "${b}", "metrics": [{"key": "", "value": 1, "timestamp": 1}]})
s.post("batch: param without key", B, {"run_id": "${b}", "params": [{"value": "1"}]})
s.post("batch: tag without key", B, {"run_id": "${b}", "tags": [{"value": "1"}]})
s.post("batch: metrics is a string", B, {"run_id": "${b}", "metrics": "x"})
s.post("batch: params is an object", B, {"run_id": "${b}", "params": {"a": "b"}})
s.post("batch: tags is a number", B, {"run_id": "${b}", "tags": 5})
s.post("batch: a metric is a string", B, {"run_id": "${b}", "metrics": ["x"]}, deviation="stock answers 500")
s.post("batch: metrics is null", B, {"run_id": "${b}", "metrics": None}, deviation="stock answers 500; null is unset",
       ours=done())
s.post("batch: a metric's value is text", B, {"run_id": "${f}", "metrics": [{"key": "m", "value": "abc", "timestamp": 1}]}, deviation=HALF)
s.post("batch: a metric's time is a fraction", B, {"run_id": "${f}", "metrics": [{"key": "m", "value": 1, "timestamp": 1.5}]}, deviation=HALF)
s.post("batch: a param's value is a number", B, {"run_id": "${f}", "params": [{"key": "num", "value": 5}]}, deviation=HALF)
s.post("batch: a tag's value is a list", B, {"run_id": "${f}", "tags": [{"key": "num", "value": []}]}, deviation=HALF)
s.get("batch: ours wrote none of those", "runs/get", {"run_id": "${f}"}, deviation=HALF, ours=done({"run": {
    "info": {"run_uuid": "${f}", "run_id": "${f}", "experiment_id": "${e}", "run_name": "f", "user_id": "", "status": "RUNNING",
             "start_time": 1700000000000, "lifecycle_stage": "active", "artifact_uri": "mlflow-artifacts:/${e}/${f}/artifacts"},
    "data": {"tags": [{"key": "mlflow.runName", "value": "f"}]}, "inputs": {}, "outputs": {}}}))
s.post("batch: run missing", B, {"params": []})
s.post("batch: run id malformed", B, {"run_id": "-abc"})
s.post("batch: run id with a slash", B, {"run_id": "a/b"})
s.post("batch: unknown run", B, {"run_id": "abc"})
s.post("batch: run id is a number", B, {"run_id": 5})
s.post("batch: by run_uuid only", B, {"run_uuid": "${b}", "params": [{"key": "p", "value": "1"}]},
       loose="stock passes the check and then rejects the empty id; success would be as good",
       ours={"status": [200, 400, 404]})
for thing, limit, entry in (("metrics", 1000, {"key": "k#i#", "value": 1, "timestamp": 1}),
                            ("params", 100, {"key": "k#i#", "value": "v"}), ("tags", 100, {"key": "k#i#", "value": "v"})):
    s.post(f"batch: {limit + 1} {thing}", B, {"run_id": "${b}", thing: {"$each": limit + 1, "value": entry}})
s.post("batch: 1,001 in all", B, {
    "run_id": "${b}", "metrics": {"$each": 900, "value": {"key": "k#i#", "value": 1, "timestamp": 1}},
    "params": {"$each": 51, "value": {"key": "k#i#", "value": "v"}}, "tags": {"$each": 50, "value": {"key": "k#i#", "value": "v"}}})
s.post("batch: data are checked before the limits", B,
       {"run_id": "${b}", "metrics": {"$each": 1001, "value": {"key": "a$", "value": 1, "timestamp": 1}}})
s.run("big", "e")
s.post("batch: 1,000 in all", B, {
    "run_id": "${big}", "metrics": {"$each": 800, "value": {"key": "k#i#", "value": "#i", "timestamp": 1}},
    "params": {"$each": 100, "value": {"key": "k#i#", "value": "v#i#"}}, "tags": {"$each": 100, "value": {"key": "k#i#", "value": "v#i#"}}})
s.get("batch: the last one arrived", "metrics/get-history", {"run_id": "${big}", "metric_key": "k799"})

# Old model log.
M = "runs/log-model"
MODEL = {"artifact_path": "model", "flavors": {"sklearn": {"v": 1}}, "utc_time_created": "2020-01-01 00:00:00", "run_id": "x"}
s.post("log-model", M, {"run_id": "${b}", "model_json": {"$json": MODEL}})
s.post("log-model: not JSON", M, {"run_id": "${b}", "model_json": "{"})
s.post("log-model: fields missing", M, {"run_id": "${b}", "model_json": "{}"})
s.post("log-model: model missing", M, {"run_id": "${b}"})
s.post("log-model: run missing", M, {"model_json": "{}"})
s.post("log-model: unknown run", M, {"run_id": "abc", "model_json": {"$json": MODEL}})

# Delete and restore.
s.post("delete", "runs/delete", {"run_id": "${r}"})
s.post("delete again", "runs/delete", {"run_id": "${r}"})
s.get("a deleted run can be read", "runs/get", {"run_id": "${r}"})
for name, path, body in (
    ("update", "runs/update", {"status": "FAILED"}), ("metric", "runs/log-metric", {"key": "m", "value": 1, "timestamp": 1}),
    ("param", P, {"key": "p2", "value": "1"}), ("tag", T, {"key": "t", "value": "1"}), ("delete tag", "runs/delete-tag", {"key": "uuid"}),
    ("batch", B, {"params": [{"key": "p", "value": "1"}]}), ("empty batch", B, {}), ("inputs", "runs/log-inputs", {"datasets": []}),
    ("outputs", "runs/outputs", {"models": []}), ("log-model", M, {"model_json": {"$json": MODEL}}),
):
    s.post(f"deleted run refuses: {name}", path, {"run_id": "${r}", **body})
s.post("restore", "runs/restore", {"run_id": "${r}"})
s.post("restore again", "runs/restore", {"run_id": "${r}"})
s.get("restored", "runs/get", {"run_id": "${r}"})
s.post("delete: unknown", "runs/delete", {"run_id": "abc"})
s.post("restore: unknown", "runs/restore", {"run_id": "abc"})
s.post("delete: missing", "runs/delete", {})
s.post("restore: missing", "runs/restore", {})
s.post("delete: id is a number", "runs/delete", {"run_id": 5})
