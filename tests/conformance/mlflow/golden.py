"""Golden calls of the MLflow REST API: how a step is rendered, sent and compared.

A case file is a list of steps. A step is one HTTP request and the answer that the stock MLflow server
gave to it (README.md describes the fields). Values that differ from run to run are bound to variables
(`${run1}`) or written as kinds (`<time>`). Only the standard library is used.
"""

import base64
import http.client
import json
import re
import time
import urllib.parse

# Kinds that may stand inside an expected string, and what they match.
KINDS = {
    "run_id": r"[0-9a-f]{32}",
    "model_id": r"m-[0-9a-f]{32}",
    "experiment_id": r"[0-9]+",
    "name": r"[a-z]+-[a-z]+-[0-9]+",
    "token": r".+",
    "any": r"(?s:.*)",
}
KIND_MARK = re.compile("<(" + "|".join(KINDS) + ")>")
VARIABLE = re.compile(r"\$\{([a-z_0-9]+)\}")

# Lists whose order MLflow leaves to the database; they are compared as multisets. History and search
# results are lists with a defined order and are compared in order.
UNORDERED = re.compile(
    r"(\.data\.(metrics|params)|\.tags|\.aliases|\.latest_versions|\.dataset_inputs|\.model_inputs"
    r"|\.model_outputs|\.dataset_summaries)$"
)


class StepError(Exception):
    """A step cannot be played at all: a variable is unbound, or the server hung up."""


def render(value, variables, index=None):
    """Replaces variables and expands the three generators $repeat, $each and $json in a step's input."""
    if isinstance(value, str):
        if value == "#i":
            return index
        text = value if index is None else value.replace("#i#", str(index))
        return VARIABLE.sub(lambda m: _variable(variables, m.group(1)), text)
    if isinstance(value, list):
        return [render(item, variables, index) for item in value]
    if isinstance(value, dict):
        if "$repeat" in value:
            return value["$repeat"][0] * value["$repeat"][1]
        if "$each" in value:
            return [render(value["value"], variables, i) for i in range(value["$each"])]
        if "$json" in value:
            return json.dumps(render(value["$json"], variables, index))
        return {render(k, variables): render(v, variables, index) for k, v in value.items()}
    return value


def _variable(variables, name):
    if name not in variables:
        raise StepError(f"variable ${{{name}}} is not bound: the step that binds it failed")
    return str(variables[name])


