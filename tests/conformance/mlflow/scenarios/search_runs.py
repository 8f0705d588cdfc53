"""runs/search: the filter language, orders, views and pages over one fixed set of runs."""

from scenario import Scenario, error, invalid

scenario = s = Scenario("search_runs")
S = "runs/search"
IDS = "runs.*.info.run_id"
T0 = 1700000000000
SUPERSET = "stock has no OR, NOT and parentheses"

# name, start, end, status, user, metrics, params, tags, dataset (name, digest, context)
RUNS = (
    ("a", 1, 11, "FINISHED", "ann", {"acc": 0.5, "loss": 2.0, "m x/y-z": 1}, {"lr": "0.1", "opt": "adam"}, {"team": "red", "mlflow.user": "ann", "k-e/y": "1"}, ("d1", "x1", "train")),
    ("b", 2, 22, "FINISHED", "bob", {"acc": 0.75, "loss": 1.0}, {"lr": "0.01", "opt": "SGD"}, {"team": "blue", "mlflow.user": "bob"}, ("d1", "x2", "test")),
    ("c", 3, None, "RUNNING", "ann", {"acc": "NaN", "loss": -1.5}, {"lr": "0.1"}, {"team": "Red"}, ("d2", "x1", "train")),
    ("d", 4, 44, "FAILED", "", {"loss": 0.0}, {"opt": "adam"}, {}, None),
    ("e", 5, 55, "KILLED", "eve", {"acc": 1e-7}, {"lr": ""}, {"team": ""}, None),
    ("f", 6, None, "SCHEDULED", "ann", {"acc": "Infinity"}, {"note": "it's 100% \"ok\"_x"}, {"team": "green", "a.b.c": "dots"}, ("d3", "x1", None)),
    ("g", 7, None, "RUNNING", "ann", {"acc": 0.75}, {"lr": "0.1", "größe": "9"}, {"größe": "ü", "team": "red_1"}, None),
    ("h", 8, 88, "FINISHED", "zoe", {}, {}, {"team": "red"}, ("d1", "x1", "train")),
)

s.experiment("x", "sr-${uid}")
s.experiment("x2", "sr2-${uid}")
for name, start, end, status, user, metrics, params, tags, data in RUNS:
    s.run(name, "x", run_name=f"Run {name}", start_time=T0 + start, user_id=user)
    s.post(f"fill run {name}", "runs/log-batch", {
        "run_id": "${" + name + "}", "metrics": [{"key": k, "value": v, "timestamp": 1} for k, v in metrics.items()],
        "params": [{"key": k, "value": v} for k, v in params.items()], "tags": [{"key": k, "value": v} for k, v in tags.items()]})
    if data:
        tag = [{"key": "mlflow.data.context", "value": data[2]}] if data[2] else []
        s.post(f"dataset of run {name}", "runs/log-inputs", {"run_id": "${" + name + "}", "datasets": [
            {"tags": tag, "dataset": {"name": data[0], "digest": data[1], "source_type": "local", "source": "s"}}]})
    s.post(f"state of run {name}", "runs/update",
           {"run_id": "${" + name + "}", "status": status, **({"end_time": T0 + end} if end else {})})
s.run("y", "x2", start_time=T0 + 9)
s.run("gone", "x", start_time=T0 + 10)
s.post("older points do not change the latest value", "runs/log-batch",
       {"run_id": "${a}", "metrics": [{"key": "acc", "value": 0.9, "timestamp": 0}, {"key": "acc", "value": 0.1, "timestamp": 1, "step": -1}]})
s.post("delete one run", "runs/delete", {"run_id": "${gone}"})


def filters(*texts, **fields):
    for text in texts:
        s.post(f"filter {text}", S, {"experiment_ids": ["${x}"], "filter": text}, pick=IDS, **fields)


def orders(*lists, **fields):
    for order in lists:
        s.post(f"order {order}", S, {"experiment_ids": ["${x}"], "order_by": list(order)}, pick=IDS, **fields)


filters("")
filters("   ", "\n", loose="stock refuses a blank filter", ours={"status": [200, 400]})
# Metrics: every comparator against values, NaN, infinity and missing.
for comparator in ("=", "!=", "<", "<=", ">", ">="):
    for value in ("0.75", "0", "-1.5", "1e-7", "1.7976931348623157e308"):
        filters(f"metrics.acc {comparator} {value}")
    filters(f"metric.loss {comparator} 0", f"metrics.none {comparator} 1")
