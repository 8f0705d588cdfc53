"""The walk-through of client/ with the real MLflow clients, newest 3.x and last 2.x, on both stores.

Each check_* function is one test here; one client process per (client, store) runs all of them.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from support.server import ROOT

FOLDER = Path(__file__).parent / "client"
CLIENTS = ("mlflow3", "mlflow2")


def checks():
    found = []
    for path in sorted(FOLDER.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        only_3 = "NEEDS_MLFLOW_3 = True" in text
        for name in re.findall(r"^def (check_\w+)\(", text, flags=re.MULTILINE):
            for client in CLIENTS:
                if client == "mlflow3" or not only_3:
                    found.append(pytest.param(client, f"{path.stem}.{name}", id=f"{client}-{path.stem}.{name[6:]}"))
    return found


@pytest.fixture(scope="session")
def walk(server, tmp_path_factory):
    """walk(client): what every check came to with that client on this server; played once."""
    played = {}

    def play(client):
        if client not in played:
            done = subprocess.run(
                [ROOT / f".venv/{client}/bin/python", "harness.py"],
                cwd=FOLDER,
                env={
                    **os.environ,
                    "MLFLOW_TRACKING_URI": server.url,
                    "TMPDIR": str(tmp_path_factory.mktemp("client")),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
                },
                capture_output=True,
                text=True,
                timeout=600,
            )
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            played[client] = ({line["check"]: line for line in lines}, done)
        return played[client]

    return play


@pytest.mark.parametrize(("client", "check"), checks())
def test_client(walk, client, check):
    results, done = walk(client)
    assert check in results, f"the client ended with {done.returncode} before this check:\n{done.stderr[-4000:]}"
    if results[check]["error"]:
        pytest.fail(results[check]["error"], pytrace=False)
