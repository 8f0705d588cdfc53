"""Bad input to every JSON rpc, on both stores at once: always a JSON error of the client that names what is wrong, the same on
both stores, and nothing in the state changes."""

import http.client
import json
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from api_table import RPCS, RUN, WRONG, Rpc, drop, names_in_message, put
from support.server import Server

API = "/api/2.0/mlflow/"
JSON = {"Content-Type": "application/json"}
MIB = 1 << 20


@dataclass
class Answer:
    status: int
    code: str
    message: str
    json: dict


class Target:
    """One server with something in it, spoken to over one kept connection."""

    def __init__(self, server: Server):
        self.server = server
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self.experiment = self.call("POST", "experiments/create", {"name": "here"}).json["experiment_id"]
        run = self.call("POST", "runs/create", {"experiment_id": self.experiment, "run_name": "here", "start_time": 1}).json
        self.run = run["run"]["info"]["run_id"]
        self.call("POST", "runs/log-batch", {"run_id": self.run, "metrics": [{"key": "m", "value": 1, "timestamp": 1}],
                                             "params": [{"key": "p", "value": "v"}], "tags": [{"key": "t", "value": "v"}]})  # fmt: skip
        model = self.call("POST", "logged-models", {"experiment_id": self.experiment, "name": "here"}).json
        self.model = model["model"]["info"]["model_id"]
        for name in ("taken", "here"):
            assert self.call("POST", "registered-models/create", {"name": name}).status == 200
        assert self.call("POST", "model-versions/create", {"name": "here", "source": "s3://bucket/model"}).status == 200

    def send(self, method: str, path: str, body: bytes | str | None, headers: dict[str, str]) -> Answer:
        path = path if path.startswith("/") else API + path
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (http.client.HTTPException, OSError):
            self.connection.close()
            raise
        try:
            found = json.loads(text)
        except ValueError:
            return Answer(answer.status, "", text.decode("utf-8", "replace"), {})
        found = found if isinstance(found, dict) else {}
        return Answer(answer.status, found.get("error_code", ""), found.get("message", ""), found)

    def call(self, method: str, path: str, body: dict) -> Answer:
        return self.send(method, path, json.dumps(body), JSON)

    def state(self) -> str:
        """All that an rpc may have changed, without times of access."""
        experiments = self.call("POST", "experiments/search", {"max_results": 1000, "view_type": "ALL"}).json
        ids = [experiment["experiment_id"] for experiment in experiments["experiments"]]
        parts = [
            experiments,
            self.call("POST", "runs/search", {"experiment_ids": ids, "run_view_type": "ALL", "max_results": 1000}).json,
            self.call("POST", "logged-models/search", {"experiment_ids": ids}).json,
            self.send("GET", "registered-models/search?max_results=1000", None, {}).json,
            self.send("GET", "model-versions/search?max_results=1000", None, {}).json,
            self.send("GET", f"metrics/get-history?run_id={self.run}&metric_key=m", None, {}).json,
        ]
        assert not any("error_code" in part for part in parts), parts
        return json.dumps(parts, sort_keys=True)

    def resident(self) -> int:
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) << 10


class Pair:
    """The same question to both stores."""

    def __init__(self, targets: list[Target]):
        self.targets = targets

    def send(self, method: str, path: str, body: bytes | str | None = None, headers: dict[str, str] = JSON) -> Answer:
        answers = [target.send(method, path, body, headers) for target in self.targets]
        assert all((a.status, a.code, a.message) == (answers[0].status, answers[0].code, answers[0].message) for a in answers), answers
        return answers[0]

    def refuses(self, method: str, path: str, body: bytes | str | None = None, headers: dict[str, str] = JSON) -> Answer:
        """The answer, after checking that it is an error of the client in MLflow's form."""
        answer = self.send(method, path, body, headers)
        shown = f"{method} {path} {body if body is None else body[:300]!r}: {answer.status} {answer.code} {answer.message[:300]}"
        assert 400 <= answer.status < 500 and answer.code and answer.message, shown
        assert "SQL" not in answer.message, shown
        return answer


