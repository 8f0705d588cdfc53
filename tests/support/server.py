"""Starts the server under test: the built `stetig`, or a stock `mlflow server` to prove the tests themselves.

Every wait has a limit; a server that does not come up raises with the tail of its log.
"""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = {"stetig": 20, "stock": 180}
STOP_SECONDS = 20


def stetig_binary() -> Path:
    """The executable under test: STETIG_BIN, or the release build."""
    binary = Path(os.environ.get("STETIG_BIN", ROOT / "build/release/apps/stetig/stetig"))
    if not binary.is_file():
        raise FileNotFoundError(f"no executable at {binary}, expected a release build (make build) or STETIG_BIN")
    return binary


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server on 127.0.0.1 with its data in `folder`. `store` is None for the embedded store, else a PostgreSQL URL.

    start() after stop() or kill() uses the same folder, store and port.
    """

    def __init__(self, kind: str, folder: Path, store: str | None = None, arguments: tuple[str, ...] = ()):
        self.kind = kind
        self.folder = Path(folder)
        self.store = store
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "server.log"
        self.process: subprocess.Popen | None = None
        self.environment: dict[str, str] = {}  # besides our own
        self._arguments = arguments

    def command(self) -> list[str]:
        if self.kind == "stetig":
            command = [str(stetig_binary()), "up", "--data", str(self.folder / "data"), "--port", str(self.port)]
            return command + (["--store", self.store] if self.store else []) + list(self._arguments)
        store = self.store.replace("postgresql://", "postgresql+psycopg2://") if self.store else f"sqlite:///{self.folder}/mlflow.db"
        return [
            str(ROOT / ".venv/mlflow3/bin/mlflow"), "server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1",
            "--backend-store-uri", store, "--artifacts-destination", str(self.folder / "artifacts"), *self._arguments,
        ]  # fmt: skip

    def start(self) -> "Server":
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=subprocess.STDOUT, cwd=self.folder, start_new_session=True,
                env={**os.environ, **self.environment},
            )  # fmt: skip
        deadline = time.monotonic() + READY_SECONDS[self.kind]
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.kind} ended with {self.process.returncode} before it was ready:\n{self.log_tail()}")
            if self.healthy():
                return self
            time.sleep(0.02)
        self.kill()
        raise TimeoutError(f"{self.kind} was not ready after {READY_SECONDS[self.kind]} s:\n{self.log_tail()}")

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/health", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> int:
        """SIGTERM; returns the exit status. A server that does not drain in time is killed and raises."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError(f"{self.kind} did not end {STOP_SECONDS} s after SIGTERM:\n{self.log_tail()}") from None

    def kill(self) -> None:
        """SIGKILL to the whole session of the server, so that no worker survives."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait(STOP_SECONDS)

    def log_tail(self, lines: int = 40) -> str:
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
