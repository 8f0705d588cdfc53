"""Every JSON rpc with its fields: what the tests of bad input are made of. Types are those of MLflow's protos."""

from dataclasses import dataclass, field

# Values that no field of the type takes. A null counts as missing, an unknown name of an enum as unset, as in MLflow.
HUGE = 2**63
WRONG = {
    "text": [5, 1.5, True, [], {}, ["x"], {"a": 1}],
    "int": ["x", "", " ", "1.5", 1.5, True, [], {}, [1], HUGE, -HUGE - 1, str(HUGE), 1e300],
    "int32": ["x", 1.5, True, [], {}, HUGE, 2**31, -(2**31) - 1],
    "float": ["x", "", [], {}, [1.5], "1,5", "0x10"],
    "bool": ["x", 5, [], {}],
    "enum": [1.5, True, [], {}],
    "texts": [5, True, {}, [5], [None], [[]], [{}], ["x", 5]],
    "list": [5, True, "x", {}, [5], ["x"], [None], [[]]],
}


@dataclass
class Rpc:
    """`fields` maps a path to its type; `a[].b` is a field of the objects in the list `a`. `good` is a request that is fine but for
    `unknown`: it names nothing that exists, so that no mistake of a test can change the state."""

    method: str
    path: str
    fields: dict[str, str]
    good: dict = field(default_factory=dict)
    required: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


RUN = "0123456789abcdef0123456789abcdef"
PAIR = {"key": "k", "value": "v"}
PAIRS = {"tags": "list", "tags[].key": "text", "tags[].value": "text"}
METRIC = {"key": "k", "value": 1.5, "timestamp": 1, "step": 1}
METRIC_FIELDS = {"key": "text", "value": "float", "timestamp": "int", "step": "int", "model_id": "text", "dataset_name": "text",
                 "dataset_digest": "text"}  # fmt: skip
DATASET = {"name": "d", "digest": "x", "source_type": "s", "source": "s"}
SEARCH = {"filter": "text", "max_results": "int", "order_by": "texts", "page_token": "text"}
MODEL = {"name": "no-such-model"}
VERSION = {**MODEL, "version": "1"}
EXPERIMENT = {"experiment_id": "999999"}


def below(name: str, fields: dict[str, str]) -> dict[str, str]:
    return {f"{name}[].{key}": kind for key, kind in fields.items()}


def rpc(method: str, path: str, good: dict, fields: dict[str, str], required: str = "") -> Rpc:
    return Rpc(method, path, fields, good, tuple(required.split()))


def texts(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "text")


