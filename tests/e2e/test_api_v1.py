"""API v1 as a client sees it: every kind's whole life, lists, conditional and repeated requests, problems. On both stores;
every answer is also checked against openapi.json (support/api.py)."""

import concurrent.futures
import re
import time

import pytest
import requests
from support.api import BASE, KINDS, Api, body_for, expect_problem, fresh_key

ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


# Every kind


def test_openapi_offers_the_kinds_that_are_tested_here(api):
    created = {operation.noun for operation in api.spec.operations.values() if operation.id.endswith(".create")}
    assert created == set(KINDS)


@pytest.mark.parametrize("noun", KINDS)
def test_the_whole_life_of_a_record(api, project, noun):
    create = api.spec.operations[f"{noun}.create"]
    made = api.call(f"{noun}.create", body=body_for(create, project["key"]))
    assert made.status_code == 201
    record = made.json()
    assert ULID.fullmatch(record["id"])
    assert made.headers["Location"] == f"{BASE}/{KINDS[noun]}/{record['id']}"
    assert made.headers["ETag"] == '"1"'
    assert (record["revision"], record["version"], record["owner"]) == (1, 1, "")
    if noun != "project":
        assert record["project"] == project["id"]
        assert record["key"] == f"{project['key']}-{record['number']}"

    for reference in (record["id"], record["key"], record["id"][:20]):
        assert api.good(f"{noun}.get", reference) == record
    listed = api.good(f"{noun}.list", query={"filter": f"id = '{record['id']}'"})
    assert listed == {"items": [record]}

    changed = api.good(f"{noun}.update", record["key"], body={"title": "Another title", "owner": "ada"})
    assert (changed["title"], changed["owner"], changed["revision"]) == ("Another title", "ada", 2)
    assert api.good(f"{noun}.update", record["id"], body={"owner": None})["owner"] == ""
    same = api.good(f"{noun}.update", record["id"], body={"title": "Another title"})
    assert same["revision"] == 3, "a change that changes nothing is none"

    history = api.good(f"{noun}.history", record["key"])["items"]
    assert [entry["revision"] for entry in history] == [3, 2, 1]
    assert history[-1]["document"]["title"] == record["title"]
    assert history[0]["document"]["title"] == "Another title"

    assert api.call(f"{noun}.delete", record["key"]).status_code == 204
    for reference in (record["id"], record["key"]):
        api.refused(404, "record_not_found", f"{noun}.get", reference)
    api.refused(404, "record_not_found", f"{noun}.delete", record["id"])
    assert api.good(f"{noun}.list", query={"filter": f"id = '{record['id']}'"}) == {"items": []}
    kind = noun.replace("-", "_")
    events = api.good("event.list", query={"subject_type": kind, "subject_id": record["id"]})["items"]
    assert [event["kind"] for event in events] == [f"{kind}.{what}" for what in ("created", "updated", "updated", "deleted")]


@pytest.mark.parametrize("noun", KINDS)
def test_every_field_comes_back_as_it_was_given(api, project, noun):
    create = api.spec.operations[f"{noun}.create"]
    body = body_for(create, project["key"], everything=True)
    record = api.good(f"{noun}.create", body=body)
    body.pop("project", None)
    assert {name: record[name] for name in body} == body
    optional = [name for name in api.spec.operations[f"{noun}.update"].body["properties"] if name in body and _nullable(api, noun, name)]
    emptied = api.good(f"{noun}.update", record["id"], body=dict.fromkeys(optional))
    choices = {name: kind["enum"] for name, kind in api.spec.operations[f"{noun}.create"].body["properties"].items() if "enum" in kind}
    assert not any(emptied.get(name) for name in optional if name not in choices)
    assert all(emptied.get(name) in choices[name] for name in optional if name in choices)  # back to what it is at first


def _nullable(api: Api, noun: str, name: str) -> bool:
    kind = api.spec.operations[f"{noun}.update"].body["properties"][name].get("type")
    return isinstance(kind, list) and "null" in kind