@pytest.fixture(scope="module")
def pair(request, start_server):
    if request.config.getoption("--server") == "stock":
        pytest.skip("about 90 kinds of this input are answered with a 500 by stock")
    return Pair([Target(start_server(store)) for store in ("sqlite", "postgres")])


@pytest.fixture(autouse=True)
def unchanged(pair):
    """Nothing that is refused leaves a trace."""
    before = [target.state() for target in pair.targets]
    yield
    assert [target.state() for target in pair.targets] == before


@pytest.fixture(params=RPCS, ids=str)
def rpc(request) -> Rpc:
    return request.param


def test_the_table_is_right(pair, rpc):
    """A control: without a mistake nothing of it is refused, and it names nothing that exists."""
    answer = pair.send(rpc.method, rpc.path, json.dumps(rpc.good))
    exists_already = rpc.path in ("experiments/create", "registered-models/create")
    not_offered = "presigned" in rpc.path
    alias_is_missing = rpc.path == "registered-models/alias" and rpc.method == "GET"
    expected = (400,) if exists_already else (400, 404) if not_offered or alias_is_missing else (200, 404)
    assert answer.status in expected, answer


def test_wrong_types(pair, rpc):
    for path, kind in rpc.fields.items():
        for value in WRONG[kind]:
            answer = pair.refuses(rpc.method, rpc.path, json.dumps(put(rpc.good, path, value)))
            assert answer.status == 400 and answer.code == "INVALID_PARAMETER_VALUE", (path, value, answer)
            assert any(f"'{name}'" in answer.message or name in answer.message for name in names_in_message(path)), (path, value, answer)


def test_numbers_beyond_any_type(pair, rpc):
    for path, kind in rpc.fields.items():
        if kind in ("int", "int32"):
            for literal in ("1e400", "-1e400", "NaN", "Infinity", "9" * 400):
                body = json.dumps(put(rpc.good, path, "@@")).replace('"@@"', literal)
                assert pair.refuses(rpc.method, rpc.path, body).status == 400


def test_missing_fields(pair, rpc):
    for path in rpc.required:
        name = path.replace("[]", "[0]")
        for body in (drop(rpc.good, path), put(rpc.good, path, None), put(rpc.good, path, "")):
            answer = pair.refuses(rpc.method, rpc.path, json.dumps(body))
            assert answer.message.startswith(f"Missing value for required parameter '{name}'"), (body, answer)


def test_texts_that_no_store_can_hold(pair, rpc):
    """PostgreSQL has no NUL. A key with one is not refused where it is only looked for: there is no such metric."""
    looked_for = "metric_key"
    for path, kind in rpc.fields.items():
        if kind in ("text", "texts"):
            for text in ("a\0b", "\0"):
                value = [text] if kind == "texts" else text
                body = json.dumps(put(rpc.good, path, value))
                if path == looked_for:
                    assert pair.send(rpc.method, rpc.path, body).json == {}
                else:
                    assert pair.refuses(rpc.method, rpc.path, body).status in (400, 404), (path, text)
            for text in ("\\ud800", "\\udfff\\ud800", "a\\ud83d"):
                body = json.dumps(put(rpc.good, path, ["@@"] if kind == "texts" else "@@")).replace("@@", text)
                assert pair.refuses(rpc.method, rpc.path, body).status == 400, (path, text)


def test_bodies_that_are_no_message(pair, rpc):
    """MLflow takes what is no JSON for {}: a required field is missing. Anything else must be an object."""
    for body in (b"[]", b"5", b"true", b'"abc"', b'"[]"', b'"{"', b"[[]]", b'[{"a": 1}]'):
        assert pair.refuses(rpc.method, rpc.path, body).status == 400
    if rpc.required and "[]" not in rpc.required[0]:
        for body in (b"", b" ", b"{", b"x=y", b'{"a":', b"\xff\xfe", b'{"name": "\xff"}', b"null", b"{}", b"\0"):
            assert "Missing value" in pair.refuses(rpc.method, rpc.path, body).message


