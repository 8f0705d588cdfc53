"""Experiments: life, names, tags, artifact locations, paging. Filters are in search_experiments.py."""

from scenario import AJAX, Scenario, done, error, invalid, text_json

scenario = s = Scenario("experiments")
FIRST_FAULT = "stock goes on with a half-parsed request and names another fault"

# Life.
s.get("the default experiment exists", "experiments/get", {"experiment_id": "0"}, expect_note=None)
s.post("create", "experiments/create", {"name": "exp-${uid}", "tags": [{"key": "a", "value": "b"}]},
       bind={"e1": "experiment_id|experiment_id"})
s.get("get by id", "experiments/get", {"experiment_id": "${e1}"}, bind={"t0": "experiment.last_update_time"})
s.get("get by id on the ajax path", AJAX + "experiments/get", {"experiment_id": "${e1}"})
s.get("get by name", "experiments/get-by-name", {"experiment_name": "exp-${uid}"})
s.call("get with a JSON body in place of a query", "GET", "experiments/get", json={"experiment_id": "${e1}"})
s.get("get: unknown arguments are ignored", "experiments/get", {"experiment_id": "${e1}", "zzz": "1"})
s.get("get: unknown id", "experiments/get", {"experiment_id": "999999999"})
s.get("get: id is no number", "experiments/get", {"experiment_id": "abc"})
s.get("get: id is negative", "experiments/get", {"experiment_id": "-1"})
s.get("get: id missing", "experiments/get")
s.get("get: id empty", "experiments/get", {"experiment_id": ""})
s.get("get by name: unknown", "experiments/get-by-name", {"experiment_name": "none-${uid}"})
s.get("get by name: missing", "experiments/get-by-name")
s.get("get: id is huge", "experiments/get", {"experiment_id": "99999999999999999999999"},
      deviation="stock fails inside SQLite with a 500; an id nobody has is a 404",
      ours=error([400, 404], "<any>"))

# Create: bad input.
s.post("create: empty body object", "experiments/create", {})
s.post("create: no body", "experiments/create", **text_json(""))
s.post("create: name empty", "experiments/create", {"name": ""})
s.post("create: name null", "experiments/create", {"name": None})
s.post("create: name is a number", "experiments/create", {"name": 5})
s.post("create: name is a float", "experiments/create", {"name": 1.5})
s.post("create: name is a bool", "experiments/create", {"name": True})
s.post("create: name is a list", "experiments/create", {"name": ["a", 1]})
s.post("create: name is an object, keys sorted in the text", "experiments/create", {"name": {"b": 1, "a": [None, True]}})
s.post("create: name is a number, Unicode in another field", "experiments/create", {"name": {"é": "中"}})
s.post("create: tags is a string", "experiments/create", {"name": "x-${uid}", "tags": "a"})
s.post("create: tags is an object", "experiments/create", {"name": "x-${uid}", "tags": {"a": "b"}})
s.post("create: artifact_location is a number", "experiments/create", {"name": "x-${uid}", "artifact_location": 5})
s.post("create: name of 501 characters", "experiments/create", {"name": {"$repeat": ["a", 501]}})
s.post("create: tag key with a bad character", "experiments/create",
       {"name": "x-${uid}", "tags": [{"key": "a$", "value": "b"}]})
s.post("create: tag key of 251 characters", "experiments/create",
       {"name": "x-${uid}", "tags": [{"key": {"$repeat": ["k", 251]}, "value": "b"}]})
s.post("create: tag value of 20,001 characters", "experiments/create",
       {"name": "x-${uid}", "tags": [{"key": "k", "value": {"$repeat": ["v", 20001]}}]})
s.post("create: nothing was made by those", "experiments/search",
       {"max_results": 10, "filter": "name = 'x-${uid}'", "view_type": "ALL"})
s.post("create: a tag's key is a number", "experiments/create",
       {"name": "x1-${uid}", "tags": [{"key": 5, "value": "b"}]}, loose=FIRST_FAULT, ours=invalid())
s.post("create: a tag is a string", "experiments/create", {"name": "x2-${uid}", "tags": ["a"]},
       loose=FIRST_FAULT, ours=invalid())
s.post("create: a tag without key", "experiments/create", {"name": "x3-${uid}", "tags": [{"value": "b"}]})
s.post("create: the name is taken", "experiments/create", {"name": "exp-${uid}"},
       deviation="stock appends the SQL statement and its parameters to the message",
       ours=error(400, "RESOURCE_ALREADY_EXISTS", "Experiment(name=exp-${uid}) already exists."))
s.post("create: Unicode name of 250 characters", "experiments/create", {"name": "é中😀-${uid}"},
       bind={"e2": "experiment_id|experiment_id"})
s.get("get by Unicode name", "experiments/get-by-name", {"experiment_name": "é中😀-${uid}"})
s.post("create: duplicate JSON keys, the last wins", "experiments/create",
       **text_json('{"name": "first-${uid}", "name": "second-${uid}"}'), bind={"e3": "experiment_id|experiment_id"})
