"""A damaged pack, a PostgreSQL that goes away, a second server on the same folder, an end by SIGTERM under load."""

import http.client
import random
import subprocess
import time

import pytest
from support.postgres import Postgres
from support.server import Server
from workload import API, FILES, Client, check, file_bytes, finish, new_experiment, start_workers

BYTES = 3 << 20


def download(port: int, path: str):
    """The answer's status and body, or None for a connection that was cut on the way."""
    client = Client(port)
    try:
        return client.call("GET", path)
    except http.client.IncompleteRead:
        return None
    finally:
        client.close()


def test_a_flipped_byte_is_an_error_and_never_a_wrong_answer(start_server):
    server = start_server("sqlite")
    content = file_bytes(7, BYTES)  # does not compress: its bytes are in the pack as they are
    client = Client(server.port)
    assert client.call("PUT", FILES + "flip.bin", content)[0] == 200
    client.close()
    server.stop()
    packs = [p for p in (server.folder / "data" / "blobs").rglob("*") if p.is_file() and content[:1000] in p.read_bytes()]
    assert len(packs) == 1, f"expected the file's bytes in one pack, found {packs}"
    whole = packs[0].read_bytes()
    first = whole.index(content[:1000])
    chance = random.Random(1)
    noticed = 0
    for position in [first, first + 1, *(first + chance.randrange(BYTES) for _ in range(10))]:
        damaged = bytearray(whole)
        damaged[position] ^= 1 << chance.randrange(8)
        packs[0].write_bytes(damaged)
        server.start()
        answer = download(server.port, FILES + "flip.bin")
        assert answer is None or answer[0] >= 500 or answer[1] == content, f"byte {position}: {answer[0]}, other bytes"
        noticed += answer is None or answer[0] >= 500
        server.kill()
    assert noticed >= 8, f"{noticed} of 12 flips were noticed: they did not hit the file"
    packs[0].write_bytes(whole)
    server.start()
    assert download(server.port, FILES + "flip.bin") == (200, content)


def test_a_postgres_that_goes_away_and_comes_back(tmp_path_factory):
    database = Postgres()
    server = Server("stetig", tmp_path_factory.mktemp("away"), database.database())
    try:
        server.start()
        workers = start_workers(server.port, new_experiment(server.port), 5, tolerated=(503,))
        time.sleep(0.5)
        for _ in range(2):
            database.stop("immediate")
            asked = time.monotonic()
            status, body, retry = ask(server.port)
            assert status == 503 and retry, f"{status} {body!r}, Retry-After {retry}"
            assert time.monotonic() - asked < 5, "the refusal took too long"
            time.sleep(0.5)
            database.start()
            wait_until(lambda: ask(server.port)[0] == 200, 20)
            time.sleep(0.5)
        ledgers = finish(workers)
        assert sum(worker.refused for worker in workers) > 0, "no client saw the outage"
        check(server.port, ledgers)
        assert server.stop() == 0
    finally:
        server.kill()
        database.close()


def ask(port: int):
    """A write that leaves nothing: experiment 0 gets its own tag again."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = b'{"experiment_id":"0","key":"k","value":"v"}'
    connection.request("POST", API + "experiments/set-experiment-tag", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    status, text, retry = answer.status, answer.read(), answer.getheader("Retry-After")
    connection.close()
    return status, text, retry


def wait_until(done, seconds: float):
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not after {seconds} s"
        time.sleep(0.05)


def test_a_second_server_on_one_folder_says_so_and_leaves_the_first_alone(start_server):
    server = start_server("sqlite")
    second = Server("stetig", server.folder)
    done = subprocess.run(second.command(), capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert f"process {server.process.pid}" in done.stderr and "stetig up --data" in done.stderr, done.stderr
    assert ask(server.port)[0] == 200


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_sigterm_under_load_ends_cleanly_and_keeps_what_was_answered(start_server, store):
    server = start_server(store)
    workers = start_workers(server.port, new_experiment(server.port), 9, tolerated=(503,))
    time.sleep(0.7)
    assert server.stop() == 0, server.log_tail()
    ledgers = finish(workers)
    server.start()
    check(server.port, ledgers)