def test_a_record_of_another_kind_is_not_found_and_said_so(api, project):
    task = api.make("task", project["key"])
    for operation in ("requirement.get", "requirement.delete", "requirement.history"):
        problem = api.refused(404, "other_kind", operation, task["key"])
        assert problem["detail"] == f"{task['key']} is a task, expected a requirement"
    api.refused(404, "other_kind", "requirement.update", task["id"], body={"title": "no"})
    api.refused(404, "other_kind", "task.create", body={"project": task["id"], "title": "in a task"})
    api.refused(404, "record_not_found", "task.create", body={"project": "NOSUCHKEY", "title": "nowhere"})


def test_numbers_are_given_once_over_all_kinds_and_old_keys_go_on(api, project):
    keys = [api.make(noun, project["key"])["key"] for noun in ("task", "requirement", "task")]
    assert keys == [f"{project['key']}-{number}" for number in (1, 2, 3)]
    assert api.call("task.delete", keys[2]).status_code == 204
    assert api.make("task", project["key"])["key"].endswith("-4")
    new = fresh_key()
    assert api.good("project.update", project["key"], body={"key": new})["key"] == new
    assert api.good("task.get", keys[0])["key"] == f"{new}-1"
    api.refused(409, "key_taken", "project.create", body={"title": "takes an old key", "key": project["key"]})


# Lists


@pytest.fixture(scope="module")
def shelf(api):
    """A project with 25 tasks of known values."""
    project = api.project()
    for i in range(25):
        api.make("task", project["key"], title=f"Task {i:02}", priority=["low", "high"][i % 2], estimate_hours=i / 2,
                 due=f"2026-12-{i + 1:02}", **({"owner": "ada"} if i % 5 == 0 else {}))  # fmt: skip
    return project


def titles(api, shelf, **query) -> list[str]:
    return [int(item["title"][5:]) for item in api.good("task.list", query={"project": shelf["key"], **query})["items"]]


def test_pages_hold_everything_once(api, shelf):
    for order in (None, "title", "title DESC", ["owner DESC", "created_at"], "updated_at DESC"):
        query = {"project": shelf["key"], "limit": 7} | ({"order_by": order} if order else {})
        seen, sizes = [], []
        while True:
            page = api.good("task.list", query=query)
            sizes.append(len(page["items"]))
            seen += [item["title"] for item in page["items"]]
            if "next_page_token" not in page:
                break
            query["page_token"] = page["next_page_token"]
        assert sizes == [7, 7, 7, 4]
        assert sorted(seen) == [f"Task {i:02}" for i in range(25)]
        if order == "title DESC":
            assert seen == sorted(seen, reverse=True)


def test_page_tokens_are_of_one_list(api, shelf):
    token = api.good("task.list", query={"project": shelf["key"], "limit": 7})["next_page_token"]
    for query in ({"project": shelf["key"], "filter": "owner = 'ada'"}, {}, {"project": shelf["key"], "order_by": "title"}):
        api.refused(400, "invalid_argument", "task.list", query={**query, "page_token": token})
    api.refused(400, "invalid_argument", "requirement.list", query={"project": shelf["key"], "page_token": token})
    for limit in (0, -1, 1001):
        for operation in ("task.list", "experiment.list", "model.list", "model-version.list", "link.list", "event.list"):
            api.refused(400, "invalid_parameter", operation, query={"limit": limit})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("owner = 'ada'", [0, 5, 10, 15, 20]),
        ("owner = 'ada' AND priority = 'high'", [5, 15]),
        ("title = 'Task 03' OR title = 'Task 04'", [3, 4]),
        ("NOT (priority = 'low') AND estimate_hours < 3", [1, 3, 5]),
        ("estimate_hours >= 11.5", [23, 24]),
        ("title LIKE 'Task 1%' AND priority != 'low'", [11, 13, 15, 17, 19]),
        ("title ILIKE 'TASK 00'", [0]),
        ("title IN ('Task 07', 'Task 09')", [7, 9]),
        ("due >= '2026-12-24'", [23, 24]),
        ("number <= 2", [0, 1]),
        ("status = 'backlog' AND due = '2026-12-03'", [2]),
        ("created_at > '2020-01-01' AND number = 1", [0]),
        ("created_at > '2200-01-01'", []),
        ("labels IS NULL AND number = 25", [24]),
        ("text IS NOT NULL", []),
    ],
)
def test_filters(api, shelf, text, expected):
    assert titles(api, shelf, filter=text) == expected


