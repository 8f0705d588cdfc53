"""The rows of the table: what is sent, how often, and what is asked of the answer."""

import itertools
import os
from pathlib import Path

import api_rows
import forge_rows
import load
import peer_data
import procs
from harness import Harness
from model import Measure, Row
from systems import System, Unable

# Seconds that a peer may take for a sample; what is not done by then is said in the table.
PEER_LIMIT = 150


def log_metric_32(bench: Harness, store: str) -> Row:
    row = Row("log-metric-32", "runs/log-metric, 32 connections", [
        Measure("rate", "rate", "/s", "high", floor=0.6, stock=250, fasttrackml=15),
        Measure("p99", "p99", "ms", floor=3),
        Measure("cpu_ms", "CPU each", "ms", limit=0.05),
    ])  # fmt: skip
    bench.interleave(row, store, lambda s: load.sample(
        s, "log-metric", connections=32, seconds=bench.seconds(s, 4, 8), limit=PEER_LIMIT))  # fmt: skip
    return row


def log_metric_1(bench: Harness, store: str) -> Row:
    row = Row("log-metric-1", "runs/log-metric, 1 connection", [
        Measure("p50", "p50", "ms", floor=1.25, stock=150),
        Measure("p50_quickack", "p50, client sets TCP_QUICKACK", "ms", stock=25),
    ])  # fmt: skip

    if store == "postgres":
        row.measures.pop()  # it shows only what the answer's segments cost, as on SQLite

    def sample(system: System) -> dict:
        seconds = bench.seconds(system, 2, 4)
        plain = load.sample(system, "log-metric", seconds=seconds, limit=PEER_LIMIT)
        if store == "postgres":
            return plain
        quick = load.sample(system, "log-metric", seconds=seconds, quickack=True, limit=PEER_LIMIT)
        return {**plain, "p50_quickack": quick["p50"], "errors": plain["errors"] + quick["errors"]}

    bench.interleave(row, store, sample)
    return row


def open_loop(bench: Harness, store: str) -> Row:
    seconds = 3 if bench.mode == "quick" else 20 if bench.mode == "default" and store == "postgres" else 60
    rounds = bench.rounds if bench.mode == "full" else 1
    row = Row("open-loop", f"runs/log-metric at a fixed 5,000/s for {seconds} s", [
        Measure("p99", "p99", "ms", limit=10),
        Measure("errors", "wrong or lost", "", limit=0, compare=False),
    ])  # fmt: skip
    if rounds == 1:
        row.notes["stetig"] = "one round; three with --full"

    def sample(system: System) -> dict:
        lasts = seconds if system.kind == "stetig" else min(seconds, 10)
        return load.sample(
            system, "log-metric", connections=64, rate=5000, seconds=lasts, drain=10, limit=lasts + PEER_LIMIT
        )

    row.notes["floor"] = row.notes["stock"] = row.notes["fasttrackml"] = f"for {min(seconds, 10)} s"
    bench.interleave(row, store, sample, rounds=rounds)
    return row


def log_batch(bench: Harness, store: str) -> Row:
    row = Row("log-batch", "runs/log-batch of 1,000 metrics", [Measure("p50", "p50", "ms", floor=1.5, stock=75)])
    bench.interleave(
        row, store, lambda s: load.sample(s, "log-batch", seconds=bench.seconds(s, 3, 6), limit=PEER_LIMIT), argument=1000
    )
    return row


def create(bench: Harness, store: str) -> Row:
    row = Row("create", "runs/create, 32 connections", [
        Measure("rate", "rate", "/s", "high", floor=0.3, stock=170),
        Measure("errors", "wrong or lost", "", limit=0, compare=False),
    ])  # fmt: skip
    bench.interleave(row, store, lambda s: load.sample(
        s, "create-run", connections=32, seconds=bench.seconds(s, 3, 8), limit=PEER_LIMIT))  # fmt: skip
    return row


