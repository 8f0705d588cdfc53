"""API v1 for tests: calls by operation, every answer checked against openapi.json, and bodies made from its schemas."""

import itertools
import json
import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import requests
from jsonschema import Draft202012Validator, FormatChecker

BASE = "/api/v1"
KINDS = {  # noun: collection
    "project": "projects", "requirement": "requirements", "task": "tasks", "change-request": "change-requests", "feedback": "feedback",
    "service-level": "service-levels", "review": "reviews", "decision": "decisions", "comment": "comments",
}  # fmt: skip
PROBLEM = "application/problem+json"
_FORMATS = FormatChecker(formats=["date"])
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_counter = itertools.count(1)


@_FORMATS.checks("date-time")
def _is_time(value) -> bool:
    return not isinstance(value, str) or _RFC3339.fullmatch(value) is not None


@dataclass
class Operation:
    id: str
    method: str
    path: str
    described: dict
    query: dict[str, dict] = field(default_factory=dict)  # schemas by name
    required_query: tuple[str, ...] = ()
    body: dict | None = None  # schema, resolved
    takes_file: bool = False  # any bytes

    @property
    def path_names(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def permission(self) -> str:
        return self.described["x-permission"]

    @property
    def noun(self) -> str:
        return self.id.split(".")[0]

    def at(self, *ids: str) -> str:
        """The path with these ids, each escaped as one segment."""
        path = self.path
        for name, value in zip(self.path_names, ids, strict=True):
            path = path.replace("{%s}" % name, quote(value, safe=""))
        return path

    def __str__(self) -> str:
        return self.id


class Spec:
    """openapi.json, read."""

    def __init__(self, document: dict):
        self.document = document
        self.operations: dict[str, Operation] = {}
        for path, item in document["paths"].items():
            for method, described in item.items():
                query = [p for p in described.get("parameters", []) if p["in"] == "query"]
                body = described.get("requestBody")
                self.operations[described["operationId"]] = Operation(
                    id=described["operationId"],
                    method=method.upper(),
                    path=path,
                    described=described,
                    query={p["name"]: p["schema"] for p in query},
                    required_query=tuple(p["name"] for p in query if p["required"]),
                    body=self.resolve(body["content"]["application/json"]["schema"]) if body and "application/json" in body["content"] else None,
                    takes_file=bool(body) and "*/*" in body["content"],
                )

    def resolve(self, schema: dict) -> dict:
        return self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema

    def match(self, method: str, path: str) -> Operation | None:
        """The operation that a request goes to; a path without parameters wins."""
        for operation in sorted(self.operations.values(), key=lambda one: one.path.count("{")):
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(operation.path))
            if operation.method == method and re.fullmatch(pattern, path):
                return operation
        return None

    def errors(self, schema: dict, value) -> list[str]:
        """What is wrong with `value`, by JSON Schema 2020-12, which OpenAPI 3.1 uses."""
        whole = {**schema, "components": self.document["components"]}
        found = Draft202012Validator(whole, format_checker=_FORMATS).iter_errors(value)
        return [f"{error.json_path}: {error.message}" for error in found]

    def check(self, operation: Operation, answer: requests.Response, picked: bool = False) -> None:
        """The answer is one that openapi.json announces. `picked`: `fields` left members out."""
        responses = operation.described["responses"]
        status = str(answer.status_code)
        if status == "304" and "304" in responses:
            assert answer.content == b"" and answer.headers["ETag"]
            return
        announced = responses.get(status) or (responses["default"] if answer.status_code >= 400 else None)
        assert announced is not None, f"{operation}: {status} is not announced: {answer.text[:300]}"
        if "content" not in announced:
            assert answer.content == b"", f"{operation}: {answer.text[:300]}"
            return
        ((media, content),) = announced["content"].items()
        if media == "*/*":
            return
        assert answer.headers["Content-Type"] == media, f"{operation}: {answer.headers['Content-Type']}"
        if media == "text/event-stream":
            return
        value, schema = answer.json(), content["schema"]
        if picked and answer.status_code < 400:
            schema = _without_required(self.resolve(schema), self)
        errors = self.errors(schema, value)
        assert not errors, f"{operation} {status}: {errors[:3]} in {answer.text[:600]}"
        if answer.status_code >= 400:
            assert value["status"] == answer.status_code
            assert value["type"].endswith("/" + value["code"])


