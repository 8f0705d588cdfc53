"""What a members-only project keeps from a stranger: whatever they ask, the answer is that of a project which does not exist."""

import http.client
import itertools
import json
import re

import pytest
import requests
from support.api import BASE, Api, Operation, Spec, body_for
from support.command import stetig
from support.server import Server

ABSENT = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
PASSWORD = "a pass phrase of some length"
USERS = {"root": "admin", "stranger": "ml_engineer", "member": "viewer", "auditor": "auditor"}
MLFLOW = "/api/2.0/mlflow/"


class World:
    """An open project and a hidden one, each with a record of every kind, an experiment with a run, and a registered model."""

    def __init__(self, folder, store):
        self.server = Server("stetig", folder, store, ("--host", "0.0.0.0"))
        place = ["--data", str(folder / "data"), *(["--store", store] if store else [])]
        self.tokens = {}
        for name, role in USERS.items():
            assert stetig("user", "add", name, "--role", role, *place, stdin=PASSWORD).returncode == 0
            made = stetig("token", "create", name, "--role", "admin", *place)  # as much as its owner may
            assert made.returncode == 0, made.stderr
            self.tokens[name] = made.stdout.strip()
        self.server.start()
        self.spec = Spec(requests.get(f"{self.server.url}{BASE}/openapi.json", headers=self.login("root"), timeout=10).json())
        self.root, self.stranger, self.member = (self.api(name) for name in ("root", "stranger", "member"))
        self.open = self.fill("OPEN")
        # What a stranger sees of the open project alone.
        self.before = self.everything(self.stranger)
        self.heads = self.events(self.stranger)
        project = self.root.project(key="SECRET", title="Nobody knows")
        self.root.good("project.set-access", project["id"], body={"access": "members"})
        self.root.good("member.add", project["id"], body={"user": "member", "role": "data_scientist"})
        self.hidden = self.fill("SECRET", project)

    def login(self, name):
        return {"Authorization": f"Bearer {self.tokens[name]}"}

    def api(self, name):
        return Api(self.server.url, self.spec, **self.login(name))

    def mlflow(self, name, path, body=None, query=None):
        method = "GET" if body is None else "POST"
        return requests.request(method, self.server.url + MLFLOW + path, json=body, params=query, headers=self.login(name), timeout=30)

    def fill(self, key, project=None):
        project = project or self.root.project(key=key, title=f"Project {key}")
        made = {"project": project}
        for noun in sorted({op.noun for op in self.spec.operations.values() if op.id.endswith(".history")} - {"project"}):
            made[noun] = self.root.make(noun, key)
        # At once after it is made: nobody else has it in view yet.
        experiment = self.mlflow("root", "experiments/create", {"name": f"experiment {key}"}).json()["experiment_id"]
        self.root.good("experiment.assign", experiment, body={"project": key})
        run = self.mlflow("root", "runs/create", {"experiment_id": experiment, "run_name": f"run {key}"}).json()["run"]["info"]["run_id"]
        assert self.mlflow("root", "runs/log-metric", {"run_id": run, "key": "loss", "value": 0.5, "timestamp": 1, "step": 0}).ok
        model = f"model-{key}"
        assert self.mlflow("root", "registered-models/create", {"name": model}).ok
        self.root.good("model.assign", model, body={"project": key})
        assert self.mlflow("root", "model-versions/create", {"name": model, "source": "s3://bucket/nowhere"}).ok
        made["link"] = self.root.good("link.add", body={"type": "implements", "from_type": "task", "from_id": made["task"]["id"], "to_type": "requirement", "to_id": made["requirement"]["id"]})  # fmt: skip
        self.root.good("link.add", body={"type": "evidence", "from_type": "run", "from_id": run, "to_type": "requirement", "to_id": made["requirement"]["id"]})
        return {**made, "experiment": experiment, "run": run, "model": model}

    def everything(self, api):
        """Every list that needs nothing to be named, and the searches of MLflow's."""
        answers = {}
        for operation in self.spec.operations.values():
            if operation.method == "GET" and not operation.path_names and not operation.required_query and operation.id not in ("event.watch", "event.list"):
                answer = api.session.get(self.server.url + BASE + operation.path.removeprefix(BASE), timeout=30)
                answers[operation.id] = answer.text if answer.ok else answer.status_code
        for search in ("experiments/search?max_results=1000", "registered-models/search", "model-versions/search"):
            answers[search] = api.session.get(self.server.url + MLFLOW + search, timeout=30).text
        return answers

    def events(self, api):
        return api.good("event.list", query={"limit": 1000})["items"]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def world(request, tmp_path_factory):
    if request.config.getoption("--server") == "stock":
        pytest.skip("stetig's own interface")
    store = request.getfixturevalue("postgres").database() if request.param == "postgres" else None
    made = World(tmp_path_factory.mktemp(f"world-{request.param}"), store)
    yield made
    assert made.server.stop() == 0


