"""The forge connector against a real Gitea 1.26 (tools/gitea.sh): in `make soak` only, since the first build of Gitea takes minutes."""

import base64
import time

import pytest
import requests
from support.api import Api
from support.gitea import PASSWORD, Gitea

SECRET = "webhook-secret-of-the-test"
REPOSITORY = "/repos/root1/churn"


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def store(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def gitea(store):
    running = Gitea().start()
    yield running
    running.close()


class Place:
    """A repository on Gitea, connected to a server: `call` is the admin's, `review` that of a second user, grace."""

    def __init__(self, gitea: Gitea, server):
        self.gitea, self.server, self.api = gitea, server, Api(server.url)
        gitea.api("POST", "/user/repos", {"name": "churn", "auto_init": True, "default_branch": "main"})
        gitea.api("POST", "/admin/users", {"username": "grace", "email": "g@test.example", "password": PASSWORD, "must_change_password": False})
        gitea.api("PUT", f"{REPOSITORY}/collaborators/grace", {"permission": "write"})
        made = requests.post(f"{gitea.url}/api/v1/users/grace/tokens", json={"name": "t", "scopes": ["all"]}, auth=("grace", PASSWORD), timeout=30)
        self.grace = made.json()["sha1"]
        folder = server.folder / "data/secrets"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hook").write_text(SECRET)
        (folder / "token").write_text(gitea.token)
        self.project = self.api.project(key="CHURN")
        self.requirement = self.api.make("requirement", "CHURN")
        self.task = self.api.make("task", "CHURN")
        self.api.good("link.add", body={"type": "implements", "from_type": "task", "from_id": self.task["key"], "to_type": "requirement",
                                        "to_id": self.requirement["key"]})  # fmt: skip
        self.api.good("forge.connect", body={"name": "churn", "shape": "gitea", "api": f"{gitea.url}/api/v1", "full_name": "root1/churn",
                                             "secret": "hook", "token": "token"})  # fmt: skip
        self.hook = None

    def listen(self, secret: str = SECRET) -> None:
        self.deafen()
        self.hook = self.gitea.api("POST", f"{REPOSITORY}/hooks", {
            "type": "gitea", "active": True,
            "events": ["push", "pull_request", "pull_request_sync", "pull_request_review_approved", "pull_request_review_rejected", "status"],
            "config": {"url": f"{self.server.url}/api/v1/webhooks/churn", "content_type": "json", "secret": secret},
        })["id"]  # fmt: skip

    def deafen(self) -> None:
        if self.hook is not None:
            self.gitea.api("DELETE", f"{REPOSITORY}/hooks/{self.hook}", expect=204)
        self.hook = None

    def commit(self, branch: str, message: str, new_branch: str | None = None) -> str:
        body = {"content": base64.b64encode(message.encode()).decode(), "message": message, "branch": branch}
        if new_branch:
            body["new_branch"] = new_branch
        return self.gitea.api("POST", f"{REPOSITORY}/contents/{abs(hash((message, time.time())))}.txt", body)["commit"]["sha"]

    def merge(self, number: int) -> str:
        for _ in range(100):  # Gitea looks for conflicts in the background first
            answer = requests.post(f"{self.gitea.url}/api/v1{REPOSITORY}/pulls/{number}/merge", json={"Do": "merge"},
                                   headers={"Authorization": f"token {self.gitea.token}"}, timeout=30)  # fmt: skip
            if answer.status_code == 200:
                return self.gitea.api("GET", f"{REPOSITORY}/pulls/{number}")["merge_commit_sha"]
            time.sleep(0.1)
        raise AssertionError(answer.text)

    def shown(self, kind: str, name: str) -> dict | None:
        answer = self.api.call("trace.show", kind, name)
        return answer.json() if answer.status_code == 200 else None

    def node(self, kind: str, name: str) -> dict | None:
        shown = self.shown(kind, name)
        return next(node for node in shown["items"] if (node["type"], node["id"]) == (kind, name)) if shown else None

    def edges(self, kind: str, name: str) -> set[tuple[str, str, str]]:
        """(type, from, to) of everything around the node, ids without their type."""
        shown = self.shown(kind, name)
        return {(edge["type"], edge["from"]["id"], edge["to"]["id"]) for edge in shown["edges"]} if shown else set()

    def poll(self) -> dict:
        until = time.monotonic() + 60
        while (answer := self.api.call("forge.poll", "churn")).status_code == 409:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def place(gitea, store, start_server):
    return Place(gitea, start_server(store, "--forge-poll", "86400"))


def eventually(what, seconds: float = 20):
    until = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)
    return value