filters("metrics.acc>0.5", "metrics.acc  >   0.5", "metrics.`acc` > 0.5", 'metrics."acc" > 0.5', "metrics.`m x/y-z` = 1", "metrics.acc > .5",
        "metrics.acc > 5e-1", "metrics.acc > 5E-1", "metrics.loss = -0", "metrics.loss > -1.6 AND metrics.loss < 1.5", "metrics.acc > 0.1 AND metrics.acc > 0.6",
        "metrics.acc > 0.5 AND metrics.loss > 0.5", "metrics.ACC > 0")
filters("metrics.acc > '0.5'", "metrics.acc > abc", "metrics.acc LIKE '1'", "metrics.acc IN (1)", "metrics.acc IS NULL", "metrics.acc > NaN", "metrics.m x/y-z = 1")
# Params and tags.
for entity in ("params", "param", "parameters", "parameter"):
    filters(f"{entity}.lr = '0.1'")
for entity in ("tags", "tag"):
    filters(f"{entity}.team = 'red'")
filters("params.lr != '0.1'", "params.lr = ''", "params.lr != ''", 'params.opt = "adam"', "params.opt = 'ADAM'", "params.none = '1'", "params.none != '1'",
        "params.opt LIKE 'ad%'", "params.opt LIKE 'AD%'", "params.opt ILIKE 'AD%'", "params.opt ILIKE 'sgd'", "params.lr LIKE '0._'", "params.lr LIKE '%1'", "params.lr LIKE '0.01'",
        "params.opt LIKE ''", "params.lr LIKE '%'", "params.lr like '0.1'", "params.lr Like '0.1'", "params.opt iLike 'SGD'",
        "params.note LIKE '%s 100%'", "params.note = \"it's 100% \"", "params.`größe` = '9'", "params.größe = '9'",
        "params.lr IS NULL", "params.lr IS NOT NULL", "params.opt is null", "params.opt Is Not Null AND params.lr IS NULL", "params.none IS NULL",
        "tags.team != 'red'", "tags.team LIKE 'red%'", "tags.team LIKE 'red_1'", "tags.team ILIKE 'RED'", "tags.team ILIKE '%E%'", "tags.team = ''",
        "tags.team IS NULL", "tags.team IS NOT NULL", "tags.`team` IS NOT NULL", "tags.mlflow.user = 'ann'", "tags.`mlflow.user` = 'ann'", 'tags."mlflow.user" = \'bob\'', "tags.a.b.c = 'dots'",
        "tags.`k-e/y` = '1'", 'tags."k-e/y" = \'1\'', "tags.k-e/y = '1'", "tags.`größe` = 'ü'", "tags.team = 'red' AND params.lr = '0.1'",
        "tags.team = 'red' and metrics.acc >= 0.5 And params.opt = 'adam'", "tags.team = 'red' AND tags.team = 'blue'", "tags.`mlflow.runName` = 'Run c'")
filters("params.lr > '0.1'", "params.lr = 0.1", "params.lr = abc", "params.lr IN ('0.1')", "params.lr = '0.1", "tags.team < 'red'", "tags.team = 5", 
        "tags.team = red", "params.`lr = '1'", "tags.team = `red`")
# Attributes.
filters("attributes.status = 'FINISHED'", "attribute.status = 'RUNNING'", "attr.status != 'FINISHED'", "run.status = 'FAILED'", "status = 'KILLED'", "status = 'finished'",
        "status LIKE 'FIN%'", "status ILIKE 'run%'", "`status` = 'RUNNING'", "attributes.`status` = 'RUNNING'", "attributes.\"status\" = 'RUNNING'",
        "user_id = 'ann'", "user_id = ''", "user_id != 'ann'", "user_id LIKE 'a%'",
        "run_name = 'Run a'", "attributes.run_name LIKE 'Run %'", "run_name ILIKE 'RUN A'", "run_name != 'Run a'", "attributes.`Run name` = 'Run b'", "attributes.`run name` = 'Run b'",
        "attributes.\"Run Name\" = 'Run b'", "`Run name` = 'Run b'",
        f"start_time > {T0 + 6}", f"attributes.start_time <= {T0 + 2}", f"start_time = {T0 + 3}", f"start_time != {T0 + 3}", f"created < {T0 + 3}", f"attributes.Created >= {T0 + 7}",
        f"start_time > {T0 + 6}.5", f"end_time > {T0 + 22}", f"end_time = {T0 + 11}", f"end_time != {T0 + 11}", f"end_time >= {T0 + 11} AND end_time < {T0 + 55}", "end_time > 0",
        "run_id = '${a}'", "attributes.run_id != '${a}'", "run_id LIKE '${a}'", "run_id IN ('${a}', '${c}')", "run_id IN ('${a}')", "run_id IN ('${a}',)", "run_id NOT IN ('${a}', '${c}')",
        "attributes.run_id in (\"${a}\", '${d}')", "run_id IN ('none')", "run_id IN ('${a}','${y}') AND status = 'FINISHED'",
        "artifact_uri LIKE '%/${b}/%'", "artifact_uri = 'mlflow-artifacts:/${x}/${b}/artifacts'")
