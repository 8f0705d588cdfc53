"""logged-models/search: filters, datasets, orders over one fixed set of logged models."""

from scenario import Scenario, error, invalid

scenario = s = Scenario("search_logged_models")
S = "logged-models/search"
IDS = "models.*.info.model_id"

# name, type, metrics (key, value, step, dataset name, dataset digest), params, tags
MODELS = (
    ("a", "Agent", (("acc", 0.5, 1, "d1", "x1"), ("acc", 0.9, 2, "d2", "x1"), ("loss", 2, 0, None, None)), {"lr": "0.1"}, {"team": "red"}),
    ("b", "", (("acc", 0.75, 1, "d1", "x2"),), {"lr": "0.01", "opt": "adam"}, {"team": "blue"}),
    ("c", "LLM", (("loss", -1.5, 0, "d1", "x1"),), {"lr": "0.1"}, {"team": "Red"}),
    ("d", "LLM", (), {}, {}),
)
s.experiment("x", "sl-${uid}")
s.experiment("x2", "sl2-${uid}")
s.run("r", "x", run_name="r")
for name, kind, metrics, params, tags in MODELS:
    fields = {"source_run_id": "${r}"} if name in "ab" else {}
    s.post(f"create {name}", "logged-models", {
        "experiment_id": "${x}", "name": f"model {name}", "model_type": kind, **fields,
        "params": [{"key": k, "value": v} for k, v in params.items()], "tags": [{"key": k, "value": v} for k, v in tags.items()]},
        bind={name: "model.info.model_id|model_id"}, pause_ms=3)
    for key, value, step, data, digest in metrics:
        s.post(f"metric {key} of {name}", "runs/log-metric", {
            "run_id": "${r}", "key": key, "value": value, "timestamp": 5, "step": step, "model_id": "${" + name + "}",
            **({"dataset_name": data, "dataset_digest": digest} if data else {})})
s.get("time of b", "logged-models/${b}", bind={"tb": "model.info.creation_timestamp_ms"})
s.model("e", "x2", name="model e")
s.patch("finalize b", "logged-models/${b}", {"model_id": "${b}", "status": "LOGGED_MODEL_READY"}, pause_ms=3)
s.model("gone", "x", name="gone")
s.delete("delete one", "logged-models/${gone}")


def filters(*texts, **fields):
    for text in texts:
        s.post(f"filter {text}", S, {"experiment_ids": ["${x}"], "filter": text}, pick=IDS, **fields)


def orders(*lists, **fields):
    for order in lists:
        s.post(f"order {order}", S, {"experiment_ids": ["${x}"], "order_by": order}, pick=IDS, **fields)


filters("", "name = 'model a'", "attributes.name = 'model a'", "name != 'model a'", "name LIKE 'model%'", "name LIKE 'MODEL%'", "name ILIKE 'MODEL A'", "name like 'model%'", "name IN ('model a', 'model b')", "name IN ('model a')",
        "name NOT IN ('model a')", "model_id = '${a}'", "model_id IN ('${a}', '${c}')", "model_type = 'LLM'", "model_type = ''", "model_type != 'LLM'", "source_run_id = '${r}'", "source_run_id != '${r}'",
        "creation_timestamp > ${tb}", "creation_time >= ${tb}", "creation_timestamp = ${tb}", "creation_timestamp != ${tb}", "last_updated_timestamp > ${tb}",
        "metrics.acc > 0.6", "metrics.acc < 0.6", "metrics.acc = 0.5", "metrics.acc != 0.5", "metrics.acc >= 0.75", "metrics.loss < 0", "metrics.none > 0", "metrics.acc < 0.6 AND metrics.acc > 0.8", "metrics.`acc` > 0.6", "metrics.loss > -1e1",
        "params.lr = '0.1'", "params.lr != '0.1'", "params.lr LIKE '0.%'", "params.opt ILIKE 'ADAM'", "params.none = 'x'", "params.lr IN ('0.1', '5')", "tags.team = 'red'", "tags.team ILIKE 'RED'", "tags.team NOT IN ('red')", "tags.`team` = 'blue'",
        "tags.team = 'red' AND params.lr = '0.1' AND metrics.acc > 0.6", "name = 'model a' and tags.team = 'red'", "AND name = 'model a'", "name = 'model a' AND")