@pytest.mark.parametrize(
    "text", ["owner", "owner = ada", "nothing = 'x'", "owner = 'a' OR", "(owner = 'a'", "estimate_hours = 'x'", "estimate_hours LIKE '1%'", "'"]
)
def test_filters_that_mean_nothing_are_refused(api, shelf, text):
    api.refused(400, "invalid_argument", "task.list", query={"filter": text})


def test_orders(api, shelf):
    assert titles(api, shelf, order_by="title DESC", limit=3) == [24, 23, 22]
    assert titles(api, shelf, order_by=["owner DESC", "title DESC"], limit=2) == [20, 15]
    assert titles(api, shelf, order_by="number DESC", limit=1) == [24]
    assert titles(api, shelf) == list(range(25)), "without an order: as they were made"
    for order in ("nothing", "title SIDEWAYS", ["title", "title"], "text"):
        api.refused(400, "invalid_argument", "task.list", query={"order_by": order})


def test_fields(api, shelf):
    page = api.good("task.list", query={"project": shelf["key"], "fields": "key,title", "limit": 2})
    assert page["items"] == [{"key": f"{shelf['key']}-{i + 1}", "title": f"Task {i:02}"} for i in range(2)]
    assert page["next_page_token"]
    one = api.good("task.get", f"{shelf['key']}-1", query={"fields": "priority, due"})
    assert one == {"priority": "low", "due": "2026-12-01"}
    api.refused(400, "invalid_parameter", "task.get", f"{shelf['key']}-1", query={"fields": "key,nothing"})


# Conditions and repetitions


def test_only_the_one_who_has_seen_the_last_change_may_change(api, project):
    task = api.make("task", project["key"])
    first = api.call("task.update", task["key"], body={"owner": "ada"}, If_Match='"1"')
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    problem = api.refused(412, "revision_mismatch", "task.update", task["key"], body={"owner": "bob"}, If_Match='"1"')
    assert "has revision 2, expected 1" in problem["detail"]
    api.refused(412, "revision_mismatch", "task.delete", task["key"], If_Match='"1"')
    assert api.good("task.update", task["key"], body={"owner": "cy"}, If_Match="*")["revision"] == 3
    for wrong in ("1", '"x"', "abc", 'W/"3"', '"1", "3"'):
        api.refused(400, "invalid_if_match", "task.update", task["key"], body={"owner": "x"}, If_Match=wrong)
    assert api.good("task.get", task["key"])["owner"] == "cy"
    assert api.call("task.delete", task["key"], If_Match='"3"').status_code == 204


def test_of_many_conditional_changes_one_wins(api, project):
    task = api.make("task", project["key"])

    def change(i: int) -> int:
        headers = {"If-Match": '"1"'}
        return requests.patch(f"{api.url}{BASE}/tasks/{task['id']}", json={"owner": f"u{i}"}, headers=headers, timeout=30).status_code

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(change, range(12))) == [200] + [412] * 11
    assert api.good("task.get", task["id"])["revision"] == 2


def test_what_is_known_is_not_sent_again(api, project):
    tag = api.call("task.get", api.make("task", project["key"])["key"]).headers["ETag"]
    key = f"{project['key']}-1"
    for known in (tag, f"W/{tag}", f'"99", {tag}', "*"):
        assert api.call("task.get", key, If_None_Match=known).status_code == 304
    assert api.call("task.get", key, If_None_Match='"99"').status_code == 200
    api.good("task.update", key, body={"owner": "ada"})
    assert api.call("task.get", key, If_None_Match=tag).status_code == 200