filters("status > 'A'", "status = 5", "status = FINISHED", "status IN ('RUNNING')", "status IS NULL", "start_time = '5'", "start_time > abc", "start_time LIKE '5'", "run_id IN ()",
        "run_id IN (5)", "run_id IN ('a', 5)", "run_id IN 'a'", "run_name IN ('a')", "colour = 'red'", "attributes.colour = 'red'", "experiment_id = '1'", "lifecycle_stage = 'active'",
        "foo.bar = 'x'", "metricss.a = 1", " ", "\n", "Metrics.acc > 1", "attributes = 'x'", "run_uuid = 'a'")
# Datasets.
filters("dataset.name = 'd1'", "datasets.name != 'd1'", "dataset.name LIKE 'd%'", "dataset.name ILIKE 'D1'", "dataset.digest = 'x1'", "dataset.context = 'train'", "dataset.context != 'train'",
        "dataset.context LIKE 't%'", "dataset.name IN ('d1', 'd2')", "dataset.name NOT IN ('d1')", "dataset.digest IN ('x2')", "dataset.context IN ('test', 'train')",
        "dataset.name = 'd1' AND dataset.digest = 'x1'", "dataset.name = 'd1' AND dataset.context = 'test'", "dataset.name = 'd1' AND metrics.acc > 0.5")
filters("dataset.colour = 'x'", "dataset.name > 'x'", "dataset.name = 5", "dataset.name IS NULL", "dataset = 'x'", "dataset.name IN (5)")
# Shape.
filters("AND status = 'RUNNING'", "status = 'RUNNING' AND", "status = 'RUNNING' AND AND user_id = 'ann'", "status = 'RUNNING'   AND\n\tuser_id = 'ann'", "status='RUNNING'", "status= 'RUNNING'",
        "  status = 'RUNNING'  ")
filters("status", "status =", "= 'RUNNING'", "'RUNNING' = status", "status == 'RUNNING'", "status <> 'RUNNING'", "status = 'RUNNING';", "status = 'RUNNING'; status = 'FAILED'",
        "status = 'RUNNING' -- c", "status = 'RUNNING' /* c */", "status ! 'RUNNING'", "status = 'a' 'b'", "status = 'RUNNING', user_id = 'ann'", "1 = 1", "status = user_id", "metrics.acc + 1 > 2",
        ".acc > 1", "metrics.acc > 1 metrics.loss > 1 2", "status = 'RUNNING' XOR status = 'FAILED'", "(", ")", "()", "'", "`", "SELECT * FROM runs",
        "status = 'x' OR", "NOT", "%", "\u0000")
filters("params.note LIKE '%100\\%%'", ours={"status": 200}, loose="a backslash in a pattern differs between stock's own databases")
# What ours adds: stock refuses each of these.
filters("metrics.acc > 0x10", "metrics.acc > 1_000", "tags.team NOT LIKE 'a'", "tags.team RLIKE 'r'", "status = (SELECT 'RUNNING')",
        loose="told in the words of the tokenizer", ours=invalid())
for text, found in (
    ("status = 'FAILED' OR status = 'KILLED'", ["e", "d"]), ("(status = 'FAILED')", ["d"]), ("NOT status = 'FINISHED' AND user_id = 'ann'", ["g", "f", "c"]),
    ("user_id = 'ann' AND (status = 'FINISHED' OR metrics.loss < 0)", ["c", "a"]), ("status = 'FAILED' OR status = 'KILLED' AND user_id = 'eve'", ["e", "d"]),
    ("NOT (status = 'FINISHED' OR status = 'RUNNING')", ["f", "e", "d"]),
):
    filters(text, deviation=SUPERSET, ours={"status": 200, "json": ["${" + name + "}" for name in found]})

# Orders.
orders([], ["start_time"], ["start_time ASC"], ["start_time DESC"], ["attributes.start_time asc"], ["Created"], ["attribute.created DESC"], ["end_time", "start_time"], ["end_time DESC"],
       ["metrics.acc"], ["metrics.acc ASC"], ["metrics.acc DESC"], ["metric.loss desc"], ["metrics.`m x/y-z` DESC"], ["metrics.none"], ["metrics.acc DESC", "start_time ASC"],
       ["params.lr"], ["params.lr DESC"], ["parameter.opt", "metrics.acc"], ["tags.team"], ["tag.team DESC"], ["tags.`mlflow.user`"], ["tags.mlflow.user DESC"], ['tags."team"'],
       ["status"], ["attributes.status DESC", "start_time"], ["run_name DESC"], ["user_id", "start_time"], ["start_time dEsC"],
       ["`start_time` DESC"], ["metrics.acc", "metrics.loss", "params.lr", "tags.team"])