def told(answer: requests.Response, *names: str):
    """Status, headers that say something, and body of an answer, with the names that were asked for taken out."""
    text = answer.text
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "NAME")
    text = re.sub(r'"request_id": ?"[^"]*"', "", text)
    headers = {name: answer.headers.get(name) for name in ("Content-Type", "ETag", "Location", "Retry-After")}
    return answer.status_code, headers, text


def pairs_of(world: World, operation: Operation):
    """Ids of hidden things for the operation's path, each beside ids of the same form of nothing."""
    hidden = world.hidden
    key = {"id": "SECRET-1", "absent": "GONE-1"}
    by_noun = {
        "experiment": [(hidden["experiment"], "987654")], "run": [(hidden["run"], "0" * 32)], "model": [(hidden["model"], "model-GONE")],
        "project": [(hidden["project"]["id"], ABSENT), ("SECRET", "GONE")], "member": [(hidden["project"]["id"], ABSENT), ("SECRET", "GONE")],
        "model-version": [(hidden["model"], "model-GONE")], "link": [(hidden["link"]["id"], ABSENT)],
    }  # fmt: skip
    if operation.noun == "trace":
        for type_, id_, absent in [("requirement", hidden["requirement"]["id"], ABSENT), ("run", hidden["run"], "0" * 32), ("requirement", hidden["requirement"]["key"], "GONE-1"),
                                   ("project", hidden["project"]["id"], ABSENT), ("experiment", hidden["experiment"], "987654"), ("registered_model", hidden["model"], "model-GONE"),
                                   ("model_version", hidden["model"] + "/1", "model-GONE/1")]:  # fmt: skip
            yield (type_, id_), (type_, absent)
        return
    found = by_noun.get(operation.noun)
    if found is None and operation.noun in hidden:
        record = hidden[operation.noun]
        found = [(record["id"], ABSENT), (record["key"], key["absent"]), (record["id"][:20], ABSENT[:20])]
    rest = {"model-version": ["1"], "model.alias": ["best"], "member.remove": ["user", "member"]}
    more = rest.get(operation.id, rest.get(operation.noun, []))[: len(operation.path_names) - 1]
    for one, other in found or []:
        yield (one, *more), (other, *more)


def test_a_hidden_thing_is_answered_as_one_that_does_not_exist(world):
    asked = 0
    for operation in world.spec.operations.values():
        if not operation.path_names or operation.id.split(".")[0] in ("group", "service-token"):
            continue
        pairs = list(pairs_of(world, operation))
        assert pairs, f"{operation}: the test knows nothing hidden for it"
        for (one, other), headers in itertools.product(pairs, ({}, {"If-Match": '"1"'}, {"If-None-Match": '"1"'})):
            body = body_for(operation, "OPEN") if operation.body is not None else None
            answers = []
            for ids in (one, other):
                sent = world.stranger.session.request(operation.method, world.server.url + operation.at(*ids), json=body, headers=headers, timeout=30)
                answers.append(told(sent, *(name for name in ids if len(name) > 6 or "-" in name or name in ("SECRET", "GONE"))))
            assert answers[0][0] in (404, 403, 400), (operation.id, one, answers[0])
            if "experiment" in (operation.noun, one[0]):  # ids of both are numbers
                answers = [(status, head, re.sub(r"\b\d+\b", "N", text)) for status, head, text in answers]
            assert answers[0] == answers[1], (operation.id, one, headers)
            assert "Nobody knows" not in answers[0][2]
            asked += 1
    assert asked > 150


def test_lists_and_searches_are_as_if_it_were_not_there(world):
    after = world.everything(world.stranger)
    for name, text in world.before.items():
        assert after[name] == text, name
    assert world.everything(world.member)["requirement.list"] != world.before["requirement.list"]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_end_where_the_visible_ends(world, limit):
    for noun in ("requirement", "task", "link", "project"):
        items, token = [], ""
        while True:
            page = world.stranger.good(f"{noun}.list", query={"limit": limit, **({"page_token": token} if token else {})})
            items += page["items"]
            assert page["items"], noun
            token = page.get("next_page_token", "")
            if not token:
                break
            assert len(page["items"]) == limit
        whole = json.loads(world.before[f"{noun}.list"])["items"]
        assert [item["id"] for item in items] == [item["id"] for item in whole]


