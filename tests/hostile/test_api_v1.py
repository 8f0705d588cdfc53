"""Bad input to every operation of API v1, made from openapi.json: always a problem of the client, never an error of the server,
nothing in the state changes, memory stays bounded; and who may call what."""

import http.client
import json
import socket
import time
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import requests
from support.api import BASE, PROBLEM, Api, Operation, Spec, body_for, value_for
from support.command import stetig
from support.server import Server, stetig_binary

MIB = 1 << 20
NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OTHER_TYPES = {
    "string": [5, 1.5, True, [], {}, ["x"]],
    "integer": ["x", "5", 1.5, True, [], {}, 2**63, -(2**63) - 1, 10**400],
    "number": ["x", "1.5", True, [], {}, "NaN"],
    "boolean": ["true", 0, 1, [], {}],
    "array": ["x", 5, {}, [5], [None], [["x"]], [{}], ["x", 5]],
    "object": ["x", 5, [], True, "{}"],
}
EVIL_IDS = [
    "..", ".", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "' OR '1'='1", "'; DROP TABLE planning_records; --", '"', "`", "\\", "%", "_", "%00", "\0",
    "a\0b", "x" * 10_000, "😀", "é" * 500, " ", "\n", "-1", "0", "9" * 40, "NaN", "null", "CHURN-", "CHURN--1", "CHURN-99999999999999999999", "{id}", "*",
    NOBODY.lower(), "$1", "?", "#", "&", "<script>", "\u202e", "\ufffe",
]  # fmt: skip


class Target:
    """A server with something in it, spoken to over one kept connection."""

    def __init__(self, server: Server):
        self.server = server
        self.api = Api(server.url)
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.project = self.api.project(title="here")
        self.records = {}
        for operation in self.api.spec.operations.values():
            if operation.id.endswith(".create") and operation.noun != "project":
                self.records[operation.noun] = self.api.make(operation.noun, self.project["key"])
        self.records["project"] = self.project
        ends = {"from_type": "task", "from_id": self.records["task"]["id"], "to_type": "requirement", "to_id": self.records["requirement"]["id"]}
        self.records["link"] = self.api.good("link.add", body={"type": "implements", **ends})

    def ids(self, operation: Operation) -> list[str]:
        """Of something that exists, where this test made such a thing."""
        known = self.records.get(operation.noun)
        return [known["id"] if known else "none" for _ in operation.path_names]

    def send(self, method: str, target: str, body: bytes | str | None = None, headers: dict | None = None) -> tuple[int, str, bytes]:
        try:
            self.connection.request(method, target, body.encode() if isinstance(body, str) else body, headers or {})
            answer = self.connection.getresponse()
            return answer.status, answer.getheader("Content-Type", ""), answer.read()
        except (http.client.HTTPException, OSError):
            self.connection.close()
            raise

    def json(self, operation: Operation, body, ids: list[str] | None = None, target: str | None = None):
        text = body if isinstance(body, (str, bytes)) else json.dumps(body)
        at = target or operation.at(*(ids or self.ids(operation)))
        return self.send(operation.method, at, text, {"Content-Type": "application/json"})

    def state(self) -> str:
        """The journal's head, and everything that an operation may have changed."""
        parts = [self.api.good("event.list", query={"limit": 1000})]
        for operation in self.api.spec.operations.values():
            if operation.id.endswith(".list") and operation.noun not in ("event", "run") and not operation.path_names:
                query = {"limit": 1000} | ({"ended": "true"} if operation.noun == "link" else {})
                parts.append(self.api.good(operation.id, query=query))
        return json.dumps(parts, sort_keys=True)

    def resident(self) -> int:
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) << 10


def refused(answer: tuple[int, str, bytes], shown, statuses=range(400, 500)) -> dict:
    """The problem, after checking that it is one of the client's and gives nothing away."""
    status, media, text = answer
    assert status in statuses, (shown, status, text[:500])
    assert media == PROBLEM, (shown, status, media, text[:300])
    problem = json.loads(text)
    assert problem["status"] == status and problem["code"] and problem["detail"] and problem["title"], (shown, problem)
    assert len(text) < 4000, (shown, len(text))
    for word in ("SELECT", "SQL", "sqlite", "postgres", "/src/", "std::"):
        assert word not in problem["detail"], (shown, problem)
    return problem


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def target(request, start_server) -> Target:
    if request.config.getoption("--server") == "stock":
        pytest.skip("stetig's own interface")
    return Target(start_server(request.param))