for order, direction in (("run_id", "ascending"), ("run_id DESC", "descending"), ("artifact_uri", "ascending")):
    s.post(f"order {order}", S, {"experiment_ids": ["${x}"], "order_by": [order]},
           pick=IDS if "run" in order else "runs.*.info.artifact_uri", unordered=[""], sorted=direction)
orders(["  start_time   DESC "], loose="stock refuses a blank at the end", ours={"status": [200, 400]})
orders(["colour"], ["metrics"], ["foo.bar"], ["start_time DOWN"], ["start_time DESC ASC"], [""], ["start_time,"], ["start_time; DROP"], ["lifecycle_stage"], ["experiment_id"], ["dataset.name"],
       ["1"], ["start_time DESC, end_time"])
orders(["metrics.acc", "metrics.acc"], ["start_time", "start_time DESC"], deviation="stock answers 500")
orders(["start_time", "Created"], deviation="stock answers 500: both name one field")

# Views, experiments, pages.
for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL", 1, 2, 3):
    s.post(f"view {view}", S, {"experiment_ids": ["${x}"], "run_view_type": view}, pick=IDS)
s.post("view unknown name is ignored", S, {"experiment_ids": ["${x}"], "run_view_type": "MINE"}, pick=IDS)
s.post("view unknown number", S, {"experiment_ids": ["${x}"], "run_view_type": 9}, deviation="stock goes on with a half-parsed request")
s.post("two experiments", S, {"experiment_ids": ["${x}", "${x2}"]}, pick=IDS)
s.post("an experiment twice", S, {"experiment_ids": ["${x2}", "${x2}"]}, pick=IDS)
s.post("unknown experiment", S, {"experiment_ids": ["999999999"]})
s.post("no experiments", S, {"filter": "run_id = '${a}'"})
s.post("an experiment that is no number", S, {"experiment_ids": ["${x}", "abc"]})
s.post("an experiment as a JSON number", S, {"experiment_ids": [5]}, loose="stock goes on with no experiment", ours={"status": [200, 400]})
s.post("experiments is a string", S, {"experiment_ids": "abc"})
s.post("filter is a number", S, {"experiment_ids": ["${x}"], "filter": 5})
s.post("order_by is a string", S, {"experiment_ids": ["${x}"], "order_by": "start_time"})
s.post("order_by holds a number", S, {"experiment_ids": ["${x}"], "order_by": [5]})
for value in (0, -1, 50001, "x", "2", 1.5):
    extra = {"loose": "stock goes on with a half-parsed request", "ours": {"status": [200, 400]}} if value == 1.5 else {}
    s.post(f"max_results {value!r}", S, {"experiment_ids": ["${x}"], "max_results": value}, pick=IDS, **extra)
s.post("page 1", S, {"experiment_ids": ["${x}"], "max_results": 3, "order_by": ["metrics.acc DESC"]}, pick=IDS, bind={"tok": "next_page_token"})
s.post("page 2", S, {"experiment_ids": ["${x}"], "max_results": 3, "order_by": ["metrics.acc DESC"], "page_token": "${tok}"}, pick=IDS, bind={"tok": "next_page_token"})
s.post("page 3, the last", S, {"experiment_ids": ["${x}"], "max_results": 3, "order_by": ["metrics.acc DESC"], "page_token": "${tok}"}, pick=IDS)
s.post("a page that holds exactly all has no token", S, {"experiment_ids": ["${x2}"], "max_results": 1})
for label, token in (("garbage", "xx"), ("base64 of garbage", "AAAA"), ("offset 0", "eyJvZmZzZXQiOiAwfQ==")):
    s.post(f"page token: {label}", S, {"experiment_ids": ["${x}"], "page_token": token})
s.post("page token is a number", S, {"experiment_ids": ["${x}"], "page_token": 5}, deviation="stock goes on with a half-parsed request")
s.post("page token empty is none", S, {"experiment_ids": ["${x}"], "page_token": ""}, pick=IDS)
s.post("an empty experiment id", S, {"experiment_ids": [""]})
s.post("a whole answer", S, {"experiment_ids": ["${x}"], "filter": "run_id IN ('${a}', '${c}')"})
