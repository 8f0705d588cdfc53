"""Files attached to records: names and types that mislead, lengths that lie, uploads that break off, many at once, and a server that is
killed in between. What was acknowledged is there, byte for byte; what was not has left no row."""

import hashlib
import http.client
import json
import os
import socket
import threading
import time
from urllib.parse import quote

import pytest
import requests
from support.api import BASE, PROBLEM, Api, expect_problem

MIB = 1 << 20
LIMIT = 256 * MIB
EVIL_NAMES = [
    "..", ".", "../x", "..\\x", "/etc/passwd", "a/b", "a\\b", "c:\\x", "c:x", "%2e%2e%2fx", "%252e%252e%252fx", "a\0b", "\0", "a\nb", "a\r\nX-Evil: 1", " a", "a ",
    "a.", "x" * 201, "é" * 101, "gpj.\u202eexe", "a\u200bb", "\ufeff", "a\u2028b", "\x7f", "\x1b[31m",
]  # fmt: skip
GOOD_NAMES = ["a.txt", "Übersicht 2026.pdf", "日本.png", "😀", ".hidden", "a#b?c&d=e", "100%.csv", "'; DROP TABLE x; --", '"quoted"', "<script>", "x" * 200, "CON"]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def api(request, start_server) -> Api:
    if request.config.getoption("--server") == "stock":
        pytest.skip("stetig's own interface")
    api = Api(start_server(request.param).url)
    return api


@pytest.fixture
def record(api) -> str:
    return api.make("requirement", api.project()["key"])["id"]


def at(record: str, name: str, rest: str = "") -> str:
    return f"{BASE}/requirements/{record}/attachments/{quote(name, safe='')}{rest}"


def put(api: Api, record: str, name: str, data, **headers: str) -> requests.Response:
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return requests.put(api.url + at(record, name), data=data, headers=sent, timeout=60)


def names(api: Api, record: str) -> list[str]:
    return [one["name"] for one in api.good("attachment.list", "requirements", record, query={"limit": 1000})["items"]]


def head(api: Api) -> int:
    return len(api.good("event.list", query={"limit": 1000})["items"])


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_names_that_are_paths_or_mislead(api, record, name):
    before = head(api)
    for method in ("PUT", "GET", "DELETE"):
        # Not with requests, which would resolve ".." before it sends.
        connection = http.client.HTTPConnection("127.0.0.1", int(api.url.rsplit(":", 1)[1]), timeout=10)
        connection.request(method, at(record, name), b"x" if method == "PUT" else None)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status in (400, 404, 405), (method, answer.status, text[:300])
        assert answer.getheader("Content-Type") == PROBLEM
        assert answer.getheader("X-Evil") is None
        connection.close()
    assert names(api, record) == [] and head(api) == before


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_names_that_only_look_odd(api, record, name):
    data = os.urandom(1000)
    assert put(api, record, name, data).status_code == 201
    assert names(api, record) == [name]
    answer = requests.get(api.url + at(record, name), timeout=10)
    assert answer.content == data
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename") and "\n" not in disposition
    if not name.isascii() or '"' in name:
        assert disposition == f"attachment; filename*=UTF-8''{quote(name, safe='')}"


@pytest.mark.parametrize("kind", ["text", "/", "text/", "te xt/plain", "text/plain;\xff", "t\xe4xt/plain", "x/" + "y" * 300, "a/b/c"])
def test_content_types_that_are_none(api, record, kind):
    connection = http.client.HTTPConnection("127.0.0.1", int(api.url.rsplit(":", 1)[1]), timeout=10)
    connection.putrequest("PUT", at(record, "a"))
    connection.putheader("Content-Type", kind.encode("latin-1"))
    connection.putheader("Content-Length", "1")
    connection.endheaders(b"x")
    answer = connection.getresponse()
    assert answer.status == 400, answer.read()[:300]
    assert json.loads(answer.read())["code"] in ("invalid_content_type", "bad_request")
    assert names(api, record) == []


def test_pages_are_neither_run_nor_framed(api, record):
    page = b"<script>alert(document.domain)</script>"
    for kind in ("text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript"):
        assert put(api, record, "page", page, Content_Type=kind).status_code == 201
        headers = requests.get(api.url + at(record, "page"), timeout=10).headers
        assert headers["Content-Type"] == kind
        assert headers["Content-Disposition"].startswith("attachment")
        assert headers["X-Content-Type-Options"] == "nosniff"
        policy = headers["Content-Security-Policy"]
        assert "sandbox" in policy and "default-src 'none'" in policy and "allow" not in policy


def test_an_empty_file_is_a_file(api, record):
    answer = put(api, record, "empty", b"")
    assert answer.status_code == 201
    assert answer.json()["sha256"] == hashlib.sha256(b"").hexdigest()
    assert requests.get(api.url + at(record, "empty"), timeout=10).content == b""