@pytest.fixture(autouse=True)
def unchanged(request):
    """Nothing that is refused leaves a trace."""
    if "target" not in request.fixturenames:
        yield
        return
    target = request.getfixturevalue("target")
    before, resident = target.state(), target.resident()
    yield
    assert target.state() == before
    assert target.resident() - resident < 160 * MIB


def operations(target: Target, *, body: bool | None = None) -> list[Operation]:
    found = [one for one in target.api.spec.operations.values() if one.id != "event.watch" and not one.takes_file]
    return [one for one in found if body is None or (one.body is not None) == body]


def good_body(target: Target, operation: Operation) -> dict:
    """What the operation would take, were it not for one mistake."""
    if operation.id == "link.add":
        return {"type": "relates", "from_type": "run", "from_id": "a", "to_type": "run", "to_id": "b"}
    return body_for(operation, target.project["key"])


def test_the_test_is_right(target):
    """A control: the bodies that mistakes are put into are taken."""
    for operation in operations(target, body=True):
        body = good_body(target, operation)
        errors = target.api.spec.errors(operation.body, body)
        assert not errors, (operation.id, errors)


def test_bodies_that_are_none(target):
    for operation in operations(target, body=True):
        for text in (b"", b"{", b"null", b"[]", b'"x"', b"5", b"\xff\xfe", b'{"title": "\xff"}', b"{}{}", b"\0", b'{"title": "a" "b"}', b"{'title': 1}",
                     b"\xef\xbb\xbf[1]", b'{"title": "\\ud800"}', b'{"title": NaN}', b"[" * 100_000, b'{"a":' * 50_000, b"{" + b" " * MIB):  # fmt: skip
            refused(target.json(operation, text), (operation.id, text[:30]))
    for operation in operations(target, body=False):
        if operation.method != "GET":
            problem = refused(target.json(operation, "{}"), operation.id, (400, 413))
            assert problem["code"] in ("unexpected_body", "body_too_large"), problem


def test_a_body_on_a_get_changes_nothing(target):
    for operation in operations(target, body=False):
        if operation.method == "GET":
            refused(target.json(operation, "{}"), operation.id)


def test_fields_of_wrong_types(target):
    for operation in operations(target, body=True):
        for name, schema in operation.body["properties"].items():
            kinds = schema.get("type", "string")
            kind, nullable = (kinds[0], True) if isinstance(kinds, list) else (kinds, False)
            for value in OTHER_TYPES[kind] + ([] if nullable else [None]):
                problem = refused(target.json(operation, {**good_body(target, operation), name: value}), (operation.id, name, value))
                assert name in problem["detail"] or value == 10**400, (operation.id, name, value, problem)


def test_values_that_no_field_takes(target):
    for operation in operations(target, body=True):
        for name, schema in operation.body["properties"].items():
            kinds = schema.get("type", "string")
            kind = kinds[0] if isinstance(kinds, list) else kinds
            wrong = {"string": ["\0", "a\0b", "x" * (300 << 10)], "array": [["\0"], ["x"] * 1000, ["x" * 5000]],
                     "object": [{"\0": 1}, {"a": "\0"}, {"a": "x" * (70 << 10)}], "integer": [], "number": [], "boolean": []}[kind]  # fmt: skip
            if "enum" in schema:
                wrong += ["", "nothing of these", schema["enum"][0].upper(), schema["enum"][0] + " "]
            if schema.get("format") == "date":
                wrong += ["", "tomorrow", "2026-13-01", "2026-02-30", "2026-11-27T00:00:00Z", "27.11.2026", "2026-11-2"]
            if name in ("criteria", "target"):
                wrong += [["metrics.a"], ["1 = 1"], ["metrics.a > 'x'"], [""], ["metrics.a > 1; DROP TABLE x"], ["(" * 100], ["params.a = 'x'"]]
            if name in ("title", "owner", "customer"):
                wrong += ["two\nlines", "esc \x1b[31m"]
            if name == "title":
                wrong += ["", "   "]
            if name == "key":
                wrong += ["", "k", "lower", "WITH-DASH", "A" * 17, "1A", "Ä1", "A B"]
            for value in wrong:
                refused(target.json(operation, {**good_body(target, operation), name: value}), (operation.id, name, str(value)[:60]))


