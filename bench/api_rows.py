"""Rows about stetig's own API and command line, which nobody else has: measured against fixed limits."""

import json
import os
import selectors
import socket
import statistics
import subprocess
import time
import urllib.request

import procs
from harness import Harness
from model import Measure, Row
from systems import STETIG, System

LISTENERS = 1000


def post(system: System, path: str, body: dict) -> dict:
    request = urllib.request.Request(
        f"http://127.0.0.1:{system.port}/api/v1{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Listener:
    """One reader of /events; `take` reads what has come and gives the ids of whole events."""

    def __init__(self, system: System):
        self.socket = socket.create_connection(("127.0.0.1", system.port))
        self.socket.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        self.text = b""
        while b": stream" not in self.text:
            self.text += self.socket.recv(4096)
        self.text = b""
        self.socket.setblocking(False)

    def take(self) -> int:
        self.text += self.socket.recv(65536)
        *events, self.text = self.text.split(b"\n\n")
        return sum(b"\ndata: " in event or event.startswith(b"data: ") for event in events)


def feed(bench: Harness, store: str) -> Row:
    """Time from the request that makes an event to its arrival, with one listener and with a thousand."""
    events = 20 if bench.mode == "quick" else 100
    row = Row("feed", f"/api/v1/events, {LISTENERS:,} listeners", [
        Measure("alone_p95", "request to event, 1 listener: p95", "ms", limit=20),
        Measure("p95", "request to event, all listeners: p95", "ms"),
        Measure("rss", "memory of the listeners", "MiB", limit=20),
    ])  # fmt: skip

    def deliver(system: System, project: str, listeners: list[Listener], count: int) -> float:
        waits = []
        with selectors.DefaultSelector() as selector:
            for listener in listeners:
                selector.register(listener.socket, selectors.EVENT_READ, listener)
            for i in range(count):
                begun, missing = time.perf_counter(), len(listeners)
                post(system, "/tasks", {"project": project, "title": f"task {i}"})
                while missing > 0:
                    for key, _ in selector.select(timeout=10):
                        missing -= key.data.take()
                    if time.perf_counter() - begun > 30:
                        raise RuntimeError(f"{missing} of {len(listeners)} listeners wait for event {i} since 30 s")
                waits.append((time.perf_counter() - begun) * 1000)
        return statistics.quantiles(waits, n=20)[-1]

    def sample(system: System) -> dict:
        project = post(system, "/projects", {"key": f"P{len(row.samples.get('stetig', []))}X", "title": "bench"})["id"]
        first = Listener(system)
        alone = deliver(system, project, [first], events)
        system.settle(limit=5)
        before = procs.rss_mib(system.process.pid)
        listeners = [first] + [Listener(system) for _ in range(LISTENERS - 1)]
        rss = procs.rss_mib(system.process.pid) - before
        try:
            return {"alone_p95": alone, "p95": deliver(system, project, listeners, max(events // 10, 5)), "rss": rss, "errors": 0}
        finally:
            for listener in listeners:
                listener.socket.close()

    bench.interleave(row, store, sample, floor=None, peers=False)
    return row


def command_line(bench: Harness, store: str) -> Row:
    """A whole process: start, request, answer printed, end; beside the same for /bin/true."""
    row = Row("cli", "stetig task list, 100 tasks", [
        Measure("p50", "process to answer: p50", "ms", limit=20),
        Measure("true_p50", "/bin/true: p50", "ms"),
    ])  # fmt: skip

    def median(command: list[str], environment: dict) -> float:
        waits = []
        for _ in range(10 if bench.mode == "quick" else 50):
            begun = time.perf_counter()
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
            waits.append((time.perf_counter() - begun) * 1000)
        return statistics.median(waits)

    def sample(system: System) -> dict:
        if not row.samples.get("stetig"):
            post(system, "/projects", {"key": "CLI", "title": "bench"})
            for i in range(100):
                post(system, "/tasks", {"project": "CLI", "title": f"task {i}"})
        environment = {**os.environ, "STETIG_SERVER": f"http://127.0.0.1:{system.port}", "XDG_CONFIG_HOME": str(system.folder)}
        command = [str(STETIG), "task", "list", "--project", "CLI"]
        return {"p50": median(command, environment), "true_p50": median(["/bin/true"], environment), "errors": 0}

    bench.interleave(row, store, sample, floor=None, peers=False)
    return row


ROWS = [feed, command_line]