def test_a_repeated_request_makes_one_record(api, project):
    body = {"project": project["key"], "title": "once"}
    first = api.good("task.create", body=body, Idempotency_Key="key of a test " + project["key"])
    again = api.good("task.create", body=body, Idempotency_Key="key of a test " + project["key"])
    assert again == first
    assert len(api.good("task.list", query={"project": project["key"]})["items"]) == 1
    api.refused(422, "idempotency_key_reused", "task.create", body={**body, "title": "other"}, Idempotency_Key="key of a test " + project["key"])
    api.refused(422, "idempotency_key_reused", "decision.create", body=body, Idempotency_Key="key of a test " + project["key"])
    api.refused(400, "invalid_argument", "task.create", body=body, Idempotency_Key="x" * 256)
    assert api.good("task.create", body=body)["id"] != first["id"]


def test_concurrent_repetitions_make_one_record(api, project):
    def create(_) -> str:
        body, headers = {"project": project["key"], "title": "once"}, {"Idempotency-Key": f"concurrent {project['key']}"}
        answer = requests.post(f"{api.url}{BASE}/tasks", json=body, headers=headers, timeout=30)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(create, range(48)))) == 1
    assert len(api.good("task.list", query={"project": project["key"]})["items"]) == 1


# Rules of planning


def test_a_status_goes_only_its_ways(api, project):
    requirement = api.make("requirement", project["key"])
    problem = api.refused(422, "status_move", "requirement.update", requirement["key"], body={"status": "met"})
    assert "expected one of proposed, retired" in problem["detail"]
    for status in ("proposed", "approved", "met"):
        assert api.good("requirement.update", requirement["key"], body={"status": status})["status"] == status
    reopened = api.good("requirement.update", requirement["key"], body={"criteria": ["metrics.f1 > 0.8"]})
    assert (reopened["status"], reopened["version"]) == ("proposed", 2)
    assert reopened["fingerprint"] != requirement["fingerprint"]
    noted = api.good("requirement.update", requirement["key"], body={"source": "page 7"})
    assert (noted["version"], noted["fingerprint"]) == (2, reopened["fingerprint"])


def test_a_full_column_takes_no_more(api):
    project = api.project(wip_limits={"doing": 1})
    first, second = (api.make("task", project["key"]) for _ in range(2))
    api.good("task.update", first["key"], body={"status": "doing"})
    api.refused(422, "wip_limit", "task.update", second["key"], body={"status": "doing"})
    api.refused(422, "wip_limit", "task.create", body={"project": project["key"], "title": "third", "status": "doing"})
    api.good("task.update", first["key"], body={"title": "may change where it is"})
    api.good("task.update", first["key"], body={"status": "review"})
    api.good("task.update", second["key"], body={"status": "doing"})
    api.refused(400, "invalid_field", "project.update", project["key"], body={"wip_limits": {"dreaming": 1}})


def test_triage(api, project):
    change = api.make("change-request", project["key"], priority="urgent")
    api.refused(422, "triage_missing", "change-request.update", change["key"], body={"status": "triaged"})
    api.refused(422, "service_level_missing", "change-request.update", change["key"], body={"status": "triaged", "triage": "bug_fix"})
    level = api.make("service-level", project["key"], customer="Plant 2", response_hours={"urgent": 4, "normal": 24})
    triaged = api.good("change-request.update", change["key"],
                       body={"status": "triaged", "triage": "bug_fix", "service_level": level["key"]})  # fmt: skip
    made, due = (time.strptime(triaged[name][:19], "%Y-%m-%dT%H:%M:%S") for name in ("created_at", "respond_by"))
    assert time.mktime(due) - time.mktime(made) == 4 * 3600
    approved = api.good("change-request.update", change["key"], body={"status": "approved"})
    assert approved["approved_by"] == api.good("server.info")["user"]