def test_unknown_and_missing_fields(target):
    for operation in operations(target, body=True):
        for name in ("nothing", "", "Title", "title ", "__proto__", "id", "revision", "created_at", "x" * 10_000, "\0", "é"):
            if name in operation.body["properties"]:
                continue
            problem = refused(target.json(operation, {**good_body(target, operation), name: "x"}), (operation.id, name[:20]))
            assert problem["code"] == "unknown_field", (operation.id, name[:20], problem)
        for name in operation.body.get("required", []):
            body = good_body(target, operation)
            del body[name]
            assert refused(target.json(operation, body), (operation.id, name))["code"] == "missing_field"


def test_doubled_fields_do_not_slip_through(target):
    """The last one wins or all are refused: what is checked is what is stored."""
    for operation in operations(target, body=True):
        body = json.dumps(good_body(target, operation))
        refused(target.json(operation, body[:-1] + (", " if body != "{}" else "") + '"title": 5, "title": ["x"]}'), operation.id)


def test_parameters(target):
    for operation in operations(target):
        base = operation.at(*target.ids(operation))
        required = {name: "none" for name in operation.required_query}

        def ask(query: str, base=base, operation=operation, required=required):
            fixed = urlencode(required)
            text = "&".join(part for part in (fixed, query) if part)
            return refused(target.send(operation.method, f"{base}?{text}"), (operation.id, query[:80]))

        for query in ("nothing=1", "nothing", "limit[]=1", "%ff=1", "%00=1", "=", "a" * 5000 + "=1", "Limit=1", "%zz=1"):
            assert ask(query)["code"] == "unknown_parameter", (operation.id, query[:20])
        for name, schema in operation.query.items():
            kind = schema.get("type")
            if kind != "array" and name not in required:
                assert ask(f"{name}=1&{name}=2")["code"] in ("invalid_parameter", "invalid_argument"), (operation.id, name)
            wrong = {"integer": ["x", "", "1.5", "1e3", " 1", "9" * 30, "%00", "0x1"], "boolean": ["", "yes", "1", "TRUE", "%00"]}.get(kind, [])
            if "enum" in schema:
                wrong += ["", "nothing", "%00"]
            if name == "limit":
                wrong += ["0", "-1", "1001", str(2**31), str(2**63 - 1)]
            if name == "page_token":
                wrong += ["x", "AAAA", "%00", "%ff", "é", "=" * 9, "A" * 5000, "eyJvZmZzZXQiOiAwfQ=="]
            if name in ("filter", "order_by"):
                wrong += ["'", '"', "a%00b", "%ff", "1 = 1", "owner = 'x'; DROP TABLE planning_records", "(" * 1000, "NOT " * 1000, "nothing = 'x'", "title --"]
            if name == "fields":
                wrong += ["", "nothing", "title,", "*", "%00", "title;"]
            for value in wrong:
                ask(f"{name}={quote(value, safe='%')}")


def test_texts_in_parameters_never_break_the_server(target):
    """Where any text may be searched for: an answer without anything, or a refusal."""
    for operation in operations(target):
        if operation.method != "GET":
            continue
        base = operation.at(*target.ids(operation))
        for name in operation.query:
            for value in ("%00", "a%00b", "%ff%fe", "%ed%a0%80", "%F4%90%80%80", "'", "%27%3B--", "%", "%zz", "x" * 4000, "%F0%9F%98%80"):
                query = "&".join([f"{one}=0" for one in operation.required_query if one != name] + [f"{name}={value}"])
                status, media, text = target.send("GET", f"{base}?{query}")
                assert status in (200, 400, 404), (operation.id, name, value[:20], status, text[:300])
                assert media == ("application/json" if status == 200 else PROBLEM)


def test_ids_that_mean_nothing(target):
    for operation in operations(target):
        for place in range(len(operation.path_names)):
            for evil in EVIL_IDS:
                ids = target.ids(operation)
                if (operation.noun, evil) == ("experiment", "0"):
                    continue  # the default one
                ids[place] = evil
                path = operation.path
                for name, value in zip(operation.path_names, ids, strict=True):
                    path = path.replace("{%s}" % name, quote(value, safe=""))
                body = json.dumps(good_body(target, operation)) if operation.body is not None else None
                headers = {"Content-Type": "application/json"} if body else {}
                status, media, text = target.send(operation.method, path, body, headers)
                assert status in (400, 404, 405, 414), (operation.id, evil[:30], status, text[:300])
                assert media == PROBLEM, (operation.id, evil[:30], media, text[:200])


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/tasks/../projects/%2e%2e/x", "/%2e%2e/%2e%2e/etc/passwd", "//tasks", "/tasks/", "/tasks//x", "/tasks/a/b/c",
                                  "/tasks/%", "/tasks/%zz", "/tasks/%c0%ae", "/TASKS", "/tasks;x=1"])  # fmt: skip
