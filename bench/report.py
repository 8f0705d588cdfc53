"""The table: on the terminal, between the markers of docs/benchmarks.md, and everything as JSON."""

import datetime
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from model import Measure, Row, floor_target, number, ratio
from systems import FASTTRACKML, MLFLOW, ROOT, STETIG

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
HEAD = ["Work", "stetig", "floor", "of the floor", "stock MLflow", "× stock", "FastTrackML", "× FastTrackML"]


def _value(row: Row, system: str, m: Measure) -> str:
    values = row.values(system, m.key)
    if not values:
        return row.notes.get(system, "–") if row.notes.get(system, "").startswith("–") else "–"
    spread = f" ({number(min(values))}–{number(max(values))})" if len(values) > 1 and min(values) != max(values) else ""
    return f"{number(statistics.median(values))} {m.unit}".strip() + spread


def _marked(text: str, missed: bool) -> str:
    return text + " **missed**" if missed else text


def _ours(row: Row, m: Measure) -> str:
    text, ours = _value(row, "stetig", m), row.median("stetig", m.key)
    if m.limit is None or ours is None:
        return text
    return _marked(f"{text}; ≤ {number(m.limit)}", ours > m.limit)


def _floor_ratio(row: Row, m: Measure) -> str:
    share = row.to_floor(m)
    if share is None:
        return "–"
    if m.floor is None:
        return ratio(m, share)
    return _marked(f"{ratio(m, share)}; {floor_target(m)}", share < m.floor if m.better == "high" else share > m.floor)


def _peer_ratio(row: Row, m: Measure, peer: str) -> str:
    got, want = row.times_better(m, peer), getattr(m, peer)
    if got is None:
        return "–"
    text = f"{number(got) if got < 10 else f'{got:,.0f}'} ×"
    return text if want is None else _marked(f"{text}; ≥ {want:g} ×", got < want)


def lines(rows: list[Row]) -> list[list[str]]:
    out = []
    for row in rows:
        for m in row.measures:
            out.append([
                f"{row.work}: {m.label}", _ours(row, m), _value(row, "floor", m), _floor_ratio(row, m),
                _value(row, "stock", m), _peer_ratio(row, m, "stock"),
                _value(row, "fasttrackml", m), _peer_ratio(row, m, "fasttrackml"),
            ])  # fmt: skip
    return out


def table(rows: list[Row]) -> str:
    """Markdown whose columns also stand under each other in plain text."""
    cells = [HEAD, *lines(rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(HEAD))]
    texts = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in cells]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts)


def remarks(rows: list[Row]) -> list[str]:
    return [
        f"{row.work}: {system.removesuffix(' failed')} {note}"
        for row in rows
        for system, note in row.notes.items()
        if not note.startswith("–") and (system in row.samples or system.endswith(" failed"))
    ]


def _output(*command: str | Path) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _sync_ms(folder: Path) -> float:
    """Median of appending 4 KiB and syncing: what every durable write of this disk costs at least."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(200):
            begun = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def _disk(folder: Path) -> str:
    device = os.stat(folder).st_dev
    name = Path(os.path.realpath(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")).name
    spins = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/queue/rotational")
    kind = "unknown" if not spins.exists() else "reported as rotating" if spins.read_text().strip() == "1" else "solid state"
    return f"{_output('stat', '-f', '-c', '%T', folder)} on {name} ({kind}), 4 KiB appended and synced in {_sync_ms(folder):.3f} ms"


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    return next((line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")), "?")


def machine(folder: Path, postgres: str) -> dict:
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{os.cpu_count()} × {_processor()}",
        "memory": f"{int(fields['MemTotal'].split()[0]) / 2**20:.0f} GiB",
        "kernel": platform.release(),
        "disk": _disk(folder),
        "load average before": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "stetig": f"{_output(STETIG, 'version').splitlines()[0]}, commit {_output('git', 'rev-parse', '--short', 'HEAD')}",
        "MLflow": _output(MLFLOW, "--version").rpartition(" ")[2] or "not installed",
        "FastTrackML": _package(FASTTRACKML.parents[1], "FastTrackML"),
        "PostgreSQL": postgres or "not used",
    }


def _package(venv: Path, name: str) -> str:
    found = next(venv.glob(f"lib/python*/site-packages/{name}-*.dist-info"), None) if venv.exists() else None
    return found.name.removesuffix(".dist-info").partition("-")[2] if found else "not installed"


def markdown(rows: list[Row], facts: dict, command: str, took: float) -> str:
    misses = [miss for row in rows for miss in row.misses()]
    parts = [f"Measured by `{command}` in {took / 60:.0f} minutes.", ""]
    parts += ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items()), "", table(rows), ""]
    parts += ["### Targets missed", "", *([f"- {miss}" for miss in misses] or ["None."]), ""]
    parts += ["### Remarks", "", *([f"- {remark}" for remark in remarks(rows)] or ["None."])]
    return "\n".join(parts)


def write_document(path: Path, text: str) -> None:
    page = path.read_text()
    before, _, rest = page.partition(BEGIN)
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}")


def write_json(path: Path, rows: list[Row], facts: dict, command: str) -> None:
    content = {
        "command": command,
        "machine": facts,
        "rows": [{"name": r.name, "work": r.work, "samples": r.samples, "notes": r.notes, "misses": r.misses()} for r in rows],
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