def _without_required(schema: dict, spec: Spec) -> dict:
    if "items" in schema.get("properties", {}) and schema.get("required") == ["items"]:
        item = spec.resolve(schema["properties"]["items"]["items"])
        return {**schema, "properties": {**schema["properties"], "items": {"type": "array", "items": _without_required(item, spec)}}}
    return {name: value for name, value in schema.items() if name != "required"}


def fresh_key() -> str:
    """A key that no project has yet."""
    number, letters = next(_counter), ""
    while number:
        number, digit = divmod(number, 26)
        letters = chr(ord("A") + digit) + letters
    return "K" + letters.rjust(3, "A")


def value_for(name: str, schema: dict):
    """A value that the field takes."""
    special = {
        "key": fresh_key(), "criteria": ["metrics.accuracy >= 0.9"], "target": ["metrics.availability >= 0.995"], "wip_limits": {"doing": 50},
        "response_hours": {"urgent": 4, "normal": 24}, "title": f"Made by a test: {name}", "about_type": "run", "about_id": "1234",
    }  # fmt: skip
    if name in special:
        return special[name]
    if "enum" in schema:
        return schema["enum"][0]
    kinds = schema.get("type", "string")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if kind == "string":
        return {"date": "2026-12-01", "date-time": "2026-12-01T08:00:00Z"}.get(schema.get("format"), f"A {name.replace('_', ' ')}")
    return {"integer": 7, "number": 1.5, "boolean": True, "array": ["one", "two words"], "object": {"a": [1, {"b": None}]}}[kind]


def body_for(operation: Operation, project: str | None = None, everything: bool = False) -> dict:
    """A body that the operation takes: what is required, or every field."""
    schema = operation.body or {}
    names = schema["properties"] if everything else schema.get("required", [])
    body = {name: value_for(name, schema["properties"][name]) for name in names}
    body.pop("service_level", None)  # would have to name one
    if "project" in body:
        body["project"] = project
    return body


class Api:
    """One caller of one server. Every answer of a known operation is checked against openapi.json."""

    def __init__(self, url: str, spec: Spec | None = None, **headers: str):
        self.url = url
        self.session = requests.Session()
        self.session.headers.update(headers)
        self.seen: set[str] = set()
        self.spec = spec or Spec(self.session.get(f"{url}{BASE}/openapi.json", timeout=30).json())

    def send(self, method: str, path: str, *, query=None, body=None, data=None, timeout: float = 30, **headers: str) -> requests.Response:
        """`body` is sent as JSON, `data` as it is; headers with _ for -."""
        path = path if path.startswith("/api/") else BASE + path
        target = f"{self.url}{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            data = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        answer = self.session.request(method, target, data=data, headers=sent, timeout=timeout)
        operation = self.spec.match(method, path)
        if operation is not None:
            self.seen.add(operation.id)
            self.spec.check(operation, answer, picked="fields" in (query or {}))
        return answer

    def call(self, operation_id: str, *ids: str, query=None, body=None, **headers: str) -> requests.Response:
        operation = self.spec.operations[operation_id]
        return self.send(operation.method, operation.at(*ids), query=query, body=body, **headers)

    def good(self, operation_id: str, *ids: str, query=None, body=None, **headers: str):
        """The value of an answer that must be 2xx."""
        answer = self.call(operation_id, *ids, query=query, body=body, **headers)
        assert answer.status_code // 100 == 2, f"{operation_id} {ids} {body}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def refused(self, status: int, code: str, operation_id: str, *ids: str, query=None, body=None, **headers: str) -> dict:
        """The problem of an answer that must be this one."""
        answer = self.call(operation_id, *ids, query=query, body=body, **headers)
        return expect_problem(answer, status, code)

    def make(self, noun: str, project: str | None = None, **fields):
        body = body_for(self.spec.operations[f"{noun}.create"], project)
        return self.good(f"{noun}.create", body={**body, **fields})

    def project(self, **fields) -> dict:
        return self.make("project", **fields)


def expect_problem(answer: requests.Response, status: int, code: str | None = None) -> dict:
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:500]}"
    assert answer.headers["Content-Type"] == PROBLEM
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"] and problem["detail"]
    if code is not None:
        assert problem["code"] == code, problem
    return problem
