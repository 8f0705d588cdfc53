"""The forge connector as a forge and a user see it: signed webhooks in any order, lost ones found by polls, statuses sent back."""

import http.client
import json
import os
import random
import sqlite3
import threading
import time

import pytest
import requests
from support.api import BASE, Api, expect_problem
from support.forge import FULL_NAME, Forge, Story, recorded, sign

SECRET, TOKEN = "webhook-secret-of-the-test", "forge-token"
WEBHOOKS = 10_000 if os.environ.get("STETIG_SOAK") else 500


def give_secrets(server) -> None:
    folder = server.folder / "data/secrets"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("hook", SECRET), ("token", TOKEN)):
        (folder / name).write_text(text + "\n")


def connect(api: Api, forge_api: str, name: str = "churn") -> dict:
    return api.good("forge.connect", body={"name": name, "shape": "gitea", "api": forge_api, "full_name": FULL_NAME, "secret": "hook", "token": "token"})


def records(api: Api) -> list[str]:
    """Keys of a requirement and some tasks of a project."""
    project = api.project(key="CHURN")
    keys = [api.make("requirement", project["key"])["key"]]
    return keys + [api.make("task", project["key"])["key"] for _ in range(4)]


class Sender:
    """One connection to the receiver."""

    def __init__(self, server, name: str = "churn"):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.path = f"{BASE}/webhooks/{name}"

    def send(self, event: str, body: bytes, delivery: str, secret: str = SECRET) -> dict:
        self.connection.request("POST", self.path, body, {
            "Content-Type": "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": sign(secret, body),
        })  # fmt: skip
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 200, (answer.status, text[:500])
        return json.loads(text)