def test_content_types(pair, rpc):
    if rpc.method == "POST":
        for kind in ("text/plain", "", "application/x-www-form-urlencoded", "application/jsonx", "multipart/form-data; boundary=x"):
            answer = pair.refuses(rpc.method, rpc.path, json.dumps(rpc.good), {"Content-Type": kind})
            assert answer.code == "INVALID_PARAMETER_VALUE" and "Content-Type" in answer.message
    else:
        assert pair.send(rpc.method, rpc.path, json.dumps(rpc.good), {"Content-Type": "text/plain"}).status in (200, 400, 404)


def test_query_strings(pair, rpc):
    """A GET takes its fields from the query if there is one."""
    if rpc.method != "GET":
        return
    for path, kind in rpc.fields.items():
        for text in {"int": ["x", "", "1.5", str(2**63), "1e3"], "int32": ["x", "1.5", str(2**31)]}.get(kind, []):
            answer = pair.refuses("GET", f"{rpc.path}?{urlencode({**rpc.good, path: text}, doseq=True)}", None, {})
            assert path in answer.message
        if kind == "text":
            for text in ("%00", "a%00b", "%ff%fe", "%", "%zz", "%ed%a0%80"):
                rest = urlencode({key: value for key, value in rpc.good.items() if key != path}, doseq=True)
                assert pair.send("GET", f"{rpc.path}?{rest}&{path}={text}", None, {}).status in (200, 400, 404), text


# What is large or deep.


def deep(opening: str, count: int) -> bytes:
    return (opening * count).encode()


@pytest.mark.parametrize(
    "body",
    [deep("[", 10 * MIB), deep('{"a":', 2 * MIB), deep("[{", 1 * MIB), b'{"name": "x", "a": ' + deep("[", 5000) + b"]" * 5000 + b"}",
     b'{"name": "' + b"a" * (10 * MIB), json.dumps("[" * MIB).encode(), json.dumps(json.dumps("{" * MIB)).encode()],
    ids=["10 MiB of [", "objects", "both", "closed", "a text without end", "in a text", "in a text in a text"],
)  # fmt: skip
def test_deep_and_endless(pair, body):
    before = [target.resident() for target in pair.targets]
    started = time.monotonic()
    answer = pair.send("POST", "experiments/create", body)
    assert answer.status in (400, 413) and answer.code, answer
    assert time.monotonic() - started < 10
    for target, resident in zip(pair.targets, before, strict=True):
        assert target.resident() - resident < 128 * MIB


def test_the_largest_lists(pair):
    for body in (
        {"run_id": RUN, "metrics": [{"key": "k", "value": 1, "timestamp": 1}] * 1001},
        {"run_id": RUN, "params": [{"key": f"k{i}", "value": "1"} for i in range(101)]},
        {"run_id": RUN, "tags": [{"key": "k", "value": "1"}] * 101},
    ):
        assert "can contain at most" in pair.refuses("POST", "runs/log-batch", json.dumps(body)).message
    listed = "run_id IN (" + ", ".join(["'x'"] * 9_000) + ")"
    started = time.monotonic()
    # As many as a search takes, with the longest list that a filter holds, then too many.
    most = {"experiment_ids": [str(i) for i in range(1_000_000, 1_010_000)] * 2, "filter": listed}
    assert pair.send("POST", "runs/search", json.dumps(most)).status == 200
    assert time.monotonic() - started < 2
    many = [str(i) for i in range(100_000)]
    assert "experiment_ids" in pair.refuses("POST", "runs/search", json.dumps({"experiment_ids": many})).message
    assert pair.refuses("POST", "logged-models/search", json.dumps({"experiment_ids": many})).status == 400
    assert pair.refuses("POST", "runs/search", json.dumps({"experiment_ids": ["0"], "order_by": [f"tags.a{i}" for i in range(5000)]}))
    assert pair.refuses("GET", "metrics/get-history-bulk-interval?metric_key=k&" + "&".join(f"run_ids={i}" for i in range(101)), None, {})


def test_page_sizes_out_of_range(pair):
    for path, key in (("experiments/search", "max_results"), ("runs/search", "max_results"), ("logged-models/search", "max_results")):
        for value in (-1, -(2**31), 50_001, 2**31 - 1):
            body = {"experiment_ids": ["0"]} if path != "experiments/search" else {}
            assert "max_results" in pair.refuses("POST", path, json.dumps({**body, key: value})).message
    for path, value in (("registered-models/search", 1001), ("model-versions/search", 200_001), ("model-versions/search", 0),
                        ("registered-models/search", -1), ("metrics/get-history", 0), ("metrics/get-history", -5)):  # fmt: skip
        more = f"&run_id={RUN}&metric_key=m" if "history" in path else ""
        assert "max_results" in pair.refuses("GET", f"{path}?max_results={value}{more}", None, {}).message


