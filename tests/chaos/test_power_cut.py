"""The power fails at any moment, on the embedded store: recorder.c notes what the server does to its files, disk.py says what
the disk may then hold (its model is stated there), and a new server must find all that was acknowledged.

20 cuts in 4 recordings; 200 in 40 with STETIG_SOAK.
"""

import os
import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from disk import Disk, records
from support.server import Server
from workload import check, finish, new_experiment, start_workers

RECORDINGS = 40 if os.environ.get("STETIG_SOAK") else 4
CUTS = 5
SEED = int(os.environ.get("STETIG_SEED", "1"))


@pytest.fixture(scope="session")
def recorder(tmp_path_factory):
    library = tmp_path_factory.mktemp("recorder") / "recorder.so"
    source = Path(__file__).parent / "recorder.c"
    subprocess.run(["clang-19", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", source, "-o", library, "-ldl"], check=True, timeout=120)
    return library


def record(recorder, folder: Path, chance: random.Random, seed: int):
    """Two lives of one server under load, the first ended by SIGTERM or SIGKILL. Returns the log and the ledgers."""
    log = folder / "operations.log"
    server = Server("stetig", folder)
    server.environment = {"LD_PRELOAD": str(recorder), "POWERCUT_ROOT": str(folder / "data"), "POWERCUT_LOG": str(log)}
    ledgers, experiment = [], None
    for life in range(2):
        server.start()
        experiment = experiment or new_experiment(server.port)
        workers = start_workers(server.port, experiment, seed + life, mark=lambda: log.stat().st_size, largest=300_000)
        time.sleep(chance.uniform(0.4, 1.2))
        if life == 0 and chance.random() < 0.5:
            server.stop()
        else:
            server.kill()
        ledgers += finish(workers)
    return log.read_bytes(), ledgers


@pytest.mark.parametrize("recording", range(RECORDINGS))
def test_power_cut_at_any_moment_loses_nothing_acknowledged(recorder, tmp_path, recording):
    seed = SEED * 1_000 + recording
    chance = random.Random(seed)
    log, ledgers = record(recorder, tmp_path / "recorded", chance, seed * 10)
    written = [w.at for ledger in ledgers for w in ledger.done]
    assert len(written) > 50, "hardly anything was written: the test tests nothing"
    # After the first acknowledgement, so that each cut has something to lose; some cuts right behind one.
    cuts = sorted(chance.choice((chance.randint(min(written), len(log)), chance.choice(written))) for _ in range(CUTS))
    disk = Disk(tmp_path / "recorded" / "data")
    left = list(cuts)
    for end, kind, inode, number, text, data in records(log):
        while left and end > left[0]:
            verify(disk, tmp_path / f"cut{len(left)}", chance, ledgers, left.pop(0), f"STETIG_SEED={SEED}, recording {recording}")
        disk.play(kind, inode, number, text, data)
    for cut in left:
        verify(disk, tmp_path / "last", chance, ledgers, cut, f"STETIG_SEED={SEED}, recording {recording}")


def verify(disk: Disk, folder: Path, chance: random.Random, ledgers, cut: int, where: str):
    how = disk.cut(folder / "data", chance)
    server = Server("stetig", folder)
    try:
        server.start()
        check(server.port, ledgers, until=cut)
        assert server.stop() == 0
    except (AssertionError, RuntimeError, TimeoutError) as error:
        raise AssertionError(f"{where}, cut at byte {cut} of the log, {how}: {error}\n{server.log_tail()}") from error
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
