"""Model versions: life, stages, tags, sources. Filters are in search_registry.py."""

from scenario import AJAX, ARTIFACTS, Scenario, done, error, invalid, missing

scenario = s = Scenario("model_versions")
HALF = "stock goes on with a half-parsed request"
V = "model-versions/"
N = {"name": "mv-${uid}"}
LOCAL = invalid("Invalid model version source: '<any>'. To use a local path as a model version source, the run_id request parameter"
                " has to be specified and the local path has to be contained within the artifact directory of the run specified by the run_id.")
C = V + "create"

s.experiment("e", "mv-${uid}")
s.run("r", "e")
s.run("r2", "e")
s.model("m", "e", name="net", source_run_id="${r}")
s.model("m2", "e", name="other")
s.post("model", "registered-models/create", N, bind={"t0": "registered_model.last_updated_timestamp"})
s.post("create: all fields", C, {**N, "source": "mlflow-artifacts:/${e}/${r}/artifacts/model", "run_id": "${r}", "run_link": "http://l",
                                 "description": "d", "tags": [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]}, pause_ms=3)
s.get("get", V + "get", {**N, "version": "1"}, bind={"v0": "model_version.last_updated_timestamp"})
s.get("get on the ajax path", AJAX + V + "get", {**N, "version": "1"})
s.get("version 01 is version 1", V + "get", {**N, "version": "01"})
s.get("the model's time moved", "registered-models/get", N, checks=[["registered_model.last_updated_timestamp", ">", "${t0}"]],
      bind={"t1": "registered_model.last_updated_timestamp"})
s.post("create: bare", C, {**N, "source": "s3://b/p"})
s.get("download URI", V + "get-download-uri", {**N, "version": "1"})
s.get("download URI: version missing", V + "get-download-uri", N)
s.get("download URI: unknown", V + "get-download-uri", {**N, "version": "99"})
s.get("get: unknown version", V + "get", {**N, "version": "99"})
s.get("get: version 0", V + "get", {**N, "version": "0"})
s.get("get: version negative", V + "get", {**N, "version": "-1"})
s.get("get: version is no number", V + "get", {**N, "version": "x"})
s.get("get: version is a fraction", V + "get", {**N, "version": "1.5"})
s.get("get: version missing", V + "get", N)
s.get("get: name missing", V + "get", {"version": "1"})
s.get("get: unknown name", V + "get", {"name": "none-${uid}", "version": "1"})
s.get("get: name refused", V + "get", {"name": "a/b", "version": "1"})