def test_page_tokens_of_garbage_and_of_other_searches(pair):
    # {"offset": 0}, {"offset": -1}, {"offset": 1e99}, not base64, a real one cut short.
    for token in ("x", "AAAA", "e30=", "eyJvZmZzZXQiOiAwfQ==", "eyJvZmZzZXQiOiAtMX0=", "eyJvZmZzZXQiOiAxZTk5fQ==", "é", "A" * 100_000, "=" * 9):
        for path in ("experiments/search", "runs/search", "logged-models/search"):
            body = {"experiment_ids": ["0"], "max_results": 5, "page_token": token}
            assert pair.refuses("POST", path, json.dumps(body)).status == 400, token
        for path in ("registered-models/search", "model-versions/search", f"metrics/get-history?run_id={RUN}&metric_key=m"):
            query = ("&" if "?" in path else "?") + urlencode({"page_token": token[:2000]})
            assert pair.refuses("GET", path + query, None, {}).status == 400, token


FILTERS = [
    "metrics.a > NaN", "metrics.a > Infinity", "metrics.a = -inf", "metrics.a > 'NaN'", "start_time > nan", "metrics.a > 1e", "metrics.a",
    "tags.a = 'x' OR", "(((((", "'", '"', "`", "tags.a = 'x'; DROP TABLE runs", "1 = 1", "tags.a = 'x' -- x", "tags.a LIKE 5", "\0", "tags.a = '\0'",
    "a" * 70_000, "tags.a = 'x' AND " * 300 + "tags.a = 'x'", "(" * 40 + "tags.a = 'x'" + ")" * 40, "NOT " * 40 + "tags.a = 'x'",
    "run_id IN (" + "'x'," * 11_000 + "'x')", "foo.bar = 'x'", "metrics.é = 'x'", "tags.😀 = 5",
]  # fmt: skip


@pytest.mark.parametrize("text", FILTERS, ids=lambda text: text[:24].replace("\0", "NUL"))
def test_filters(pair, text):
    assert pair.refuses("POST", "runs/search", json.dumps({"experiment_ids": ["0"], "filter": text})).status == 400
    assert pair.refuses("POST", "experiments/search", json.dumps({"max_results": 5, "filter": text})).status == 400
    if not text.startswith("tags.") or not text.endswith(" 5"):  # a number is a text there, as in stock
        assert pair.refuses("POST", "logged-models/search", json.dumps({"experiment_ids": ["0"], "filter": text})).status == 400
    for path in ("registered-models/search", "model-versions/search"):
        assert pair.refuses("GET", path, json.dumps({"filter": text})).status == 400


# Against things that exist.


def test_metrics_that_are_no_numbers(pair):
    """The texts NaN and Infinity are values; the bare literals are not JSON and would become 0 in stock."""
    for literal in ("NaN", "Infinity", "-Infinity", '"nan"', '"inf"', '"1e400"', "1e400", '"0x10"', "null", "{}"):
        for target in pair.targets:
            metric = f'{{"key": "m", "value": {literal}, "timestamp": 1}}'
            single = target.send("POST", "runs/log-metric", f'{{"run_id": "{target.run}", {metric[1:]}', JSON)
            batch = target.send("POST", "runs/log-batch", f'{{"run_id": "{target.run}", "metrics": [{metric}]}}', JSON)
            assert single.status == batch.status == 400 and "value" in single.message and "value" in batch.message, (literal, single, batch)


LONG = [("é", "two bytes"), ("中", "three bytes"), ("a", "one byte")]


