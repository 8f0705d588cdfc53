"""Peers that do not keep to HTTP, against the whole server by raw sockets. After each the server answers, its state is as it was,
and its memory has not grown beyond what the test says. Time-outs are in src/http/hostile_test.cc, with short limits.
"""

import gzip
import json
import os
import random
import re
import resource
import select
import socket
import subprocess
import time

import pytest
import requests

MIB = 1 << 20
POST = b"POST /api/2.0/mlflow/experiments/create HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
NAME = b'{"name":"smuggled"}'
GET = b"GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.fixture(scope="module")
def target(request, start_server):
    if request.config.getoption("--server") == "stock":
        pytest.skip("stock waits for ever, or takes what it should refuse")
    server = start_server("sqlite")
    requests.get(server.url + "/version", timeout=10)  # what a first request brings into memory is no growth
    return server


def rss(server) -> int:
    status = open(f"/proc/{server.process.pid}/status").read()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


@pytest.fixture(autouse=True)
def unharmed(request, target):
    before = names(target)
    memory = rss(target)
    yield
    if request.node.get_closest_marker("keeps_memory"):
        memory = rss(target)
    assert requests.get(target.url + "/version", timeout=10).status_code == 200
    assert names(target) == before, "the state has changed"
    assert rss(target) - memory < 24 * MIB, f"{(rss(target) - memory) / MIB:.1f} MiB more than before"


def names(server) -> list[str]:
    found = requests.get(server.url + "/api/2.0/mlflow/experiments/search?max_results=1000&view_type=ALL", timeout=30).json()
    return sorted(e["name"] for e in found["experiments"])


def exchange(server, data: bytes, half_close: bool = True, seconds: float = 20) -> bytes:
    """Sends, then reads to the end of the connection."""
    received = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as peer:
        try:
            peer.sendall(data)
            if half_close:
                peer.shutdown(socket.SHUT_WR)
            while piece := peer.recv(65536):
                received += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
    return received