class Answer:
    """One HTTP answer; `json` is None when the body is not JSON."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {k.lower(): v for k, v in headers}
        self.body = body
        try:
            self.json = json.loads(body) if body else None
        except ValueError:
            self.json = None


class Client:
    """Sends steps over one kept-alive connection; `keep_alive=False` opens one for each request."""

    def __init__(self, url, keep_alive=True, timeout=60, auth=None):
        parts = urllib.parse.urlsplit(url)
        self._address = (parts.hostname, parts.port or 80)
        self._prefix = parts.path.rstrip("/")
        self._keep_alive = keep_alive
        self._timeout = timeout
        self._auth = auth
        self._connection = None

    def send(self, step, variables):
        target, body, headers = self._request_of(step, variables)
        for attempt in (0, 1):
            fresh = self._connection is None
            if fresh:
                self._connection = http.client.HTTPConnection(*self._address, timeout=self._timeout)
            try:
                self._connection.request(step["method"], target, body, headers)
                response = self._connection.getresponse()
                answer = Answer(response.status, response.getheaders(), response.read())
                if response.will_close or not self._keep_alive:
                    self.close()
                return answer
            except (OSError, http.client.HTTPException) as error:
                self.close()
                # A server may close an idle connection at any time: only a kept-alive one is tried again.
                if fresh or attempt == 1:
                    raise StepError(f"no answer: {error!r}") from error
        raise StepError("unreachable")

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _request_of(self, step, variables):
        path = render(step["path"], variables)
        if "query" in step:
            pairs = []
            for key, value in render(step["query"], variables).items():
                pairs += [(key, v) for v in (value if isinstance(value, list) else [value])]
            path += "?" + urllib.parse.urlencode(pairs)
        headers = render(step.get("headers", {}), variables)
        body = None
        if "json" in step:
            body = json.dumps(render(step["json"], variables)).encode()
            headers.setdefault("Content-Type", "application/json")
        elif "text" in step:
            body = render(step["text"], variables).encode()
        elif "base64" in step:
            body = base64.b64decode(step["base64"])
        if self._auth:
            headers["Authorization"] = self._auth
        return self._prefix + path, body, headers


def lookup(value, path):
    """The value at a dotted path (`runs.0.info.run_id`); raises StepError when there is none."""
    for part in path.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError, ValueError):
            raise StepError(f"the answer has nothing at '{path}'") from None
    return value


def disposition(header):
    """What a Content-Disposition means (RFC 6266): its type and the file name, which may be spelled in several ways."""
    kind, _, rest = header.partition(";")
    extended = re.search(r"filename\*=UTF-8''([^;]*)", rest, re.IGNORECASE)
    if extended:
        return kind, urllib.parse.unquote(extended.group(1))
    quoted = re.search(r'filename="((?:\\.|[^"])*)"', rest)
    plain = re.search(r"filename=([^;\s]*)", rest)
    return kind, re.sub(r"\\(.)", r"\1", quoted.group(1)) if quoted else plain.group(1) if plain else None


def pick(value, path):
    """The list of values at a path with one `*` (`runs.*.info.run_id`); an absent list is empty."""
    outer, _, inner = path.partition(".*.")
    return [lookup(item, inner) for item in (value or {}).get(outer, [])]


def bind(step, answer, variables):
    """Binds the variables that the step takes from its answer; returns the differences found by doing so."""
    differences = []
    for name, source in step.get("bind", {}).items():
        path, _, kind = source.partition("|")
        try:
            value = lookup(answer.json, path)
        except StepError as error:
            differences.append((path, f"<{kind or 'any'}>", str(error)))
            continue
        if kind and not re.fullmatch(KINDS[kind], str(value)):
            differences.append((path, f"<{kind}>", value))
        variables[name] = value
    return differences


def compare(expected, found, variables, path="$", unordered=()):
    """Yields (path, expected, found) for each difference between an expected and a found JSON value."""
    if isinstance(expected, dict) and "$repeat" in expected:
        expected = render(expected, variables)
    if expected == "<time>":
        if isinstance(found, bool) or not isinstance(found, int) or found < 1_600_000_000_000:
            yield path, "milliseconds since 1970", found
    elif expected == "<nan>":
        if found == found:
            yield path, "a bare NaN", found
    elif expected == "<bool>":
        if not isinstance(found, bool):
            yield path, "true or false", found
    elif isinstance(expected, str):
        if not _text_matches(expected, found, variables):
            yield path, _shown(expected, variables), found
    elif isinstance(expected, dict) and isinstance(found, dict):
        for key in expected:
            if key not in found:
                yield f"{path}.{key}", expected[key], "(absent)"
            else:
                yield from compare(expected[key], found[key], variables, f"{path}.{key}", unordered)
        for key in found:
            if key not in expected:
                yield f"{path}.{key}", "(absent)", found[key]
    elif isinstance(expected, list) and isinstance(found, list):
        if UNORDERED.search(path) or path in unordered:
            yield from _compare_unordered(expected, found, variables, path, unordered)
        elif len(expected) != len(found):
            yield f"{path}.length", len(expected), len(found)
        for i, (e, f) in enumerate(zip(expected, found)) if not _is_unordered(path, unordered) else ():
            yield from compare(e, f, variables, f"{path}[{i}]", unordered)
    elif type(expected) is bool or type(found) is bool or expected is None or found is None:
        if expected is not found:
            yield path, expected, found
    elif isinstance(expected, (dict, list)) or isinstance(found, (dict, list, str)) or expected != found:
        yield path, expected, found


def _is_unordered(path, unordered):
    return bool(UNORDERED.search(path)) or path in unordered


def _compare_unordered(expected, found, variables, path, unordered):
    rest = list(found)
    for item in expected:
        match = next((f for f in rest if not any(compare(item, f, variables, path, unordered))), None)
        if match is None:
            yield f"{path}[]", item, "(no such element)"
        else:
            rest.remove(match)
    for item in rest:
        yield f"{path}[]", "(no such element)", item


def _shown(text, variables):
    return VARIABLE.sub(lambda m: str(variables.get(m.group(1), m.group(0))), text)


def _text_matches(expected, found, variables):
    if not isinstance(found, str):
        return False
    text = _shown(expected, variables)
    if not KIND_MARK.search(text):
        return text == found
    parts = KIND_MARK.split(text)
    pattern = "".join(KINDS[p] if i % 2 else re.escape(p) for i, p in enumerate(parts))
    return re.fullmatch(pattern, found) is not None


def check(step, answer, variables):
    """All differences between a step's expectation and the answer, as (path, expected, found)."""
    expect = step["expect"]
    accepted = expect["status"] if isinstance(expect["status"], list) else [expect["status"]]
    if answer.status not in accepted:
        return [("status", expect["status"], f"{answer.status} {answer.body[:300]!r}")]
    differences = []
    if "not_json" in expect and answer.json is not None:
        differences.append(("body", "no JSON", answer.json))
    if "text" in expect and answer.body.decode("utf-8", "replace") != _shown(expect["text"], variables):
        differences.append(("body", expect["text"], answer.body[:300].decode("utf-8", "replace")))
    if "base64" in expect and base64.b64encode(answer.body).decode() != expect["base64"]:
        differences.append(("body", expect["base64"], base64.b64encode(answer.body[:300]).decode()))
    for name, value in expect.get("headers", {}).items():
        found = answer.headers.get(name, "(absent)")
        same = disposition(value) == disposition(found) if name == "content-disposition" else _text_matches(value, found, variables)
        if not same:
            differences.append((f"header {name}", value, found))
    if "json" in expect:
        found, wanted = answer.json, expect["json"]
        if "pick" in step and answer.status == 200:
            found = pick(found, step["pick"])
            if "sorted" in step and found != sorted(found, reverse=step["sorted"] == "descending"):
                differences.append(("order", step["sorted"], found))
        if isinstance(wanted, dict) and "error_code" in wanted and isinstance(found, dict):
            found = {key: found.get(key) for key in wanted}  # sqlstate and error_class are free
        unordered = [f"$.{p}".rstrip(".") for p in step.get("unordered", [])]
        differences += compare(wanted, found, variables, "$", unordered)
    return differences


def check_order(step, answer, variables):
    """Differences of the step's `checks`: [path, ">" | "=" | "!=", value] on the answer's JSON."""
    differences = []
    for path, operator, value in step.get("checks", []):
        wanted = render(value, variables)
        found = lookup(answer.json, path)
        holds = {
            ">": lambda a, b: float(a) > float(b),
            "=": lambda a, b: str(a) == str(b),
            "!=": lambda a, b: str(a) != str(b),
        }[operator](found, wanted)
        if not holds:
            differences.append((path, f"{operator} {wanted}", found))
    return differences


def play(client, steps, variables, stock=False):
    """Plays one case file's steps in order; yields (step, differences). With `stock`, the answers to steps
    that carry a deviation are not compared, since the stock server answers them in its own way."""
    for step in steps:
        if "pause_ms" in step:
            time.sleep(step["pause_ms"] / 1000)
        try:
            answer = client.send(step, variables)
            if stock and "deviation" in step:
                yield step, []
                continue
            differences = bind(step, answer, variables)
            differences += check(step, answer, variables)
            if not differences:
                differences += check_order(step, answer, variables)
        except StepError as error:
            differences = [("step", "an answer", str(error))]
        yield step, differences