def test_links_become_suspect_and_are_reviewed(api, project):
    requirement, task = api.make("requirement", project["key"]), api.make("task", project["key"])
    ends = {"from_type": "task", "from_id": task["key"], "to_type": "requirement", "to_id": requirement["key"]}
    link = api.good("link.add", body={"type": "implements", **ends})
    assert (link["from_id"], link["to_id"], link["suspect"], link["basis"]) == (task["id"], requirement["id"], False, "asserted")
    assert api.good("link.add", body={"type": "implements", **ends})["id"] == link["id"]
    api.good("requirement.update", requirement["key"], body={"text": "Something else is required."})
    (suspect,) = api.good("link.list", query={"project": project["key"], "suspect": "true"})["items"]
    assert suspect["id"] == link["id"] and suspect["suspect"]
    assert not api.good("link.review", link["id"])["suspect"]
    assert api.good("link.list", query={"project": project["key"], "suspect": "true"})["items"] == []
    by_end = {"to_type": "requirement", "to_id": requirement["key"]}
    assert [one["id"] for one in api.good("link.list", query=by_end)["items"]] == [link["id"]]
    assert api.good("link.end", link["id"])["ended_at"]
    assert api.good("link.end", link["id"])["ended_at"] == api.good("link.get", link["id"])["ended_at"]
    assert api.good("link.list", query=by_end)["items"] == []
    assert len(api.good("link.list", query={**by_end, "ended": "true"})["items"]) == 1
    outside = api.good("link.add", body={"type": "satisfies", "from_type": "run", "from_id": "abc", **by_end})
    assert outside["from_id"] == "abc"
    api.refused(404, "record_not_found", "link.add", body={"type": "relates", **ends, "to_id": "NOSUCH-1"})
    api.refused(400, "invalid_field", "link.add", body={**ends, "type": "hates"})
    api.refused(400, "invalid_parameter", "link.list", query={"from_type": "task"})
    api.refused(404, "link_not_found", "link.get", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    pages = [api.good("link.add", body={"type": "uses", "from_type": "run", "from_id": f"r{i}", **by_end}) for i in range(5)]
    page = api.good("link.list", query={**by_end, "type": "uses", "limit": 3})
    rest = api.good("link.list", query={**by_end, "type": "uses", "limit": 3, "page_token": page["next_page_token"]})
    assert [one["id"] for one in page["items"] + rest["items"]] == [one["id"] for one in pages]
    assert "next_page_token" not in rest


def test_a_project_is_deleted_when_it_is_empty(api, project):
    task = api.make("task", project["key"])
    api.refused(422, "project_not_empty", "project.delete", project["key"])
    assert api.call("task.delete", task["key"]).status_code == 204
    assert api.call("project.delete", project["key"]).status_code == 204


# What MLflow's interface made


def mlflow(api, method: str, path: str, **body) -> dict:
    answer = requests.request(method, f"{api.url}/api/2.0/mlflow/{path}", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_experiments_and_runs_are_seen(api):
    name = f"churn {time.time_ns()}"
    experiment = mlflow(api, "POST", "experiments/create", name=name, tags=[{"key": "team", "value": "a"}])["experiment_id"]
    run = mlflow(api, "POST", "runs/create", experiment_id=experiment, run_name="first", start_time=1000)["run"]["info"]["run_id"]
    metrics = [("acc", 0.5), ("nan", "NaN"), ("up", "Infinity"), ("down", "-Infinity")]
    mlflow(api, "POST", "runs/log-batch", run_id=run, params=[{"key": "max depth", "value": "4"}],
           metrics=[{"key": key, "value": value, "timestamp": 1} for key, value in metrics])  # fmt: skip
    got = api.good("experiment.get", experiment)
    assert (got["name"], got["tags"], got["deleted"]) == (name, {"team": "a"}, False)
    assert [one["id"] for one in api.good("experiment.list", query={"filter": f"name = '{name}'"})["items"]] == [experiment]
    for given in (experiment, name):
        (listed,) = api.good("run.list", query={"experiment": given, "filter": "metrics.acc > 0.4"})["items"]
        assert listed["id"] == run
    seen = api.good("run.get", run)
    assert (seen["status"], seen["name"], seen["started_at"], seen["params"]) == ("running", "first", "1970-01-01T00:00:01.000Z", {"max depth": "4"})
    assert seen["metrics"]["acc"] == 0.5 and seen["metrics"]["nan"] is None
    assert "ended_at" not in seen
    api.refused(400, "missing_parameter", "run.list")
    assert api.call("run.get", "0" * 32).status_code == 404
    assert api.call("experiment.get", "987654321").status_code == 404
    assert api.call("run.list", query={"experiment": "no such experiment"}).status_code == 404


def test_models_are_seen_and_aliases_are_set(api):
    name = f"model-{time.time_ns()}"
    mlflow(api, "POST", "registered-models/create", name=name, description="in words")
    for _ in range(2):
        mlflow(api, "POST", "model-versions/create", name=name, source="s3://bucket/model")
    assert api.good("model.alias", name, "champion", body={"version": "2"})["aliases"] == {"champion": 2}
    assert api.good("model.get", name)["description"] == "in words"
    assert [one["name"] for one in api.good("model.list", query={"filter": f"name = '{name}'"})["items"]] == [name]
    versions = api.good("model-version.list", query={"filter": f"name = '{name}'", "order_by": "version_number ASC"})["items"]
    assert [one["id"] for one in versions] == [f"{name}/1", f"{name}/2"]
    assert api.good("model-version.get", name, "2")["aliases"] == ["champion"]
    for operation, ids in (("model.get", ["none"]), ("model-version.get", [name, "9"]), ("model-version.get", ["none", "1"])):
        assert api.call(operation, *ids).status_code == 404
    assert api.call("model.alias", name, "champion", body={"version": "9"}).status_code == 404


# Problems


def test_problems_say_what_was_found_and_expected(api, project):
    task = {"project": project["key"], "title": "t"}
    cases = [
        (400, "unknown_field", api.call("task.create", body={**task, "heading": "x"})),
        (400, "missing_field", api.call("task.create", body={"project": project["key"]})),
        (400, "invalid_field", api.call("task.create", body={**task, "due": "tomorrow"})),
        (400, "invalid_field", api.call("task.create", body={**task, "title": 5})),
        (400, "invalid_body", api.send("POST", "/tasks", data="[]", Content_Type="application/json")),
        (400, "invalid_argument", api.send("POST", "/tasks", data="{", Content_Type="application/json")),
        (400, "unknown_parameter", api.call("task.list", query={"colour": "red"})),
        (400, "invalid_parameter", api.call("task.list", query={"limit": "many"})),
        (400, "invalid_parameter", api.send("GET", "/tasks?limit=1&limit=2")),
        (400, "ambiguous_prefix", api.call("project.get", _shared_prefix(api))),
        (404, "record_not_found", api.call("task.get", "NOSUCH-1")),
        (404, "not_found", api.send("GET", "/nothing")),
        (404, "not_found", api.send("GET", "")),
        (405, "method_not_allowed", api.send("PUT", "/tasks", body={})),
        (405, "method_not_allowed", api.send("DELETE", "/tasks")),
        (409, "key_taken", api.call("project.create", body={"title": "t", "key": project["key"]})),
        (413, "body_too_large", api.send("POST", "/tasks", data=b"x" * (65 << 20), Content_Type="application/json", timeout=120)),
        (415, "unsupported_media_type", api.send("POST", "/tasks", data="title: t", Content_Type="application/yaml")),
        (422, "status_move", api.call("requirement.update", api.make("requirement", project["key"])["key"], body={"status": "met"})),
    ]
    for status, code, answer in cases:
        problem = expect_problem(answer, status, code)
        assert problem["request_id"], problem
    assert cases[-6][2].headers["Allow"]
    titles = {problem.json()["code"]: problem.json()["title"] for _, _, problem in cases}
    assert len(set(titles.values())) == len(titles), "each code has its own title"


def _shared_prefix(api: Api) -> str:
    """The begin of two projects' ids: ULIDs of the same days begin alike."""
    ids = [api.project()["id"] for _ in range(2)]
    assert ids[0][:6] == ids[1][:6]
    return ids[0][:6]


def test_other_hosts_and_sites_are_refused(api, project):
    api.refused(403, "host_not_allowed", "task.list", Host="evil.example")
    for origin in ("https://evil.example", "null"):
        api.refused(403, "cross_origin", "task.create", body={"project": project["key"], "title": "t"}, Origin=origin)
    assert api.good("task.list", query={"project": project["key"]})["items"] == []


def test_head_and_options_do_no_harm(api):
    for method in ("HEAD", "OPTIONS", "TRACE"):
        answer = requests.request(method, f"{api.url}{BASE}/tasks", timeout=10)
        assert answer.status_code in (200, 204, 405, 501)