def _fill_search(bench: Harness, system: System, runs: int, metrics: int, params: int) -> str:
    if system.kind != "stetig":
        return peer_data.fill_search(system, runs, metrics, params)
    filled = load.call(system, "fill-search", connections=32, size=runs, metrics=metrics, params=params, limit=3600)
    bench.say(f"filled {runs:,} runs; quiet after {system.settle():.0f} s")
    return filled["experiment"]


def _search(bench: Harness, row: Row, runs: int, metrics: int, params: int, requests: int, peers: bool) -> Row:
    filled: dict[Path, str] = {}
    seeds = itertools.count(1)

    def sample(system: System) -> dict:
        if system.folder not in filled:
            filled[system.folder] = _fill_search(bench, system, runs, metrics, params)
            load.call(system, "search", experiment=filled[system.folder], size=runs, metrics=metrics, requests=3, limit=60)
        count = requests if system.kind == "stetig" else 12
        return load.sample(system, "search", experiment=filled[system.folder], size=runs, metrics=metrics,
                           requests=count, seconds=60, seed=next(seeds), limit=PEER_LIMIT)  # fmt: skip

    bench.interleave(row, "sqlite", sample, floor=None, peers=peers)
    return row


def search(bench: Harness, store: str) -> Row:
    runs = {"quick": 1000}.get(bench.mode, 20_000)
    row = Row("search", f"runs/search, {runs:,} runs × 50 metrics × 20 params, 100 rows", [
        Measure("p50", "p50", "ms", limit=2.5, stock=250),
        Measure("p95", "p95", "ms", limit=4),
    ])  # fmt: skip
    return _search(bench, row, runs, 50, 20, requests=400, peers=True)


def search_large(bench: Harness, store: str) -> Row:
    runs = {"quick": 5000, "default": 100_000, "full": 1_000_000}[bench.mode]
    row = Row("search-large", f"runs/search, {runs:,} runs × 10 metrics, filters that keep 1–90 %", [
        Measure("p50", "p50", "ms"),
        Measure("p95", "p95", "ms", limit=20),
    ])  # fmt: skip
    return _search(bench, row, runs, 10, 0, requests=300, peers=False)


