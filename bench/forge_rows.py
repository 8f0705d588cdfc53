"""Webhooks of a forge: twice each, shuffled, some lost, over several connections; then the poll that finds what was lost."""

import hashlib
import hmac
import json
import random
import selectors
import socket
import sys
import time
import urllib.error
import urllib.request

from api_rows import post
from harness import Harness
from model import Measure, Row
from systems import ROOT, System

sys.path.insert(0, str(ROOT / "tests"))
from support.forge import FULL_NAME, Forge, Story  # noqa: E402

SECRET, TOKEN = b"secret-of-the-bench", "token-of-the-bench"
CONNECTIONS = 32


def request_of(number: int, event: str, body: bytes) -> bytes:
    signature = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    head = (
        f"POST /api/v1/webhooks/churn HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nX-GitHub-Event: {event}\r\n"
        f"X-GitHub-Delivery: {number}\r\nX-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def drive(system: System, requests: list[bytes]) -> tuple[float, int]:
    """Seconds until all are answered, each connection one at a time; how many were not 200."""
    waiting, wrong, answered = iter(requests), 0, 0
    with selectors.DefaultSelector() as selector:
        begun = time.perf_counter()
        for _ in range(CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", system.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if (request := next(waiting, None)) is not None:
                connection.sendall(request)
                selector.register(connection, selectors.EVENT_READ)
        while answered < len(requests):
            for key, _ in selector.select(timeout=30):
                text = key.fileobj.recv(65536)  # an answer is one segment
                answered += 1
                wrong += not text.startswith(b"HTTP/1.1 200")
                if (request := next(waiting, None)) is not None:
                    key.fileobj.sendall(request)
        took = time.perf_counter() - begun
        for key in list(selector.get_map().values()):
            key.fileobj.close()
    return took, wrong


def webhooks(bench: Harness, store: str) -> Row:
    count = 500 if bench.mode == "quick" else 10_000
    row = Row("webhooks", f"{count:,} webhooks of a forge, twice each, shuffled, 5 % lost", [
        Measure("rate", "rate", "/s", "high"),
        Measure("each", "time each", "ms", limit=0.5),
        Measure("poll", "the poll that finds what was lost", "s"),
        Measure("errors", "wrong or lost", "", limit=0, compare=False),
    ])  # fmt: skip
    rounds = iter(range(1_000))

    def sample(system: System) -> dict:
        assert next(rounds) == 0, "one round: the same webhooks again would be known"
        folder = system.folder / "data/secrets"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hook").write_bytes(SECRET)
        (folder / "token").write_text(TOKEN)
        project = post(system, "/projects", {"key": "CHURN", "title": "bench"})["id"]
        keys = [post(system, "/tasks", {"project": project, "title": f"task {i}"})["key"] for i in range(20)]
        story = Story(count, keys)
        forge = Forge(story, TOKEN)
        forge.closed = True
        post(system, "/forges", {"name": "churn", "shape": "gitea", "api": forge.api, "full_name": FULL_NAME, "secret": "hook", "token": "token"})
        chance = random.Random(3)
        kept = [i for i in range(len(story.deliveries)) if chance.random() >= 0.05]
        sent = [request_of(i if chance.random() < 0.5 else i + turn * 1_000_000, *story.deliveries[i]) for turn in (0, 1) for i in kept]
        chance.shuffle(sent)
        took, wrong = drive(system, sent)
        forge.closed = False
        begun, complete = time.perf_counter(), False
        while not complete:
            asked = urllib.request.Request(f"http://127.0.0.1:{system.port}/api/v1/forges/churn/poll", method="POST")
            try:
                with urllib.request.urlopen(asked, timeout=120) as answer:
                    complete = json.load(answer)["complete"]
            except urllib.error.HTTPError as error:
                if error.code != 409:
                    raise
                time.sleep(0.1)  # the server's own poll runs
        polled = time.perf_counter() - begun
        forge.close()
        return {"rate": len(sent) / took, "each": took * 1000 / len(sent), "poll": polled, "errors": wrong}

    bench.interleave(row, store, sample, floor=None, peers=False, rounds=1)
    return row


ROWS = [webhooks]