RPCS = [
    rpc("POST", "experiments/create", {"name": "Default"}, {**texts("name", "artifact_location"), **PAIRS}, "name"),
    rpc("GET", "experiments/get", EXPERIMENT, texts("experiment_id"), "experiment_id"),
    rpc("GET", "experiments/get-by-name", {"experiment_name": "none"}, texts("experiment_name"), "experiment_name"),
    rpc("POST", "experiments/search", {"max_results": 1}, {**SEARCH, "view_type": "enum"}),
    rpc("GET", "experiments/search", {"max_results": 1}, {**SEARCH, "view_type": "enum"}),
    rpc("POST", "experiments/update", {**EXPERIMENT, "new_name": "n"}, texts("experiment_id", "new_name"), "experiment_id new_name"),
    rpc("POST", "experiments/delete", EXPERIMENT, texts("experiment_id"), "experiment_id"),
    rpc("POST", "experiments/restore", EXPERIMENT, texts("experiment_id"), "experiment_id"),
    rpc("POST", "experiments/set-experiment-tag", {**EXPERIMENT, **PAIR}, texts("experiment_id", "key", "value"), "experiment_id key"),
    rpc("POST", "experiments/delete-experiment-tag", {**EXPERIMENT, "key": "k"}, texts("experiment_id", "key"), "experiment_id key"),
    rpc("POST", "runs/create", EXPERIMENT, {**texts("experiment_id", "run_name", "user_id"), "start_time": "int", **PAIRS}),
    rpc("POST", "runs/update", {"run_id": RUN}, {**texts("run_id", "run_name"), "end_time": "int", "status": "enum"}, "run_id"),
    rpc("GET", "runs/get", {"run_id": RUN}, texts("run_id"), "run_id"),
    rpc("POST", "runs/delete", {"run_id": RUN}, texts("run_id"), "run_id"),
    rpc("POST", "runs/restore", {"run_id": RUN}, texts("run_id"), "run_id"),
    rpc("POST", "runs/search", {"experiment_ids": ["999999"]},
        {"experiment_ids": "texts", **SEARCH, "max_results": "int32", "run_view_type": "enum"}),
    rpc("POST", "runs/log-metric", {"run_id": RUN, **METRIC}, {"run_id": "text", **METRIC_FIELDS}, "run_id key value timestamp"),
    rpc("POST", "runs/log-parameter", {"run_id": RUN, **PAIR}, texts("run_id", "key", "value"), "run_id key"),
    rpc("POST", "runs/set-tag", {"run_id": RUN, **PAIR}, texts("run_id", "key", "value"), "run_id key"),
    rpc("POST", "runs/delete-tag", {"run_id": RUN, "key": "k"}, texts("run_id", "key"), "run_id key"),
    rpc("POST", "runs/log-batch", {"run_id": RUN, "metrics": [METRIC], "params": [PAIR], "tags": [PAIR]},
        {"run_id": "text", "metrics": "list", "params": "list", **below("metrics", METRIC_FIELDS), **below("params", texts("key", "value")),
         **PAIRS}, "run_id metrics[].key metrics[].value metrics[].timestamp params[].key tags[].key"),
    rpc("POST", "runs/log-inputs", {"run_id": RUN, "datasets": [{"tags": [PAIR], "dataset": DATASET}], "models": [{"model_id": "m-x"}]},
        {"run_id": "text", "datasets": "list", "models": "list", "models[].model_id": "text", "datasets[].tags": "list",
         **below("datasets[].tags", texts("key", "value")),
         **{f"datasets[].dataset.{key}": "text" for key in (*DATASET, "schema", "profile")}}, "run_id"),
    rpc("POST", "runs/outputs", {"run_id": RUN, "models": [{"model_id": "m-x", "step": 1}]},
        {"run_id": "text", "models": "list", "models[].model_id": "text", "models[].step": "int"}, "run_id models"),
    rpc("POST", "runs/log-model", {"run_id": RUN, "model_json": '{"artifact_path": "a", "flavors": {}, "utc_time_created": "t", "run_id": "r"}'},
        texts("run_id", "model_json"), "run_id model_json"),
    rpc("GET", "metrics/get-history", {"run_id": RUN, "metric_key": "k"},
        {**texts("run_id", "metric_key", "page_token"), "max_results": "int32"}, "run_id metric_key"),
    rpc("GET", "metrics/get-history-bulk-interval", {"run_ids": [RUN], "metric_key": "k", "max_results": 10},
        {"run_ids": "texts", "metric_key": "text", "start_step": "int32", "end_step": "int32", "max_results": "int32"}, "run_ids metric_key"),
    rpc("GET", "artifacts/list", {"run_id": RUN}, texts("run_id", "path", "page_token"), "run_id"),
    rpc("POST", "artifacts/presigned-upload-url", {"run_id": RUN, "path": "a"},
        {**texts("run_id", "model_id", "path"), "expiration": "int"}, "path"),
    rpc("POST", "artifacts/presigned-download-url", {"run_id": RUN, "path": "a"}, {**texts("run_id", "path"), "expiration": "int"}, "run_id path"),
    rpc("POST", "logged-models", EXPERIMENT,
        {**texts("experiment_id", "name", "model_type", "source_run_id"), **PAIRS, "params": "list", **below("params", texts("key", "value"))},
        "experiment_id"),
    rpc("PATCH", "logged-models/m-x", {"model_id": "m-x", "status": "LOGGED_MODEL_READY"}, {"model_id": "text", "status": "enum"},
        "model_id status"),
    rpc("POST", "logged-models/search", {"experiment_ids": ["999999"]},
        {"experiment_ids": "texts", "filter": "text", "max_results": "int32", "page_token": "text", "order_by": "list", "datasets": "list",
         "order_by[].field_name": "text", "order_by[].ascending": "bool", "datasets[].dataset_name": "text"}),
    rpc("PATCH", "logged-models/m-x/tags", {"tags": [PAIR]}, PAIRS),
    rpc("POST", "logged-models/m-x/params", {"model_id": "m-x", "params": [PAIR]},
        {"model_id": "text", "params": "list", **below("params", texts("key", "value"))}, "model_id params[].key"),
    rpc("POST", "registered-models/create", {"name": "taken"}, {**texts("name", "description"), **PAIRS}, "name"),
    rpc("POST", "registered-models/rename", {**MODEL, "new_name": "n"}, texts("name", "new_name"), "name"),
    rpc("PATCH", "registered-models/update", {**MODEL, "description": "d"}, texts("name", "description"), "name"),
    rpc("DELETE", "registered-models/delete", MODEL, texts("name"), "name"),
    rpc("GET", "registered-models/get", MODEL, texts("name"), "name"),
    rpc("GET", "registered-models/search", {"filter": "name = 'none'"}, SEARCH),
    rpc("POST", "registered-models/get-latest-versions", MODEL, {"name": "text", "stages": "texts"}, "name"),
    rpc("POST", "registered-models/set-tag", {**MODEL, **PAIR}, texts("name", "key", "value"), "name key"),
    rpc("DELETE", "registered-models/delete-tag", {**MODEL, "key": "k"}, texts("name", "key"), "name key"),
    rpc("POST", "registered-models/alias", {**VERSION, "alias": "a"}, texts("name", "alias", "version"), "name alias version"),
    rpc("DELETE", "registered-models/alias", {**MODEL, "alias": "a"}, texts("name", "alias"), "name alias"),
    rpc("GET", "registered-models/alias", {**MODEL, "alias": "a"}, texts("name", "alias"), "name alias"),
    rpc("POST", "model-versions/create", {**MODEL, "source": "s3://b/x"},
        {**texts("name", "source", "run_id", "run_link", "description", "model_id"), **PAIRS}, "name source"),
    rpc("PATCH", "model-versions/update", {**VERSION, "description": "d"}, texts("name", "version", "description"), "name version"),
    rpc("DELETE", "model-versions/delete", VERSION, texts("name", "version"), "name version"),
    rpc("GET", "model-versions/get", VERSION, texts("name", "version"), "name version"),
    rpc("GET", "model-versions/search", {"filter": "name = 'none'"}, SEARCH),
    rpc("GET", "model-versions/get-download-uri", VERSION, texts("name", "version")),
    rpc("POST", "model-versions/transition-stage", {**VERSION, "stage": "Staging", "archive_existing_versions": False},
        {**texts("name", "version", "stage"), "archive_existing_versions": "bool"}, "name version stage"),
    rpc("POST", "model-versions/set-tag", {**VERSION, **PAIR}, texts("name", "version", "key", "value"), "name version key"),
    rpc("DELETE", "model-versions/delete-tag", {**VERSION, "key": "k"}, texts("name", "version", "key"), "name version key"),
]  # fmt: skip


def put(body: dict, path: str, value) -> dict:
    """A copy of `body` with `value` at a field's path; the objects on the way are made."""
    name, _, rest = path.partition(".")
    listed, name = name.endswith("[]"), name.removesuffix("[]")
    if not rest:
        return {**body, name: value}
    inner = body.get(name, [{}] if listed else {})
    return {**body, name: [put(inner[0], rest, value), *inner[1:]] if listed else put(inner, rest, value)}


def drop(body: dict, path: str) -> dict:
    name, _, rest = path.partition(".")
    listed, name = name.endswith("[]"), name.removesuffix("[]")
    if not rest:
        return {key: value for key, value in body.items() if key != name}
    return {**body, name: [drop(body[name][0], rest)] if listed else drop(body[name], rest)}


def names_in_message(path: str) -> list[str]:
    """How a message may name a field: by its whole path, its last part, or the list that it is in."""
    return [path.replace("[]", "[0]"), path.rpartition(".")[2].removesuffix("[]"), path.partition("[]")[0].partition(".")[0]]