def test_a_hidden_project_is_no_filter(world):
    for operation, name in (("requirement.list", "project"), ("link.list", "project"), ("trace.gaps", "project")):
        answers = [told(world.stranger.call(operation, query={name: value}), value) for value in ("SECRET", "GONE")]
        assert answers[0] == answers[1], operation
        answers = [told(world.stranger.call(operation, query={name: value}), value) for value in (world.hidden["project"]["id"], ABSENT)]
        assert answers[0] == answers[1], operation
    bodies = [{"project": name, "title": "x"} for name in ("SECRET", "GONE")]
    for body in bodies:
        body["title"] = "the same"
    one, other = (told(world.stranger.call("task.create", body=body, Idempotency_Key="k"), body["project"]) for body in bodies)
    assert one == other and one[0] == 404


def test_events_tell_nothing_of_it(world):
    events = world.events(world.stranger)
    assert events == world.heads
    text = json.dumps(events)
    for name in ("SECRET", world.hidden["project"]["id"], world.hidden["run"], world.hidden["model"], world.hidden["requirement"]["id"]):
        assert name not in text
    for query in ({"project": world.hidden["project"]["id"]}, {"subject_type": "run", "subject_id": world.hidden["run"]},
                  {"subject_type": "requirement", "subject_id": world.hidden["requirement"]["id"]}):  # fmt: skip
        assert world.stranger.good("event.list", query=query) == {"items": []}
    assert world.api("auditor").good("event.list", query={"project": world.hidden["project"]["id"]})["items"]


def test_the_live_feed_tells_nothing_of_it_and_follows_changes(world):
    connection = http.client.HTTPConnection("127.0.0.1", world.server.port, timeout=20)
    connection.request("GET", f"{BASE}/events?kind=task.*", headers=world.login("stranger"))
    stream = connection.getresponse()
    assert stream.status == 200
    world.root.make("task", "SECRET", title="hidden one")
    seen = world.root.make("task", "OPEN", title="seen one")

    def next_data():
        while True:
            line = stream.readline().decode()
            if line.startswith("data:"):
                return json.loads(line[5:])

    assert next_data()["subject_id"] == seen["id"]
    # A project that is closed while the stream runs is closed to it at once.
    project = world.root.project(title="closed soon")
    world.root.good("project.set-access", project["id"], body={"access": "members"})
    world.root.make("task", project["key"])
    again = world.root.make("task", "OPEN", title="seen again")
    assert next_data()["subject_id"] == again["id"]
    connection.close()


def test_mlflow_tells_nothing_of_it(world):
    hidden, name = world.hidden, f"experiment {'SECRET'}"
    calls = [
        ("experiments/get", None, "experiment_id", hidden["experiment"], "987654"), ("experiments/get-by-name", None, "experiment_name", name, "experiment GONE"),
        ("experiments/update", {"new_name": "x"}, "experiment_id", hidden["experiment"], "987654"), ("experiments/delete", {}, "experiment_id", hidden["experiment"], "987654"),
        ("experiments/set-experiment-tag", {"key": "k", "value": "v"}, "experiment_id", hidden["experiment"], "987654"),
        ("runs/create", {}, "experiment_id", hidden["experiment"], "987654"), ("runs/get", None, "run_id", hidden["run"], "0" * 32),
        ("runs/update", {"status": "FINISHED"}, "run_id", hidden["run"], "0" * 32), ("runs/delete", {}, "run_id", hidden["run"], "0" * 32),
        ("runs/log-metric", {"key": "a", "value": 1, "timestamp": 1}, "run_id", hidden["run"], "0" * 32),
        ("runs/log-parameter", {"key": "a", "value": "1"}, "run_id", hidden["run"], "0" * 32), ("runs/set-tag", {"key": "a", "value": "1"}, "run_id", hidden["run"], "0" * 32),
        ("runs/log-batch", {"metrics": []}, "run_id", hidden["run"], "0" * 32), ("artifacts/list", None, "run_id", hidden["run"], "0" * 32),
        ("registered-models/get", None, "name", hidden["model"], "model-GONE"), ("registered-models/rename", {"new_name": "x"}, "name", hidden["model"], "model-GONE"),
        ("registered-models/set-tag", {"key": "a", "value": "b"}, "name", hidden["model"], "model-GONE"),
        ("model-versions/create", {"source": "s3://bucket/x"}, "name", hidden["model"], "model-GONE"),
    ]  # fmt: skip
    for path, body, field, *names in calls:
        answers = []
        for value in names:
            sent = world.mlflow("stranger", path, None if body is None else {**body, field: value}, {field: value} if body is None else None)
            answers.append(told(sent, value))
        assert answers[0] == answers[1], path
        assert answers[0][0] == 404, (path, answers[0])
    for ids in ([hidden["experiment"]], ["987654"]):
        assert world.mlflow("stranger", "runs/search", {"experiment_ids": ids}).text == world.mlflow("stranger", "runs/search", {"experiment_ids": ["987654"]}).text
    history = [world.mlflow("stranger", "metrics/get-history", query={"run_id": run, "metric_key": "loss"}).text for run in (hidden["run"], "0" * 32)]
    assert history[0] == history[1]
    assert world.mlflow("member", "metrics/get-history", query={"run_id": hidden["run"], "metric_key": "loss"}).json()["metrics"]
    answers = [requests.put(f"{world.server.url}/api/2.0/mlflow-artifacts/artifacts/{id_}/x.txt", data=b"x", headers=world.login("stranger"), timeout=10)
               for id_ in (hidden["experiment"], "987654")]  # fmt: skip
    assert told(answers[0], hidden["experiment"]) == told(answers[1], "987654")


