"""examples/breast-cancer ends well with the real clients on both stores."""

import os
import subprocess

import pytest
from support.server import ROOT


@pytest.mark.parametrize("client", ["mlflow3", "mlflow2"])
def test_example_trains_registers_and_loads_back_bit_for_bit(server, client, tmp_path):
    done = subprocess.run(
        [ROOT / f".venv/{client}/bin/python", ROOT / "examples/breast-cancer/train.py"],
        cwd=tmp_path,
        env={**os.environ, "MLFLOW_TRACKING_URI": server.url, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-4000:]}\nserver:\n{server.log_tail()}"
    assert done.stdout.count("  same: ") == 4, done.stdout
    assert "DIFFERENT" not in done.stdout, done.stdout