def deliver(server, deliveries: list[tuple[str, str, bytes]], senders: int = 1) -> list[dict]:
    """Sends (delivery, event, body), each sender its part; the answers."""
    answers: list[dict] = []

    def work(part) -> None:
        sender = Sender(server)
        answers.extend([sender.send(event, body, delivery) for delivery, event, body in part])

    threads = [threading.Thread(target=work, args=(deliveries[i::senders],)) for i in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
    assert len(answers) == len(deliveries)
    return answers


def settle(api: Api) -> None:
    """Until the trace graph has everything that the journal has."""
    until = time.monotonic() + 120
    while True:
        events = api.good("event.list", query={"limit": 1, "after": 0})
        head = graph_head(api)
        if head is not None and events["items"] and head[0] >= head[1]:
            return
        assert time.monotonic() < until, f"the graph is behind the journal: {head}"
        time.sleep(0.1)


def database(api: Api) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{api.folder}/data/stetig.db?mode=ro", uri=True)


def graph_head(api: Api):
    with database(api) as db:
        return db.execute("SELECT (SELECT applied_seq FROM trace_progress), (SELECT max(seq) FROM journal_events)").fetchone()


def graph(api: Api) -> tuple[set, set]:
    """Nodes and open edges, without times, by their own ids: records by their keys."""
    settle(api)
    with database(api) as db:
        keys = dict(db.execute("SELECT r.id, p.key || '-' || r.number FROM planning_records r JOIN planning_keys p ON p.project_no = r.project_no"))
        nodes = {
            (kind, keys.get(node, node), title, status, deleted, attributes)
            for kind, node, title, status, deleted, attributes in db.execute(
                "SELECT w.word, n.id, n.title, n.status, n.deleted, n.attributes FROM trace_nodes n JOIN trace_words w ON w.word_no = n.type_no"
            ) if kind in ("commit", "merge_request", "ci_run", "approval")
        }  # fmt: skip
        edges = {
            (kind, a_type, keys.get(a, a), b_type, keys.get(b, b), rule, basis)
            for kind, a_type, a, b_type, b, rule, basis in db.execute(
                "SELECT t.word, ft.word, f.id, gt.word, g.id, r.word, e.basis FROM trace_edges e JOIN trace_words t ON t.word_no = e.type_no "
                "JOIN trace_words r ON r.word_no = e.rule_no JOIN trace_nodes f ON f.node_no = e.from_no JOIN trace_nodes g ON g.node_no = e.to_no "
                "JOIN trace_words ft ON ft.word_no = f.type_no JOIN trace_words gt ON gt.word_no = g.type_no WHERE e.ended_at IS NULL"
            ) if kind in ("done_in", "merged_by", "merged_as", "approves", "checked_by")
        }  # fmt: skip
    return nodes, edges


def started(start_server, *arguments: str) -> tuple:
    server = start_server("sqlite", *arguments)
    give_secrets(server)
    api = Api(server.url)
    api.folder = server.folder
    return server, api


def test_lost_repeated_and_shuffled_webhooks_give_the_same_graph(start_server):
    """TA3. The reference gets every webhook once, in order, from a forge that cannot be polled."""
    reference, reference_api = started(start_server)
    keys = records(reference_api)
    story = Story(WEBHOOKS, keys)
    nowhere = Forge(story)
    nowhere.closed = True
    connect(reference_api, nowhere.api)
    deliver(reference, [(f"d{i}", event, body) for i, (event, body) in enumerate(story.deliveries)])

    server, api = started(start_server)
    assert records(api) == keys
    forge = Forge(story)
    forge.closed = True
    connect(api, forge.api)
    chance = random.Random(2)
    sent = [(f"d{i}", event, body) for i, (event, body) in enumerate(story.deliveries) if chance.random() >= 0.05]
    lost = len(story.deliveries) - len(sent)
    assert lost > 0
    twice = sent + [(delivery if chance.random() < 0.5 else delivery + "-again", event, body) for delivery, event, body in sent]
    chance.shuffle(twice)
    answers = deliver(server, twice, senders=4)
    assert sum(answer["duplicate"] for answer in answers) > 0
    before = graph(api)
    wanted = graph(reference_api)
    assert before != wanted, "nothing was lost: this test proves nothing"

    forge.closed = False
    complete, polls = False, 0
    while not complete:
        answer = api.call("forge.poll", "churn")
        if answer.status_code == 409:  # the server's own poll runs
            time.sleep(0.2)
            continue
        assert answer.status_code == 200, answer.text
        complete, polls = answer.json()["complete"], polls + 1
        assert polls < 50
    nodes, edges = graph(api)
    assert nodes == wanted[0]
    assert edges == wanted[1]
    again = api.good("forge.poll", "churn")
    assert again["taken"] == 0 and again["complete"]
    forge.close()
    nowhere.close()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def connected(request, start_server):
    server = start_server(request.param)
    give_secrets(server)
    api = Api(server.url)
    forge = Forge(Story(10, records(api)))
    connect(api, forge.api)
    yield server, api, forge
    forge.close()


def refusals(api: Api) -> list[dict]:
    return api.good("event.list", query={"kind": "webhook.refused", "limit": 1000})["items"]


def facts(api: Api) -> list[dict]:
    kinds = ["commit.recorded", "merge_request.recorded", "approval.recorded", "ci_run.recorded"]
    return api.good("event.list", query={"kind": kinds, "limit": 1000})["items"]


def test_a_wrong_signature_is_refused_before_anything_is_read(connected):
    """401, no row, one event each."""
    server, api, _ = connected
    time.sleep(1.5)  # the first poll has ended
    body = json.dumps(recorded("push")).encode()
    good = sign(SECRET, body)
    known, noted = len(facts(api)), len(refusals(api))
    cases = [
        {}, {"X-Hub-Signature-256": ""}, {"X-Hub-Signature-256": sign("other", body)}, {"X-Hub-Signature-256": good[:-1] + ("0" if good[-1] != "0" else "1")},
        {"X-Hub-Signature-256": good.removeprefix("sha256=")}, {"X-Hub-Signature-256": "sha1=" + good[7:]}, {"X-Gitea-Signature": "0" * 64},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64, "X-Gitea-Signature": good[7:]},
    ]  # fmt: skip
    for number, headers in enumerate(cases):
        for content in (body, b"{"):  # also what would not parse: it is not looked at
            answer = requests.post(f"{server.url}{BASE}/webhooks/churn", content, headers={"X-GitHub-Event": "push", "X-GitHub-Delivery": f"x{number}", **headers}, timeout=10)
            expect_problem(answer, 401, "bad_signature")
            assert SECRET not in answer.text
    unknown = requests.post(f"{server.url}{BASE}/webhooks/no-such", body, headers={"X-Hub-Signature-256": good}, timeout=10)
    expect_problem(unknown, 401, "bad_signature")
    after = refusals(api)
    assert len(after) - noted == 2 * len(cases) + 1
    assert after[-1]["actor"] == "anonymous" and after[-1]["subject_id"] == "no-such"
    assert after[-2]["payload"]["reason"] in ("no signature", "wrong signature")
    assert len(facts(api)) == known
    # The same with its signature is taken.
    assert Sender(server).send("push", body, "good-1")["taken"] >= 1
    assert Sender(server).send("push", body, "good-1")["duplicate"]
    assert Sender(server).send("push", body, "good-2")["taken"] == 0


