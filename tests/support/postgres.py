"""Databases for tests on a throw-away PostgreSQL.

The server is the one that STETIG_TEST_POSTGRES names, or one that the session starts by tools/postgres.sh. A machine without
PostgreSQL is a failure, not a skip.
"""

import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools" / "postgres.sh"


class Postgres:
    """One server; `database()` makes a new empty database on it. stop() and start() keep the data and the port."""

    def __init__(self, url: str | None = None):
        self._folder = None
        if url is None:
            # Not below pytest's folders: those are closed to the user that PostgreSQL runs as.
            self._folder = Path(tempfile.mkdtemp(prefix="stetig-pg-"))
            url = self._control("start")
        self.url = url

    @classmethod
    def for_session(cls) -> "Postgres":
        return cls(os.environ.get("STETIG_TEST_POSTGRES"))

    def database(self) -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", self.url, "-c", f"CREATE DATABASE {name}"], check=True, timeout=60)
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def stop(self, mode: str = "fast") -> None:
        self._control("stop", mode)

    def start(self) -> None:
        self._control("start")

    def close(self) -> None:
        if self._folder is not None:
            self._control("remove")
            shutil.rmtree(self._folder, ignore_errors=True)

    def _control(self, action: str, *more: str) -> str:
        if self._folder is None:
            raise RuntimeError(f"cannot {action} the server of STETIG_TEST_POSTGRES, expected one started by this process")
        done = subprocess.run([SCRIPT, action, self._folder, *more], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"tools/postgres.sh {action} failed: {done.stderr.strip()}")
        return done.stdout.strip()
