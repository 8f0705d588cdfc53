"""Completion as a real, interactive bash does it: what it offers, what it types, and what names from a server cannot do."""

import os
import pty
import select
import shlex
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
import requests
from support.api import KINDS, fresh_key
from support.cli import Cli
from support.command import clean_environment, stetig
from support.server import free_port, stetig_binary

NOUNS = (*KINDS, "link", "experiment", "run", "model", "model-version", "event", "server")
EVIL = ["a b", "it's", 'say "hi"', "$(touch pwned)", "`touch pwned`", "a;touch pwned", "a&b|c>d", "a:b:c", "x=y", "*", "~", "#x", "!!", "a\\b", "Prüfung 日本", "-o"]
UNSHOWN = ["line\nfeed", "\x1b[31mred", "tab\tbed", "\u202eback"]


@pytest.fixture(scope="module")
def cli(request, server, tmp_path_factory) -> Cli:
    if request.config.getoption("--server") == "stock":
        pytest.skip("stetig's own command")
    return Cli(server, tmp_path_factory.mktemp("home"))


class Bash:
    """Bash with the completion loaded; `offers` calls it as readline does, `types` presses the tab key in a terminal."""

    def __init__(self, cli: Cli, folder: Path):
        self.cli, self.folder = cli, folder
        (folder / "bin").mkdir()
        # Completion asks the real program; every other command only says what it was given.
        program = folder / "bin/stetig"
        program.write_text(f'''#!/bin/bash
case $1 in complete|completion) exec {stetig_binary()} "$@" ;; esac
printf '%s\\0' "$@" > {folder}/given.new; mv {folder}/given.new {folder}/given
''')
        program.chmod(0o755)
        (folder / "rc").write_text("PS1='> '; unset HISTFILE; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; source <(stetig completion bash)\n")

    def env(self, **more: str) -> dict[str, str]:
        return clean_environment(**self.cli.env(PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}", TERM="dumb", **more))

    def offers(self, line: str, **env: str) -> list[str]:
        words = shlex.split(line) if line.count("'") % 2 == 0 and line.count('"') % 2 == 0 else line.split(" ")
        words += [""] if line.endswith(" ") else []
        script = f"""source <(stetig completion bash)
COMP_LINE={shlex.quote(line)}; COMP_POINT=${{#COMP_LINE}}; COMP_CWORD={len(words) - 1}
COMP_WORDS=({" ".join(map(shlex.quote, words))}); _stetig; printf '%s\\0' "${{COMPREPLY[@]}}" """
        done = subprocess.run(["bash", "-c", script], cwd=self.folder, env=self.env(**env), capture_output=True, text=True, timeout=30)
        assert (done.returncode, done.stderr) == (0, "")
        return [word for word in done.stdout.split("\0") if word]

    def types(self, line: str, keys: str = "\t") -> list[str]:
        """The arguments of a `stetig` command as bash runs it after the line and the keys were typed."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execvpe("bash", ["bash", "--noprofile", "--rcfile", "rc", "-i"], self.env())
        given = self.folder / "given"
        given.unlink(missing_ok=True)
        self.shown = b""

        def read_until(done, seconds: float) -> None:
            deadline = time.monotonic() + seconds
            while not done() and time.monotonic() < deadline:
                if select.select([terminal], [], [], 0.1)[0]:
                    self.shown += os.read(terminal, 65536)

        read_until(lambda: self.shown.endswith(b"> "), 15)
        os.write(terminal, line.encode() + keys.encode())
        read_until(lambda: False, 1.0)
        os.write(terminal, b"\n")
        read_until(given.exists, 15)
        os.close(terminal)
        os.waitpid(pid, 0)
        return given.read_text().split("\0")[:-1]


@pytest.fixture(scope="module")
def bash(cli, tmp_path_factory) -> Bash:
    return Bash(cli, tmp_path_factory.mktemp("bash"))


@pytest.fixture(scope="module")
def key(cli) -> str:
    key = cli.json("project", "create", "--key", fresh_key(), "--title", "Of completion")["key"]
    for title in ("one", "two"):
        cli.json("task", "create", "--project", key, "--title", title)
    return key


def test_nouns_verbs_and_flags(bash):
    assert set(NOUNS) | {"login", "context", "up", "doctor"} <= set(bash.offers("stetig "))
    assert bash.offers("stetig req") == ["requirement"]
    assert set(bash.offers("stetig requirement ")) >= {"list", "get", "create", "update", "delete", "history", "sync", "import"}
    assert set(bash.offers("stetig requirement create --")) >= {"--criteria", "--project", "--data", "--lang"}
    assert bash.offers("stetig help requirement cr") == ["create"]
    assert bash.offers("stetig nothing ") != []  # goes on as if the word were not there
    assert bash.offers("stetig completion ") == ["bash", "fish", "zsh"]


def test_commands_of_this_machine(bash):
    assert set(bash.offers("stetig user ")) == {"add", "password", "role", "remove", "list"}
    assert {"--port", "--data", "--tls-cert", "--log-level", "--config"} <= set(bash.offers("stetig up --"))
    assert bash.offers("stetig user add --por") == []


def test_values_of_flags(bash):
    assert set(bash.offers("stetig task list -o ")) >= {"table", "json", "jsonl", "yaml", "csv", "tsv", "wide"}
    assert bash.offers("stetig version -o ") == ["json", "text"]
    assert bash.offers("stetig task create --status do") == ["doing", "done"]
    assert bash.offers("stetig task create --status=do") == ["doing", "done"], "only what stands behind the break"
    assert bash.offers("stetig user add --role ") == ["admin", "editor", "viewer"]
    assert bash.offers("stetig link list --suspect ") == ["false", "true"]
    assert bash.offers("stetig task list --lang ") == ["de", "en"]
    assert "owner" in bash.offers("stetig task update X-1 --unset ")


def test_records_of_the_server(bash, cli, key):
    assert bash.offers(f"stetig task get {key}-") == [f"{key}-1", f"{key}-2"]
    assert bash.offers(f"stetig task list --project {key}") == [key]
    assert bash.offers(f"stetig link add --from-type task --from-id {key}-") == [f"{key}-1", f"{key}-2"]
    assert f"{key}-1" in bash.offers("stetig trace show task ")
    record = cli.json("task", "get", f"{key}-1")["id"]
    assert bash.offers(f"stetig task get {record[:20]}") == [record], "ids, where only they begin so"


def test_runs_models_and_contexts(bash, cli, key, tmp_path):
    def mlflow(path: str, **body) -> dict:
        return requests.post(f"{cli.server.url}/api/2.0/mlflow/{path}", json=body, timeout=10).json()

    experiment = mlflow("experiments/create", name=f"completion {key}")["experiment_id"]
    run = mlflow("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
    mlflow("registered-models/create", name=f"model-{key}")
    assert bash.offers(f"stetig run get {run[:13]}") == [run]
    assert bash.offers(f"stetig run list --experiment completion\\ {key}") == [f"completion\\ {key}"]
    assert bash.offers(f"stetig model get model-{key}") == [f"model-{key}"]
    home = {"XDG_CONFIG_HOME": str(tmp_path)}
    cli.good("login", cli.server.url, "--name", "my place", stdin="\n", **home)
    assert bash.offers("stetig context use ", **home) == ["my\\ place"]
    assert bash.offers("stetig task list --server ", **home) == ["my\\ place"]


@pytest.fixture(scope="module")
def evil(cli) -> list[str]:
    """Models whose names want to be more than names."""
    for name in [*EVIL, *UNSHOWN]:
        requests.post(f"{cli.server.url}/api/2.0/mlflow/experiments/create", json={"name": "evil " + name}, timeout=10).raise_for_status()
    return ["evil " + name for name in EVIL]


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_bash_reads_back_every_name_as_it_is(bash, evil, quote):
    begin = f"{quote}evil " if quote else "evil\\ "
    words = bash.offers(f"stetig experiment get {begin}")
    read = []
    for word in words:
        script = f"printf '%s\\0' {quote}{word}{quote}"
        read.append(subprocess.run(["bash", "-c", script], cwd=bash.folder, capture_output=True, text=True, timeout=10, check=True).stdout)
    assert sorted(text.rstrip("\0") for text in read) == sorted(evil)
    assert not any(name in word for word in words for name in UNSHOWN)
    assert not (bash.folder / "pwned").exists()


@pytest.mark.parametrize(
    ("line", "argument"),
    [("experiment get evil\\ it", "evil it's"), ("experiment get 'evil say", 'evil say "hi"'), ("experiment get evil\\ \\$", "evil $(touch pwned)"),
     ('experiment get "evil $', "evil $(touch pwned)"), ("experiment get evil\\ a:b", "evil a:b:c"), ("experiment get 'evil it", "evil it's")],
)  # fmt: skip
def test_the_tab_key_types_names_that_do_no_harm(bash, evil, line, argument):
    assert bash.types(f"stetig {line}") == ["experiment", "get", argument], bash.shown
    assert not (bash.folder / "pwned").exists()


def test_files(bash):
    (bash.folder / "rows of mine.csv").write_text("")
    assert bash.types("stetig task import rows") == ["task", "import", "rows of mine.csv"]
    assert bash.types("stetig up --tls-cert row") == ["up", "--tls-cert", "rows of mine.csv"]


def test_no_server_no_words_and_no_noise(bash):
    assert bash.offers("stetig task get X", STETIG_SERVER=f"http://127.0.0.1:{free_port()}") == []
    assert bash.offers("stetig task get X", STETIG_SERVER="nonsense") == []


def test_a_server_that_says_nothing_is_left_after_300_ms(bash):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kept: list[socket.socket] = []
        threading.Thread(target=lambda: kept.append(silent.accept()[0]), daemon=True).start()
        begun = time.monotonic()
        done = subprocess.run([stetig_binary(), "complete", "bash", "stetig task get ", " "], capture_output=True, text=True, timeout=10,
                              env=bash.env(STETIG_SERVER=f"http://127.0.0.1:{silent.getsockname()[1]}"))  # fmt: skip
        took = time.monotonic() - begun
    assert (done.returncode, done.stderr) == (0, "")
    assert all(word.startswith("w--") for word in done.stdout.splitlines()), "flags need no server"
    assert 0.15 <= took <= 1.5, took


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_plain_words(cli, key, shell):
    assert "complete words -- " in stetig("completion", shell).stdout
    assert cli.good("complete", "words", "--", "task", "get", f"{key}-") == f"w{key}-1\nw{key}-2\n"
    assert cli.good("complete", "words", "--", "task", "import", "") == "f\n"
    assert cli.good("complete", "nonsense") == cli.good("complete")
