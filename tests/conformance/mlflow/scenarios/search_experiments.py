"""experiments/search: filters, orders, views and pages over one fixed set. Each filter is narrowed to this
set by its names, since other topics share the server."""

from scenario import Scenario, error, invalid

scenario = s = Scenario("search_experiments")
S = "experiments/search"
IDS = "experiments.*.experiment_id"
MINE = "name LIKE 'se-${uid}%'"

EXPERIMENTS = (
    ("a", "se-${uid}-a", {"team": "red", "n": "1"}), ("b", "se-${uid}-B", {"team": "blue", "mlflow.note.content": "text"}),
    ("c", "se-${uid}-c_1%", {"team": "Red", "k-e/y": "1"}), ("d", "se-${uid}-dé", {"empty": ""}), ("f", "se-${uid}-é", {}),
)
for variable, name, tags in EXPERIMENTS:
    s.post(f"create {variable}", "experiments/create", {"name": name, "tags": [{"key": k, "value": v} for k, v in tags.items()]},
           bind={variable: "experiment_id|experiment_id"}, pause_ms=3)
for variable in "ac":
    s.get(f"times of {variable}", "experiments/get", {"experiment_id": "${" + variable + "}"},
          bind={f"t{variable}": "experiment.creation_time"})
s.post("create one to delete", "experiments/create", {"name": "se-${uid}-gone"}, bind={"g": "experiment_id|experiment_id"}, pause_ms=3)
s.post("delete it", "experiments/delete", {"experiment_id": "${g}"})
s.post("touch b last", "experiments/update", {"experiment_id": "${b}", "new_name": "se-${uid}-b"}, pause_ms=3)


def filters(*texts, **fields):
    for text in texts:
        s.post(f"filter {text}", S, {"max_results": 20, "filter": f"{MINE} AND {text}"}, pick=IDS, **fields)


def whole(*texts, **fields):
    for text in texts:
        s.post(f"whole filter {text}", S, {"max_results": 20, "filter": text}, pick=IDS, **fields)


def orders(*lists, **fields):
    for order in lists:
        s.post(f"order {order}", S, {"max_results": 20, "filter": MINE, "order_by": order}, pick=IDS, **fields)


whole(MINE, "name = 'se-${uid}-a'", "attribute.name = 'se-${uid}-a'", 'name = "se-${uid}-a"', "`name` = 'se-${uid}-a'", "attribute.`name` = 'se-${uid}-a'",
      "name ILIKE 'SE-${uid}%'", "name = 'se-${uid}-A'", "name ILIKE 'SE-${uid}-A'", "name LIKE 'se-${uid}-c_1%'", "name LIKE 'se-${uid}-d_'", 
      "name = 'se-${uid}-é'", "AND " + MINE, MINE + " AND", "experiment_id = '${a}'", "experiment_id IN ('${a}', '${c}')", "attribute.experiment_id = '${b}'",
      "experiment_id = '${g}'", "tags.team = 'red' AND experiment_id IN ('${a}', '${b}')")
whole("name LIKE '%${uid}-c\\_1%'", "name ILIKE 'se-${uid}-É'", ours={"status": 200},
      loose="backslashes in patterns and letters beyond ASCII in ILIKE differ between stock's own databases")
filters("name != 'se-${uid}-a'", "experiment_id != '${a}'", "experiment_id NOT IN ('${a}', '${c}')", "tags.team = 'red'", "tag.team = 'red'", "tags.team != 'red'", "tags.team LIKE 'r%'", "tags.team ILIKE 'RED'",
        "tags.team ILIKE '%E%'", "tags.empty = ''", "tags.none = 'x'", "tags.none != 'x'", "tags.team IS NULL", "tags.team IS NOT NULL", "tags.team is null", "tags.mlflow.note.content = 'text'",
        "tags.`mlflow.note.content` LIKE 't%'", 'tags."k-e/y" = \'1\'', "tags.`k-e/y` = '1'", "tags.team = 'red' AND tags.n = '1'", "tags.team = 'red' and tags.n = '2'",
        "creation_time > ${ta}", "creation_time >= ${ta}", "creation_time = ${ta}", "creation_time != ${ta}", "creation_time < ${tc}", "creation_time <= ${tc}", "attribute.creation_time < ${tc}",
        "last_update_time > ${tc}", "last_update_time >= ${ta}", "creation_time > ${ta} AND creation_time < ${tc}", "creation_time > 0", "creation_time > -1")
