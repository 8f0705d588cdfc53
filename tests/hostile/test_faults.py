"""What a disk does to a server: full, read-only, gone. Nothing acknowledged is lost, nothing is torn, reads go on, and it says what is wrong.

The full disk is a small tmpfs where this user may mount one (root), and in any case a limit on the size of files.
"""

import hashlib
import os
import resource
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import requests
from support.command import stetig
from support.server import Server

NOBODY = 65534
MIB = 1 << 20


@pytest.fixture(autouse=True, scope="module")
def only_stetig(request):
    if request.config.getoption("--server") == "stock":
        pytest.skip("about stetig's own files")


@pytest.fixture
def as_root():
    if os.geteuid() != 0:
        pytest.skip("needs root: mounts a file system, or becomes another user")


@pytest.fixture
def small_disk(as_root, tmp_path):
    """A file system of 64 MiB at tmp_path/data."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", folder], check=True, timeout=30)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True, timeout=30)


class Client:
    """Writes and remembers what was acknowledged."""

    def __init__(self, server: Server):
        self.server = server
        self.runs: list[str] = []
        self.files: dict[str, str] = {}

    def create_run(self) -> requests.Response:
        body = {"experiment_id": "0", "run_name": f"run {len(self.runs)}", "tags": [{"key": "fill", "value": "x" * 4000}]}
        answer = requests.post(f"{self.server.url}/api/2.0/mlflow/runs/create", json=body, timeout=30)
        if answer.status_code == 200:
            self.runs.append(answer.json()["run"]["info"]["run_id"])
        return answer

    def put(self, name: str, size: int) -> requests.Response:
        data = os.urandom(size)
        answer = requests.put(self.file_url(name), data=data, timeout=60)
        if answer.status_code == 200:
            self.files[name] = hashlib.sha256(data).hexdigest()
        return answer

    def file_url(self, name: str) -> str:
        return f"{self.server.url}/api/2.0/mlflow-artifacts/artifacts/{name}"

    def check_all(self) -> None:
        """Every acknowledged run and file is there, and there is no other run."""
        found, token = set(), None
        while True:
            body = {"experiment_ids": ["0"], "max_results": 1000} | ({"page_token": token} if token else {})
            page = requests.post(f"{self.server.url}/api/2.0/mlflow/runs/search", json=body, timeout=30)
            assert page.status_code == 200, page.text
            for run in page.json().get("runs", []):
                assert run["data"]["tags"][0]["value"] == "x" * 4000 or len(run["data"]["tags"]) > 1
                found.add(run["info"]["run_id"])
            token = page.json().get("next_page_token")
            if not token:
                break
        assert found == set(self.runs)
        for name, digest in self.files.items():
            got = requests.get(self.file_url(name), timeout=60)
            assert got.status_code == 200, got.text
            assert hashlib.sha256(got.content).hexdigest() == digest

    def until_refused(self, write, limit: int) -> requests.Response:
        for _ in range(limit):
            answer = write()
            if answer.status_code != 200:
                return answer
        raise AssertionError(f"{limit} writes and none was refused")


def assert_disk_full(answer: requests.Response) -> None:
    assert answer.status_code == 507, answer.text
    error = answer.json()
    assert error["error_code"] == "RESOURCE_EXHAUSTED"
    assert any(word in error["message"].lower() for word in ("disk is full", "no space left", "file too large", "disk i/o")), error


def soon_accepted(write) -> None:
    deadline = time.monotonic() + 10
    answer = write()
    while answer.status_code != 200:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
        answer = write()


def test_a_full_disk_refuses_writes_serves_reads_and_recovers(small_disk, tmp_path):
    server = Server("stetig", tmp_path).start()
    client = Client(server)
    try:
        for i in range(20):
            assert client.create_run().status_code == 200
            assert client.put(f"before/{i}", 64 * 1024).status_code == 200
        filler = small_disk / "filler"
        with filler.open("wb") as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
                    file.flush()
            except OSError:
                pass
        assert_disk_full(client.until_refused(client.create_run, 2000))
        assert_disk_full(client.until_refused(lambda: client.put("during/large", 8 * MIB), 3))
        for _ in range(300):
            client.create_run()
        client.check_all()
        assert requests.get(f"{server.url}/health/ready", timeout=10).status_code == 200
        log = server.log.read_text()
        assert '"message":"request failed"' in log and "disk" in log
        checks = stetig("doctor", "--data", small_disk, "--port", server.port).stdout
        assert "bad      disk" in checks and "du -xh" in checks

        filler.unlink()
        soon_accepted(client.create_run)
        soon_accepted(lambda: client.put("after", 4 * MIB))
        for _ in range(50):
            assert client.create_run().status_code == 200
        client.check_all()
        server.kill()
        server.start()
        client.check_all()
        assert server.stop() == 0
    finally:
        server.kill()


def test_a_limit_on_the_size_of_files_is_a_full_disk_and_no_crash(tmp_path, monkeypatch):
    server = Server("stetig", tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * MIB, before[1]))  # the server inherits it
    try:
        server.start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    client = Client(server)
    try:
        assert_disk_full(client.until_refused(client.create_run, 2000))
        assert len(client.runs) > 10
        assert_disk_full(client.until_refused(lambda: client.put("large", 8 * MIB), 2))
        client.check_all()
        assert server.process.poll() is None
        server.kill()
        server.start()
        client.check_all()
        assert client.create_run().status_code == 200
        assert client.put("large", 8 * MIB).status_code == 200
        client.check_all()
        assert server.stop() == 0
    finally:
        server.kill()


def test_a_read_only_folder_is_explained_at_the_start(small_disk, tmp_path):
    server = Server("stetig", tmp_path).start()
    assert Client(server).create_run().status_code == 200
    assert server.stop() == 0
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True, timeout=30)
    done = stetig("up", "--data", small_disk, "--port", server.port)
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr
    assert "stetig doctor" in done.stderr
    checks = stetig("doctor", "--data", small_disk, "--port", server.port)
    assert checks.returncode == 1
    assert "bad      permissions" in checks.stdout and "findmnt" in checks.stdout


@pytest.fixture
def of_nobody(as_root, tmp_path):
    """A server that runs without root's rights, so that permissions count for it."""
    for parent in (tmp_path, *tmp_path.parents):
        if str(parent).startswith("/tmp/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    os.chown(data, NOBODY, NOBODY)
    server = Server("stetig", tmp_path)
    command = server.command
    server.command = lambda: ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", *command()]
    yield server
    server.kill()


def folders(data: Path) -> list[Path]:
    return [data, *(path for path in data.rglob("*") if path.is_dir())]


def test_a_folder_that_turns_read_only_stops_new_files_but_no_reads(of_nobody):
    server = of_nobody.start()
    client = Client(server)
    assert client.create_run().status_code == 200
    data = server.folder / "data"
    for folder in folders(data):
        folder.chmod(0o500)
    try:
        refused = client.put("during", 200_000)  # the first file needs a new pack
        assert refused.status_code == 503, refused.text
        assert "Permission denied" in refused.json()["message"]
        assert refused.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
        client.create_run()  # its files are open already: either answer is right, if it is true
        client.check_all()
        assert requests.get(client.file_url("during"), timeout=10).status_code == 404
    finally:
        for folder in folders(data):
            folder.chmod(0o700)
    soon_accepted(client.create_run)
    soon_accepted(lambda: client.put("after", 200_000))
    client.check_all()
    assert server.stop() == 0


@pytest.mark.parametrize("replaced", [False, True])
def test_a_server_whose_folder_is_gone_says_so_and_ends(tmp_path, replaced):
    server = Server("stetig", tmp_path).start()
    try:
        assert Client(server).create_run().status_code == 200
        if replaced:
            (tmp_path / "data").rename(tmp_path / "moved")
            (tmp_path / "data").mkdir()
        else:
            shutil.rmtree(tmp_path / "data")
        assert server.process.wait(10) == 1
        assert "removed or replaced under the server" in server.log.read_text()
        if replaced:
            moved = Client(server)
            (tmp_path / "data").rmdir()
            (tmp_path / "moved").rename(tmp_path / "data")
            server.start()
            assert requests.post(
                f"{server.url}/api/2.0/mlflow/runs/search", json={"experiment_ids": ["0"]}, timeout=10
            ).json()["runs"]
            assert moved.create_run().status_code == 200
            assert server.stop() == 0
    finally:
        server.kill()