def test_paths_that_lead_nowhere(target, path):
    with socket.create_connection(("127.0.0.1", target.server.port), timeout=10) as peer:
        peer.sendall(f"GET {BASE}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: peer.recv(65536), b""))
    status = int(answer.split()[1])
    assert status in (400, 404), answer[:300]
    assert b"root:" not in answer


def test_wrong_methods_and_content_types(target):
    for operation in operations(target):
        for method in ("BREW", "get", "CONNECT", "TRACE"):
            try:
                status, _, _ = target.send(method, operation.at(*target.ids(operation)))
            except (http.client.HTTPException, OSError):
                continue
            assert status in (400, 404, 405, 501), (operation.id, method, status)
    for operation in operations(target, body=True):
        body = json.dumps(good_body(target, operation))
        for media in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/jsonx", "*/*", "x" * 300):
            answer = target.send(operation.method, operation.at(*target.ids(operation)), body, {"Content-Type": media})
            assert refused(answer, (operation.id, media[:30]), (415,))["code"] == "unsupported_media_type"


def test_headers_that_mean_nothing(target):
    api = target.api
    task = target.records["task"]["id"]
    for value in ("x" * 8000, '"', '"-', '""', "\xff", '"9999999999999999999999"', "'; DROP TABLE x", '"1" "2"'):
        refused(target.send("DELETE", f"{BASE}/tasks/{task}", None, {"If-Match": value.encode("latin-1")}), value, (400, 412, 431))
    body = json.dumps({"project": target.project["key"], "title": ""})
    for value in ("x" * 256, "x" * 8000, "\xff\xfe", "'; DROP"):
        refused(target.send("POST", f"{BASE}/tasks", body, {"Content-Type": "application/json", "Idempotency-Key": value.encode("latin-1")}), value)
    good = json.dumps({"project": target.project["key"], "title": "never made"})
    refused(target.send("POST", f"{BASE}/tasks", good, {"Content-Type": "application/json", "Idempotency-Key": b"\xff\xfe"}), "invalid UTF-8")
    for value in ("", "x", "-", "1.5", "9" * 40, "\xff"):
        answer = requests.get(f"{api.url}{BASE}/events", headers={"Last-Event-ID": value.encode("latin-1")}, timeout=10)
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, PROBLEM), value


def test_huge_bodies_are_refused_in_little_memory(target):
    before = target.resident()
    for operation in operations(target, body=True):
        for body in (b'{"title": "' + b"a" * (3 * MIB) + b'"}', b'{"x": [' + b"1," * (2 * MIB) + b"1]}", b'{"' + b"k" * (4 * MIB) + b'": 1}'):
            answer = target.json(operation, body)
            refused(answer, operation.id, (400, 413))
    assert target.resident() - before < 160 * MIB


def test_many_at_once_are_refused_in_little_memory(target):
    """A hundred slow peers with large bodies that never end."""
    before = target.resident()
    peers = []
    for _ in range(100):
        peer = socket.create_connection(("127.0.0.1", target.server.port), timeout=10)
        peer.sendall(f"POST {BASE}/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {8 * MIB}\r\n\r\n".encode())
        peer.sendall(b'{"title": "' + b"a" * (256 << 10))
        peers.append(peer)
    time.sleep(0.5)
    assert target.resident() - before < 160 * MIB
    assert target.api.good("server.info")["name"] == "stetig"
    for peer in peers:
        peer.close()


# Who may


ROLES = {"vi": "viewer", "ed": "editor", "root": "admin"}
ALLOWED = {"viewer": {"read"}, "editor": {"read", "write"}, "admin": {"read", "write", "admin"}}
SECRET = "a title that nobody without a login may read"


class Guarded:
    """A server that asks who is there, with one token of each role."""

    def __init__(self, folder: Path, store: str | None):
        self.server = Server("stetig", folder, store, ("--host", "0.0.0.0"))
        place = ["--data", str(folder / "data"), *(["--store", store] if store else [])]
        self.tokens = {}
        for name, role in ROLES.items():
            added = stetig("user", "add", name, "--role", role, *place, stdin="a pass phrase of some length")
            assert added.returncode == 0, added.stderr
            made = stetig("token", "create", name, "--role", role, *place)
            assert made.returncode == 0, made.stderr
            self.tokens[role] = made.stdout.strip()
        self.server.start()
        document = requests.get(f"{self.server.url}{BASE}/openapi.json", headers=self.login("viewer"), timeout=10).json()
        self.spec = Spec(document)
        self.api = Api(self.server.url, self.spec, **self.login("admin"))
        self.project = self.api.project(title=SECRET)

    def login(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def guarded(request, tmp_path_factory):
    if request.config.getoption("--server") == "stock":
        pytest.skip("stetig's own interface")
    assert stetig_binary().is_file()
    store = request.getfixturevalue("postgres").database() if request.param == "postgres" else None
    made = Guarded(tmp_path_factory.mktemp(f"guarded-v1-{request.param}"), store)
    yield made
    assert made.server.stop() == 0


def knock(guarded: Guarded, operation: Operation, headers: dict[str, str]) -> requests.Response:
    """A request that finds nothing and changes nothing, whoever sends it."""
    ids = [NOBODY] * len(operation.path_names)
    sent = dict(headers)
    data = None
    if operation.body is not None:
        sent["Content-Type"], data = "application/json", "{"  # refused by whoever reads it
    elif operation.method == "DELETE":
        sent["If-Match"] = '"x"'
    return requests.request(operation.method, guarded.server.url + operation.at(*ids), data=data, headers=sent, stream=True, timeout=10)


def test_without_credentials_nothing_is_answered(guarded):
    wrong = [{}, {"Authorization": "Bearer stetig_" + "A" * 43}, {"Authorization": "Basic cm9vdDp3cm9uZw=="}, {"Authorization": "Bearer"},
             {"Authorization": "x"}, {"Authorization": "Bearer " + guarded.tokens["viewer"][:-1]}]  # fmt: skip
    for operation in guarded.spec.operations.values():
        for headers in wrong:
            answer = knock(guarded, operation, headers)
            if operation.permission == "public":
                assert answer.status_code != 401
                continue
            assert answer.status_code == 401, (operation.id, headers, answer.status_code)
            assert answer.headers["Content-Type"] == PROBLEM
            assert answer.headers["WWW-Authenticate"]
            problem = answer.json()
            assert problem["code"] == "unauthenticated"
            assert set(problem) == {"type", "title", "status", "detail", "code", "request_id"}
            assert SECRET not in answer.text and guarded.project["id"] not in answer.text


@pytest.mark.parametrize("role", ALLOWED)
def test_each_role_may_what_its_permission_says(guarded, role):
    for operation in guarded.spec.operations.values():
        answer = knock(guarded, operation, guarded.login(role))
        if operation.permission in ALLOWED[role] | {"public"}:
            assert answer.status_code not in (401, 403), (operation.id, answer.status_code)
        else:
            assert answer.status_code == 403, (operation.id, answer.status_code, answer.text)
            problem = answer.json()
            assert problem["code"] == "permission_denied"
            assert problem["detail"].endswith(f"is a {role}, expected a role that may {operation.permission}")
            assert SECRET not in answer.text and guarded.project["id"] not in answer.text
        answer.close()


def test_a_viewer_changes_nothing_with_good_requests(guarded):
    task = guarded.api.make("task", guarded.project["key"])
    head = guarded.api.good("event.list", query={"limit": 1000})
    for operation in guarded.spec.operations.values():
        if operation.permission == "read":
            continue
        ids = [task["id"]] * len(operation.path_names)
        body = body_for(operation, guarded.project["key"]) if operation.body is not None else None
        answer = requests.request(operation.method, guarded.server.url + operation.at(*ids), json=body, headers=guarded.login("viewer"), timeout=10)
        assert answer.status_code == 403, (operation.id, answer.text)
    assert guarded.api.good("event.list", query={"limit": 1000}) == head
    assert guarded.api.good("task.get", task["id"]) == task


def test_who_did_it_is_in_the_journal(guarded):
    api = Api(guarded.server.url, guarded.spec, **guarded.login("editor"))
    made = api.make("decision", guarded.project["key"])
    assert made["created_by"] == "ed"
    (event,) = api.good("event.list", query={"subject_type": "decision", "subject_id": made["id"]})["items"]
    assert event["actor"] == "ed"
    assert api.good("server.info")["role"] == "editor"
    assert value_for("title", {}) == made["title"]


def test_an_idempotency_key_is_its_callers_own(guarded):
    bodies = {"project": guarded.project["key"], "title": "of each caller"}
    made = [Api(guarded.server.url, guarded.spec, **guarded.login(role)).good("task.create", body=bodies, Idempotency_Key="the same") for role in ("editor", "admin")]
    assert made[0]["id"] != made[1]["id"]
