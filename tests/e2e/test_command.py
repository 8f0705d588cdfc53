"""The executable as an operator sees it: commands, settings, users, log, metrics, exit codes."""

import json
import os
import pty
import re
import select
import signal
import socket
import time
from pathlib import Path

import pytest
import requests
from support import exposition
from support.command import clean_environment, doctor, stetig
from support.postgres import Postgres
from support.server import Server, free_port, stetig_binary

COMMANDS = (
    "up", "doctor", "user add", "user password", "user role", "user remove", "user list",
    "token create", "token revoke", "token list", "version", "help", "completion",
)  # fmt: skip
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True, scope="module")
def only_stetig(request):
    if request.config.getoption("--server") == "stock":
        pytest.skip("about stetig's own command")


@pytest.fixture
def running(tmp_path):
    server = Server("stetig", tmp_path).start()
    yield server
    server.kill()


# The command line


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    explained = stetig("help", *command.split())
    assert explained.returncode == 0
    assert f"Usage: stetig {command}" in explained.stdout
    asked = stetig(*command.split(), "--help")
    assert asked.returncode == 0
    assert asked.stdout == explained.stdout


@pytest.mark.parametrize(
    ("arguments", "says", "see"),
    [
        (["serve"], "there is no command 'serve'", "stetig help"),
        (["usr", "add"], "there is no command 'usr' (did you mean 'user'?)", "stetig help"),
        (["user", "lst"], "there is no command 'lst' (did you mean 'list'?)", "stetig help user"),
        (["up", "--prot", "1"], "--prot", "stetig help up"),
        (["up", "--port", "70000"], "flag --port: found '70000', expected an integer from 0 to 65535", "stetig help up"),
        (["up", "--readers", "0"], "flag --readers: found '0', expected a number from 1 to 64", "stetig help up"),
        (["up", "--log-level", "loud"], "flag --log-level: found 'loud', expected one of debug, info", "stetig help up"),
        (["up", "--tls-cert", "x"], "tls-cert is given without tls-key", "stetig help up"),
        (["up", "--config", "/no/such/file"], "/no/such/file", "stetig help up"),
        (["user", "add"], "NAME is required", "stetig help user add"),
        (["token", "create", "ada", "--days", "0"], "--days", "stetig help token create"),
        (["completion", "tcsh"], "tcsh", "stetig help completion"),
        (["help", "nothing"], "there is no command 'nothing'", "stetig help"),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_names_the_next_command(arguments, says, see):
    done = stetig(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr
    assert done.stderr.endswith(f"See: {see}\n")


def test_without_a_command_it_explains_itself():
    done = stetig()
    assert done.returncode == 2
    assert "Usage: stetig" in done.stderr


def test_version_in_both_forms():
    version = json.loads(stetig("version", "-o", "json").stdout)["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert stetig("version").stdout == stetig("--version").stdout == f"stetig {version}\n"


# Settings


def test_flag_beats_environment_beats_file_beats_default(tmp_path):
    file = tmp_path / "settings.yaml"
    file.write_text("port: 5001\nreaders: 7\nallowed_hosts: [a.example, b.example]\nlog-level: warning\n")
    env = {"STETIG_PORT": "5002", "STETIG_READERS": "8", "STETIG_DATA": str(tmp_path / "data")}
    _, settings, _ = doctor("--config", file, "--port", "5003", env=env)
    assert (settings["port"]["value"], settings["port"]["source"]) == ("5003", "flag --port")
    assert (settings["readers"]["value"], settings["readers"]["source"]) == ("8", "environment STETIG_READERS")
    assert (settings["log-level"]["value"], settings["log-level"]["source"]) == ("warning", f"{file} line 4")
    assert settings["allowed-hosts"]["value"] == "a.example,b.example"
    assert (settings["loops"]["value"], settings["loops"]["place"]) == ("0", "default")
    _, by_variable, _ = doctor(env=env | {"STETIG_CONFIG": str(file)})
    assert by_variable["log-level"]["place"] == "file"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("prot: 1\n", "line 1: unknown setting 'prot' (did you mean 'port'?)"),
        ("host: h\nport: many\n", "line 2: port: found 'many', expected an integer"),
        ("port: 1\nport: 2\n", "line 2: setting 'port' is given twice"),
        ("port: [\n", "line "),
    ],
)
def test_errors_of_the_file_name_the_line(tmp_path, text, says):
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    done = stetig("up", "--config", file)
    assert done.returncode == 2
    assert f"stetig: {file} {says}" in done.stderr


def test_a_setting_of_the_file_reaches_the_server(tmp_path):
    file = tmp_path / "settings.yaml"
    file.write_text("default-artifact-root: file:///somewhere\nlog-level: debug\nlog-format: json\n")
    server = Server("stetig", tmp_path, arguments=("--config", str(file))).start()
    try:
        made = requests.post(f"{server.url}/api/2.0/mlflow/experiments/create", json={"name": "e"}, timeout=10).json()
        got = requests.get(f"{server.url}/api/2.0/mlflow/experiments/get", params=made, timeout=10).json()
        assert got["experiment"]["artifact_location"].startswith("file:///somewhere/")
    finally:
        assert server.stop() == 0
    assert any(line.get("path") == "/api/2.0/mlflow/experiments/get" for line in log_lines(server))


# Start and stop


def log_lines(server: Server) -> list[dict]:
    return [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]


def test_a_second_server_on_one_folder_says_so_and_ends(running):
    done = stetig("up", "--data", running.folder / "data", "--port", free_port())
    assert done.returncode == 1
    assert f"is held by process {running.process.pid}" in done.stderr
    assert "--data DIR" in done.stderr
    assert running.healthy()


def test_a_port_in_use_is_named_with_another_one(running, tmp_path):
    done = stetig("up", "--data", tmp_path / "other", "--port", running.port)
    assert done.returncode == 1
    assert f"{running.port} is in use" in done.stderr
    assert f"--port {running.port + 1}" in done.stderr


def test_other_machines_are_not_let_in_before_there_are_users(tmp_path):
    for host in ("0.0.0.0", "::"):
        done = stetig("up", "--data", tmp_path / "data", "--host", host, "--port", free_port())
        assert done.returncode == 1
        assert "there is no user yet" in done.stderr
        assert "stetig user add" in done.stderr


def test_start_and_stop_are_logged_as_json_lines(tmp_path):
    server = Server("stetig", tmp_path).start()
    assert server.stop() == 0
    lines = log_lines(server)
    assert [line["message"] for line in lines] == ["server started", "server stops", "server stopped"]
    assert all(line["level"] == "info" and re.fullmatch(r"[0-9T:.-]+Z", line["time"]) for line in lines)
    assert lines[0]["url"] == server.url
    assert lines[1]["signal"] == "SIGTERM"


def test_requests_are_logged_by_level_and_refusals_as_warnings(tmp_path):
    quiet, loud = (Server("stetig", tmp_path / level, arguments=("--log-level", level)) for level in ("info", "debug"))
    for server in (quiet, loud):
        server.start()
        get = requests.get(f"{server.url}/api/2.0/mlflow/runs/search?secret=1", headers={"X-Request-Id": "mine-1"}, timeout=10)
        assert get.headers["X-Request-Id"] == "mine-1"
        requests.get(f"{server.url}/version", headers={"X-Request-Id": "not ok\t;"}, timeout=10)
        refused = requests.get(f"{server.url}/api/2.0/mlflow/experiments/get", headers={"Host": "evil.example"}, timeout=10)
        assert refused.status_code == 403
        assert server.stop() == 0
    messages = [line["message"] for line in log_lines(quiet)]
    assert messages == ["server started", "request refused", "server stops", "server stopped"]
    requests_seen = [line for line in log_lines(loud) if line["message"] == "request"]
    mine = [line for line in requests_seen if line["request_id"] == "mine-1"]
    assert [(line["path"], line["level"]) for line in mine] == [("/api/2.0/mlflow/runs/search", "debug")]
    assert "secret" not in loud.log.read_text()
    assert not any("not ok" in line["request_id"] for line in requests_seen)


# Users and tokens


@pytest.fixture(params=["sqlite", "postgres"])
def place(request, tmp_path):
    """Flags that name a fresh store."""
    store = ["--store", request.getfixturevalue("postgres").database()] if request.param == "postgres" else []
    return ["--data", str(tmp_path / "data"), *store]


def test_users_and_tokens_from_first_to_last(place):
    assert stetig("user", "add", "ada", "--role", "admin", *place, stdin=PASSWORD + "\n").stdout == "user ada added as admin\n"
    assert stetig("user", "add", "bob", *place, env={"STETIG_PASSWORD": PASSWORD}).stdout == "user bob added as editor\n"
    users = json.loads(stetig("user", "list", "-o", "json", *place).stdout)
    assert [(user["name"], user["role"]) for user in users] == [("ada", "admin"), ("bob", "editor")]
    assert stetig("user", "role", "bob", "viewer", *place).returncode == 0
    secret = stetig("token", "create", "bob", "--label", "ci", "--days", "90", *place).stdout.strip()
    assert re.fullmatch(r"stetig_[A-Za-z0-9_-]{43}", secret)
    (token,) = json.loads(stetig("token", "list", "-o", "json", *place).stdout)
    assert (token["user"], token["label"], token["role"]) == ("bob", "ci", "editor")
    assert token["expires"] is not None and secret not in json.dumps(token)
    assert stetig("token", "revoke", token["id"], *place).returncode == 0
    assert json.loads(stetig("token", "list", "-o", "json", *place).stdout) == []
    assert stetig("user", "remove", "bob", *place).returncode == 0
    assert [line.split("\t")[0] for line in stetig("user", "list", *place).stdout.splitlines()] == ["ada"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["user", "add", "ada"], 1, "already exists"),
        (["user", "add", "a:b"], 2, "without ':'"),
        (["user", "add", "bob", "--role", "boss"], 2, "expected viewer, editor or admin"),
        (["user", "remove", "ada"], 1, "last admin"),
        (["user", "password", "bob"], 1, "does not exist"),
        (["token", "create", "bob"], 1, "does not exist"),
        (["token", "revoke", "bob"], 1, "does not exist"),
    ],
)
def test_mistakes_with_users_are_explained(tmp_path, arguments, code, says):
    place = ["--data", str(tmp_path / "data")]
    stetig("user", "add", "ada", "--role", "admin", *place, stdin=PASSWORD)
    done = stetig(*arguments, *place, stdin=PASSWORD)
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr
    assert "stetig " in done.stderr.splitlines()[-1]


