"""A real Gitea for tests: built once by tools/gitea.sh, one instance per test on a free port, never as root."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import requests

from support.server import ROOT, free_port

BUILD_SECONDS = 3600  # two cores, the first time
READY_SECONDS = 60
STOP_SECONDS = 3
ADMIN, PASSWORD = "root1", "Pw-test-1234"
APP_INI = """
RUN_USER = {user}
WORK_PATH = {folder}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = http://127.0.0.1:{port}/
DISABLE_SSH = true
OFFLINE_MODE = true
STATIC_ROOT_PATH = {static}
APP_DATA_PATH = {folder}/data
[database]
DB_TYPE = sqlite3
PATH = {folder}/data/g.db
[repository]
ROOT = {folder}/repos
[security]
INSTALL_LOCK = true
SECRET_KEY = test-secret-key
INTERNAL_TOKEN = test-internal-token-0123456789012345678901234567890123456789
[webhook]
ALLOWED_HOST_LIST = loopback
[log]
MODE = console
LEVEL = Warn
[service]
DISABLE_REGISTRATION = true
[actions]
ENABLED = false
"""


class Gitea:
    """`api(method, path, body)` calls its REST interface as the admin `root1`."""

    def __init__(self):
        built = subprocess.run([ROOT / "tools/gitea.sh"], capture_output=True, text=True, timeout=BUILD_SECONDS)
        assert built.returncode == 0, built.stderr[-2000:]
        built = Path(built.stdout.strip())
        # Its user must be able to enter every folder above.
        self.folder = Path(tempfile.mkdtemp(prefix="stetig-gitea-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None
        for part in ("data", "repos", "home"):
            (self.folder / part).mkdir()
        shutil.copy(built / "gitea", self.folder / "gitea")
        shutil.copytree(built / "static", self.folder / "static")
        root = os.getuid() == 0
        self._as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if root else []
        user = "nobody" if root else os.environ.get("USER", "nobody")
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "USER": user}
        settings = APP_INI.format(user=user, folder=self.folder, port=self.port, static=self.folder / "static")
        (self.folder / "app.ini").write_text(settings)
        if root:
            subprocess.run(["chown", "-R", "65534:65534", self.folder], check=True, timeout=60)
        self._call("migrate")
        self.token = self._call(
            "admin", "user", "create", "--admin", "--username", ADMIN, "--password", PASSWORD, "--email", "r@test.example",
            "--must-change-password=false", "--access-token", "--access-token-scopes", "all", "--access-token-name", "t",
        ).split()[-1]  # fmt: skip

    def _command(self, *arguments: str) -> list[str]:
        return [*self._as_user, str(self.folder / "gitea"), "-c", str(self.folder / "app.ini"), *arguments]

    def _call(self, *arguments: str) -> str:
        done = subprocess.run(
            self._command(*arguments), capture_output=True, text=True, timeout=120, env=self._environment, cwd=self.folder
        )
        assert done.returncode == 0, f"gitea {arguments}: {done.stdout[-1000:]}{done.stderr[-1000:]}"
        for line in done.stdout.splitlines():
            if "ccess token" in line:
                return line
        return done.stdout

    def start(self) -> "Gitea":
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command("web"), stdout=log, stderr=log, env=self._environment, cwd=self.folder, start_new_session=True
            )
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            try:
                if requests.get(f"{self.url}/api/healthz", timeout=2).status_code == 200:
                    return self
            except requests.RequestException:
                pass
            assert self.process.poll() is None, self.log_tail()
            time.sleep(0.05)
        raise TimeoutError(f"Gitea was not ready after {READY_SECONDS} s:\n{self.log_tail()}")

    def close(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(STOP_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_tail(self) -> str:
        return "\n".join((self.folder / "server.log").read_text(errors="replace").splitlines()[-40:])

    def api(self, method: str, path: str, body=None, token: str | None = None, expect: int | None = None):
        answer = requests.request(
            method, f"{self.url}/api/v1{path}", json=body, headers={"Authorization": f"token {token or self.token}"}, timeout=30
        )
        if expect is None:
            assert answer.status_code // 100 == 2, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        else:
            assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.text else None