filters("metrics.acc LIKE 'x'", "metrics.acc IN (1)", "params.lr > '1'", "tags.team < 'a'", "name > 'a'", "foo.bar = 'x'", "metric.acc > 1", "tag.team = 'x'", "creation_timestamp LIKE '5'", "name", "name == 'a'", "name = 'a'; name = 'b'", "(", "name = 'a' XOR")
filters(" ")
filters("colour = 'x'", "metrics.acc > abc", "metrics.acc > 'x'", "creation_timestamp > 'x'", "name IN ()", deviation="stock answers 500, or all, or none")
filters("status = 'READY'", deviation="stock compares a number with the name and finds none", ours={"status": 200, "json": ["${b}"]})
filters("attributes.creation_timestamp < ${tb}", deviation="stock knows the alias only without the entity", ours={"status": 200, "json": ["${a}"]})
for text, found in (("name = 'model a' OR name = 'model b'", ["b", "a"]), ("NOT (tags.team = 'red' OR params.opt = 'adam')", ["d", "c"])):
    filters(text, deviation="stock has no OR, NOT and parentheses", ours={"status": 200, "json": ["${" + name + "}" for name in found]})

D1, D1X1, D2 = ({"dataset_name": "d1"}, {"dataset_name": "d1", "dataset_digest": "x1"}, {"dataset_name": "d2", "dataset_digest": "x1"})
for label, text, datasets in (("one", "", [D1X1]), ("another", "", [D2]), ("two", "", [D1X1, D2]), ("with a metric", "metrics.acc > 0.4", [D1X1]), ("with a metric elsewhere", "metrics.acc > 0.8", [D1X1]),
                              ("with a tag", "tags.team = 'red'", [D1X1]), ("unknown", "", [{"dataset_name": "none", "dataset_digest": "x"}])):
    s.post(f"datasets: {label}", S, {"experiment_ids": ["${x}"], "filter": text, "datasets": datasets}, pick=IDS)
s.post("datasets: without digest", S, {"experiment_ids": ["${x}"], "datasets": [D1]}, pick=IDS, deviation="stock compares the digest with nothing and finds none",
       ours={"status": 200, "json": ["${c}", "${b}", "${a}"]})
s.post("datasets: name missing", S, {"experiment_ids": ["${x}"], "datasets": [{"dataset_digest": "x1"}]})
s.post("datasets: is a string", S, {"experiment_ids": ["${x}"], "datasets": "d1"})


def field(name, ascending=None, **dataset):
    return {"field_name": name, **({} if ascending is None else {"ascending": ascending}), **dataset}


orders([], [field("name")], [field("name", False)], [field("name", True)], [field("creation_timestamp")], [field("creation_time", False)], [field("creation_timestamp_ms")], [field("last_updated_timestamp", False)],
       [field("model_type"), field("name", False)], [field("metrics.acc")], [field("metrics.acc", False)], [field("metrics.loss", True)], [field("metrics.none"), field("name")],
       [field("metrics.acc", True, **D1X1)], [field("metrics.acc", False, **D1)], [field("metrics.acc", False, **D2)], [field("metrics.acc", True), field("metrics.loss", True)])
orders([field("metrics.acc DESC")], [field("metrics.a-b/c d")])
orders([field("colour")], [field("params.lr")], [field("tags.team")], [field("`name`")], [field("name DESC")])
orders([{}], [{"field_name": 5}], ["name"], loose="stock goes on with a half-parsed request and names another fault", ours=invalid())
s.post("order_by is a string", S, {"experiment_ids": ["${x}"], "order_by": "name"})
s.post("an empty experiment id", S, {"experiment_ids": [""]})
s.post("two experiments", S, {"experiment_ids": ["${x2}", "${x}"]}, pick=IDS)
s.post("filter is a number", S, {"experiment_ids": ["${x}"], "filter": 5})
s.post("a whole answer", S, {"experiment_ids": ["${x}"], "filter": "name = 'model a'"})
