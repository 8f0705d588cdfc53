"""A forge for tests: tells a story of merge requests as the webhooks that Gitea would send, and serves what came of it over the same REST
interface. Payloads are made from those recorded from a real Gitea (gitea-1.26.0/), so that names and forms are its own.
"""

import copy
import hashlib
import hmac
import http.server
import json
import random
import threading
import time
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

RECORDED = Path(__file__).parent / "gitea-1.26.0"
FULL_NAME = "root1/churn"
ZERO = "0" * 40
BEGIN = int(time.time()) - 100_000  # the story's clock moves one second with each webhook


def recorded(name: str):
    return json.loads((RECORDED / f"{name}.json").read_text())


def when(second: int) -> str:
    return datetime.fromtimestamp(BEGIN + second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def sign(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Story:
    """`deliveries`: (event, body) in order. Each merge request: two pushes, opened, edited, two reviews, two statuses, merged, and the
    push that merges it. `keys`: records that its texts name in turn."""

    def __init__(self, webhooks: int, keys: list[str], seed: int = 1):
        self.random = random.Random(seed)
        self.keys = keys
        self.deliveries: list[tuple[str, bytes]] = []
        self.now = 0
        self.main: list[dict] = []  # newest last
        self.pulls: dict[int, dict] = {}
        self.pull_commits: dict[int, list[dict]] = {}
        self.reviews: dict[int, list[dict]] = {}
        self.statuses: dict[str, list[dict]] = {}
        self.ids = 0
        self.templates = {path.stem: json.loads(path.read_text()) for path in RECORDED.glob("*.json")}
        number = 0
        while len(self.deliveries) < webhooks:
            number += 1
            self._merge_request(number)
        self.head = self.main[-1]["id"]

    def _id(self) -> int:
        self.ids += 1
        return self.ids

    def _key(self) -> str:
        return self.random.choice(self.keys)

    def _send(self, event: str, payload: dict) -> None:
        self.deliveries.append((event, json.dumps(payload, indent=2).encode()))

    def _commit(self, message: str) -> dict:
        commit = copy.deepcopy(self.templates["push"]["commits"][0])
        sha = hashlib.sha1(f"{message} {self._id()}".encode()).hexdigest()
        url = commit["url"].rsplit("/", 1)[0] + "/" + sha
        commit.update(id=sha, message=message, url=url, timestamp=when(self.now))
        return commit

    def _push(self, branch: str, before: str, commits: list[dict]) -> None:
        self.now += 1
        payload = copy.deepcopy(self.templates["push"])
        payload.update(ref=f"refs/heads/{branch}", before=before, after=commits[-1]["id"], commits=commits[::-1],
                       total_commits=len(commits), head_commit=commits[-1])  # fmt: skip
        payload["repository"]["updated_at"] = when(self.now)
        self._send("push", payload)

    def _pull(self, number: int, event: str, action: str, **more) -> None:
        self.now += 1
        pull = self.pulls[number]
        pull["updated_at"] = when(self.now)
        payload = copy.deepcopy(self.templates["pull-opened"])
        payload.update(action=action, number=number, pull_request=copy.deepcopy(pull), **more)
        self._send(event, payload)

    def _review(self, number: int, state: str, reviewer: int) -> None:
        short = {"APPROVED": "approved", "REQUEST_CHANGES": "rejected"}[state]
        user = copy.deepcopy(self.templates["review-approved"]["sender"])
        user.update(id=reviewer, login=f"reviewer{reviewer}")
        for one in self.reviews[number]:
            if one["user"]["id"] == reviewer:
                one.update(dismissed=True, updated_at=when(self.now + 1))
        self._pull(number, f"pull_request_{short}", "reviewed", sender=user,
                   review={"type": f"pull_request_review_{short}", "content": "words"})  # fmt: skip
        review = copy.deepcopy(self.templates["page-reviews"][0])
        review.update(id=self._id(), user=user, state=state, dismissed=False, commit_id=self.pulls[number]["head"]["sha"],
                      submitted_at=when(self.now), updated_at=when(self.now))  # fmt: skip
        self.reviews[number].append(review)

    def _status(self, sha: str, context: str, state: str) -> None:
        self.now += 1
        payload = copy.deepcopy(self.templates["status-success"])
        status = {"id": self._id(), "context": context, "description": f"it is {state}", "target_url": f"http://ci/{self.ids}",
                  "created_at": when(self.now), "updated_at": when(self.now)}  # fmt: skip
        payload.update(status, sha=sha, state=state)
        self._send("status", payload)
        listed = copy.deepcopy(self.templates["page-statuses"][0])
        listed.update(status, status=state)
        self.statuses.setdefault(sha, []).append(listed)

    def _merge_request(self, number: int) -> None:
        branch = f"feature/{self._key()}-{number}"
        first = [self._commit(f"begin {number}\n\nTask: {self._key()}\n")]
        self._push(branch, ZERO, first)
        second = [self._commit(f"{self._key()} goes on {number}"), self._commit(f"ends {number}, no UTF-8")]
        self._push(branch, first[-1]["id"], second)
        head = second[-1]["id"]
        pull = copy.deepcopy(self.templates["pull-opened"]["pull_request"])
        url = pull["html_url"].rsplit("/", 1)[0] + f"/{number}"
        pull.update(id=self._id(), number=number, title=f"{self._key()}: model {number}", html_url=url)
        pull["head"].update(ref=branch, label=branch, sha=head)
        self.pulls[number], self.reviews[number], self.pull_commits[number] = pull, [], first + second
        self._pull(number, "pull_request", "opened")
        self._status(head, "ci/build", "pending")
        pull["title"] = f"{self._key()}: a better model {number}"
        self._pull(number, "pull_request", "edited")
        self._review(number, "REQUEST_CHANGES", 2)
        self._status(head, "ci/build", self.random.choice(["success", "failure"]))
        self._review(number, self.random.choice(["APPROVED", "REQUEST_CHANGES"]), 2)
        self._review(number, "APPROVED", 3)
        merge = self._commit(f"Merge pull request '{pull['title']}' (#{number}) from {branch} into main\n")
        pull.update(state="closed", merged=True, merged_at=when(self.now + 1), closed_at=when(self.now + 1), merge_commit_sha=merge["id"])
        self._pull(number, "pull_request", "closed")
        before = self.main[-1]["id"] if self.main else ZERO
        self.main += [*first, *second, merge]
        self._push("main", before, [*first, *second, merge])
        pull["head"]["ref"] = f"refs/pull/{number}/head"  # the branch is deleted: so says Gitea's list

    # What REST answers

    def listed_commit(self, commit: dict) -> dict:
        listed = copy.deepcopy(self.templates["page-commits"][0])
        listed.update(sha=commit["id"], html_url=commit["url"])
        listed["commit"]["message"] = commit["message"]
        for who in ("author", "committer"):
            listed["commit"][who] = {"name": commit["author"]["name"], "email": "x@test.example", "date": commit["timestamp"]}
        return listed

    def answer(self, path: str):
        """The whole list behind a path below /repos/OWNER/NAME; None: there is none."""
        parts = path.strip("/").split("/")
        match parts:
            case ["branches"]:
                return [{"name": "main", "commit": {"id": self.head}}]
            case ["commits"]:
                return [self.listed_commit(commit) for commit in reversed(self.main)]
            case ["pulls"]:
                return sorted(self.pulls.values(), key=lambda pull: pull["updated_at"], reverse=True)
            case ["pulls", number, "commits"]:
                return [self.listed_commit(commit) for commit in reversed(self.pull_commits[int(number)])]
            case ["pulls", number, "reviews"]:
                return self.reviews[int(number)]
            case ["commits", sha, "statuses"]:
                return self.statuses.get(sha, [])
        return None


class Forge:
    """Serves a story on loopback. `closed`: every answer is 503, as of a forge that is down. `posted`: statuses that came in. `fault` may
    be set to a function of (method, path) that gives an answer's status to send instead, or None."""

    def __init__(self, story: Story, token: str = "forge-token"):
        self.story, self.token = story, token
        self.closed = False
        self.fault = lambda method, path: None
        self.requests: list[tuple[str, str]] = []
        self.posted: list[tuple[str, dict]] = []
        self.lock = threading.Lock()
        self._cache: dict[str, list] = {}
        forge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def reply(self, status: int, value, **headers: str) -> None:
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                for name, text in headers.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(body)

            def handle_one(self, method: str) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                forge.take(self, method, body)

            def do_GET(self):
                self.handle_one("GET")

            def do_POST(self):
                self.handle_one("POST")

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.api = f"http://127.0.0.1:{self.server.server_port}/api/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def take(self, handler, method: str, body: bytes) -> None:
        url = urlsplit(handler.path)
        begin = f"/api/v1/repos/{FULL_NAME}"
        with self.lock:
            self.requests.append((method, url.path))
        if self.closed:
            return handler.reply(503, {"message": "down for maintenance"})
        if handler.headers.get("Authorization") != f"Bearer {self.token}":
            return handler.reply(401, {"message": "token is required"})
        if (fault := self.fault(method, url.path)) is not None:
            status, headers = fault
            return handler.reply(status, {"message": "a fault of the test"}, **headers)
        if not url.path.startswith(begin):
            return handler.reply(404, {"message": "not found"})
        path = url.path[len(begin) :]
        if method == "POST" and path.startswith("/statuses/"):
            return self._status(handler, path.rsplit("/", 1)[1], json.loads(body))
        if path not in self._cache:
            self._cache[path] = self.story.answer(path)
        whole = self._cache[path]
        if whole is None:
            return handler.reply(404, {"message": "not found"})
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        size, page = int(query.get("limit", 30)), int(query.get("page", 1))
        more = len(whole) > size * page
        headers = {"Link": f'<{self.api}/x?page={page + 1}>; rel="next"'} if more else {}
        return handler.reply(200, whole[size * (page - 1) : size * page], **headers)

    def _status(self, handler, sha: str, wanted: dict) -> None:
        with self.lock:
            self.posted.append((sha, wanted))
            listed = self.story.statuses.setdefault(sha, [])
            listed.append({"id": 1_000_000 + len(self.posted), "status": wanted["state"], "context": wanted["context"],
                           "description": wanted["description"], "target_url": wanted.get("target_url", ""),
                           "created_at": when(self.story.now), "updated_at": when(self.story.now)})  # fmt: skip
            self._cache.pop(f"/commits/{sha}/statuses", None)
        handler.reply(201, {"id": 1})