def test_a_file_beyond_the_limit_is_refused_before_it_is_sent(api, record):
    port = int(api.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
        peer.sendall(f"PUT {at(record, 'huge')} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LIMIT + 1}\r\n\r\n".encode())
        answer = peer.recv(65536)
    assert answer.split()[1] == b"413", answer[:200]
    for length in ("-1", "1e3", "99999999999999999999", "5, 6", "0x10", ""):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
            peer.sendall(f"PUT {at(record, 'huge')} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode())
            assert peer.recv(65536).split()[1] in (b"400", b"413"), length
    assert names(api, record) == []


def test_a_file_without_a_length_is_bounded_too(api, record):
    piece = b"\0" * MIB

    def pieces():
        for _ in range(LIMIT // MIB + 1):
            yield piece

    try:
        answer = requests.put(api.url + at(record, "endless"), data=pieces(), timeout=120)
        expect_problem(answer, 413, "body_too_large")
    except requests.ConnectionError:
        pass  # the server has answered and closed while we were still sending
    assert names(api, record) == []


@pytest.mark.parametrize("sent", [0, 1, 1000, MIB + 7])
def test_an_upload_that_breaks_off_leaves_nothing(api, record, sent):
    before = head(api)
    port = int(api.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
        peer.sendall(f"PUT {at(record, 'broken')} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {sent + 1000}\r\n\r\n".encode())
        peer.sendall(b"a" * sent)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:  # chunks without the last one
        peer.sendall(f"PUT {at(record, 'broken')} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        peer.sendall(b"%x\r\n" % (sent + 1) + b"a" * (sent + 1) + b"\r\n")
    time.sleep(0.3)
    assert names(api, record) == [] and head(api) == before


def test_records_and_versions_that_are_not_there(api, record):
    put(api, record, "a", b"1")
    base = f"{api.url}{BASE}"
    expect_problem(requests.get(f"{base}/tasks/{record}/attachments/a", timeout=10), 404, "other_kind")
    expect_problem(requests.get(f"{base}/nothing/{record}/attachments/a", timeout=10), 404, "not_found")
    expect_problem(requests.get(f"{base}/requirements/NONE-1/attachments/a", timeout=10), 404, "record_not_found")
    expect_problem(requests.put(f"{base}/requirements/NONE-1/attachments/a", data=b"x" * MIB, timeout=10), 404, "record_not_found")
    for version in ("0", "-1", "x", "", "1.5", str(2**63)):
        expect_problem(requests.get(api.url + at(record, "a", f"?version={version}"), timeout=10), 400, "invalid_parameter")
    for version in (2, 2**63 - 1):
        expect_problem(requests.get(api.url + at(record, "a", f"?version={version}"), timeout=10), 404, "attachment_not_found")
        expect_problem(requests.delete(api.url + at(record, "a", f"?version={version}"), timeout=10), 404, "attachment_not_found")
    assert names(api, record) == ["a"]


def test_uploads_of_one_name_at_the_same_time(api, record):
    contents = [os.urandom(200_000 + i) for i in range(12)]
    answers: list[dict] = []

    def upload(data: bytes) -> None:
        answer = put(api, record, "same", data)
        assert answer.status_code == 201, answer.text
        answers.append(answer.json())

    threads = [threading.Thread(target=upload, args=(data,)) for data in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one["version"] for one in answers) == list(range(1, 13))
    expected = {hashlib.sha256(data).hexdigest(): data for data in contents}
    assert len({one["sha256"] for one in answers}) == 12
    for one in answers:
        got = requests.get(api.url + at(record, "same", f"?version={one['version']}"), timeout=10)
        assert got.content == expected[one["sha256"]]
        assert got.headers["X-Content-Sha256"] == one["sha256"]


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_a_killed_server_keeps_what_it_acknowledged_and_nothing_else(request, start_server, store):
    if request.config.getoption("--server") == "stock":
        pytest.skip("stetig's own interface")
    server = start_server(store)
    api = Api(server.url)
    record = api.make("requirement", api.project()["key"])["id"]
    acknowledged: dict[str, bytes] = {}
    tried: set[str] = set()
    stop = threading.Event()

    def upload(thread: int) -> None:
        for i in range(1_000_000):
            if stop.is_set():
                return
            name, data = f"{thread}-{i}", os.urandom(50_000)
            tried.add(name)
            try:
                if put(api, record, name, data).status_code == 201:
                    acknowledged[name] = data
            except requests.RequestException:
                return

    for _ in range(3):
        stop.clear()
        threads = [threading.Thread(target=upload, args=(n + len(tried) * 10,)) for n in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.7)
        server.kill()
        stop.set()
        for thread in threads:
            thread.join()
        server.start()
        there = set()
        token = None
        while True:
            page = api.good("attachment.list", "requirements", record, query={"limit": 1000} | ({"page_token": token} if token else {}))
            there |= {one["name"] for one in page["items"]}
            token = page.get("next_page_token")
            if not token:
                break
        assert set(acknowledged) <= there <= tried
        for name in there:  # whatever has a row has its bytes
            got = requests.get(api.url + at(record, name), timeout=10)
            assert got.status_code == 200 and hashlib.sha256(got.content).hexdigest() == got.headers["X-Content-Sha256"]
            assert name not in acknowledged or got.content == acknowledged[name]
    assert acknowledged
