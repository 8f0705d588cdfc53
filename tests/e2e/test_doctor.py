"""`stetig doctor`: names what is wrong and the command that mends it, changes nothing, and hinders no server."""

import os
import resource
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
import requests
from support.command import doctor, stetig
from support.server import Server, free_port


@pytest.fixture(autouse=True, scope="module")
def only_stetig(request):
    if request.config.getoption("--server") == "stock":
        pytest.skip("about stetig's own command")


@pytest.fixture
def running(tmp_path):
    server = Server("stetig", tmp_path).start()
    yield server
    server.kill()


def test_doctor_is_content_with_a_new_folder(tmp_path):
    code, _, checks = doctor("--data", tmp_path / "data", "--port", free_port())
    assert code == 0
    assert {check["verdict"] for check in checks.values()} == {"ok"}
    assert set(checks) == {"port", "permissions", "disk", "data folder", "store", "users", "tls", "clock", "limits"}
    assert not (tmp_path / "data").exists()


def test_doctor_beside_a_server_says_who_serves_and_breaks_nothing(running):
    data = running.folder / "data"
    before = {path.name: path.stat().st_size for path in data.iterdir() if path.name == "stetig.lock"}
    for _ in range(5):
        code, _, checks = doctor("--data", data, "--port", running.port)
        assert code == 0
        assert f"process {running.process.pid}" in checks["port"]["found"]
        assert f"process {running.process.pid}" in checks["data folder"]["found"]
        assert checks["store"]["found"] == "opens, its schema is current"
        made = requests.post(f"{running.url}/api/2.0/mlflow/runs/create", json={"experiment_id": "0"}, timeout=10)
        assert made.status_code == 200
    assert before == {path.name: path.stat().st_size for path in data.iterdir() if path.name == "stetig.lock"}
    assert running.stop() == 0


def test_doctor_names_the_process_that_has_the_port(tmp_path):
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as other:
            try:
                other.bind((host, 0))
            except OSError:
                continue  # a machine without IPv6
            other.listen()
            port = other.getsockname()[1]
            code, _, checks = doctor("--data", tmp_path, "--host", host, "--port", port)
            assert code == 1
            assert f"is in use by process {os.getpid()} " in checks["port"]["found"]
            assert f"--port {port + 1}" in checks["port"]["mend"]


def test_doctor_explains_an_address_of_another_machine(tmp_path):
    _, _, checks = doctor("--data", tmp_path, "--host", "192.0.2.1")
    assert checks["port"]["verdict"] == "bad"
    assert "no address of this machine" in checks["port"]["found"]
    assert checks["users"]["verdict"] == "bad"
    assert checks["users"]["mend"].startswith("stetig user add")


def test_doctor_explains_permissions(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another user")
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == 0 and str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    tmp_path.chmod(0o755)
    _, _, checks = doctor("--data", data)
    assert checks["permissions"]["verdict"] == "warning"
    assert checks["permissions"]["mend"] == f"chmod 700 {data}"
    nobody = 65534
    code, _, checks = doctor("--data", data, preexec_fn=lambda: os.setuid(nobody))
    assert code == 1
    assert checks["permissions"]["verdict"] == "bad"
    assert "chown" in checks["permissions"]["mend"]


def test_doctor_explains_limits(tmp_path):
    def lower():
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    code, _, checks = doctor("--data", tmp_path / "data", "--port", free_port(), preexec_fn=lower)
    assert code == 0
    assert checks["limits"]["verdict"] == "warning"
    assert "256 open files" in checks["limits"]["found"]
    assert checks["limits"]["mend"].startswith("ulimit -n")


def test_doctor_notices_a_clock_that_went_back(running):
    assert running.stop() == 0
    database = running.folder / "data" / "stetig.db"
    later = time.time() + 3600
    os.utime(database, (later, later))
    _, _, checks = doctor("--data", running.folder / "data", "--port", free_port())
    assert checks["clock"]["verdict"] == "warning"
    assert "timedatectl" in checks["clock"]["mend"]


def edit_migrations(folder: Path, sql: str) -> None:
    with sqlite3.connect(folder / "data" / "stetig.db") as database:
        database.execute(sql)
    database.close()


def test_doctor_explains_a_store_of_another_version(running):
    assert running.stop() == 0
    data, port = running.folder / "data", free_port()
    edit_migrations(running.folder, "INSERT INTO schema_migrations VALUES ('tracking', '9999_later', 'x', 0)")
    code, _, checks = doctor("--data", data, "--port", port)
    assert code == 1
    assert "tracking/9999_later" in checks["store"]["found"]
    assert "newer stetig" in checks["store"]["mend"]
    assert stetig("up", "--data", data, "--port", port).returncode == 1
    edit_migrations(running.folder, "DELETE FROM schema_migrations WHERE name = '9999_later'")
    edit_migrations(running.folder, "DELETE FROM schema_migrations WHERE module = 'registry'")
    code, _, checks = doctor("--data", data, "--port", port)
    assert code == 0
    assert checks["store"]["verdict"] == "warning"
    assert "older stetig" in checks["store"]["found"]
    listed = stetig("user", "list", "--data", data)
    assert listed.returncode == 1
    assert "schema changes" in listed.stderr


def test_doctor_explains_a_damaged_and_a_foreign_store(tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "stetig.db").write_bytes(os.urandom(8192))
    _, _, checks = doctor("--data", data)
    assert checks["store"]["verdict"] == "bad"
    assert "restore" in checks["store"]["mend"]
    (data / "stetig.db").unlink()
    with sqlite3.connect(data / "stetig.db") as database:
        database.execute("CREATE TABLE other (x)")
    database.close()
    _, _, checks = doctor("--data", data)
    assert "belongs to another program" in checks["store"]["found"]


def test_doctor_explains_a_database_server_that_is_away_and_hides_its_password(tmp_path):
    url = f"postgresql://stetig:hunter2secret@127.0.0.1:{free_port()}/ml"
    for arguments, env in ((("--store", url), {}), ((), {"STETIG_STORE": url})):
        done = stetig("doctor", "--data", tmp_path / "data", *arguments, env=env)
        assert done.returncode == 1
        assert "refused" in done.stdout
        assert "psql 'postgresql://stetig:***@127.0.0.1" in done.stdout
        assert "hunter2secret" not in done.stdout + done.stderr
    done = stetig("up", "--data", tmp_path / "data", "--store", url, "--port", free_port())
    assert done.returncode == 1
    assert "hunter2secret" not in done.stdout + done.stderr


def test_doctor_changes_nothing_in_a_database_server(postgres, tmp_path):
    url = postgres.database()
    _, _, checks = doctor("--data", tmp_path / "data", "--store", url, "--port", free_port())
    assert "is empty" in checks["store"]["found"]
    tables = subprocess.run(
        ["psql", "-Atq", url, "-c", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"], capture_output=True, text=True, timeout=60
    )
    assert tables.stdout.strip() == "0"
