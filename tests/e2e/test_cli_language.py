"""The command line in German: who chooses the language, what changes with it, and what never does."""

import json
import os
import pty
import re
import select
import time

import pytest
from support.api import KINDS, fresh_key
from support.cli import Cli
from support.command import clean_environment, stetig
from support.server import free_port, stetig_binary

DE = {"STETIG_LANG": "de"}


@pytest.fixture(scope="module")
def cli(request, server, tmp_path_factory) -> Cli:
    if request.config.getoption("--server") == "stock":
        pytest.skip("stetig's own command")
    return Cli(server, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def key(cli) -> str:
    return cli.json("project", "create", "--key", fresh_key(), "--title", "Of the language")["key"]


@pytest.mark.parametrize(
    ("environment", "arguments", "german"),
    [
        ({}, [], False),
        ({"LANG": "de_DE.UTF-8"}, [], True),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "de_AT"}, [], True),
        ({"LANG": "de_DE", "LC_ALL": "C"}, [], False),
        ({"LANG": "de_DE", "LC_ALL": "fr_FR"}, [], False),
        ({"LC_ALL": "de_DE", "STETIG_LANG": "en"}, [], False),
        ({"STETIG_LANG": "de"}, [], True),
        ({"STETIG_LANG": "de"}, ["--lang", "en"], False),
        ({}, ["--lang=de"], True),
    ],
)
def test_who_chooses_the_language(environment, arguments, german):
    said = stetig("help", "task", "list", *arguments, env=environment).stdout
    assert ("Listet Aufgaben auf." in said) == german
    assert ("Lists tasks." in said) == (not german)


def test_the_language_may_be_kept_with_the_contexts(tmp_path):
    home = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert stetig("context", "language", "de", env=home).returncode == 0
    assert "Startet den Server" in stetig("help", env=home).stdout
    assert "Starts the server" in stetig("help", env=home | {"STETIG_LANG": "en"}).stdout
    assert stetig("context", "language", "auto", env=home).returncode == 0
    assert "Starts the server" in stetig("help", env=home).stdout
    wrong = stetig("context", "language", "fr", env=home)
    assert wrong.returncode == 2 and "expected de, en or auto" in wrong.stderr


def test_a_wrong_language_is_refused():
    done = stetig("help", "--lang", "klingon")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--lang is 'klingon', expected de or en" in done.stderr


@pytest.mark.parametrize("command", ["", "up", "doctor", "user add", "token", "verify", "journal erase", "login", "context", "completion",
                                     "requirement sync", "task import", *KINDS])  # fmt: skip
def test_a_german_help_has_nothing_english(command):
    """Words that no German sentence has, and every English one is likely to."""
    said = stetig("help", *command.split(), env=DE).stdout
    prose = re.sub(r"^  (stetig|export|source|STETIG_TOKEN).*$", "", said, flags=re.M)
    assert not re.search(r"\b(the|of|and|with|that|its|which|Options|Usage|Examples)\b", prose), prose
    assert "Aufruf: stetig" in said


def test_examples_and_flags_are_the_same_in_both():
    def commands(text: str) -> list[str]:
        return re.findall(r"^  stetig .*$", text, flags=re.M)

    english, german = (stetig("help", "requirement", "create", env={"STETIG_LANG": word}).stdout for word in ("en", "de"))
    assert commands(english) == commands(german) != []
    flags = re.compile(r"--[a-z-]+")
    assert sorted(set(flags.findall(english))) == sorted(set(flags.findall(german)))


def test_errors_in_german_keep_exit_code_and_detail(cli, key):
    said = cli.fails(3, "task", "get", "NOSUCH-1", **DE)
    assert said == "stetig: Eintrag nicht gefunden: task 'NOSUCH-1' not found\nSiehe:  stetig task list\n"
    assert "Inzwischen geändert: " in cli.fails(5, "project", "update", key, "--title", "t", "--if-match", "99", **DE)
    unreachable = cli.fails(6, "task", "list", "--server", f"http://127.0.0.1:{free_port()}", **DE)
    assert "antwortet kein Server" in unreachable and "Einen starten:  stetig up" in unreachable
    assert "den Befehl 'tsak' gibt es nicht (meinten Sie 'task'?)" in cli.fails(2, "tsak", **DE)
    assert "Dieses Argument wird nicht erwartet: --nothing" in cli.fails(2, "task", "list", "--nothing", **DE)


def test_programs_read_english_whoever_asks(cli, key):
    for arguments in (["task", "get", "NOSUCH-1", "-o", "json"], ["task", "list", "--server", f"http://127.0.0.1:{free_port()}", "-o", "json"]):
        english, german = cli(*arguments), cli(*arguments, **DE)
        assert (german.returncode, german.stderr, german.stdout) == (english.returncode, english.stderr, english.stdout)
        assert json.loads(german.stderr)["error"]["next"]
    for form in ("json", "jsonl", "yaml", "csv", "tsv", "auto"):
        listing = ["project", "list", "-o", form, "--filter", f"key = '{key}'"]
        assert cli.good(*listing, **DE) == cli.good(*listing)


def test_tables_have_german_heads(cli, key):
    listing = ["project", "list", "-o", "table", "--filter", f"key = '{key}'"]
    german, english = cli.good(*listing, **DE).splitlines(), cli.good(*listing).splitlines()
    assert german[0].split() == ["SCHLÜSSEL", "STAND", "TITEL", "VERANTWORTLICH", "GEÄNDERT"]
    assert german[1].split() == english[1].split()


def test_doctor_speaks_german(tmp_path):
    said = stetig("doctor", "--data", tmp_path / "data", "--port", free_port(), env=DE).stdout
    assert "Prüfungen" in said and "Datenordner" in said and "ist frei" in said
    english, german = (stetig("doctor", "--data", tmp_path / "data", "-o", "json", env=env).stdout for env in ({}, DE))
    assert [c["found"] for c in json.loads(english)["checks"] if c["check"] == "store"] == ["will be made at the first start"]
    assert [c["found"] for c in json.loads(german)["checks"] if c["check"] == "store"] == ["will be made at the first start"]


def test_the_password_is_asked_for_in_german(tmp_path):
    pid, terminal = pty.fork()
    if pid == 0:
        arguments = ["stetig", "user", "add", "ada", "--data", str(tmp_path / "data")]
        os.execve(stetig_binary(), arguments, clean_environment(**DE))
    shown, deadline = b"", time.monotonic() + 20
    while "Zeichen): " not in shown.decode(errors="ignore") and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.5)[0]:
            shown += os.read(terminal, 4096)
    os.write(terminal, b"\x03")
    assert "Passwort für ada (mindestens 12 Zeichen): " in shown.decode()
    os.close(terminal)
    os.waitpid(pid, 0)


def test_progress_is_for_terminals_alone(cli, key, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("title\nfirst\n")
    assert cli("task", "import", rows, "--project", key).stderr == ""
    rows.write_text("title\n" + "".join(f"row {i}\n" for i in range(600)))
    pid, terminal = pty.fork()
    if pid == 0:
        arguments = ["stetig", "task", "import", str(rows), "--project", key, "-o", "jsonl"]
        environment = clean_environment(**cli.env(TERM="xterm"))
        environment.pop("CI", None)
        os.execve(stetig_binary(), arguments, environment)
    shown = b""
    while True:
        try:
            got = os.read(terminal, 65536)
        except OSError:
            break
        if not got:
            break
        shown += got
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    text = shown.decode()
    assert re.search(r"\rimport: \d+ of 600, \d+/s, \d+ s left", text), text[:300]
    assert text.index("\r\x1b[K{") > 0, "the line is taken away before the answer"