def test_a_flood_of_wrong_signatures_does_not_fill_the_journal(connected):
    server, api, _ = connected
    before = len(refusals(api))
    with requests.Session() as session:
        for _ in range(400):
            assert session.post(f"{server.url}{BASE}/webhooks/churn", b"{}", timeout=10).status_code == 401
    assert len(refusals(api)) - before < 200
    time.sleep(1.2)
    requests.post(f"{server.url}{BASE}/webhooks/churn", b"{}", timeout=10)
    noted = refusals(api)[before:]
    assert len(noted) + sum(event["payload"].get("unrecorded_before", 0) for event in noted) == 401


def test_signed_nonsense_is_refused_by_name(connected):
    server, api, _ = connected
    known = len(facts(api))
    push = recorded("push")
    other = {**push, "repository": {**push["repository"], "full_name": "root1/other"}}
    for code, event, body in [
        ("invalid_payload", "push", b"{}"), ("invalid_argument", "push", b"{"), ("invalid_argument", "push", b""), ("invalid_payload", "push", b"[]"),
        ("invalid_argument", "push", b'{"a":' * 50_000), ("invalid_payload", "push", json.dumps({**push, "after": 5}).encode()),
        ("invalid_payload", "push", json.dumps({**push, "commits": [{"id": "x"}]}).encode()), ("other_repository", "push", json.dumps(other).encode()),
        ("invalid_payload", "status", json.dumps({**recorded("status-success"), "state": "fine"}).encode()),
        ("invalid_payload", "pull_request", json.dumps({**recorded("pull-opened"), "pull_request": None}).encode()),
    ]:  # fmt: skip
        answer = requests.post(f"{server.url}{BASE}/webhooks/churn", body, timeout=10, headers={
            "X-GitHub-Event": event, "X-GitHub-Delivery": "n", "X-Hub-Signature-256": sign(SECRET, body)})  # fmt: skip
        expect_problem(answer, 400, code)
    big = b" " * (4 << 20) + b"{}"
    answer = requests.post(f"{server.url}{BASE}/webhooks/churn", big, headers={"X-Hub-Signature-256": sign(SECRET, big)}, timeout=30)
    expect_problem(answer, 413, "body_too_large")
    assert len(facts(api)) == known


def test_events_that_say_nothing_we_keep_are_taken(connected):
    server, _, _ = connected
    for event in ("ping", "issues", "pull_request_comment", "release"):
        body = b'{"zen":"x"}' if event == "ping" else json.dumps(recorded("pull-opened")).encode()
        assert Sender(server).send(event, body, f"quiet-{event}")["taken"] == 0


def wait_for(what, seconds: float = 20):
    until = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)
    return value