def test_a_member_may_what_both_roles_allow_together(world):
    """`member` is a viewer everywhere and a data scientist in the hidden project."""
    made = world.member.make("task", "SECRET")
    world.member.good("task.update", made["id"], body={"title": "changed"})
    world.member.refused(403, "permission_denied", "task.create", body={"project": "OPEN", "title": "x"})
    world.member.refused(403, "permission_denied", "task.update", world.open["task"]["id"], body={"title": "x"})
    world.member.refused(403, "permission_denied", "member.add", "SECRET", body={"user": "stranger", "role": "viewer"})
    assert world.mlflow("member", "runs/create", {"experiment_id": world.hidden["experiment"]}).ok
    assert world.mlflow("member", "runs/create", {"experiment_id": world.open["experiment"]}).status_code == 403
    assert world.mlflow("member", "experiments/create", {"name": "mine"}).status_code == 403
    world.member.refused(403, "permission_denied", "group.create", body={"name": "g"})


def test_a_projects_token_sees_and_may_nothing_else(world):
    made = world.member.good("service-token.create", body={"label": "ci", "scope": ["read", "write"], "project": "SECRET"})
    assert "secret" not in json.dumps(world.member.good("service-token.list"))
    token = Api(world.server.url, world.spec, Authorization=f"Bearer {made['secret']}")
    assert {item["project"] for item in token.good("requirement.list")["items"]} == {world.hidden["project"]["id"]}
    assert [item["key"] for item in token.good("project.list")["items"]] == ["SECRET"]
    assert [item["id"] for item in token.good("experiment.list")["items"]] == [world.hidden["experiment"]]
    token.make("task", "SECRET")
    assert token.call("requirement.get", world.open["requirement"]["id"]).status_code == 404
    assert token.call("service-token.list").status_code == 403
    assert {event["project"] for event in token.good("event.list", query={"kind": "task.*"})["items"]} == {world.hidden["project"]["id"]}
    assert world.stranger.call("service-token.revoke", made["id"]).status_code == 404
    world.member.good("service-token.revoke", made["id"])
    assert token.call("project.list").status_code == 401


def test_what_a_person_did_is_theirs_and_the_auditors(world):
    made = world.api("stranger").make("task", "OPEN", title="of the stranger")
    query = {"subject_type": "task", "subject_id": made["id"]}
    actors = {name: world.api(name).good("event.list", query=query)["items"][0]["actor"] for name in ("stranger", "auditor", "member", "root")}
    assert actors == {"stranger": "stranger", "auditor": "stranger", "root": "stranger", "member": ""}
    world.member.refused(403, "activity_hidden", "event.list", query={"actor": "stranger"})
    world.member.refused(403, "activity_hidden", "task.list", query={"filter": "created_by = 'stranger'"})
    assert world.stranger.good("event.list", query={"actor": "stranger"})["items"]
    assert world.stranger.good("task.list", query={"filter": "created_by = 'stranger'"})["items"]
    world.root.good("activity.set", body={"shown": True})
    assert world.member.good("event.list", query=query)["items"][0]["actor"] == "stranger"
    world.root.good("activity.set", body={"shown": False})
    changes = [event["payload"]["value"] for event in world.root.good("event.list", query={"kind": "setting.changed"})["items"]]
    assert changes == [True, False]


def test_leaving_closes_the_door_at_once(world):
    world.root.good("group.create", body={"name": "team"})
    world.root.good("group.add", "team", "stranger")
    world.root.good("member.add", "SECRET", body={"group": "team", "role": "viewer"})
    world.stranger.good("project.get", "SECRET")
    kept = world.stranger.call("project.get", "SECRET").headers["ETag"]
    world.root.good("group.remove", "team", "stranger")
    assert world.stranger.call("project.get", "SECRET", If_None_Match=kept).status_code == 404
    world.root.good("group.delete", "team")