def test_a_short_password_is_refused_without_being_shown(tmp_path):
    done = stetig("user", "add", "ada", "--data", tmp_path / "data", stdin="hunter2\n")
    assert done.returncode == 2
    assert "7 characters, expected at least 12" in done.stderr
    assert "hunter2" not in done.stderr


def on_terminal(arguments: list[str], answers: list[str]) -> tuple[int, str]:
    """Exit code and all that a terminal showed; each answer is typed at a prompt."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(stetig_binary(), [str(stetig_binary()), *arguments], clean_environment())
    shown, deadline = b"", time.monotonic() + 20
    pending = list(answers)
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            got = os.read(terminal, 4096)
        except OSError:
            got = b""
        if not got:
            break
        shown += got
        if pending and shown.rstrip(b" ").endswith(b":") and shown.endswith(b" "):
            os.write(terminal, pending.pop(0).encode())
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_a_terminal_asks_twice_and_shows_nothing(tmp_path):
    add = ["user", "add", "ada", "--role", "admin", "--data", str(tmp_path / "data")]
    code, shown = on_terminal(add, [PASSWORD + "\n", "something else entirely\n"])
    assert code == 2 and "differ" in shown
    code, shown = on_terminal(add, [PASSWORD + "\n", PASSWORD + "\n"])
    assert code == 0 and "user ada added as admin" in shown
    assert PASSWORD not in shown
    code, shown = on_terminal(["user", "password", "ada", "--data", str(tmp_path / "data")], ["half of\x03"])
    assert code == 1 and "nothing was entered" in shown


# Metrics and health


def scrape(server: Server):
    answer = requests.get(f"{server.url}/metrics", timeout=10)
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return exposition.read(answer.text)


def test_metrics_are_well_formed_and_count(running):
    create = {"method": "POST", "route": "/api/2.0/mlflow/runs/create"}
    before, types = scrape(running)
    assert types["stetig_http_request_duration_seconds"] == "histogram"
    for _ in range(7):
        requests.post(f"{running.url}/api/2.0/mlflow/runs/create", json={"experiment_id": "0"}, timeout=10)
    requests.post(f"{running.url}/api/2.0/mlflow/runs/create", json={"experiment_id": "none"}, timeout=10)
    requests.get(f"{running.url}/no/such/path", timeout=10)
    after, types = scrape(running)
    seconds = "stetig_http_request_duration_seconds_count"
    assert exposition.value(after, seconds, status="2xx", **create) == 7
    assert exposition.value(after, seconds, status="4xx", **create) == 1
    assert exposition.value(after, seconds, status="4xx", method="", route="") == 1
    assert exposition.value(after, "stetig_http_request_body_bytes_total", **create) > 7 * 10
    writes = "stetig_store_writes_total"
    assert exposition.value(after, writes) - exposition.value(before, writes) >= 7
    assert exposition.value(after, "stetig_store_group_size_sum") == exposition.value(after, writes)
    assert exposition.value(after, "stetig_store_group_size_count") == exposition.value(after, "stetig_store_commits_total")
    assert exposition.value(after, "stetig_http_connections") >= 1
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    rss = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024
    assert 0.5 * rss < exposition.value(after, "process_resident_memory_bytes") < 2 * rss
    opened = len(os.listdir(f"/proc/{running.process.pid}/fd"))
    assert abs(exposition.value(after, "process_open_fds") - opened) <= 4
    assert exposition.value(after, "process_cpu_seconds_total") > 0
    assert types["stetig_build_info"] == "gauge"
    put = requests.put(f"{running.url}/api/2.0/mlflow-artifacts/artifacts/f", data=b"x" * 1000, timeout=10)
    assert put.status_code == 200
    assert exposition.value(scrape(running)[0], "stetig_blob_uploads_total") == 1


def test_readiness_follows_the_store_and_liveness_does_not(tmp_path):
    postgres = Postgres()
    server = Server("stetig", tmp_path, postgres.database())
    try:
        server.start()
        assert requests.get(f"{server.url}/health/ready", timeout=10).text == "OK"
        postgres.stop("immediate")
        away = requests.get(f"{server.url}/health/ready", timeout=20)
        assert (away.status_code, away.text) == (503, "the store does not answer")
        assert requests.get(f"{server.url}/health/live", timeout=10).status_code == 200
        postgres.start()
        deadline = time.monotonic() + 20
        while requests.get(f"{server.url}/health/ready", timeout=20).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert server.stop() == 0
    finally:
        server.kill()
        postgres.close()


def test_a_second_signal_ends_at_once(running):
    with socket.create_connection(("127.0.0.1", running.port)) as slow:
        slow.sendall(b"POST /api/2.0/mlflow/runs/create HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        time.sleep(0.3)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert running.process.poll() is None
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(5) == -signal.SIGTERM
