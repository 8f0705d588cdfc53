"""Repositories made to harm whoever reads them: nothing of theirs runs, nothing outside of them is read, what is odd is booked as text or refused by
name, and the server goes on."""

import os
import time
import zlib
from pathlib import Path

import pytest
from support.api import Api, fresh_key
from support.git import Git


class Hostile:
    """A project with a task, and a repository that follows `git`."""

    def __init__(self, server, folder: Path):
        self.api, self.server, self.mark = Api(server.url), server, folder / "ran"
        self.key = self.api.good("project.create", body={"key": fresh_key(), "title": "churn"})["key"]
        self.task = self.api.good("task.create", body={"project": self.key, "title": "Train"})
        self.git = Git(folder / "repo")
        self.name = f"repo-{self.key.lower()}"
        self.api.good("repository.add", body={"name": self.name, "url": str(self.git.folder), "project": self.key, "poll_seconds": 0})

    def sync(self) -> dict:
        report = self.api.good("repository.sync", self.name)
        assert not self.mark.exists(), "something of the repository ran"
        return report

    def refused(self) -> str:
        answer = self.api.call("repository.sync", self.name)
        assert answer.status_code in (429, 503), answer.text
        assert not self.mark.exists(), "something of the repository ran"
        assert self.api.good("repository.get", self.name)["last_error"] == answer.json()["detail"]
        return answer.json()["detail"]

    def commits(self) -> dict[str, dict]:
        return {commit["sha"]: commit for commit in self.api.good("commit.list", query={"repository": self.name, "limit": 1000})["items"]}

    def rules(self, sha: str) -> dict[str, str]:
        """Of what a commit was done for: id → rule, once the graph has all events."""
        deadline = time.monotonic() + 10
        while True:
            found = self.api.call("trace.show", "commit", sha, query={"depth": 1})
            if found.status_code == 200:
                break
            assert time.monotonic() < deadline, found.text
            time.sleep(0.1)
        return {edge["from"]["id"]: edge["rule"] for edge in found.json()["edges"] if edge["type"] == "done_in"}


@pytest.fixture
def hostile(request, server, tmp_path) -> Hostile:
    if request.config.getoption("--server") == "stock":
        pytest.skip("of stetig's own interface")
    return Hostile(server, tmp_path)


def test_hooks_configuration_and_attributes_do_not_run(hostile):
    git, run = hostile.git, f"touch {hostile.mark}"
    git.commit("Begin")
    (git.folder / ".gitattributes").write_text("* diff=evil filter=evil merge=evil\n")
    git.commit("Attributes")
    for hook in ("post-update", "pre-receive", "update", "reference-transaction", "post-checkout", "pre-auto-gc", "post-rewrite", "fsmonitor-watchman"):
        path = git.folder / ".git" / "hooks" / hook
        path.write_text(f"#!/bin/sh\n{run}\n")
        path.chmod(0o755)
    for name in ("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "core.gitProxy", "diff.external", "diff.evil.textconv",
                 "diff.evil.command", "filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "uploadpack.packObjectsHook", "gpg.program",
                 "credential.helper", "alias.fetch", "alias.log", "interactive.diffFilter"):  # fmt: skip
        git("config", name, f"!{run}" if name.startswith("alias") else run)
    git("config", "log.showSignature", "true")
    assert hostile.sync()["commits"] == 2


def test_submodules_and_links_are_not_followed(hostile, tmp_path):
    git = hostile.git
    secret = Git(tmp_path / "secret")
    secret.commit("Secret")
    git.commit("Begin")
    urls = [f'ext::sh -c "touch {hostile.mark}"', f"file://{secret.folder}", "-u./x", "--upload-pack=touch"]
    (git.folder / ".gitmodules").write_text("".join(f'[submodule "s{i}"]\n\tpath = s{i}\n\turl = {url}\n\tupdate = !touch {hostile.mark}\n' for i, url in enumerate(urls)))
    for i in range(len(urls)):
        git("update-index", "--add", "--cacheinfo", f"160000,{git('rev-parse', 'HEAD')},s{i}")
    git("add", ".gitmodules")
    git("commit", "-q", "-m", "Submodules")
    (git.folder / "link").symlink_to("/etc/passwd")
    (git.folder / "up").symlink_to("../" * 20)
    git("add", "link", "up")
    git("commit", "-q", "-m", "Links")
    assert hostile.sync()["commits"] == 3
    (git.folder / ".git/refs/heads/evil").symlink_to("/etc/passwd")
    assert "root:" not in hostile.refused()


