"""Calls the native load generator and adds what only the outside sees: the server's CPU time."""

import json
import subprocess

import procs
from systems import BUILD, System, Unable

LOAD = BUILD / "bench/bench_load"


def call(system: System, scenario: str, limit: float = 900, **flags) -> dict:
    """One run of bench_load. Flags are its own; True stands for a flag without value, None is left out."""
    command = [str(LOAD), scenario, "--port", str(system.port)] + (["--floor"] if system.floor else [])
    for name, value in flags.items():
        if value is True:
            command.append(f"--{name}")
        elif value is not None:
            command += [f"--{name}", str(value)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        raise Unable(f"not done within {limit:.0f} s") from None
    if not done.stdout.startswith("{"):
        raise Unable(done.stderr.strip().replace("\n", " ")[-200:] or f"bench_load ended with {done.returncode}")
    return json.loads(done.stdout)


def sample(system: System, scenario: str, **flags) -> dict:
    """A run of requests: rate, times in ms, CPU of the server for each answer (what it does afterwards included)."""
    before = procs.cpu_seconds(system.process.pid)
    out = call(system, scenario, **flags)
    if system.kind == "stetig":
        system.settle(limit=15)
    if out["answered"] == 0:
        raise Unable("no answer")
    out["cpu_ms"] = (procs.cpu_seconds(system.process.pid) - before) * 1000 / out["answered"]
    for name in ("p50", "p95", "p99", "max"):
        out[name] /= 1000
    out["mb_per_s"] = out["bytes"] / out["seconds"] / 1e6 if out["seconds"] else 0
    return out