def statuses(answers: bytes) -> list[int]:
    return [int(s) for s in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


REFUSED = {
    "CL and TE": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + POST + b"Content-Length: 19\r\n\r\n" + NAME,
    "TE and CL": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + GET,
    "two lengths": POST + b"Content-Length: 19\r\nContent-Length: 0\r\n\r\n" + NAME,
    "the same length twice": POST + b"Content-Length: 19\r\nContent-Length: 19\r\n\r\n" + NAME,
    "lengths in a list": POST + b"Content-Length: 19, 19\r\n\r\n" + NAME,
    "negative length": POST + b"Content-Length: -19\r\n\r\n" + NAME,
    "signed length": POST + b"Content-Length: +19\r\n\r\n" + NAME,
    "hexadecimal length": POST + b"Content-Length: 0x13\r\n\r\n" + NAME,
    "length beyond 64 bits": POST + b"Content-Length: 18446744073709551635\r\n\r\n" + NAME,
    "length of words": POST + b"Content-Length: nineteen\r\n\r\n" + NAME,
    "unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n13\r\n" + NAME + b"\r\n0\r\n\r\n",
    "chunked and another": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n13\r\n" + NAME + b"\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n13\r\n" + NAME + b"\r\n0\r\n\r\n",
    "tab behind chunked": POST + b"Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n" + POST + b"Content-Length: 19\r\n\r\n" + NAME,
    "blank before colon": POST + b"Content-Length : 19\r\n\r\n" + NAME,
    "folded length": POST + b"Content-Length:\r\n 19\r\n\r\n" + NAME,
    "bare line feeds": POST.replace(b"\r\n", b"\n") + b"Content-Length: 19\n\n" + NAME,
    "bare carriage return": POST + b"X: a\rContent-Length: 0\r\nContent-Length: 19\r\n\r\n" + NAME,
    "NUL in a field": POST + b"X: a\0b\r\nContent-Length: 19\r\n\r\n" + NAME,
    "NUL in the target": b"GET /vers\0ion HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "escaped NUL in the target": b"GET /version%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "malformed escape": b"GET /version%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "no host": b"GET /version HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\n\r\n",
    "HTTP/1.0 with coding": POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n13\r\n" + NAME + b"\r\n0\r\n\r\n",
    "HTTP/2.0": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(400),
    "chunk size with sign": POST + b"Transfer-Encoding: chunked\r\n\r\n+13\r\n" + NAME + b"\r\n0\r\n\r\n",
    "chunk size beyond 64 bits": POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + NAME,
    "chunk longer than it says": POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\n" + NAME + b"\r\n0\r\n\r\n",
    "fields without end": b"GET /version HTTP/1.1\r\n" + b"X: y\r\n" * 20_000,
    "field of a megabyte": b"GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"y" * MIB + b"\r\n\r\n",
    "target of a megabyte": b"GET /" + b"y" * MIB + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "10 MB of [": b"[" * 10_000_000,
    "invalid UTF-8": bytes(range(128, 256)) * 100,
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_be_read_in_two_ways_gets_one_refusal_and_the_end(target, case):
    answers = exchange(target, REFUSED[case])
    # A peer that goes on sending may find the connection reset before it has read the refusal.
    assert len(statuses(answers)) <= 1, f"{len(statuses(answers))} answers to one ambiguous request: {answers[:400]!r}"
    if len(REFUSED[case]) < 100_000:
        assert len(statuses(answers)) == 1, "no answer at all"
    assert all(400 <= s < 600 and s != 500 for s in statuses(answers)), answers[:400]


def test_garbage_behind_good_requests_ends_the_connection_after_their_answers(target):
    answers = exchange(target, GET + GET + b"\x00\xff garbage \r\n\r\n" + GET)
    assert statuses(answers) == [200, 200, 400]


@pytest.mark.parametrize("body", [b"[" * 10_000_000, b'{"a":' * 1_000_000, b'{"name":"' + b"x" * 5_000_000, b"\xff\xfe" * 1000, b'{"name":"\\ud800"}', b'"' * 999])
def test_bodies_that_are_no_message_are_refused(target, body):
    answer = requests.post(target.url + "/api/2.0/mlflow/experiments/create", data=body, headers={"Content-Type": "application/json"}, timeout=60)
    assert 400 <= answer.status_code < 500, answer.text[:300]
    assert set(answer.json()) >= {"error_code", "message"} and len(answer.text) < 10_000


def test_a_body_without_end_is_cut_off(target):
    """It is refused at its limit; the connection goes once the peer has had a moment to see that."""
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", target.port), timeout=20) as peer:
        peer.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"[" * 0x10000 + b"\r\n"
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while time.monotonic() - begun < 30:
                peer.sendall(chunk)
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_bomb_in_a_content_coding_is_refused_by_what_it_unpacks_to(target, coding):
    text = b'{"name":"' + b"x" * (512 * MIB)
    if coding == "gzip":
        packed = gzip.compress(text, 9)
    else:
        packed = subprocess.run(["zstd", "-q", "-c"], input=text, capture_output=True, check=True, timeout=120).stdout
    assert len(packed) < MIB
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    answer = requests.post(target.url + "/api/2.0/mlflow/experiments/create", data=packed, headers=headers, timeout=60)
    assert answer.status_code == 413, answer.text[:300]


def test_a_half_closed_connection_gets_its_answers(target):
    assert statuses(exchange(target, GET * 3)) == [200, 200, 200]


def test_a_request_cut_short_changes_nothing(target):
    for cut in (b"", b"Content-Length: 19\r\n\r\n" + NAME[:10], b"Content-Length: 19\r\n"):
        assert all(s >= 400 for s in statuses(exchange(target, POST + cut)))


def test_peers_that_never_read_do_not_hold_memory(target):
    peers = []
    try:
        for _ in range(50):
            peer = socket.create_connection(("127.0.0.1", target.port), timeout=5)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.setblocking(False)
            try:
                for _ in range(2000):
                    peer.send(GET)
            except BlockingIOError:
                pass
            peers.append(peer)
        begun = time.monotonic()
        assert requests.get(target.url + "/version", timeout=10).status_code == 200
        assert time.monotonic() - begun < 2
    finally:
        for peer in peers:
            peer.close()


def test_lengths_that_are_only_announced_take_no_memory(target):
    memory, peers = rss(target), []
    try:
        for _ in range(200):
            peer = socket.create_connection(("127.0.0.1", target.port), timeout=5)
            peer.sendall(POST + b"Content-Length: 60000000\r\n\r\n{")
            peers.append(peer)
        begun = time.monotonic()
        assert requests.get(target.url + "/version", timeout=10).status_code == 200
        assert time.monotonic() - begun < 2
        time.sleep(0.5)
        assert rss(target) - memory < 24 * MIB, f"{(rss(target) - memory) / MIB:.0f} MiB for bodies that have not come"
    finally:
        for peer in peers:
            peer.close()


def test_out_of_descriptors_new_peers_wait_and_are_served_later(target):
    pid = target.process.pid
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    in_use, peers = len(os.listdir(f"/proc/{pid}/fd")), []
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (in_use + 20, limits[1]))
    try:
        for _ in range(100):
            peer = socket.create_connection(("127.0.0.1", target.port), timeout=10)
            peer.sendall(GET)
            peers.append(peer)
        time.sleep(0.3)
        spent = cpu_seconds(pid)
        time.sleep(1)
        assert cpu_seconds(pid) - spent < 0.3, "the server turns in circles while it has no descriptor"
        waiting = peers
        for _ in range(20):  # whoever is answered makes room for one that waits
            ready = answered(waiting)
            waiting = [peer for peer in waiting if peer not in ready]
            for peer in ready:
                assert peer.recv(4096).startswith(b"HTTP/1.1 200")
                peer.close()
            time.sleep(0.2)
        assert not waiting, f"{len(waiting)} peers were never served"
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        for peer in peers:
            peer.close()


def answered(peers: list[socket.socket]) -> list[socket.socket]:
    return select.select(peers, [], [], 0)[0]


def cpu_seconds(pid: int) -> float:
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.keeps_memory
def test_ten_thousand_open_connections(target):
    """Each has asked once and stays. The server answers others at once. What they cost is bounded and serves the next ten thousand."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count, memory = 10_000, rss(target)
    assert hard > count + 500, f"at most {hard} open files here, expected more than {count}: ulimit -n"
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        first = with_connections(target, count) - memory
        second = with_connections(target, count) - memory
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for grown in (first, second):
        # Right after their requests, before idle connections have given their buffers back.
        assert grown < count * 16 * 1024, f"{grown / count / 1024:.1f} KiB for each connection, expected at most 16"


def with_connections(target, count: int) -> int:
    """What the server takes in memory while so many connections are open."""
    peers, chance = [], random.Random()
    try:
        for _ in range(count):
            # Many source addresses: one has some 28,000 ports, and each is kept for a minute after its end.
            source = f"127.{chance.randint(1, 254)}.{chance.randint(1, 254)}.1"
            peer = socket.create_connection(("127.0.0.1", target.port), timeout=20, source_address=(source, 0))
            peer.sendall(GET)
            peers.append(peer)
        assert sum(peer.recv(4096).startswith(b"HTTP/1.1 200") for peer in peers) == count
        begun = time.monotonic()
        body = json.dumps({"experiment_ids": ["0"], "max_results": 10})
        answer = requests.post(target.url + "/api/2.0/mlflow/runs/search", data=body, headers={"Content-Type": "application/json"}, timeout=10)
        assert answer.status_code == 200 and time.monotonic() - begun < 1
        return rss(target)
    finally:
        for peer in peers:
            peer.close()
        deadline = time.monotonic() + 20
        while open_connections(target) > 100:
            assert time.monotonic() < deadline, "closed connections are still there after 20 s"
            time.sleep(0.05)


def open_connections(target) -> int:
    return int(re.search(r"^stetig_http_connections (\d+)", requests.get(target.url + "/metrics", timeout=10).text, re.MULTILINE)[1])
