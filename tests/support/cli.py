"""The command line of one user against a running server."""

import json
import subprocess

from support.api import Api
from support.command import stetig
from support.server import Server


class Cli:
    """The command line of one user with a home of their own."""

    def __init__(self, server: Server, home):
        self.server, self.home = server, home
        self.api = Api(server.url)

    def env(self, **more: str) -> dict[str, str]:
        return {"STETIG_SERVER": self.server.url, "XDG_CONFIG_HOME": str(self.home), "HOME": str(self.home), **more}

    def __call__(self, *arguments, stdin: str = "", **env: str) -> subprocess.CompletedProcess:
        return stetig(*arguments, env=self.env(**env), stdin=stdin)

    def good(self, *arguments, stdin: str = "", **env: str) -> str:
        done = self(*arguments, stdin=stdin, **env)
        assert done.returncode == 0, f"{arguments}: {done.returncode} {done.stderr}"
        return done.stdout

    def json(self, *arguments, stdin: str = ""):
        return json.loads(self.good(*arguments, "-o", "json", stdin=stdin))

    def fails(self, code: int, *arguments, stdin: str = "", **env: str) -> str:
        done = self(*arguments, stdin=stdin, **env)
        assert done.returncode == code, f"{arguments}: {done.returncode} {done.stdout} {done.stderr}"
        assert done.stdout == ""
        return done.stderr
