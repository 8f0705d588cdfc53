"""Clients that write all kinds of things at once and remember what was acknowledged, and the check that a server kept its word.

A write that was answered 200 must be there, once. One that was sent and not answered may be there or not, but whole. Nothing
else may be there.
"""

import hashlib
import http.client
import itertools
import json
import random
import threading
import uuid
import zlib
from dataclasses import dataclass, field

API = "/api/2.0/mlflow/"
FILES = "/api/2.0/mlflow-artifacts/artifacts/"
SECONDS = 30


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)

    def call(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> tuple[int, bytes]:
        self.connection.request(method, path, body, {"Content-Type": kind} if method != "GET" else {})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def post(self, path: str, message: dict) -> tuple[int, bytes]:
        return self.call("POST", API + path, json.dumps(message).encode())

    def get(self, path: str) -> dict:
        status, body = self.call("GET", API + path)
        assert status == 200, f"GET {path}: {status} {body[:300]!r}"
        return json.loads(body)

    def close(self):
        self.connection.close()


def file_bytes(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


@dataclass
class Write:
    kind: str  # run, metric, batch, tag, model, version, file
    key: str  # unique in its worker
    number: int = 0
    at: int = 0  # where the recorder's log stood when it was acknowledged


@dataclass
class Ledger:
    """What one worker wrote into its own run, models and files."""

    name: str
    experiment: str
    run: str = ""
    done: list[Write] = field(default_factory=list)
    doubtful: list[Write] = field(default_factory=list)  # sent, and no answer came

    def keys(self, kind: str, writes=None) -> set[str]:
        return {w.key for w in (self.done if writes is None else writes) if w.kind == kind}


class Worker(threading.Thread):
    """Writes until it is stopped or the server is gone. An answer that is neither 200 nor one of `tolerated` is a failure."""

    def __init__(self, port: int, experiment: str, seed: int, *, tolerated=(), mark=lambda: 0, largest=1 << 20):
        super().__init__(daemon=True)
        self.ledger = Ledger(f"w{uuid.uuid4().hex[:12]}", experiment)
        self.chance = random.Random(seed)
        self.client = Client(port)
        self.tolerated = tolerated
        self.mark = mark
        self.largest = largest
        self.stopping = threading.Event()
        self.failure = ""
        self.refused = 0
        self.numbers = itertools.count(1)

    def run(self):
        try:
            if self._attempt(Write("run", self.ledger.name)):
                while not self.stopping.is_set():
                    kind = self.chance.choices(("metric", "batch", "tag", "model", "version", "file"), (8, 4, 2, 1, 1, 2))[0]
                    number = next(self.numbers)
                    self._attempt(Write(kind, f"{self.ledger.name}-{number}", number))
        except (OSError, http.client.HTTPException):
            pass  # the server went away
        finally:
            self.client.close()

    def _attempt(self, write: Write) -> bool:
        if write.kind == "version":
            models = sorted(self.ledger.keys("model"))
            if not models:
                return False
            write.key = f"{self.chance.choice(models)}/{write.number}"
        self.ledger.doubtful.append(write)
        status, body = self._send(write)
        if status == 200:
            if write.kind == "run":
                self.ledger.run = json.loads(body)["run"]["info"]["run_id"]
            write.at = self.mark()
            self.ledger.doubtful.remove(write)
            self.ledger.done.append(write)
            return True
        if status in self.tolerated:
            self.refused += 1  # said no: it may have happened all the same, as an answer of 503 does not say
            self.stopping.wait(0.01)
            return False
        self.failure = f"{write.kind} {write.key}: {status} {body[:300]!r}"
        self.stopping.set()
        return False

    def _send(self, write: Write) -> tuple[int, bytes]:
        n, run, post = write.number, self.ledger.run, self.client.post
        if write.kind == "run":
            return post("runs/create", {"experiment_id": self.ledger.experiment, "run_name": write.key, "start_time": 1})
        if write.kind == "metric":
            return post("runs/log-metric", {"run_id": run, "key": "single", "value": n, "timestamp": n, "step": n})
        if write.kind == "batch":
            metrics = [{"key": f"batch{i}", "value": n, "timestamp": n, "step": n} for i in range(3)]
            params = [{"key": f"p{n}", "value": str(n)}, {"key": f"q{n}", "value": str(n)}]
            return post("runs/log-batch", {"run_id": run, "metrics": metrics, "params": params, "tags": [{"key": f"t{n}", "value": str(n)}]})
        if write.kind == "tag":
            return post("runs/set-tag", {"run_id": run, "key": f"tag{n}", "value": str(n)})
        if write.kind == "model":
            return post("registered-models/create", {"name": write.key})
        if write.kind == "version":
            return post("model-versions/create", {"name": write.key.split("/")[0], "source": f"s3://bucket/{n}"})
        size = self.chance.choice((0, 1, 1000, 70_000, self.chance.randint(0, self.largest)))
        write.number = size
        return self.client.call("PUT", FILES + "chaos/" + write.key, file_bytes(n, size), "application/octet-stream")


def start_workers(port: int, experiment: str, seed: int, count: int = 6, **options) -> list[Worker]:
    workers = [Worker(port, experiment, seed * 1000 + i, **options) for i in range(count)]
    for worker in workers:
        worker.start()
    return workers


def finish(workers: list[Worker]) -> list[Ledger]:
    for worker in workers:
        worker.stopping.set()
        worker.join(SECONDS)
        assert not worker.is_alive(), "a client still waits for its answer"
        assert not worker.failure, worker.failure
    return [worker.ledger for worker in workers]


def new_experiment(port: int) -> str:
    client = Client(port)
    status, body = client.post("experiments/create", {"name": f"chaos-{uuid.uuid4().hex}"})
    client.close()
    assert status == 200, body
    return json.loads(body)["experiment_id"]


def check(port: int, ledgers: list[Ledger], files: float = 1.0, until: int | None = None):
    """Asks the server for everything that the ledgers speak of. `files`: the share of files that are read back. `until`: only
    what was acknowledged by then must be there."""
    client = Client(port)
    for ledger in ledgers:
        promised = [w for w in ledger.done if until is None or w.at <= until]
        possible = ledger.done + ledger.doubtful
        if ledger.run:
            check_run(client, ledger, promised, possible)
        check_models(client, ledger, promised, possible)
        for write in possible:
            if write.kind == "file" and (files == 1.0 or zlib.crc32(write.key.encode()) % 100 < files * 100):
                check_file(client, write, write in promised)
    client.close()


def between(what: str, least: set, found: list, most: set):
    assert len(found) == len(set(found)), f"{what}: some are there twice: {sorted(found)}"
    lost, foreign = least - set(found), set(found) - most
    assert not lost, f"{what}: acknowledged and lost: {sorted(lost)[:10]}"
    assert not foreign, f"{what}: never sent: {sorted(foreign)[:10]}"


def check_run(client: Client, ledger: Ledger, promised, possible):
    named = [w for w in promised if w.kind == "run"]
    status, body = client.call("GET", f"{API}runs/get?run_id={ledger.run}")
    if status == 404 and not named:
        return
    assert status == 200, f"run {ledger.run} of {ledger.name}: {status} {body[:200]!r}"
    data = json.loads(body)["run"]["data"]
    params = {p["key"]: p["value"] for p in data.get("params", [])}
    tags = {t["key"]: t["value"] for t in data.get("tags", []) if not t["key"].startswith("mlflow.")}

    def numbers(kind, writes):
        return {w.number for w in writes if w.kind == kind}

    def steps(key):
        return [m["step"] for m in client.get(f"metrics/get-history?run_id={ledger.run}&metric_key={key}").get("metrics", [])]

    between(f"{ledger.name} metrics", numbers("metric", promised), steps("single"), numbers("metric", possible))
    between(f"{ledger.name} tags", {f"tag{n}" for n in numbers("tag", promised)}, [t for t in tags if t.startswith("tag")],
            {f"tag{n}" for n in numbers("tag", possible)})  # fmt: skip
    series = [steps(f"batch{i}") for i in range(3)]
    for i, found in enumerate(series):
        between(f"{ledger.name} batch{i}", numbers("batch", promised), found, numbers("batch", possible))
    assert sorted(series[0]) == sorted(series[1]) == sorted(series[2]), f"{ledger.name}: a batch is there in part: {series}"
    whole = {n for n in numbers("batch", possible) if params.get(f"p{n}") == params.get(f"q{n}") == tags.get(f"t{n}") == str(n)}
    assert whole == set(series[0]), f"{ledger.name}: batches without their params or tags: {whole ^ set(series[0])}"
    assert len(params) == 2 * len(whole), f"{ledger.name}: {len(params)} params of {len(whole)} batches"


def check_models(client: Client, ledger: Ledger, promised, possible):
    for name in sorted(ledger.keys("model", possible)):
        status, body = client.call("GET", f"{API}registered-models/get?name={name}")
        assert status == 200 or (status == 404 and name not in ledger.keys("model", promised)), f"model {name}: {status} {body[:200]!r}"
        if status == 404:
            continue
        found = client.get(f"model-versions/search?filter=name%3D%27{name}%27").get("model_versions", [])
        sources = [int(v["source"].rsplit("/", 1)[1]) for v in found]
        of_model = [{int(k.split("/")[1]) for k in ledger.keys("version", ws) if k.split("/")[0] == name} for ws in (promised, possible)]
        between(f"versions of {name}", of_model[0], sources, of_model[1])


def check_file(client: Client, write: Write, promised: bool):
    status, body = client.call("GET", FILES + "chaos/" + write.key)
    if status == 404 and not promised:
        return
    assert status == 200, f"file {write.key}: {status} {body[:200]!r}"
    expected = file_bytes(int(write.key.rsplit("-", 1)[1]), write.number)
    assert hashlib.sha256(body).digest() == hashlib.sha256(expected).digest(), f"file {write.key}: {len(body)} other bytes"
