"""The systems that are compared: each starts on a fresh folder, tells when it is ready, and ends with everything below it."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import procs

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/release"
STETIG = BUILD / "apps/stetig/stetig"
MLFLOW = ROOT / ".venv/mlflow3/bin/mlflow"
FASTTRACKML = ROOT / ".venv/fasttrackml/bin/fml"
POLL_SECONDS = 0.0005
STOP_SECONDS = 20


class Unable(Exception):
    """A system cannot do what was asked; the text says why."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class System:
    """`kind`: stetig, stock, fasttrackml or a floor's name. `store`: a PostgreSQL URL, else SQLite in the folder."""

    def __init__(self, kind: str, folder: Path, store: str | None = None, argument: int | str = 1):
        self.kind, self.folder, self.store, self.argument = kind, folder, store, argument
        self.port = free_port()
        self.process: subprocess.Popen | None = None

    @property
    def floor(self) -> bool:
        return self.kind.startswith("floor")

    def command(self) -> list[str]:
        port, folder = str(self.port), self.folder
        if self.kind == "stetig":
            store = ["--store", self.store] if self.store else []
            return [str(STETIG), "up", "--data", str(folder / "data"), "--port", port, "--log-level", "warning", *store]
        if self.kind == "stock":
            store = self.store.replace("postgresql:", "postgresql+psycopg2:") if self.store else f"sqlite:///{folder}/mlflow.db"
            return [str(MLFLOW), "server", "--host", "127.0.0.1", "--port", port, "--backend-store-uri", store,
                    "--artifacts-destination", str(folder / "artifacts")]  # fmt: skip
        if self.kind == "fasttrackml":
            return [str(FASTTRACKML), "server", "-a", f"127.0.0.1:{port}", "-d", f"sqlite://{folder}/fml.db", "-l", "error"]
        arguments = {
            "floor_http": [str(self.argument)],
            "floor_sqlite": [str(folder / "floor.db"), str(self.argument)],
            "floor_file": [str(folder / "file")],
            "floor_postgres": [str(self.store), str(self.argument)],
        }
        return [str(BUILD / "bench" / self.kind), port, *arguments[self.kind]]

    def start(self, limit: float = 180) -> float:
        """Seconds from the start of the process to the first 200 of /health."""
        if not Path(self.command()[0]).exists():
            raise Unable("not installed")
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log:
            begun = time.monotonic()
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )
        while time.monotonic() - begun < limit:
            if self._healthy():
                return time.monotonic() - begun
            if self.process.poll() is not None:
                raise Unable(f"ended with {self.process.returncode}: {self.log_tail()}")
            time.sleep(POLL_SECONDS)
        self.stop()
        raise Unable(f"not ready after {limit:.0f} s")

    def _healthy(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                if self.kind == "floor_file":
                    return True
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                return connection.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def stop(self) -> None:
        """SIGTERM, then SIGKILL for what is left (workers may have sessions of their own)."""
        if self.process is None:
            return
        members = procs.tree(self.process.pid)
        if not self.floor:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        for member in members:
            try:
                os.kill(member, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def settle(self, limit: float = 120) -> float:
        """Waits until background work (folding of metric points) has ended; the seconds that took."""
        begun, quiet = time.monotonic(), 0
        while quiet < 2 and time.monotonic() - begun < limit:
            before = procs.cpu_seconds(self.process.pid)
            time.sleep(0.4)
            quiet = quiet + 1 if procs.cpu_seconds(self.process.pid) - before < 0.02 else 0
        return time.monotonic() - begun

    def log_tail(self) -> str:
        lines = (self.folder / "server.log").read_text(errors="replace").splitlines()
        return " | ".join(lines[-3:])[-300:]


class Postgres:
    """A throw-away server of tools/postgres.sh; every system gets a database of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.url = self._tool("start").strip()
        self._databases = 0

    def _tool(self, action: str) -> str:
        done = subprocess.run(
            [ROOT / "tools/postgres.sh", action, str(self.folder)], capture_output=True, text=True, timeout=120
        )
        if done.returncode != 0:
            raise Unable(f"PostgreSQL: {done.stderr.strip()[-300:]}")
        return done.stdout

    def database(self) -> str:
        self._databases += 1
        name = f"bench{self._databases}"
        psql = shutil.which("psql")
        if psql is None:
            raise Unable("no psql")
        subprocess.run([psql, "-q", "-d", self.url, "-c", f"CREATE DATABASE {name}"], check=True, timeout=60)
        return self.url.rpartition("/")[0] + "/" + name

    def version(self) -> str:
        asked = [shutil.which("psql") or "psql", "-At", "-d", self.url, "-c", "SHOW server_version"]
        return subprocess.run(asked, capture_output=True, text=True, timeout=60).stdout.strip()

    def remove(self) -> None:
        self._tool("remove")
