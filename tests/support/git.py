"""Real git repositories for tests."""

import os
import subprocess
from pathlib import Path


class Git:
    """A repository with fixed people and times."""

    def __init__(self, folder: Path):
        self.folder, self.clock = folder, 1_700_000_000
        folder.mkdir(parents=True)
        self("init", "-q", "-b", "main")

    def __call__(self, *arguments, stdin: str | bytes = b"", **env: str) -> str:
        self.clock += 60
        when = f"{self.clock} +0000"
        people = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}
        fixed = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=os.environ | people | fixed | env,
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout.decode(errors="replace").strip()

    def commit(self, message: str | bytes, name: str = "file", text: str = "", **env: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(text or f"{name} {self.clock}\n")
        self("add", "-A")
        self("commit", "-q", "--allow-empty", "-F", "-", stdin=message, **env)
        return self("rev-parse", "HEAD")

    def raw_commit(self, message: bytes, *headers: bytes, branch: str = "main") -> str:
        """A commit of these very bytes, which `git commit` would mend or refuse; its tree is empty unless a header says otherwise."""
        tree = self("hash-object", "-w", "-t", "tree", "--stdin")
        lines = headers or (b"author A <a@b.c> 1700000000 +0000", b"committer A <a@b.c> 1700000000 +0000")
        head = [b"tree " + tree.encode()]
        if (tip := self.tip(branch)) is not None:
            head.append(b"parent " + tip.encode())
        sha = self("hash-object", "-w", "-t", "commit", "--literally", "--stdin", stdin=b"\n".join([*head, *lines, b"", message]))
        self("update-ref", f"refs/heads/{branch}", sha)
        return sha

    def tip(self, branch: str) -> str | None:
        found = self("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        return found or None
