"""openapi.json is valid OpenAPI 3.1, describes what is there and nothing else, and every answer is one that it announces."""

import re
import time

import pytest
import requests
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from support.api import BASE, KINDS, Api, body_for


@pytest.fixture(scope="module")
def api(request, server) -> Api:
    if request.config.getoption("--server") == "stock":
        pytest.skip("stetig's own interface")
    return Api(server.url)


def test_it_is_valid_openapi_3_1(api):
    assert api.spec.document["openapi"].startswith("3.1.")
    validate(api.spec.document, cls=OpenAPIV31SpecValidator)


def test_names_are_unique_and_nothing_is_left_over(api):
    document = api.spec.document
    described = [item for path in document["paths"].values() for item in path.values()]
    ids = [item["operationId"] for item in described]
    assert len(set(ids)) == len(ids)
    assert {tag for item in described for tag in item["tags"]} == {tag["name"] for tag in document["tags"]}
    used = set(re.findall(r'#/components/schemas/(\w+)', str(document)))
    assert used == set(document["components"]["schemas"])
    for item in described:
        assert item["summary"].endswith("."), item["operationId"]
        assert item["x-permission"] in ("public", "read", "write", "admin")
        assert "application/problem+json" in item["responses"]["default"]["content"]
        for parameter in item.get("parameters", []):
            assert parameter["description"], (item["operationId"], parameter["name"])


def test_whatever_changes_something_needs_a_role_that_may_write(api):
    for operation in api.spec.operations.values():
        assert (operation.permission == "read") == (operation.method == "GET"), operation.id


def test_every_property_is_explained(api):
    for name, schema in api.spec.document["components"]["schemas"].items():
        for field, described in schema["properties"].items():
            assert described.get("description"), f"{name}.{field}"


def test_every_path_is_there_and_other_methods_are_not(api):
    """405 names exactly the methods that openapi.json has for the path (and HEAD beside GET)."""
    for path, item in api.spec.document["paths"].items():
        offered = {method.upper() for method in item}
        concrete = re.sub(r"\{\w+\}", "01ARZ3NDEKTSV4RRFFQ69G5FAV", path)
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - offered:
            answer = requests.request(method, api.url + concrete, timeout=10)
            assert answer.status_code == 405, (method, path, answer.text)
            allowed = {word.strip() for word in answer.headers["Allow"].split(",")}
            assert allowed - {"HEAD", "OPTIONS"} == offered, (path, allowed)


def traced(api, kind: str, name: str) -> None:
    """Until the graph, which follows the journal, knows the node."""
    until = time.monotonic() + 10
    while requests.get(f"{api.url}{BASE}/trace/{kind}/{name}", timeout=10).status_code != 200:
        assert time.monotonic() < until, f"{kind} {name} is not in the trace graph after 10 s"
        time.sleep(0.05)


def test_every_operation_answers_as_it_is_described(api):
    """A tour of all operations: `Api` checks each answer against its schema."""
    project = api.project()
    for noun in KINDS:
        create = api.spec.operations[f"{noun}.create"]
        record = api.good(f"{noun}.create", body=body_for(create, project["key"], everything=True))
        listed = api.good(f"{noun}.list", query={"limit": 3} if noun == "project" else {"project": project["key"], "limit": 3})
        assert listed["items"]
        assert api.good(f"{noun}.list", query={"fields": "title", "limit": 1})["items"][0].keys() == {"title"}
        api.good(f"{noun}.update", record["id"], body={"title": "changed"})
        api.good(f"{noun}.get", record["id"])
        api.good(f"{noun}.history", record["id"])
        api.good(f"{noun}.delete", record["id"])
        api.refused(404, "record_not_found", f"{noun}.get", record["id"])
    for method, data in (("PUT", b"bytes"), ("GET", None)):
        assert api.send(method, f"/records/{project['id']}/attachments/a.txt", data=data).ok
    api.good("attachment.list", "projects", project["id"])
    api.good("attachment.versions", "projects", project["key"], "a.txt")
    api.good("attachment.remove", "projects", project["key"], "a.txt")
    api.good("phase.set", project["key"], "modeling", body={"status": "active", "note": "now"})
    api.good("phase.assert", project["key"], "modeling", body={"type": "run", "id": "1", "note": "why"})
    assert [one["phase"] for one in api.good("phase.list", project["key"])["items"]][3] == "modeling"
    assert api.good("phase.evidence", project["key"], "modeling")["items"]
    assert api.good("maturity.get", project["key"])["items"]
    link = api.good("link.add", body={"type": "uses", "from_type": "run", "from_id": "1", "to_type": "project", "to_id": project["id"]})
    for verb in ("get", "review", "end"):
        api.good(f"link.{verb}", link["id"])
    api.good("link.list", query={"ended": "true"})

    def mlflow(path: str, body: dict) -> dict:
        answer = requests.post(f"{api.url}/api/2.0/mlflow/{path}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    key = project["key"]
    experiment = mlflow("experiments/create", {"name": f"experiment {key}"})["experiment_id"]
    run = mlflow("runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
    mlflow("runs/log-batch", {"run_id": run, "metrics": [{"key": f"m{i}", "value": value, "timestamp": 1} for i, value in enumerate(
        [0.1, 1e300, -0.0, 5, "NaN", "Infinity", "-Infinity", 2**60])]})  # fmt: skip
    mlflow("registered-models/create", {"name": f"model {key}"})
    mlflow("model-versions/create", {"name": f"model {key}", "source": "s3://b/m", "run_id": run})
    for operation, ids, query in (
        ("experiment.list", [], {}), ("experiment.get", [experiment], {}), ("run.list", [], {"experiment": experiment}), ("run.get", [run], {}),
        ("model.list", [], {}), ("model.get", [f"model {key}"], {}), ("model-version.list", [], {}), ("model-version.get", [f"model {key}", "1"], {}),
        ("event.list", [], {"limit": 1000}), ("server.info", [], {}), ("server.openapi", [], {}),
    ):  # fmt: skip
        api.good(operation, *ids, query=query)
    api.good("model.alias", f"model {key}", "best", body={"version": "1"})
    traced(api, "run", run)
    assert {node["type"] for node in api.good("trace.show", "run", run, query={"layout": "true"})["items"]} >= {"run"}
    api.good("trace.impact", "run", run)
    api.good("trace.path", query={"from_type": "run", "from_id": run, "to_type": "project", "to_id": project["key"]})
    api.good("trace.gaps", query={"type": "run"})
    with requests.get(f"{api.url}{BASE}/events", stream=True, timeout=10) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
    assert api.seen | {"event.watch"} == set(api.spec.operations)
