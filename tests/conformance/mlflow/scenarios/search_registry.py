"""registered-models/search and model-versions/search over one fixed set of models."""

from scenario import Scenario, error, invalid

scenario = s = Scenario("search_registry")
R = "registered-models/search"
V = "model-versions/search"
NAMES = "registered_models.*.name"
MINE = "name LIKE 'sg-${uid}%'"
SUPERSET = "stock has no OR, NOT and parentheses"
PROMPT = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]

MODELS = (("a", {"team": "red", "n": "1"}), ("B", {"team": "blue"}), ("c_1%", {"team": "Red", "k-e/y": "1"}), ("dé", {"empty": ""}), ("é", {}))
s.experiment("x", "sg-${uid}")
s.run("r", "x")
s.run("r2", "x")
for name, tags in MODELS:
    s.post(f"create {name}", "registered-models/create", {"name": "sg-${uid}-" + name, "tags": [{"key": k, "value": v} for k, v in tags.items()]}, pause_ms=3)
s.post("create a prompt", "registered-models/create", {"name": "sg-${uid}-prompt", "tags": PROMPT + [{"key": "team", "value": "red"}]})
VERSIONS = (("a", "s3://b/1", "${r}", {"q": "low"}), ("a", "s3://b/2", "${r2}", {"q": "high", "n": "1"}), ("B", "s3://c/1", "${r}", {"q": "Low"}), ("a", "s3://b/3", None, {}),
            ("B", "dbfs:/x", "${r2}", {"q": ""}))
for name, source, run, tags in VERSIONS:
    s.post(f"version of {name} from {source}", "model-versions/create",
           {"name": "sg-${uid}-" + name, "source": source, "tags": [{"key": k, "value": v} for k, v in tags.items()], **({"run_id": run} if run else {})}, pause_ms=3)
s.post("version of the prompt", "model-versions/create", {"name": "sg-${uid}-prompt", "source": "dummy-source", "tags": PROMPT})
s.post("an old version is touched", "model-versions/transition-stage", {"name": "sg-${uid}-a", "version": "1", "stage": "Staging"}, pause_ms=3)
s.post("a version that turns into a prompt", "model-versions/create", {"name": "sg-${uid}-dé", "source": "s3://d/1"}, pause_ms=3)
s.post("by its tag alone", "model-versions/set-tag", {"name": "sg-${uid}-dé", "version": "1", **PROMPT[0]})
s.post("an alias", "registered-models/alias", {"name": "sg-${uid}-a", "alias": "champion", "version": "2"})


def models(*texts, mine=True, **fields):
    for text in texts:
        s.get(f"models: {text}", R, {"filter": f"{MINE} AND {text}" if mine else text}, pick=NAMES, **fields)


def versions(*texts, mine=True, **fields):
    for text in texts:
        s.get(f"versions: {text}", V, {"filter": f"{MINE} AND {text}" if mine else text}, pick="model_versions.*.source", **fields)


def by(path, label, pick, *lists, **fields):
    for order in lists:
        s.get(f"{label} by {order}", path, {"filter": MINE, "order_by": order}, pick=pick, **fields)


# Registered models.
models(MINE, "name = 'sg-${uid}-a'", "attribute.name = 'sg-${uid}-a'", 'name = "sg-${uid}-a"', "name ILIKE 'SG-${uid}-%'", "name ILIKE 'sg-${uid}-b'", "name = 'sg-${uid}-b'", "name LIKE 'sg-${uid}-c__%'",
       "name = 'sg-${uid}-é'", "name IN ('sg-${uid}-a', 'sg-${uid}-B')", "name in ('sg-${uid}-a')", mine=False)
models("name != 'sg-${uid}-a'", "name NOT IN ('sg-${uid}-a', 'sg-${uid}-B')", "tags.team = 'red'", "tag.team = 'red'", "tags.team != 'red'", "tags.team LIKE 'r%'", "tags.team ILIKE 'RED'", "tags.team like 'r%'", "tags.empty = ''",
       "tags.none = 'x'", "tags.none != 'x'", "tags.team = 'red' AND tags.n = '1'", "tags.team = 'red' AND tags.n = '2'", "tags.team LIKE '%e%' AND tags.team ILIKE 'R%'", "tags.`k-e/y` = '1'", 'tags."k-e/y" = \'1\'',
       "tags.`mlflow.prompt.is_prompt` = 'true'", "tags.`mlflow.prompt.is_prompt` != 'false'", "tags.`mlflow.prompt.is_prompt` = 'false'", "tags.`mlflow.prompt.is_prompt` != 'true'",
       "tags.`mlflow.prompt.is_prompt` = 'false' AND tags.team = 'red'", "tags.`mlflow.prompt.is_prompt` = 'true' AND tags.team = 'red'", "tags.`mlflow.prompt.is_prompt` = 'TRUE'")
models("name > 'a'", "name = 5", "name = abc", "colour = 'red'", "tagss.a = 'x'", "attributes.name = 'x'", "tags.team > 'a'", "tags.team = 5", "tags.team IN ('a')", "name IN ()", "name IN (5)",
       "creation_timestamp > 5", "last_updated_timestamp > 5", "version_number = 1", "name", "name == 'a'", "name = 'a';", "'a' = name", "(", mine=False)