@pytest.mark.parametrize("letter", [letter for letter, _ in LONG], ids=[name for _, name in LONG])
def test_keys_that_are_too_long_by_code_points(pair, letter):
    key = letter * 251
    for target in pair.targets:
        run, model = {"run_id": target.run}, {"name": "here"}
        for path, body, what in (
            ("runs/log-metric", {**run, "key": key, "value": 1, "timestamp": 1}, "Metric name"),
            ("runs/log-parameter", {**run, "key": key, "value": "v"}, "Param key"),
            ("runs/set-tag", {**run, "key": key, "value": "v"}, "key"),
            ("runs/log-batch", {**run, "metrics": [{"key": key, "value": 1, "timestamp": 1}]}, "Metric name"),
            ("runs/log-batch", {**run, "params": [{"key": key, "value": "v"}]}, "Param key"),
            ("runs/log-batch", {**run, "tags": [{"key": key, "value": "v"}]}, "tags[0].key"),
            ("experiments/set-experiment-tag", {"experiment_id": target.experiment, "key": key, "value": "v"}, "key"),
            ("registered-models/set-tag", {**model, "key": key, "value": "v"}, "key"),
            ("model-versions/set-tag", {**model, "version": "1", "key": key, "value": "v"}, "key"),
        ):
            answer = target.call("POST", path, body)
            assert answer.status == 400 and f"'{what}' exceeds the maximum length of 250 characters" in answer.message, (path, answer)
        too_long = (
            ("experiments/set-experiment-tag", {"experiment_id": target.experiment, "key": "k", "value": letter * 20_001}),
            ("registered-models/set-tag", {**model, "key": "k", "value": letter * 100_001}),
            ("experiments/create", {"name": letter * 501}),
            ("registered-models/alias", {**model, "version": "1", "alias": letter * 256}),
            ("experiments/create", {"name": "x", "artifact_location": "s3://b/" + letter * 2048}),
            ("runs/log-inputs", {**run, "datasets": [{"dataset": {"name": letter * 501, "digest": "d", "source_type": "s", "source": "s"}}]}),
            ("runs/log-inputs", {**run, "datasets": [{"dataset": {"name": "n", "digest": letter * 37, "source_type": "s", "source": "s"}}]}),
        )
        for path, body in too_long:
            answer = target.call("POST", path, body)
            assert answer.status == 400 and answer.code == "INVALID_PARAMETER_VALUE", (path, answer)


def test_keys_with_characters_that_are_refused(pair):
    for key in ("😀", "a$", "a\n", "a\x01", "a\x7f", "a\u200b", "../a", "/a", "a//b", "a/", ".", "a/../b", "a\\b", "a'b", '"', "a;", "a\u2028"):
        for target in pair.targets:
            for path, body in (
                ("runs/log-metric", {"run_id": target.run, "key": key, "value": 1, "timestamp": 1}),
                ("runs/log-parameter", {"run_id": target.run, "key": key, "value": "v"}),
                ("runs/set-tag", {"run_id": target.run, "key": key, "value": "v"}),
                ("experiments/set-experiment-tag", {"experiment_id": target.experiment, "key": key, "value": "v"}),
                ("registered-models/set-tag", {"name": "here", "key": key, "value": "v"}),
                ("model-versions/set-tag", {"name": "here", "version": "1", "key": key, "value": "v"}),
            ):
                answer = target.call("POST", path, body)
                assert answer.status == 400 and answer.code == "INVALID_PARAMETER_VALUE", (key, path, answer)


def test_ids_that_mean_nothing(pair):
    for name in ("..", "/", "a/b", "%", "%00", "x" * 10_000, "'", "m-", "1;2", "-1", "9" * 50, "é", "\n"):
        body = json.dumps({"experiment_id": name, "run_id": name, "name": name, "version": name, "key": "k", "value": "v"})
        for path in ("experiments/delete", "runs/delete", "runs/set-tag", "experiments/set-experiment-tag", "model-versions/set-tag"):
            assert pair.refuses("POST", path, body).status in (400, 404)
        for path in ("experiments/get", "runs/get", "registered-models/get", "model-versions/get"):
            assert pair.refuses("GET", path, body).status in (400, 404)


# A control: what looks odd and is fine. It leaves things behind, so it has its own run on each store.


