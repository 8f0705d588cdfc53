"""Fills the SQLite databases of the peers directly: through their own API it would take them up to an hour.

The rows are those that their API would have written (compared by hand); every answer read later is checked as any other.
"""

import json
import random
import sqlite3
import urllib.request
import uuid

from systems import System, Unable

TIME = 1_700_000_000_000


def _experiment(system: System, name: str) -> str:
    body = json.dumps({"name": name}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{system.port}/api/2.0/mlflow/experiments/create", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())["experiment_id"]


class _Rows:
    """Rows of one peer; what only FastTrackML has is added for it."""

    def __init__(self, system: System):
        self.fast = system.kind == "fasttrackml"
        self.folder = system.folder
        self.db = sqlite3.connect(system.folder / ("fml.db" if self.fast else "mlflow.db"), timeout=60)
        self.db.execute("PRAGMA synchronous=OFF")

    def insert(self, table: str, columns: str, rows) -> None:
        names = columns.split()
        marks = ",".join("?" * len(names))
        self.db.executemany(f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})", rows)

    def runs(self, experiment: str, count: int) -> list[str]:
        ids = [uuid.uuid4().hex for _ in range(count)]
        first = self.db.execute("SELECT count(*) FROM runs").fetchone()[0]
        root = f"file://{self.folder}/artifacts" if self.fast else "mlflow-artifacts:"
        self.insert(
            "runs",
            "run_uuid name source_type source_name entry_point_name user_id status start_time source_version lifecycle_stage"
            " artifact_uri experiment_id" + (" row_num" if self.fast else ""),
            ((run, f"run-{i}", "UNKNOWN", "", "", "ada", "RUNNING", TIME + i, "", "active",
              f"{root}/{experiment}/{run}/artifacts", int(experiment), first + i)[: 13 if self.fast else 12]
             for i, run in enumerate(ids)),
        )  # fmt: skip
        return ids

    def points(self, rows) -> None:
        """(run, key, value, time, step), in both tables that hold metrics; the last of a key is its latest."""
        rows = list(rows)
        extra, more = (" iter context_id", (1, 1)) if self.fast else ("", ())
        self.insert(
            "metrics", "run_uuid key value timestamp step is_nan" + extra, ((*row, 0, *more) for row in rows)
        )
        latest = {(row[0], row[1]): row for row in rows}.values()
        extra = " last_iter context_id" if self.fast else ""
        self.insert(
            "latest_metrics", "run_uuid key value timestamp step is_nan" + extra, ((*row, 0, *more) for row in latest)
        )


def _open(system: System) -> _Rows:
    if system.store:
        raise Unable("its data is filled on SQLite only")
    return _Rows(system)


def fill_search(system: System, runs: int, metrics: int, params: int) -> str:
    rows, experiment, draw = _open(system), _experiment(system, f"search-{uuid.uuid4().hex}"), random.Random(1)
    with rows.db:
        if rows.fast:
            rows.db.execute("INSERT INTO contexts (id, json) VALUES (1, '{}') ON CONFLICT DO NOTHING")
        ids = rows.runs(experiment, runs)
        rows.points((run, f"m{m:02}", draw.random(), TIME, 1) for run in ids for m in range(metrics))
        value = "value_str" if rows.fast else "value"
        rows.insert(
            "params", f"run_uuid key {value}", ((run, f"p{p:02}", str(draw.random())) for run in ids for p in range(params))
        )
    rows.db.close()
    return experiment


def fill_points(system: System, runs: int, points: int) -> list[str]:
    rows, experiment = _open(system), _experiment(system, f"points-{uuid.uuid4().hex}")
    with rows.db:
        if rows.fast:
            rows.db.execute("INSERT INTO contexts (id, json) VALUES (1, '{}') ON CONFLICT DO NOTHING")
        ids = rows.runs(experiment, runs)
        for run in ids:
            rows.points((run, "loss", 1.0 / (i + 1), TIME + i, i) for i in range(points))
    rows.db.close()
    return ids
