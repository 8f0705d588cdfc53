"""The Java client of MLflow, which was written elsewhere and speaks an older API, walks through the server."""

import subprocess

from support.server import ROOT

JARS = ROOT / ".cache" / "java"
SOURCE = ROOT / "tests" / "e2e" / "java" / "Walk.java"


def test_java_client_walks_through(server):
    # Java runs a single source file as it is, so that nothing is built ahead.
    done = subprocess.run(
        ["java", "-cp", f"{JARS}/*", str(SOURCE), server.url], capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-4000:]}\nserver:\n{server.log_tail()}"
    assert done.stdout.endswith("java walk: done\n"), done.stdout