class TestWhatIsFine:
    @pytest.fixture(autouse=True)
    def unchanged(self, pair):
        for target in pair.targets:
            made = target.call("POST", "runs/create", {"experiment_id": target.experiment, "run_name": "fine"}).json
            target.fine = made["run"]["info"]["run_id"]

    @pytest.mark.parametrize("key", ["é", "中", "ключ", "a" * 250, "中" * 250, "a b:c/d-e.f_g", "١", "ª"], ids=lambda key: key[:8])
    def test_keys(self, pair, key):
        for target in pair.targets:
            body = {"run_id": target.fine, "metrics": [{"key": key, "value": 1, "timestamp": 1}], "params": [{"key": key, "value": "v"}],
                    "tags": [{"key": key, "value": "v"}]}  # fmt: skip
            assert target.call("POST", "runs/log-batch", body).status == 200
            data = target.call("GET", "runs/get", {"run_id": target.fine}).json["run"]["data"]
            assert data["metrics"] == [{"key": key, "value": 1.0, "timestamp": 1, "step": 0}]
            assert data["params"] == [{"key": key, "value": "v"}]

    @pytest.mark.parametrize("text", ["\x01\x1f\x7f", "😀", "\u2028", "\r\n", "e\u0301", "\ufeff", "\U0010ffff", "'; DROP TABLE runs", "中" * 6000],
                             ids=lambda text: repr(text)[:12])  # fmt: skip
    def test_values(self, pair, text):
        for target in pair.targets:
            assert target.call("POST", "runs/log-parameter", {"run_id": target.fine, "key": "p", "value": text}).status == 200
            assert target.call("GET", "runs/get", {"run_id": target.fine}).json["run"]["data"]["params"] == [{"key": "p", "value": text}]

    def test_the_last_of_duplicate_keys_wins_as_in_python(self, pair):
        for target in pair.targets:
            run = f'"run_id": "{target.fine}"'
            for body in (f'{{{run}, "key": "a", "value": "1", "key": "k", "value": "2"}}', f'{{{run}, "key": 5, "key": "k", "value": "2"}}',
                         f'{{"run_id": 5, "key": "k", "value": {{}}, "value": "2", {run}}}'):  # fmt: skip
                assert target.send("POST", "runs/set-tag", body, JSON).status == 200, body
            tags = target.call("GET", "runs/get", {"run_id": target.fine}).json["run"]["data"]["tags"]
            assert {tag["key"]: tag["value"] for tag in tags} == {"k": "2", "mlflow.runName": "fine"}
            refused = target.send("POST", "runs/set-tag", f'{{{run}, "key": "k", "value": "3", "value": 5}}', JSON)
            assert refused.status == 400 and "'value'" in refused.message

    def test_a_body_in_a_text_and_unknown_fields_of_every_kind(self, pair):
        for target in pair.targets:
            inner = {"run_id": target.fine, "key": "k", "value": "v", "x": [1, {"y": [None, 1e300, True, "é"]}], "": {}, "🙂": 5}
            assert target.send("POST", "runs/set-tag", json.dumps(json.dumps(inner)), JSON).status == 200

    @pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
    def test_numbers_that_json_does_not_have(self, pair, text):
        for target in pair.targets:
            metric = {"run_id": target.fine, "key": "m", "value": text, "timestamp": 1}
            assert target.call("POST", "runs/log-metric", metric).status == 200
            found = target.call("GET", "runs/get", {"run_id": target.fine}).json["run"]["data"]["metrics"][0]["value"]
            assert found == {"NaN": "NaN", "Infinity": 1.7976931348623157e308, "-Infinity": -1.7976931348623157e308}[text]

    def test_the_ends_of_the_integers(self, pair):
        for target in pair.targets:
            for step in (2**63 - 1, -(2**63), str(2**63 - 1), "-5", 5.0, "7"):
                metric = {"run_id": target.fine, "key": "m", "value": 1, "timestamp": 2**63 - 1, "step": step}
                assert target.call("POST", "runs/log-metric", metric).status == 200, step
            history = target.call("GET", "metrics/get-history", {"run_id": target.fine, "metric_key": "m"}).json["metrics"]
            assert sorted(point["step"] for point in history) == [-(2**63), -5, 5, 7, 2**63 - 1]
            assert {point["timestamp"] for point in history} == {2**63 - 1}