def history(bench: Harness, store: str) -> Row:
    points = {"quick": 50_000}.get(bench.mode, 1_000_000)
    row = Row("history", f"metrics/get-history, {points:,} points, all pages of 25,000", [
        Measure("mb_per_s", "bytes", "MB/s", "high", floor=0.25),
        Measure("points_per_s", "points", "/s", "high", stock=50),
    ])  # fmt: skip
    stetig = bench.start("stetig")
    runs = load.call(stetig, "fill-points", connections=32, size=points, metrics=1, limit=600)["runs"]
    bench.say(f"filled {points:,} points; quiet after {stetig.settle():.0f} s")
    pages = -(-points // 25_000)
    first = load.sample(stetig, "history", runs=runs[0], size=points, requests=pages, seconds=60)
    filled = {stetig.folder: (runs, points)}

    def sample(system: System) -> dict:
        if not system.floor and system.folder not in filled:
            size = min(points, 100_000)
            filled[system.folder] = peer_data.fill_points(system, 1, size), size
            row.notes[system.kind] = f"{size:,} points"
        (run, *_), size = filled.get(system.folder, (["f" * 32], points))
        out = load.sample(system, "history", runs=run, size=size, requests=-(-size // 25_000), seconds=60, limit=PEER_LIMIT)
        return out if system.floor else {**out, "points_per_s": size / out["seconds"]}

    bench.interleave(row, "sqlite", sample, stetig=stetig, floor="floor_http", argument=first["bytes"] // pages)
    return row


def _interval(bench: Harness, name: str, points: int, peers: bool) -> Row:
    row = Row(name, f"get-history-bulk-interval, 10 runs × {points:,} points", [
        Measure("p50", "p50", "ms"),
        Measure("p95", "p95", "ms", limit=6, stock=500),
    ])  # fmt: skip
    filled: dict[Path, str] = {}

    def sample(system: System) -> dict:
        if system.kind == "fasttrackml":
            raise Unable("has no such call")
        if system.folder not in filled:
            if system.kind == "stetig":
                runs = load.call(system, "fill-points", connections=32, size=points, metrics=10, limit=1800)["runs"]
                bench.say(f"filled 10 × {points:,} points; quiet after {system.settle():.0f} s")
            else:
                runs = peer_data.fill_points(system, 10, points)
            filled[system.folder] = ",".join(runs)
        count = 200 if system.kind == "stetig" else 3
        return load.sample(system, "bulk-interval", runs=filled[system.folder], requests=count, seconds=60, limit=PEER_LIMIT)

    bench.interleave(row, "sqlite", sample, floor=None, peers=peers)
    return row


def interval_large(bench: Harness, store: str) -> Row:
    return _interval(bench, "interval-1m", {"quick": 20_000}.get(bench.mode, 1_000_000), peers=bench.mode == "full")


def interval_small(bench: Harness, store: str) -> Row:
    return _interval(bench, "interval-100k", {"quick": 2_000}.get(bench.mode, 100_000), peers=True)


def artifact(bench: Harness, store: str) -> Row:
    size = {"quick": 64 * 2**20}.get(bench.mode, 2 * 2**30)
    row = Row("artifact", f"artifact of {size / 2**30:g} GiB by plain HTTP", [
        Measure("upload", "upload", "MiB/s", "high", floor=0.7, stock=2),
        Measure("download", "download", "MiB/s", "high", floor=0.6, stock=5),
        Measure("rss_growth", "growth of RSS", "MiB", limit=16, compare=False),
    ])  # fmt: skip
    seeds = itertools.count(1)

    def sample(system: System) -> dict:
        if system.kind == "fasttrackml":
            raise Unable("has no artifact proxy")
        if system.floor:
            (system.folder / "file").unlink(missing_ok=True)  # freeing the last round's file is not its work
        os.sync()
        seed, pid = next(seeds), system.process.pid
        before = procs.rss_mib(pid)
        procs.reset_peak(pid)
        up = load.call(system, "put-artifact", size=size, seed=seed, limit=300)
        down = load.call(system, "get-artifact", size=size, seed=seed, limit=300)
        mib = size / 2**20
        return {"upload": mib / up["seconds"], "download": mib / down["seconds"], "errors": 0,
                "rss_growth": procs.peak_mib(pid) - before}  # fmt: skip

    bench.interleave(row, "sqlite", sample, floor="floor_file")
    return row


def start(bench: Harness, store: str) -> Row:
    row = Row("start", "start", [
        Measure("rss", "idle RSS", "MiB", limit=24),
        Measure("empty", "to ready, empty folder", "ms", limit=60),
        Measure("existing", "to ready, existing folder", "ms", limit=25),
    ])  # fmt: skip

    def sample(system: System) -> dict:
        out = {"errors": 0, "empty": bench.started[system.folder] * 1000}
        system.settle(limit=5)
        out["rss"] = procs.rss_mib(system.process.pid)
        row.notes[system.kind] = f"{len(procs.tree(system.process.pid))} processes when idle"
        if system.kind == "stetig":
            load.call(system, "fill-search", connections=32, size=500, metrics=10, params=5)
        system.stop()
        out["existing"] = system.start() * 1000
        return out

    for _ in range(max(bench.rounds, 5)):
        bench.interleave(row, "sqlite", sample, floor=None, peers=False, rounds=1)
    bench.interleave(row, "sqlite", sample, floor=None, rounds=0)
    return row


WRITES = [log_metric_32, log_metric_1, open_loop, log_batch, create]
READS = [search, search_large, history, interval_large, interval_small, artifact]

# First the start, so that peers are measured idle before they have worked.
ALL = [(row, "sqlite") for row in (start, *WRITES, *READS, *api_rows.ROWS, *forge_rows.ROWS)] + [(row, "postgres") for row in WRITES]
