"""kill -9 at any moment under mixed load: what was acknowledged is there, once; a batch is all or nothing; files are whole.

20 kills per store; 200 with STETIG_SOAK.
"""

import os
import random
import time

import pytest
from workload import check, finish, new_experiment, start_workers

KILLS = 200 if os.environ.get("STETIG_SOAK") else 20
SEED = int(os.environ.get("STETIG_SEED", "1"))


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_kill_at_any_moment_loses_nothing_acknowledged(start_server, store):
    server = start_server(store)
    chance = random.Random(SEED)
    experiment = new_experiment(server.port)
    ledgers = []
    for round_ in range(KILLS):
        workers = start_workers(server.port, experiment, SEED * 100_000 + round_)
        time.sleep(chance.uniform(0.02, 0.6))
        server.kill()
        ledgers.append(finish(workers))
        server.start()
        try:
            check(server.port, ledgers[-1])
        except AssertionError as error:
            raise AssertionError(f"STETIG_SEED={SEED}, kill {round_ + 1} of {KILLS}: {error}") from error
    everything = [ledger for of_round in ledgers for ledger in of_round]
    check(server.port, everything, files=0.2)
    assert sum(len(ledger.done) for ledger in everything) > 20 * KILLS, "hardly anything was written: the test tests nothing"
    assert any(ledger.doubtful for ledger in everything), "no kill came while a write was under way"