def request_with_review(place: Place, name: str) -> tuple[int, str, str]:
    """A merge request with a commit, a review by grace, and merged: number, commit, merge commit."""
    key = place.task["key"]
    branch = f"feature/{name}"
    sha = place.commit("main", f"{name}\n\nTask: {key}\n", new_branch=branch)
    number = place.gitea.api("POST", f"{REPOSITORY}/pulls", {"head": branch, "base": "main", "title": f"{key}: {name}"})["number"]
    place.gitea.api("POST", f"{REPOSITORY}/pulls/{number}/reviews", {"event": "APPROVED", "body": "yes"}, token=place.grace)
    place.gitea.api("POST", f"{REPOSITORY}/statuses/{sha}", {"state": "success", "context": "ci/build", "description": "ok"})
    return number, sha, place.merge(number)


def has_all(place: Place, number: int, sha: str, merge: str) -> bool:
    task, request = place.task["id"], f"churn/{number}"
    around = place.edges("merge_request", request)
    wanted = {("done_in", task, request), ("merged_by", sha, request), ("merged_as", request, merge)}
    approved = any(kind == "approves" and to == request for kind, _, to in around)
    commit = {("done_in", task, sha), ("checked_by", sha, f"churn/{sha}/ci/build")}
    return approved and wanted <= around and commit <= place.edges("commit", sha)


def test_signed_webhooks_bring_a_merge_request_with_all_around_it(place):
    place.poll()
    place.listen()
    number, sha, merge = request_with_review(place, "by-webhooks")
    eventually(lambda: has_all(place, number, sha, merge))
    assert place.node("merge_request", f"churn/{number}")["status"] == "merged"
    # Nothing that Gitea sent was refused, and a poll finds nothing that is missing in the graph.
    assert place.api.good("event.list", query={"kind": "webhook.refused"})["items"] == []
    place.poll()
    assert has_all(place, number, sha, merge)


def test_what_no_webhook_brought_is_found_by_a_poll(place):
    place.deafen()
    number, sha, merge = request_with_review(place, "by-poll")
    time.sleep(1)
    assert place.node("merge_request", f"churn/{number}") is None
    report = place.poll()
    assert report["complete"] and report["taken"] > 0
    eventually(lambda: has_all(place, number, sha, merge))


def test_webhooks_with_another_secret_are_refused(place):
    place.listen("another secret")
    sha = place.commit("main", "unsigned as far as we know")
    eventually(lambda: place.api.good("event.list", query={"kind": "webhook.refused"})["items"])
    assert place.node("commit", sha) is None
    place.poll()
    eventually(lambda: place.node("commit", sha))


def test_a_status_of_ours_arrives_at_gitea_and_comes_back(place):
    place.listen()
    sha = place.commit("main", "to be judged")
    place.api.good("forge.post-status", "churn", body={"sha": sha, "context": "stetig/gate", "state": "failure", "description": "accuracy 0.71",
                                                       "url": "http://127.0.0.1/gate"})  # fmt: skip
    there = eventually(lambda: place.gitea.api("GET", f"{REPOSITORY}/commits/{sha}/statuses"))
    assert [(one["status"], one["context"], one["description"], one["target_url"]) for one in there] == [
        ("failure", "stetig/gate", "accuracy 0.71", "http://127.0.0.1/gate")
    ]
    eventually(lambda: ("checked_by", sha, f"churn/{sha}/stetig/gate") in place.edges("commit", sha))
    assert len(place.gitea.api("GET", f"{REPOSITORY}/commits/{sha}/statuses")) == 1