filters("tags.team like 'r%'", "experiment_id in ('${a}')", deviation="stock knows LIKE and IN only in capitals here",
        ours={"status": 200, "json": ["${a}"]})
whole("name > 'a'", "name = 5", "name = abc", "name IN ('a')", "name IS NULL", "colour = 'red'", "attribute.colour = 'x'", "attributes.name = 'a'", "tagss.team = 'x'", "param.a = 'x'", "metrics.a > 1",
      "tags.team > 'a'", "tags.team = 5", "tags.team = red", "tags.team IN ('a')", "creation_time > 1.5", "creation_time > '5'", "creation_time LIKE '5'", "creation_time > abc", "creation_time IS NULL",
      "experiment_id = 5", "experiment_id = ''", "creation_time LIKE 5", "experiment_id > '5'", "experiment_id = 'abc'", "experiment_id LIKE '5'", "experiment_id IN ()", "experiment_id IN (5)", "lifecycle_stage = 'active'", "artifact_location = 'x'",
      "name", "name =", "name == 'a'", "name <> 'a'", "name = 'a';", "name = 'a' -- c", "'a' = name", "name = 'a", "tags.k-e/y = '1'", "name = 'a' 'b'", "(", "name = 'a' XOR name = 'b'")
for text, found in (("(name = 'se-${uid}-a' OR name = 'se-${uid}-b')", ["b", "a"]), ("NOT tags.team IS NULL", ["c", "b", "a"])):
    filters(text, deviation="stock has no OR, NOT and parentheses", ours={"status": 200, "json": ["${" + name + "}" for name in found]})

orders([], ["name"], ["name DESC"], ["attribute.name ASC"], ["experiment_id"], ["experiment_id DESC"], ["creation_time"], ["creation_time DESC"], ["last_update_time"], ["last_update_time DESC", "name"],
       ["`name` desc"], ["name dEsC", "experiment_id"], ["name DESC", "name"])
orders(["colour"], ["tags.team"], ["name UP"], ["name DESC ASC"], [""], ["attributes.name"], ["lifecycle_stage"], ["1"])
s.post("order_by is a string", S, {"max_results": 2, "order_by": "name"})
s.post("order_by holds a number", S, {"max_results": 2, "order_by": [5]}, deviation="stock goes on with a half-parsed request")
for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL", 1, 2, 3):
    s.post(f"view {view}", S, {"max_results": 20, "filter": MINE, "view_type": view}, pick=IDS)
s.post("view unknown name is ignored", S, {"max_results": 20, "filter": MINE, "view_type": "MINE"}, pick=IDS)
s.post("view unknown number", S, {"max_results": 20, "filter": MINE, "view_type": 9}, loose="stock takes a number it does not know for unset",
       ours={"status": [200, 400]})
s.post("view is a word list", S, {"max_results": 20, "view_type": ["ALL"]}, deviation="stock answers 500")
for value in (0, -1, 50001, "x", "0", None, 1.5):
    extra = {"loose": "stock goes on with a half-parsed request", "ours": {"status": [200, 400]}} if value == 1.5 else {}
    s.post(f"max_results {value!r}", S, {"max_results": value}, **extra)
s.post("max_results missing", S, {})
s.post("max_results 50000", S, {"max_results": 50000, "filter": MINE}, pick=IDS)
s.post("filter is a number", S, {"max_results": 2, "filter": 5})
s.post("page 1", S, {"max_results": 2, "filter": MINE, "order_by": ["name"]}, pick=IDS, bind={"tok": "next_page_token"})
s.post("page 2", S, {"max_results": 2, "filter": MINE, "order_by": ["name"], "page_token": "${tok}"}, pick=IDS, bind={"tok": "next_page_token"})
s.post("page 3, the last", S, {"max_results": 2, "filter": MINE, "order_by": ["name"], "page_token": "${tok}"}, pick=IDS)
s.post("a page that holds exactly all has no token", S, {"max_results": 1, "filter": "name = 'se-${uid}-a'"})
s.post("a page that does not", S, {"max_results": 1, "filter": MINE, "order_by": ["name"]})
s.get("page by GET", S, {"max_results": 2, "filter": MINE, "order_by": "name"}, pick=IDS)
for label, token in (("garbage", "xx"), ("base64 of garbage", "AAAA"), ("offset 0", "eyJvZmZzZXQiOiAwfQ=="), ("no offset", "e30=")):
    s.post(f"page token: {label}", S, {"max_results": 2, "page_token": token})
s.post("page token is a number", S, {"max_results": 2, "page_token": 5})