s.get("the last of two keys was taken", "experiments/get", {"experiment_id": "${e3}"})
s.post("create: doubly encoded body", "experiments/create", {"$json": {"name": "double-${uid}"}},
       bind={"e4": "experiment_id|experiment_id"})
s.get("the doubly encoded body was read", "experiments/get", {"experiment_id": "${e4}"})
s.post("create: unknown fields are ignored", "experiments/create", {"name": "more-${uid}", "colour": {"a": 1}})
s.post("create: the same tag key twice", "experiments/create",
       {"name": "tags-${uid}", "tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]},
       deviation="stock answers with an SQL error; ours keeps the last value, as set-tag does",
       ours={"status": 200, "json": {"experiment_id": "<experiment_id>"}})

# Artifact locations.
s.post("create: location in an object store", "experiments/create",
       {"name": "s3-${uid}", "artifact_location": "s3://bucket/path"}, bind={"s3": "experiment_id|experiment_id"})
s.get("the location is kept", "experiments/get", {"experiment_id": "${s3}"})
s.post("a run below it", "runs/create", {"experiment_id": "${s3}", "run_name": "a", "start_time": 1},
       bind={"s3run": "run.info.run_id|run_id"})
s.post("create: location with a query", "experiments/create",
       {"name": "s3q-${uid}", "artifact_location": "s3://bucket/path?region=x"}, bind={"s3q": "experiment_id|experiment_id"})
s.post("a run below it: the path goes before the query", "runs/create",
       {"experiment_id": "${s3q}", "run_name": "a", "start_time": 1}, bind={"s3qrun": "run.info.run_id|run_id"})
s.post("create: location on the proxy", "experiments/create",
       {"name": "px-${uid}", "artifact_location": "mlflow-artifacts:/own-${uid}/place"}, bind={"px": "experiment_id|experiment_id"})
s.get("its location", "experiments/get", {"experiment_id": "${px}"})
for label, location in (
    ("runs URI", "runs:/a/b"), ("fragment", "s3://b/x#f"), ("params", "s3://b/x;p=1"),
    ("dots in the query", "s3://b/x?a=.."), ("encoded dots in the query", "s3://b/x?a=%2e%2e"),
    ("http", "http://h/x"), ("https", "https://h/x"), ("ftp", "ftp://h/x"), ("sftp", "sftp://h/x"),
    ("proxy on another host", "mlflow-artifacts://h:5/x"), ("hdfs", "hdfs://h/x"),
):
    s.post(f"create: location refused: {label}", "experiments/create",
           {"name": "l-${uid}-" + label, "artifact_location": location})
s.post("create: location of 2,049 characters", "experiments/create",
       {"name": "ll-${uid}", "artifact_location": {"$repeat": ["s", 2049]}})

# Rename.
s.post("rename", "experiments/update", {"experiment_id": "${e1}", "new_name": "renamed-${uid}"}, pause_ms=3)
s.get("renamed, with a later update time", "experiments/get", {"experiment_id": "${e1}"},
      checks=[["experiment.last_update_time", ">", "${t0}"]], bind={"t1": "experiment.last_update_time"})
s.post("rename to a taken name", "experiments/update", {"experiment_id": "${e1}", "new_name": "second-${uid}"},
       deviation="stock answers BAD_REQUEST with the SQL statement",
       ours=error(400, "RESOURCE_ALREADY_EXISTS", "Experiment(name=second-${uid}) already exists."))
s.post("rename: name missing", "experiments/update", {"experiment_id": "${e1}"})
s.post("rename: name empty", "experiments/update", {"experiment_id": "${e1}", "new_name": ""})
s.post("rename: id missing", "experiments/update", {"new_name": "a"})
s.post("rename: unknown id", "experiments/update", {"experiment_id": "999999999", "new_name": "a-${uid}"})
s.post("rename: name too long", "experiments/update", {"experiment_id": "${e1}", "new_name": {"$repeat": ["a", 501]}})
s.post("rename: id is a number", "experiments/update", {"experiment_id": 1, "new_name": "a"})
s.post("rename to its own name", "experiments/update", {"experiment_id": "${e1}", "new_name": "renamed-${uid}"})

# Tags.
T = "experiments/set-experiment-tag"
s.post("tag: set", T, {"experiment_id": "${e1}", "key": "x/y z.1-2:3", "value": "v"})
s.post("tag: overwrite", T, {"experiment_id": "${e1}", "key": "a", "value": "c"})
s.post("tag: empty value", T, {"experiment_id": "${e1}", "key": "empty", "value": ""})
s.post("tag: no value", T, {"experiment_id": "${e1}", "key": "none"})
s.post("tag: Unicode key", T, {"experiment_id": "${e1}", "key": "é中", "value": "ü"})
s.post("tag: 5,001 characters", T, {"experiment_id": "${e1}", "key": "long", "value": {"$repeat": ["v", 5001]}})
s.get("tags are there, the update time is unchanged", "experiments/get", {"experiment_id": "${e1}"},
      checks=[["experiment.experiment_id", "=", "${e1}"]])
s.post("tag: key missing", T, {"experiment_id": "${e1}", "value": "v"})
s.post("tag: id missing", T, {"key": "a", "value": "v"})
s.post("tag: key empty", T, {"experiment_id": "${e1}", "key": "", "value": "v"})
s.post("tag: value is a number", T, {"experiment_id": "${e1}", "key": "a", "value": 5})
s.post("tag: key is a number", T, {"experiment_id": "${e1}", "key": 5, "value": "5"})
s.post("tag: key of 251 characters", T, {"experiment_id": "${e1}", "key": {"$repeat": ["k", 251]}, "value": "v"})
s.post("tag: key of 250 two-byte characters", T, {"experiment_id": "${e1}", "key": {"$repeat": ["é", 250]}, "value": "v"})
s.post("tag: value of 20,001 characters", T, {"experiment_id": "${e1}", "key": "k", "value": {"$repeat": ["v", 20001]}})
for key in ("a$", "../a", "a//b", "/a", "a/", ".", "..", "a/../b", "a/./b", "a\nb", "a;b", 'a"b', "a@b"):
    s.post(f"tag: key {key!r} refused", T, {"experiment_id": "${e1}", "key": key, "value": "v"})
s.post("tag: unknown experiment", T, {"experiment_id": "999999999", "key": "a", "value": "v"})
s.post("tag: experiment id is no number", T, {"experiment_id": "abc", "key": "a", "value": "v"})
D = "experiments/delete-experiment-tag"
s.post("tag: delete", D, {"experiment_id": "${e1}", "key": "a"})
s.post("tag: delete again", D, {"experiment_id": "${e1}", "key": "a"})
s.post("tag: delete, key missing", D, {"experiment_id": "${e1}"})
s.post("tag: delete, unknown experiment", D, {"experiment_id": "999999999", "key": "a"})
s.post("tag: delete what is left", D, {"experiment_id": "${e1}", "key": "long"})
s.post("tag: delete the long key", D, {"experiment_id": "${e1}", "key": {"$repeat": ["é", 250]}})

# Delete and restore.
s.run("r1", "e1")
s.run("r2", "e1")
s.post("delete one run before", "runs/delete", {"run_id": "${r2}"})
s.post("delete", "experiments/delete", {"experiment_id": "${e1}"}, pause_ms=3)
s.get("deleted is still there by id", "experiments/get", {"experiment_id": "${e1}"},
      checks=[["experiment.last_update_time", ">", "${t1}"]])
s.get("deleted is still there by name", "experiments/get-by-name", {"experiment_name": "renamed-${uid}"})
s.get("its runs are deleted", "runs/get", {"run_id": "${r1}"})
s.post("delete again", "experiments/delete", {"experiment_id": "${e1}"})
s.post("delete: unknown", "experiments/delete", {"experiment_id": "999999999"})
s.post("delete: missing", "experiments/delete", {})
s.post("delete: no number", "experiments/delete", {"experiment_id": "abc"})
s.post("rename a deleted one", "experiments/update", {"experiment_id": "${e1}", "new_name": "no-${uid}"})
s.post("tag a deleted one", T, {"experiment_id": "${e1}", "key": "a", "value": "b"})
s.post("delete a tag of a deleted one", D, {"experiment_id": "${e1}", "key": "x/y z.1-2:3"})
s.post("create a run in a deleted one", "runs/create", {"experiment_id": "${e1}"})
s.post("create a logged model in a deleted one", "logged-models", {"experiment_id": "${e1}"})
s.post("its name stays taken", "experiments/create", {"name": "renamed-${uid}"},
       deviation="stock appends the SQL statement and its parameters to the message",
       ours=error(400, "RESOURCE_ALREADY_EXISTS", "Experiment(name=renamed-${uid}) already exists."))
s.post("search does not show it", "experiments/search", {"max_results": 5, "filter": "name = 'renamed-${uid}'"})
s.post("search of deleted ones shows it", "experiments/search",
       {"max_results": 5, "filter": "name = 'renamed-${uid}'", "view_type": "DELETED_ONLY"})
s.post("restore", "experiments/restore", {"experiment_id": "${e1}"})
s.get("restored", "experiments/get", {"experiment_id": "${e1}"})
s.get("its runs are back", "runs/get", {"run_id": "${r1}"})
s.get("also the one deleted before", "runs/get", {"run_id": "${r2}"})
s.post("restore again", "experiments/restore", {"experiment_id": "${e1}"})
s.post("restore: unknown", "experiments/restore", {"experiment_id": "999999999"})
s.post("restore: missing", "experiments/restore", {})
s.steps[0].pop("expect_note", None)