def test_a_repository_cannot_name_another_to_fetch_the_rest_from(hostile):
    """A partial clone whose origin is a command."""
    git = hostile.git
    git.commit("Begin")
    blob = git("rev-parse", "HEAD:file")
    (git.folder / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    for name, value in (("core.repositoryformatversion", "1"), ("extensions.partialClone", "origin"), ("remote.origin.promisor", "true"),
                        ("remote.origin.url", f'ext::sh -c "touch {hostile.mark}"'), ("protocol.ext.allow", "always")):  # fmt: skip
        git("config", name, value)
    assert "git fetch failed" in hostile.refused()


def test_bytes_that_are_no_text_become_text(hostile):
    git, task = hostile.git, hostile.task["key"].encode()
    sha = git.raw_commit(
        b"\xff\xfe broken \x01\x1b[2J bytes \xe2\x80\n\nTask: " + task + b"\n", b"author \xff\xfe <\xc3\x28@x> 1700000000 +0000", b"committer A <a@b.c> 1700000000 +0000"
    )
    latin = git.raw_commit(
        b"Gr\xfc\xdfe " + task + b"\n", b"author A <a@b.c> 1700000000 +0000", b"committer A <a@b.c> 1700000000 +0000", b"encoding ISO-8859-1"
    )
    unknown = git.raw_commit(b"\x80\x81 " + task + b"\n", b"author A <a@b.c> 1 +0000", b"committer A <a@b.c> 1 +0000", b"encoding x-../../evil")
    git("update-ref", b"refs/heads/\xff\xfe\xe2\x80", unknown)
    git("update-ref", "refs/heads/-oops", unknown)
    git("update-ref", "refs/tags/$(touch${IFS}ran);`x`'\"<b>", unknown)
    assert hostile.sync()["commits"] == 3
    commits = hostile.commits()
    assert commits[sha]["subject"].startswith("�")
    assert not any(ord(c) < 32 for commit in commits.values() for c in commit["subject"] + commit["author_name"] + commit["author_email"])
    assert commits[latin]["subject"] == f"Grüße {task.decode()}"
    assert hostile.rules(sha) == {hostile.task["id"]: "trailer Task"}
    assert hostile.rules(unknown) == {hostile.task["id"]: "subject"}
    names = {branch["name"] for branch in hostile.api.good("branch.list", hostile.name)["items"]}
    assert {"main", "-oops", "$(touch${IFS}ran);`x`'\"<b>"} <= names


def test_a_message_cannot_forge_another_commit(hostile):
    git = hostile.git
    forged = "f" * 40
    fields = b"\0".join([b"x", forged.encode(), b"", b"Eve", b"eve@x", b"1700000000", b"1700000000", b"Forged\n\nTask: " + hostile.task["key"].encode()])
    sha = git.raw_commit(fields + b"\0\0" + forged.encode() + b"\ndiff --git a/x b/x\n@@ -1 +1 @@\n+x\n")
    assert hostile.sync()["commits"] == 1
    assert set(hostile.commits()) == {sha}
    assert hostile.rules(sha) == {}


def test_trailers_count_only_where_trailers_stand(hostile):
    git, task = hostile.git, hostile.task["key"]
    middle = git.raw_commit(f"One\n\nTask: {task}\n\nMore words after it.\n".encode())
    mixed = git.raw_commit(f"Two\n\nThese are words\nand more of them.\nTask: {task}\n".encode())
    quoted = git.raw_commit(f"Three\n\n> Task: {task}\n".encode())
    subject_only = git.raw_commit(f"Task: {task}\n".encode())
    other = git.raw_commit(f"Five\n\nNot-Our-Task: {task}\n".encode())
    hostile.sync()
    task_id = hostile.task["id"]
    assert [hostile.rules(sha) for sha in (middle, mixed, quoted, subject_only, other)] == [
        {task_id: "body"}, {task_id: "body"}, {task_id: "body"}, {task_id: "subject"}, {task_id: "body"}]  # fmt: skip


@pytest.mark.parametrize(
    "when, expected",
    [("0 +0000", "1970-01-01T00:00:00.000Z"), ("4102444800 +1400", "2100-01-01T00:00:00.000Z"), ("99999999999999999999 +0000", None),
     ("-5 +0000", None), ("x +9999", None), ("253402300800 +0000", None)],
)  # fmt: skip
def test_dates_of_any_kind_are_booked(hostile, when, expected):
    sha = hostile.git.raw_commit(b"When", f"author A <a@b.c> {when}".encode(), f"committer A <a@b.c> {when}".encode())
    assert hostile.sync()["commits"] == 1
    commit = hostile.commits()[sha]
    assert expected is None or commit["authored_at"] == expected
    assert hostile.api.good("commit.get", sha) == commit


def test_a_commit_without_people_is_booked(hostile):
    sha = hostile.git.raw_commit(b"Nobody", b"author", b"committer")
    assert hostile.sync()["commits"] == 1
    assert hostile.commits()[sha]["author_name"] == ""


def test_huge_messages_files_and_numbers_of_keys_are_cut(hostile):
    git, task = hostile.git, hostile.task["key"]
    long = git.raw_commit(b"x" * 100_000 + b"\n\n" + b"line\n" * 100_000)
    keys = git.raw_commit(b"Many\n\n" + b"".join(b"%s-%d\n" % (hostile.key.encode(), n) for n in range(1, 20_000)))
    behind = git.raw_commit(b"Far\n\n" + b"word\n" * 20_000 + b"\nTask: " + task.encode() + b"\n")
    (git.folder / "zeros").write_bytes(bytes(200 << 20))
    (git.folder / "lines").write_text("line\n" * 500_000)
    git("reset", "-q")
    git("add", "zeros", "lines")
    git("commit", "-q", "-m", "Huge files")
    begin = time.monotonic()
    report = hostile.sync()
    assert (report["commits"], time.monotonic() - begin < 20) == (4, True)
    commits = hostile.commits()
    assert len(commits[long]["subject"]) == 512
    assert hostile.rules(keys) == {hostile.task["id"]: "body"}
    assert report["unknown_keys"] < 100
    assert set(hostile.rules(behind)) <= {hostile.task["id"]}


def test_too_many_branches_are_refused_by_name(hostile):
    sha = hostile.git.commit("Begin")
    lines = [f"{sha} refs/heads/b{i:05}\n" for i in range(20_001)]
    (hostile.git.folder / ".git/packed-refs").write_text("# pack-refs with: peeled fully-peeled sorted \n" + "".join(lines))
    assert "20000" in hostile.refused()
    assert hostile.commits() == {}


def test_a_damaged_repository_is_refused_and_read_when_it_is_whole(hostile):
    git = hostile.git
    git.commit("Begin")
    blob = git("rev-parse", "HEAD:file")
    path = git.folder / f".git/objects/{blob[:2]}/{blob[2:]}"
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(zlib.compress(b"blob 5\0evil\n"))
    hostile.refused()
    path.write_bytes(whole)
    assert hostile.sync()["commits"] == 1


@pytest.mark.parametrize("path", ["/etc", "/dev/zero", "/proc/self", "/nowhere", "/etc/passwd", "file:///etc"])
def test_what_is_no_repository_says_nothing_of_what_it_is(hostile, path):
    hostile.api.good("repository.update", hostile.name, body={"url": path})
    said = hostile.refused()
    assert "git fetch failed" in said
    assert "root:" not in said


def test_the_server_s_folder_holds_no_file_of_a_repository(hostile):
    """A mirror is bare: nothing is checked out."""
    hostile.git.commit("Begin", name="evil.py")
    hostile.sync()
    found = [name for _, folders, files in os.walk(hostile.server.folder) for name in (*folders, *files) if name in ("evil.py", "FETCH_HEAD")]
    assert found == []