# Sources.
RUN = {"run_id": "${r}"}
for label, source, extra in (
    ("local path", "/tmp/x", {}), ("local path with a run", "/tmp/x", RUN), 
    ("runs URI without the run", "runs:/${r}/model", {}),
    ("runs URI of another run", "runs:/${r2}/model", RUN), ("runs URI", "runs:/${r}/model", RUN),
    ("proxy path without the run", "mlflow-artifacts:/${e}/${r}/artifacts/model", {}),
    ("proxy path of another run", "mlflow-artifacts:/${e}/${r2}/artifacts/model", RUN),
    ("proxy path, dots", "mlflow-artifacts:/${e}/${r}/artifacts/../x", RUN),
    ("proxy path, encoded dots", "mlflow-artifacts:/${e}/${r}/artifacts/%2e%2e/x", RUN),
    ("proxy path, doubly encoded dots", "mlflow-artifacts:/${e}/${r}/artifacts/%252e%252e/x", RUN),
    ("proxy path, encoded NUL", "mlflow-artifacts:/${e}/${r}/artifacts/a%00", RUN),
    ("proxy path, prefix only in the name", "mlflow-artifacts:/${e}/${r}/artifactsX/a", RUN),
    ("object store, dots", "s3://b/a/../x", {}), ("object store, encoded dots", "s3://b/%2e%2e/x", {}), ("object store, NUL", "s3://b/a%00", {}),
    ("http", "http://example.com/x", RUN), ("https", "https://example.com/x", {}), ("ftp", "ftp://h/x", {}),
    ("dbfs", "dbfs:/a", {}), ("google", "gs://b/x", RUN), ("azure", "wasbs://c@a.blob.core.windows.net/x", {}),
    ("model of the registry", "models:/mv-${uid}/1", {}), ("model of the registry, with its run", "models:/mv-${uid}/1", RUN),
    ("model of the registry, with another run", "models:/mv-${uid}/1", {"run_id": "${r2}"}),
    ("model of the registry, unknown version", "models:/mv-${uid}/99", {}),
    ("model of the registry, unknown name", "models:/none-${uid}/1", {}),
    ("model of another registry", "models://other/mv-${uid}/1", {}),
    ("model URI malformed", "models:/", {}),
    ("logged model without its id", "models:/${m}", {}), ("logged model of another id", "models:/${m}", {"model_id": "${m2}"}),
    ("logged model", "models:/${m}", {"model_id": "${m}"}),
    ("logged model's folder", "mlflow-artifacts:/${e}/models/${m}/artifacts", {"model_id": "${m}"}),
    ("logged model's folder, another model", "mlflow-artifacts:/${e}/models/${m}/artifacts", {"model_id": "${m2}"}),
    ("logged model unknown", "mlflow-artifacts:/${e}/models/${m}/artifacts", {"model_id": "m-x"}),
    ("local path with a model", "/tmp/x", {"model_id": "${m}"}),
):
    s.post(f"source: {label}", C, {**N, "source": source, **extra})
for label, uri in (
    ("latest", "/mv-${uid}/latest"), ("latest in capitals", "/mv-${uid}/LATEST"), ("stage", "/mv-${uid}/none"),
    ("unknown stage", "/mv-${uid}/Testing"), ("unknown alias", "/mv-${uid}@nobody"), ("alias missing", "/mv-${uid}@"),
    ("too many parts", "/mv-${uid}/1/2"), ("suffix missing", "/mv-${uid}/"), ("suffix blank", "/mv-${uid}/ "), ("name blank", "/ /1"),
    ("no slash", "mv-${uid}/1"), ("three slashes", "///mv-${uid}/1"), ("a query", "/mv-${uid}/1?a=b"), ("version 0", "/mv-${uid}/0"),
):
    s.post(f"source: model of the registry, {label}", C, {**N, "source": f"models:{uri}"})
s.post("source: model of the registry, nothing in the stage", C, {**N, "source": "models:/mv-${uid}/Production"}, deviation="stock answers 500",
       ours=missing("No versions of model with name 'mv-${uid}' and stage 'Production' found"))
s.post("source: object store of an unknown logged model", C, {**N, "source": "s3://b/m", "model_id": "m-x"})
s.post("source: object store of a logged model, whose run counts", C, {**N, "source": "s3://b/m", "model_id": "${m}"})
s.post("source: runs URI with a logged model", C, {**N, "source": "runs:/${r}/model", "model_id": "${m}", **RUN})
s.post("source: relative dots", C, {**N, "source": "../x"})
s.delete("tag: delete with a long key", V + "delete-tag", {**N, "version": "1", "key": {"$repeat": ["a", 300]}})
s.post("source: a prompt", "registered-models/create", {"name": "mvp-${uid}", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]})
s.post("source: model of the registry, a prompt", C, {**N, "source": "models:/mvp-${uid}/1"})
s.post("source: file URI", C, {**N, "source": "file:///etc/passwd", **RUN}, loose="stock tells the path of the URI", ours=LOCAL)
s.post("source: relative path", C, {**N, "source": "etc/passwd", **RUN}, loose="stock tells its working folder", ours=LOCAL)
s.get("the logged model knows its versions", "logged-models/${m}")
s.get("download URI of a logged model's version", V + "search", {"filter": "name = 'mv-${uid}'", "max_results": 3})
s.post("source empty", C, {**N, "source": ""})
s.post("source missing", C, N)
s.post("name missing", C, {"source": "s3://b/p"})
s.post("unknown model", C, {"name": "none-${uid}", "source": "s3://b/p"})
s.post("name refused", C, {"name": "a/b", "source": "s3://b/p"})
s.post("source is a number", C, {**N, "source": 5})
s.post("run_id is a number", C, {**N, "source": "s3://b/p", "run_id": 5})
s.post("tags is a string", C, {**N, "source": "s3://b/p", "tags": "x"})
s.post("tag key refused", C, {**N, "source": "s3://b/p", "tags": [{"key": "a$", "value": "b"}]})
s.post("run unknown, object store", C, {**N, "source": "s3://b/p", "run_id": "0123456789abcdef0123456789abcdef"})

