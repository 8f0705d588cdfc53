"""Runs the built `stetig` as an operator does."""

import json
import os
import subprocess

from support.server import stetig_binary


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without settings of the machine that runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STETIG_", "LC_")) and name != "LANG"}
    return kept | {"LANG": "C.UTF-8"} | more


def stetig(*arguments, env: dict[str, str] | None = None, stdin: str = "", timeout: float = 30, **more) -> subprocess.CompletedProcess:
    """stetig("user", "list", env={"STETIG_DATA": …}): the finished process with its texts."""
    return subprocess.run(
        [str(stetig_binary()), *map(str, arguments)],
        env=clean_environment(**(env or {})),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        **more,
    )


def doctor(*arguments, **more):
    """`stetig doctor`: exit code, settings by name, checks by name."""
    done = stetig("doctor", "-o", "json", *arguments, **more)
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["ok"] == (done.returncode == 0)
    return done.returncode, {s["name"]: s for s in report["settings"]}, {c["check"]: c for c in report["checks"]}