models("name IS NULL", "tags.team IS NULL", mine=False, deviation="stock answers 500")
versions("tags.q IS NULL", mine=False, deviation="stock answers 500")
models("(name = 'sg-${uid}-a' OR name = 'sg-${uid}-B')", deviation=SUPERSET, ours={"status": 200, "json": ["sg-${uid}-B", "sg-${uid}-a"]})
by(R, "models", NAMES, [], ["name"], ["name DESC"], ["name ASC"], ["timestamp"], ["timestamp DESC"], ["last_updated_timestamp"], ["last_updated_timestamp DESC", "name"], ["name dEsC"], ["`name` DESC"], ["timestamp   ASC"], ['"name" DESC'])
by(R, "models", NAMES, ["creation_timestamp"], ["colour"], ["name UP"], [""], ["tags.team"], ["attribute.name"], ["timestamp,"], ["`name`"])
by(R, "models", NAMES, ["name", "name DESC"], ["timestamp", "last_updated_timestamp"], deviation="stock answers 500")
s.get("models: a whole answer", R, {"filter": "name = 'sg-${uid}-a'"})
s.get("models: page 1", R, {"filter": MINE, "max_results": 2}, pick=NAMES, bind={"tok": "next_page_token"})
s.get("models: page 2", R, {"filter": MINE, "max_results": 2, "page_token": "${tok}"}, pick=NAMES, bind={"tok": "next_page_token"})
s.get("models: page 3, the last", R, {"filter": MINE, "max_results": 2, "page_token": "${tok}"}, pick=NAMES)
s.get("models: exactly all", R, {"filter": MINE, "max_results": 5}, pick=NAMES)
for value in (1001, "x", 1000):
    s.get(f"models: max_results {value}", R, {"filter": MINE, "max_results": value}, pick=NAMES)
for value in (0, -1):
    s.get(f"models: max_results {value}", R, {"filter": MINE, "max_results": value}, deviation="stock asks SQL for none or all and hands out a useless token")
for label, token in (("garbage", "xx"), ("offset 0", "eyJvZmZzZXQiOiAwfQ==")):
    s.get(f"models: page token: {label}", R, {"page_token": token})
s.call("models: by a JSON body", "GET", R, json={"filter": MINE, "max_results": 1, "order_by": ["name DESC"]}, pick=NAMES)

# Model versions.
versions(MINE, "name = 'sg-${uid}-a'", "name ILIKE 'SG-${uid}-b'", "name IN ('sg-${uid}-a', 'sg-${uid}-B')", "run_id = '${r}'", "run_id IN ('${r}', '${r2}')", "run_id IN ('${r}')", "attribute.run_id = '${r2}'",
         "run_id = '${r}' AND name = 'sg-${uid}-a'", "AND " + MINE, mine=False)
versions("run_id != '${r}'", "run_id NOT IN ('${r}')", "run_id LIKE '${r}'", "source_path = 's3://b/1'", "source_path LIKE 's3://b/%'", "source_path ILIKE 'S3://%'", "source_path != 's3://b/1'",
         "version_number = 1", "version_number != 1", "version_number > 1", "version_number >= 2", "version_number < 2", "version_number <= 2", "version_number = '2'", "version_number = ' 2 '", "attribute.version_number = 3",
         "name != 'sg-${uid}-a'", "name NOT IN ('sg-${uid}-a')", "tags.q = 'low'", "tag.q = 'low'", "tags.q != 'low'", "tags.q LIKE '%o%'", "tags.q ILIKE 'LOW'", "tags.q = ''", "tags.q = 'high' AND tags.n = '1'",
         "tags.q = 'high' AND version_number = 1", "tags.none = 'x'", "tags.`mlflow.prompt.is_prompt` = 'true'", "tags.`mlflow.prompt.is_prompt` = 'false'")
versions("name > 'a'", "name = 5", "run_id > 'a'", "run_id = 5", "source_path IN ('a')", "version_number = 1.5", "version_number LIKE '1'", "version_number = 'x'", "version_number IN ('1')", "colour = 'x'", "tags.q > 'a'", "tags.q = 5",
         "run_id IN ()", "run_id IN (5)", "current_stage = 'None'", "creation_timestamp > 5", "stage = 'x'", "foo.a = 'x'", "name", "name == 'a'", "name = 'a' OR", "(", mine=False)
versions("(version_number = 3 OR tags.q = 'high')", deviation=SUPERSET, ours={"status": 200, "json": ["s3://b/3", "s3://b/2"]})
SRC = "model_versions.*.source"
by(V, "versions", SRC, [], ["name"], ["name DESC", "version_number"], ["version_number", "name"], ["version_number DESC", "name DESC"], ["creation_timestamp"], ["creation_timestamp DESC"], ["last_updated_timestamp"],
   ["last_updated_timestamp DESC"], ["attribute.name DESC"], ["name dEsC"])
by(V, "versions", SRC, ["colour"], ["name UP"], ["tags.q"], ["run_id"], ["timestamp"], [""])
by(V, "versions", SRC, ["name", "name DESC"], deviation="stock answers 500")
s.get("versions: a whole answer, without aliases", V, {"filter": "name = 'sg-${uid}-a' AND version_number = 2"})
s.get("versions: page 1", V, {"filter": MINE, "max_results": 2}, pick=SRC, bind={"tok": "next_page_token"})
s.get("versions: page 2", V, {"filter": MINE, "max_results": 2, "page_token": "${tok}"}, pick=SRC, bind={"tok": "next_page_token"})
s.get("versions: page 3, the last", V, {"filter": MINE, "max_results": 2, "page_token": "${tok}"}, pick=SRC)
for value in (0, -1, 200001, "x", 200000):
    s.get(f"versions: max_results {value}", V, {"filter": MINE, "max_results": value}, pick=SRC)
for label, token in (("garbage", "xx"), ("offset 0", "eyJvZmZzZXQiOiAwfQ==")):
    s.get(f"versions: page token: {label}", V, {"page_token": token})