# Update.
s.patch("update", V + "update", {**N, "version": "1", "description": "new"}, pause_ms=3)
s.get("updated, with a later time", V + "get", {**N, "version": "1"}, checks=[["model_version.last_updated_timestamp", ">", "${v0}"]])
s.patch("update: empty description", V + "update", {**N, "version": "1", "description": ""})
s.patch("update: no description", V + "update", {**N, "version": "1"})
s.patch("update: unknown", V + "update", {**N, "version": "99", "description": "x"})
s.patch("update: description is a number", V + "update", {**N, "version": "1", "description": 5})
s.patch("update: version missing", V + "update", {**N, "description": "x"})

# Tags.
T = V + "set-tag"
s.post("tag: set", T, {**N, "version": "1", "key": "k", "value": "3"})
s.post("tag: no value", T, {**N, "version": "1", "key": "none"})
s.post("tag: Unicode", T, {**N, "version": "1", "key": "ü/中", "value": "😀"})
s.get("tags are there", V + "get", {**N, "version": "1"})
s.post("tag: value of 100,001", T, {**N, "version": "1", "key": "k", "value": {"$repeat": ["v", 100001]}})
s.post("tag: key of 251", T, {**N, "version": "1", "key": {"$repeat": ["k", 251]}, "value": "v"})
s.post("tag: key refused", T, {**N, "version": "1", "key": "a//b", "value": "v"})
s.post("tag: unknown version", T, {**N, "version": "99", "key": "k", "value": "v"})
s.post("tag: version is no number", T, {**N, "version": "x", "key": "k", "value": "v"})
s.post("tag: key missing", T, {**N, "version": "1", "value": "v"})
s.post("tag: value is a list", T, {**N, "version": "1", "key": "k", "value": []})
s.delete("tag: delete", V + "delete-tag", {**N, "version": "1", "key": "none"})
s.delete("tag: delete again succeeds", V + "delete-tag", {**N, "version": "1", "key": "none"})
s.delete("tag: delete, unknown version", V + "delete-tag", {**N, "version": "99", "key": "k"})
s.delete("tag: delete, key missing", V + "delete-tag", {**N, "version": "1"})

# Stages, on a model of their own.
G = {"name": "st-${uid}"}
s.post("stages: model", "registered-models/create", G)
for i in (1, 2, 3, 4):
    s.post(f"stages: version {i}", C, {**G, "source": f"s3://b/{i}"}, pause_ms=2)
