"""Login as MLflow's clients do it, roles, tokens, Host and Origin, and what an attacker may cost: on an address that others can reach."""

import base64
import concurrent.futures
import hashlib
import json
import re
import sqlite3
import statistics
import subprocess
import time
from pathlib import Path

import pytest
import requests
from support.command import clean_environment, stetig
from support.server import ROOT, Server

PASSWORDS = {"root": "root has a pass phrase", "ed": "ed has a pass phrase", "vi": "vi has a pass phrase"}
ROLES = {"root": "admin", "ed": "editor", "vi": "viewer"}
CREATE = "/api/2.0/mlflow/experiments/create"
SEARCH = "/api/2.0/mlflow/experiments/search?max_results=5"
WRONG = {"error_code": "UNAUTHENTICATED", "message": "the credentials are missing or wrong, expected a user's password or a token"}


class Guarded:
    """A server that listens on every address, with one user of each role, logging every request."""

    def __init__(self, folder: Path, store: str | None):
        self.server = Server("stetig", folder, store, ("--host", "0.0.0.0", "--log-level", "debug"))
        self.place = ["--data", str(folder / "data"), *(["--store", store] if store else [])]
        for name, role in ROLES.items():
            done = stetig("user", "add", name, "--role", role, *self.place, stdin=PASSWORDS[name])
            assert done.returncode == 0, done.stderr
        self.server.start()

    def command(self, *arguments: str, stdin: str = "") -> str:
        """`stetig …` beside the running server."""
        done = stetig(*arguments, *self.place, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def call(self, path: str, *, user: str | None = None, password: str | None = None, token: str | None = None, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        auth = (user, PASSWORDS.get(user, "") if password is None else password) if user else None
        method = "GET" if body is None else "POST"
        return requests.request(method, self.server.url + path, auth=auth, json=body, headers=headers, timeout=30)

    def sql(self, statement: str) -> None:
        if self.server.store:
            subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", self.server.store, "-c", statement], check=True, timeout=60)
        else:
            with sqlite3.connect(self.server.folder / "data" / "stetig.db", timeout=10) as database:
                database.execute(statement)
            database.close()

    def resident_mib(self) -> float:
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def guarded(request, tmp_path_factory):
    if request.config.getoption("--server") == "stock":
        pytest.skip("stock MLflow has another login")
    store = request.getfixturevalue("postgres").database() if request.param == "postgres" else None
    made = Guarded(tmp_path_factory.mktemp(f"guarded-{request.param}"), store)
    yield made
    assert made.server.stop() == 0


def soon(condition, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


# The real clients

CLIENT = """
import json, mlflow, sys
from mlflow.exceptions import MlflowException
name = sys.argv[1]
out = {}
try:
    mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 0.5)
        mlflow.log_text("text", "file.txt")
    out["loss"] = mlflow.get_run(run.info.run_id).data.metrics["loss"]
    out["text"] = mlflow.artifacts.load_text(run.info.artifact_uri + "/file.txt")
except MlflowException as e:
    out["error"] = [e.error_code, str(e)]
try:
    out["seen"] = len(mlflow.search_experiments())
except MlflowException as e:
    out["unseen"] = str(e)
print(json.dumps(out))
"""


def play(guarded, client: str, name: str, **env: str) -> dict:
    done = subprocess.run(
        [ROOT / f".venv/{client}/bin/python", "-c", CLIENT, name],
        env=clean_environment(MLFLOW_TRACKING_URI=guarded.server.url, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0", **env),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("client", ["mlflow3", "mlflow2"])
def test_mlflow_works_as_before_with_a_password_or_a_token(guarded, client):
    password = play(guarded, client, f"{client}-p", MLFLOW_TRACKING_USERNAME="ed", MLFLOW_TRACKING_PASSWORD=PASSWORDS["ed"])
    assert (password.get("loss"), password.get("text")) == (0.5, "text"), password
    token = guarded.command("token", "create", "ed", "--label", client)
    by_token = play(guarded, client, f"{client}-t", MLFLOW_TRACKING_TOKEN=token)
    assert (by_token.get("loss"), by_token.get("text")) == (0.5, "text"), by_token


def test_mlflow_is_told_what_a_viewer_may_not_do(guarded):
    guarded.call(CREATE, user="ed", body={"name": "seen by the viewer"})
    seen = play(guarded, "mlflow3", "of the viewer", MLFLOW_TRACKING_USERNAME="vi", MLFLOW_TRACKING_PASSWORD=PASSWORDS["vi"])
    assert seen["seen"] >= 2
    assert seen["error"][0] == "PERMISSION_DENIED"
    assert "user 'vi' is a viewer" in seen["error"][1]


def test_mlflow_is_told_of_a_wrong_password(guarded):
    refused = play(guarded, "mlflow3", "never", MLFLOW_TRACKING_USERNAME="ed", MLFLOW_TRACKING_PASSWORD="not the pass phrase")
    assert refused["error"][0] == "UNAUTHENTICATED"
    assert "credentials are missing or wrong" in refused["unseen"]


# Roles


@pytest.mark.parametrize(("user", "read", "write"), [("root", 200, 200), ("ed", 200, 200), ("vi", 200, 403)])
def test_roles(guarded, user, read, write):
    assert guarded.call(SEARCH, user=user).status_code == read
    assert guarded.call("/metrics", user=user).status_code == read
    made = guarded.call(CREATE, user=user, body={"name": f"by {user}"})
    assert made.status_code == write
    put = requests.put(
        f"{guarded.server.url}/api/2.0/mlflow-artifacts/artifacts/{user}.txt", data=b"x", auth=(user, PASSWORDS[user]), timeout=10
    )
    assert put.status_code == write
    if write == 403:
        assert made.json() == {"error_code": "PERMISSION_DENIED", "message": "user 'vi' is a viewer, expected a role that may write"}


def test_a_token_may_do_no_more_than_its_role_and_its_user(guarded):
    small = guarded.command("token", "create", "root", "--role", "viewer")
    assert guarded.call(SEARCH, token=small).status_code == 200
    assert guarded.call(CREATE, token=small, body={"name": "small"}).status_code == 403
    large = guarded.command("token", "create", "vi", "--role", "admin")
    assert guarded.call(CREATE, token=large, body={"name": "large"}).status_code == 403


def test_every_route_but_health_and_version_asks_who_is_there(guarded):
    for path in ("/health", "/health/live", "/health/ready", "/version"):
        assert requests.get(guarded.server.url + path, timeout=10).status_code == 200
    for path in (SEARCH, "/metrics", "/api/3.0/mlflow/server-info", "/ajax-api/2.0/mlflow/experiments/search?max_results=1",
                 "/api/2.0/mlflow-artifacts/artifacts", "/get-artifact?path=x&run_id=y", "/api/2.0/mlflow/metrics/get-history?run_id=x"):  # fmt: skip
        answer = requests.get(guarded.server.url + path, timeout=10)
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="mlflow"'
        assert answer.json() == WRONG


# Credentials


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "header",
    [basic("ed:wrong pass phrase"), basic("nobody:wrong pass phrase"), basic("ed:"), basic(":"), basic("ed"), "Basic", "Basic %%%",
     basic("ed:" + "x" * 5000), "Bearer stetig_" + "A" * 43, "Bearer", "Bearer ", "Negotiate abc", "x"],
)  # fmt: skip
def test_everything_wrong_gets_the_same_answer(guarded, header):
    answer = guarded.call(SEARCH, Authorization=header)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="mlflow"'
    assert answer.json() == WRONG


def test_an_expired_token_is_refused(guarded):
    token = guarded.command("token", "create", "ed", "--label", "short", "--days", "1")
    guarded.sql("UPDATE access_tokens SET expires_at = 1000 WHERE label = 'short'")
    assert guarded.call(SEARCH, token=token).status_code == 401


def test_what_the_command_line_takes_away_ends_in_time(guarded):
    for name in ("stays", "goes"):
        guarded.command("user", "add", name, "--role", "editor", stdin=f"{name} has a pass phrase")
    kept, revoked = (guarded.command("token", "create", "stays", "--label", label) for label in ("kept", "revoked"))
    orphan = guarded.command("token", "create", "goes")
    tokens = (kept, revoked, orphan)
    assert [guarded.call(SEARCH, token=token).status_code for token in tokens] == [200, 200, 200]
    (id_,) = [t["id"] for t in json.loads(guarded.command("token", "list", "-o", "json")) if t["label"] == "revoked"]
    guarded.command("token", "revoke", id_)
    guarded.command("user", "remove", "goes")
    assert guarded.call(SEARCH, user="goes", password="goes has a pass phrase").status_code == 401
    # A token that was right is remembered for at most 10 s.
    assert soon(lambda: [guarded.call(SEARCH, token=token).status_code for token in tokens] == [200, 401, 401], 12)


def test_no_secret_is_stored_or_logged(guarded):
    token = guarded.command("token", "create", "ed", "--label", "stored")
    assert guarded.call(SEARCH, token=token).status_code == 200
    assert guarded.call(SEARCH, user="ed").status_code == 200
    guarded.call(SEARCH, user="ed", password="a wrong pass phrase")
    if guarded.server.store:
        dumped = subprocess.run(["pg_dump", "--inserts", guarded.server.store], capture_output=True, check=True, timeout=60).stdout
        digest = hashlib.sha256(token.encode()).hexdigest().encode()
    else:
        dumped = b"".join(path.read_bytes() for path in (guarded.server.folder / "data").glob("stetig.db*"))
        digest = hashlib.sha256(token.encode()).digest()
    assert digest in dumped
    log = guarded.server.log.read_bytes()
    assert b"request refused" in log
    for secret in (token, PASSWORDS["ed"], "a wrong pass phrase", basic(f"ed:{PASSWORDS['ed']}")[6:]):
        assert secret.encode() not in dumped
        assert secret.encode() not in log


# Browsers


def test_only_known_host_names_are_served(guarded):
    for host in ("evil.example", "127.0.0.1.evil.example", "8.8.8.8", "localhost.evil.example:5000"):
        answer = guarded.call(SEARCH, user="ed", Host=host)
        assert (answer.status_code, "DNS rebinding" in answer.text) == (403, True)
    for host in ("localhost", f"127.0.0.1:{guarded.server.port}", "10.1.2.3", "192.168.7.7:5000"):
        assert guarded.call(SEARCH, user="ed", Host=host).status_code == 200


def test_other_sites_may_not_change_data(guarded):
    for origin in ("https://evil.example", "null", "http://localhost.evil.example"):
        answer = guarded.call(CREATE, user="ed", body={"name": origin}, Origin=origin)
        assert (answer.status_code, answer.text) == (403, "Cross-origin request blocked")
        assert guarded.call(SEARCH, user="ed", Origin=origin).status_code == 200
    own = f"http://127.0.0.1:{guarded.server.port}"
    assert guarded.call(CREATE, user="ed", body={"name": "same origin"}, Origin=own).status_code == 200


# What an attacker may cost


def test_unknown_users_take_as_long_as_wrong_passwords(guarded):
    def median(user: str) -> float:
        times = []
        for i in range(7):
            begin = time.perf_counter()
            assert guarded.call(SEARCH, user=user, password=f"wrong pass phrase {i}").status_code == 401
            times.append(time.perf_counter() - begin)
        return statistics.median(times)

    known, unknown = median("ed"), median("nobody")
    assert 0.4 < known / unknown < 2.5
    assert known > 0.004  # argon2id has run


def test_a_flood_of_wrong_passwords_keeps_nobody_out_and_is_bounded(guarded):
    assert guarded.call(SEARCH, user="root").status_code == 200
    before, end = guarded.resident_mib(), time.monotonic() + 3
    answers: list[tuple[int, str | None]] = []

    def attack(worker: int) -> None:
        with requests.Session() as session:
            count = 0
            while time.monotonic() < end:
                count += 1
                auth = (f"user{worker % 7}", f"wrong pass phrase {worker} {count}")
                answer = session.get(guarded.server.url + SEARCH, auth=auth, timeout=30)
                answers.append((answer.status_code, answer.headers.get("Retry-After")))

    with concurrent.futures.ThreadPoolExecutor(96) as pool:
        attacks = [pool.submit(attack, worker) for worker in range(96)]
        time.sleep(0.5)
        times, peak = [], 0.0
        while time.monotonic() < end - 0.5:
            begin = time.perf_counter()
            assert guarded.call(SEARCH, user="root").status_code == 200
            times.append(time.perf_counter() - begin)
            peak = max(peak, guarded.resident_mib())
        for one in attacks:
            one.result()
    assert set(answers) == {(401, None), (429, "1")}
    assert len(times) >= 3
    assert statistics.median(times) < 1.0
    # Two checks of 19 MiB each, and the connections.
    assert peak - before < 64, (before, peak)
    # Somebody who was never here before gets in once it is over.
    assert guarded.call(SEARCH, user="vi").status_code == 200
