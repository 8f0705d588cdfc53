#!/usr/bin/env python3
"""Compares stetig with floors, stock MLflow and FastTrackML: starts each, drives all with bench_load, prints one table.

make bench ARGS='--only log-metric-32,search --systems stetig,floor'. See docs/benchmarks.md.
"""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

import report
import rows as all_rows
from harness import Harness
from model import Row
from systems import ROOT, Unable

SYSTEMS = ("stetig", "floor", "stock", "fasttrackml")
DOCUMENT = ROOT / "docs/benchmarks.md"
STORES = {"sqlite": "", "postgres": "-postgres"}


def row_name(make, store: str) -> str:
    return make.__name__.replace("_", "-") + STORES[store]


def arguments() -> argparse.Namespace:
    names = [row_name(make, store) for make, store in all_rows.ALL]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="NAME[,NAME]", help="rows whose name begins so: " + " ".join(names))
    parser.add_argument("--systems", default=",".join(SYSTEMS), metavar="NAME[,NAME]", help="of: " + " ".join(SYSTEMS))
    parser.add_argument("--rounds", type=int, default=3, help="turns of floor and stetig (3)")
    parser.add_argument("--quick", action="store_true", help="small sizes and short times, to try things out")
    parser.add_argument("--full", action="store_true", help="1,000,000 runs in the large search, three rounds of 60 s, "
                        "stock with ten million points: half an hour and more")  # fmt: skip
    parser.add_argument("--folder", type=Path, help="where data is written; not a tmpfs (default: below build/bench)")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md although not everything was run")
    parser.add_argument("-o", nargs=2, metavar=("json", "FILE"), help="also write every sample to FILE")
    given = parser.parse_args()
    given.only = [name for name in given.only.split(",") if name]
    given.systems = set(given.systems.split(","))
    for prefix in given.only:
        if not any(name.startswith(prefix) for name in names):
            parser.error(f"no row begins with '{prefix}', expected some of: {' '.join(names)}")
    if unknown := given.systems - set(SYSTEMS):
        parser.error(f"unknown systems {' '.join(unknown)}, expected some of: {' '.join(SYSTEMS)}")
    if given.o and given.o[0] != "json":
        parser.error(f"unknown output '{given.o[0]}', expected json")
    return given


def measure(bench: Harness, only: list[str]) -> list[Row]:
    done = []
    for make, store in all_rows.ALL:
        name = row_name(make, store)
        if only and not any(name.startswith(prefix) for prefix in only):
            continue
        bench.say(name)
        try:
            row = make(bench, store)
        except Unable as why:
            row = Row(name, name, [], notes={"stetig failed": str(why)})
        row.name = name
        if store == "postgres":
            row.work = "PostgreSQL: " + row.work
            for m in row.measures:
                # The targets are those of SQLite; here the numbers are reported.
                m.limit = m.floor = m.stock = m.fasttrackml = None
        done.append(row)
    bench.run_peers()
    return done


def repeatable(given: list[str]) -> str:
    """The command without what belongs to this machine only."""
    kept = list(given)
    for flag, values in (("-o", 2), ("--folder", 1), ("--write", 0)):
        if flag in kept:
            at = kept.index(flag)
            del kept[at : at + 1 + values]
    return "make bench" + (f" ARGS='{' '.join(kept)}'" if kept else "")


def main() -> int:
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything started is ended
    mode = "quick" if given.quick else "full" if given.full else "default"
    parent = given.folder or ROOT / "build/bench"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    folder.chmod(0o755)
    bench = Harness(folder, mode, given.rounds, given.systems)
    begun = time.monotonic()
    try:
        facts = report.machine(folder, "")
        rows = measure(bench, given.only)
        facts["PostgreSQL"] = bench.postgres_version()
    finally:
        bench.close()
    took = time.monotonic() - begun
    command = repeatable(sys.argv[1:])
    text = report.markdown(rows, facts, command, took)
    print(text)
    if given.o:
        report.write_json(Path(given.o[1]), rows, facts, command)
    whole = not given.only and not given.quick and given.systems == set(SYSTEMS)
    if whole or given.write:
        report.write_document(DOCUMENT, text)
        print(f"\nWritten to {DOCUMENT.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