X = V + "transition-stage"
s.post("stage: staging in lower case", X, {**G, "version": "1", "stage": "staging"})
s.post("stage: production", X, {**G, "version": "2", "stage": "Production", "archive_existing_versions": False})
s.post("stage: staging too, without archiving", X, {**G, "version": "3", "stage": "STAGING"})
s.get("latest versions by stage", "registered-models/get", G)
s.post("latest versions", "registered-models/get-latest-versions", G, unordered=["model_versions"])
s.get("latest versions by GET, one stage", "registered-models/get-latest-versions", {**G, "stages": "Staging"})
s.get("latest versions by GET, two stages", "registered-models/get-latest-versions", {**G, "stages": ["staging", "None"]}, unordered=["model_versions"])
s.post("latest versions: empty stage", "registered-models/get-latest-versions", {**G, "stages": ["Archived"]})
s.post("latest versions: bad stage of an unknown model", "registered-models/get-latest-versions", {"name": "none-${uid}", "stages": ["bla"]})
s.post("latest versions: bad stage", "registered-models/get-latest-versions", {**G, "stages": ["bla"]})
s.post("latest versions: stages is a string", "registered-models/get-latest-versions", {**G, "stages": "Staging"})
s.post("latest versions: name missing", "registered-models/get-latest-versions", {})
s.post("stage: archive the others", X, {**G, "version": "4", "stage": "Staging", "archive_existing_versions": True}, bind={"tt": "model_version.last_updated_timestamp"})
s.get("the others are archived at the same time", V + "get", {**G, "version": "1"}, checks=[["model_version.last_updated_timestamp", "=", "${tt}"]])
s.get("version 3 too", V + "get", {**G, "version": "3"})
s.get("production is untouched", V + "get", {**G, "version": "2"})
s.post("stage: archived", X, {**G, "version": "2", "stage": "Archived"})
s.post("stage: none", X, {**G, "version": "2", "stage": "None"})
s.post("stage: unknown, of a version that is no number", X, {**G, "version": "x", "stage": "x"})
s.post("stage: again the same", X, {**G, "version": "2", "stage": "None"})
s.post("stage: archiving for None", X, {**G, "version": "2", "stage": "None", "archive_existing_versions": True},
       deviation="stock answers 500 to a bad request",
       ours=invalid("Model version transition cannot archive existing model versions because 'None' is not an Active stage."
                    " Valid stages are ['Staging', 'Production']"))
s.post("stage: unknown", X, {**G, "version": "2", "stage": "bla"})
s.post("stage: internal", X, {**G, "version": "2", "stage": "Deleted_Internal"})
s.post("stage: missing", X, {**G, "version": "2"})
s.post("stage: unknown version", X, {**G, "version": "99", "stage": "Staging"})
s.post("stage: version is no number", X, {**G, "version": "x", "stage": "Staging"})
s.post("stage: archive flag is text", X, {**G, "version": "2", "stage": "Staging", "archive_existing_versions": "yes"})

# Delete.
s.delete("delete the last version", V + "delete", {**G, "version": "4"})
s.delete("delete again", V + "delete", {**G, "version": "4"})
s.get("deleted", V + "get", {**G, "version": "4"})
s.get("deleted: download URI", V + "get-download-uri", {**G, "version": "4"})
s.post("deleted: tag", T, {**G, "version": "4", "key": "k", "value": "v"})
s.patch("deleted: update", V + "update", {**G, "version": "4", "description": "x"})
s.post("deleted: alias", "registered-models/alias", {**G, "alias": "a", "version": "4"})
s.post("deleted: stage", X, {**G, "version": "4", "stage": "Staging"})
s.get("deleted: not in searches", V + "search", {"filter": "name = 'st-${uid}'"})
s.get("deleted: not among the latest", "registered-models/get", G)
s.post("its number is not used again", C, {**G, "source": "s3://b/5"})
s.delete("delete: version missing", V + "delete", G)
s.delete("delete: version is no number", V + "delete", {**G, "version": "x"})
s.delete("delete: unknown model", V + "delete", {"name": "none-${uid}", "version": "1"})

# Files.
s.put("put a file of version 1", ARTIFACTS + "artifacts/${e}/${r}/artifacts/model/MLmodel", "flavors: {}")
F = "/model-versions/get-artifact"
s.get("file of a version", F, {**N, "version": "1", "path": "MLmodel"}, record_headers=["content-disposition", "x-content-type-options"])
s.get("file of a version: unknown", F, {**N, "version": "1", "path": "none"})
s.get("file of a version: dots", F, {**N, "version": "1", "path": "../../x"})
s.get("file of a version: unknown version", F, {**N, "version": "99", "path": "MLmodel"})
s.get("file of a version: path missing", F, {**N, "version": "1"}, loose="stock answers with a page of HTML",
      ours={"status": 400})