def test_a_status_is_sent_once_and_again_only_when_it_changes(connected):
    _, api, forge = connected
    sha = forge.story.head
    body = {"sha": sha, "context": "stetig/gate", "state": "pending", "description": "runs", "url": "http://here/1"}
    assert api.good("forge.post-status", "churn", body=body)["sent"] is False
    api.good("forge.post-status", "churn", body=body)
    wait_for(lambda: api.good("forge.statuses", "churn")["items"][0]["sent"])
    api.good("forge.post-status", "churn", body=body)
    api.good("forge.post-status", "churn", body={**body, "state": "success"})
    wait_for(lambda: [wanted["state"] for at, wanted in forge.posted if at == sha] == ["pending", "success"])
    assert forge.posted[-1][1] == {"state": "success", "context": "stetig/gate", "description": "runs", "target_url": "http://here/1"}
    for wrong in ({"sha": "abc"}, {"state": "fine"}, {"context": ""}, {"context": "x" * 201}):
        api.refused(400, "invalid_field", "forge.post-status", "churn", body={**body, **wrong})


def test_a_status_outlives_kill_9_and_is_not_posted_twice(start_server):
    server, api = started(start_server)
    forge = Forge(Story(10, records(api)))
    connect(api, forge.api)
    sha = forge.story.head
    reached, go_on = threading.Event(), threading.Event()
    post = forge._status

    def taken_but_not_answered(handler, at, wanted):
        post(handler, at, wanted) if go_on.is_set() else (post(_Nobody(), at, wanted), reached.set(), go_on.wait(30))

    forge._status = taken_but_not_answered
    api.good("forge.post-status", "churn", body={"sha": sha, "context": "stetig/gate", "state": "success"})
    assert reached.wait(20), "no status was sent"
    server.kill()  # the forge has it, nobody here knows
    go_on.set()
    server.start()
    wait_for(lambda: api.good("forge.statuses", "churn")["items"][0]["sent"], 40)
    assert [wanted["context"] for at, wanted in forge.posted if at == sha] == ["stetig/gate"]
    forge.close()


class _Nobody:
    def reply(self, *_):
        pass


def test_a_forge_that_limits_or_fails_is_asked_later(connected):
    _, api, forge = connected
    forge.fault = lambda method, path: (403, {"X-RateLimit-Remaining": "0", "Retry-After": "7"})
    limited = wait_for(lambda: [answer for answer in [api.call("forge.poll", "churn")] if answer.status_code != 409])
    expect_problem(limited[0], 429, "forge_limit")
    row = api.good("forge.get", "churn")
    assert row["failures"] >= 1 and "wait 7 s" in row["trouble"]
    forge.fault = lambda method, path: (500, {})
    assert api.call("forge.poll", "churn").status_code == 503
    forge.fault = lambda method, path: (401, {})
    expect_problem(api.call("forge.poll", "churn"), 422, "forge_refused")
    forge.fault = lambda method, path: None
    assert api.good("forge.poll", "churn")["complete"]
    assert api.good("forge.get", "churn")["trouble"] == ""


def test_connecting_checks_what_it_is_given(connected):
    _, api, forge = connected
    good = {"name": "second", "shape": "gitea", "api": forge.api, "full_name": FULL_NAME, "secret": "hook", "token": "token"}
    for wrong in ({"name": "../x"}, {"name": "X"}, {"name": ""}, {"shape": "gitlab"}, {"full_name": "x"}, {"full_name": "a/../b"}, {"secret": "../token"}):
        api.refused(400, "invalid_field", "forge.connect", body={**good, **wrong})
    api.refused(400, "invalid_address", "forge.connect", body={**good, "api": "file:///etc/passwd"})
    api.refused(400, "secret_not_found", "forge.connect", body={**good, "secret": "no-such"})
    api.refused(409, "name_taken", "forge.connect", body={**good, "name": "churn"})
    made = api.good("forge.connect", body=good)
    assert SECRET not in json.dumps(made) and TOKEN not in json.dumps(made)
    assert [one["name"] for one in api.good("forge.list")["items"]] == ["churn", "second"]
    page = api.good("forge.list", query={"limit": 1})
    assert [one["name"] for one in api.good("forge.list", query={"limit": 1, "page_token": page["next_page_token"]})["items"]] == ["second"]
    api.good("forge.disconnect", "second")
    api.refused(404, "repository_not_found", "forge.get", "second")
