"""`stetig NOUN VERB` against a running server: every verb, every form of output, exit codes, login, and how long it takes."""

import csv
import io
import json
import os
import pty
import re
import select
import statistics
import subprocess
import time

import pytest
import yaml
from support.api import KINDS, fresh_key
from support.cli import Cli
from support.command import clean_environment, stetig
from support.server import Server, free_port, stetig_binary

NOUNS = (*KINDS, "link", "experiment", "run", "model", "model-version", "event", "server")
MARKED = "A title, \"quoted\" 'too': # 日本 😀"


@pytest.fixture(scope="module")
def cli(request, server, tmp_path_factory) -> Cli:
    if request.config.getoption("--server") == "stock":
        pytest.skip("stetig's own command")
    return Cli(server, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def key(cli) -> str:
    return cli.json("project", "create", "--key", fresh_key(), "--title", "Of the command line")["key"]


# Every noun and verb


FLAGS = {  # what `create` needs besides title and project
    "project": (), "requirement": (), "task": (), "change-request": (), "decision": (), "service-level": ("--customer", "Plant 2"),
    "feedback": ("--about-type", "run", "--about-id", "1"), "review": ("--date", "2026-12-01"),
    "comment": ("--about-type", "run", "--about-id", "1", "--text", "A comment"),
}  # fmt: skip


@pytest.mark.parametrize("noun", KINDS)
def test_the_verbs_of_every_kind(cli, key, noun):
    where = ("--key", fresh_key()) if noun == "project" else ("--project", key)
    made = cli.json(noun, "create", *where, "--title", MARKED, *FLAGS[noun])
    assert (made["title"], made["revision"]) == (MARKED, 1)
    reference = made["key"]
    assert cli.json(noun, "get", reference) == made
    assert made in cli.json(noun, "list", "--filter", f"id = '{made['id']}'")["items"]
    changed = cli.json(noun, "update", reference, "--owner", "ada", "--title", "Another")
    assert (changed["owner"], changed["title"], changed["revision"]) == ("ada", "Another", 2)
    assert cli.json(noun, "update", reference, "--unset", "owner")["owner"] == ""
    assert [entry["revision"] for entry in cli.json(noun, "history", reference)["items"]] == [3, 2, 1]
    assert "has revision 3, expected 1" in cli.fails(5, noun, "delete", reference, "--if-match", "1")
    assert cli.good(noun, "delete", reference, "--if-match", "3") == ""
    assert cli.fails(3, noun, "get", reference).splitlines()[-1] == f"See:  stetig {noun} list"


def test_links_models_runs_events_and_the_server(cli, key):
    requirement, task = (cli.json(noun, "create", "--project", key, "--title", "t")["key"] for noun in ("requirement", "task"))
    link = cli.json("link", "add", "--type", "implements", "--from-type", "task", "--from-id", task, "--to-type", "requirement", "--to-id", requirement)
    cli.good("requirement", "update", requirement, "--text", "changed")
    assert cli.json("link", "list", "--project", key, "--suspect", "true")["items"][0]["id"] == link["id"]
    assert cli.json("link", "review", link["id"])["suspect"] is False
    assert cli.json("link", "get", link["id"])["suspect"] is False
    assert cli.json("link", "end", link["id"])["ended_at"]

    import requests

    def mlflow(path: str, **body) -> dict:
        return requests.post(f"{cli.server.url}/api/2.0/mlflow/{path}", json=body, timeout=10).json()

    name = f"of the command line {key}"
    experiment = mlflow("experiments/create", name=name)["experiment_id"]
    run = mlflow("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
    mlflow("registered-models/create", name=name)
    mlflow("model-versions/create", name=name, source="s3://b/m")
    assert cli.json("experiment", "get", experiment)["name"] == name
    assert cli.json("experiment", "list", "--filter", f"name = '{name}'")["items"][0]["id"] == experiment
    assert cli.json("run", "list", "--experiment", name)["items"][0]["id"] == run
    assert cli.json("run", "get", run)["experiment"] == experiment
    assert cli.json("model", "alias", name, "champion", "--version", "1")["aliases"] == {"champion": 1}
    assert cli.json("model", "get", name)["aliases"] == {"champion": 1}
    assert name in [one["name"] for one in cli.json("model", "list", "--limit", "1000")["items"]]
    assert cli.json("model-version", "get", name, "1")["id"] == f"{name}/1"
    assert cli.json("model-version", "list", "--filter", f"name = '{name}'")["items"][0]["version"] == 1
    assert cli.json("event", "list", "--kind", "task.created", "--limit", "1")["items"][0]["kind"] == "task.created"
    assert cli.json("server", "info")["name"] == "stetig"
    assert json.loads(cli.good("server", "openapi"))["openapi"] == "3.1.0"


# Forms


@pytest.fixture(scope="module")
def shelf(cli) -> tuple[str, list[dict]]:
    key = cli.json("project", "create", "--key", fresh_key(), "--title", "Shelf")["key"]
    texts = [MARKED, "yes", "plain words", "1.5", "- dash", "a\u2028b\u009bc", "trailing: ", "null", "'single'", "\\back\"", "key: value", "@x", "%x", "~"]
    for text in texts:
        line = text.replace("\u2028", "").replace("\u009b", "")  # only texts of many lines may hold them
        cli.api.make("task", key, title="x" + line, text=text, labels=[line, "b"], estimate_hours=1.5, owner=line[:3])
    return key, cli.api.good("task.list", query={"project": key})["items"]


def listed(cli, shelf, form: str) -> str:
    return cli.good("task", "list", "--project", shelf[0], "-o", form)


def test_json_and_json_lines(cli, shelf):
    assert json.loads(listed(cli, shelf, "json")) == {"items": shelf[1]}
    assert [json.loads(line) for line in listed(cli, shelf, "jsonl").split("\n") if line] == shelf[1]


def test_yaml_is_read_back_by_another_reader(cli, shelf):
    assert yaml.safe_load(listed(cli, shelf, "yaml")) == shelf[1]
    one = cli.good("task", "get", shelf[1][0]["key"], "-o", "yaml")
    assert yaml.safe_load(one) == shelf[1][0]
    assert yaml.safe_load(cli.good("task", "list", "--filter", "owner = 'nobody'", "-o", "yaml")) == []


def test_csv_is_read_back_by_another_reader(cli, shelf):
    rows = list(csv.DictReader(io.StringIO(listed(cli, shelf, "csv"), newline="")))
    assert [row["text"] for row in rows] == [item["text"] for item in shelf[1]]
    assert [json.loads(row["labels"]) for row in rows] == [item["labels"] for item in shelf[1]]
    assert set(rows[0]) == {name for item in shelf[1] for name in item}


def test_a_pipe_shows_tabs_and_one_line_for_each(cli, shelf):
    plain = cli.good("task", "list", "--project", shelf[0])
    assert plain == listed(cli, shelf, "tsv")
    lines = plain.rstrip("\n").split("\n")
    assert lines[0].split("\t") == ["key", "status", "title", "owner", "updated_at"]
    assert [line.split("\t")[0] for line in lines[1:]] == [item["key"] for item in shelf[1]]
    assert all(len(line.split("\t")) == 5 for line in lines)
    assert "\x1b" not in plain and "\u009b" not in plain


def test_tables(cli, shelf):
    table = listed(cli, shelf, "table").splitlines()
    assert table[0].split() == ["KEY", "STATUS", "TITLE", "OWNER", "UPDATED", "AT"]
    assert len(table) == len(shelf[1]) + 1
    wide = listed(cli, shelf, "wide").splitlines()
    assert {"FINGERPRINT", "PRIORITY", "LABELS"} <= set(wide[0].split())


def test_fields_choose_the_columns(cli, shelf):
    lines = cli.good("task", "list", "--project", shelf[0], "--fields", "key,estimate_hours", "--limit", "1", "-q").splitlines()
    assert lines == ["key\testimate_hours", f"{shelf[0]}-1\t1.5"]


def test_pick(cli, shelf):
    key, items = shelf
    assert cli.good("task", "get", f"{key}-1", "--pick", ".title") == f"x{MARKED}\n"
    assert cli.good("task", "list", "--project", key, "--pick", ".items[].key").split() == [item["key"] for item in items]
    assert cli.good("task", "list", "--project", key, "--pick", ".items[0].key,.items[0].estimate_hours") == f"{key}-1\t1.5\n"
    assert cli.good("task", "get", f"{key}-1", "--pick", ".labels[1]") == "b\n"
    assert cli.good("task", "get", f"{key}-1", "--pick", ".nothing") == "null\n"
    assert "'title' is no path" in cli.fails(2, "task", "get", f"{key}-1", "--pick", "title")


def test_all_pages(cli, shelf):
    key, items = shelf
    first = cli("task", "list", "--project", key, "--limit", "5", "--pick", ".items[].key")
    assert len(first.stdout.split()) == 5 and "--all" in first.stderr
    assert cli("task", "list", "--project", key, "--limit", "5", "-q", "--pick", ".items[].key").stderr == ""
    every = cli("task", "list", "--project", key, "--limit", "5", "--all", "--pick", ".items[].key")
    assert every.stdout.split() == [item["key"] for item in items] and len(items) > 10
    assert every.stderr == ""
    whole = cli.json("task", "list", "--project", key, "--limit", "5", "--all")
    assert whole == {"items": items}
    project = items[0]["project"]
    events = cli.json("event", "list", "--project", project, "--limit", "5", "--all")["items"]
    assert [event["subject_id"] for event in events] == [project] + [item["id"] for item in items]


# Bodies


def test_data_comes_from_the_flag_a_file_or_standard_input(cli, key, tmp_path):
    body = {"project": key, "title": "from data", "labels": ["a"], "estimate_hours": 2}
    file = tmp_path / "task.json"
    file.write_text(json.dumps(body))
    for data, stdin in ((json.dumps(body), ""), (f"@{file}", ""), ("@-", json.dumps(body))):
        made = cli.json("task", "create", "--data", data, "--title", "flags win", "--labels", "b", "--labels", "c", stdin=stdin)
        assert (made["title"], made["labels"], made["estimate_hours"]) == ("flags win", ["a", "b", "c"], 2)
    text = tmp_path / "text.md"
    text.write_text("# Heading\n\nText – ü\n")
    assert cli.json("task", "create", "--project", key, "--title", "t", "--text", f"@{text}")["text"] == "# Heading\n\nText – ü\n"
    assert cli.json("task", "create", "--project", key, "--title", "@@ada")["title"] == "@ada"
    limits = cli.json("project", "update", key, "--wip-limits", '{"review": 40}')
    assert limits["wip_limits"] == {"review": 40}
    assert "wip_limits" not in cli.json("project", "update", key, "--unset", "wip-limits")
    assert "/no/such/file" in cli.fails(2, "task", "create", "--data", "@/no/such/file")
    assert "no JSON object" in cli.fails(2, "task", "create", "--data", "[1]")
    assert "--estimate-hours is 'x', expected a number" in cli.fails(2, "task", "create", "--project", key, "--title", "t", "--estimate-hours", "x")


def test_an_idempotency_key_makes_one_record(cli, key):
    create = ("task", "create", "--project", key, "--title", "once", "--idempotency-key", f"cli {key}", "--pick", ".key")
    assert cli.good(*create) == cli.good(*create)


def test_if_match(cli, key):
    task = cli.json("task", "create", "--project", key, "--title", "t")["key"]
    assert cli.json("task", "update", task, "--owner", "a", "--if-match", "1")["revision"] == 2
    said = cli.fails(5, "task", "update", task, "--owner", "b", "--if-match", "1")
    assert said.endswith("Look at it again:  stetig task get ID\n")


# Exit codes


def test_exit_codes(cli, key, tmp_path_factory):
    assert cli("task", "list").returncode == 0
    damaged = tmp_path_factory.mktemp("damaged")
    (damaged / "stetig").mkdir()
    (damaged / "stetig/contexts.json").write_text("{")
    assert "is damaged" in cli.fails(1, "task", "list", XDG_CONFIG_HOME=str(damaged))
    for wrong in (["task", "list", "--limit", "0"], ["task", "list", "--nothing"], ["task", "create", "--project", key], ["task", "get"],
                  ["task", "list", "-o", "xml"], ["task", "list", "--server", "ftp://x"], ["run", "list"], ["task", "list", "--filter", "x"],
                  ["task", "list", "--limit", "1", "--limit", "2"]):  # fmt: skip
        cli.fails(2, *wrong)
    cli.fails(3, "task", "get", "NOSUCH-1")
    cli.fails(3, "requirement", "get", cli.json("task", "create", "--project", key, "--title", "t")["key"])
    cli.fails(5, "project", "create", "--key", key, "--title", "taken")
    cli.fails(5, "requirement", "update", cli.json("requirement", "create", "--project", key, "--title", "r")["key"], "--status", "met")
    said = cli.fails(6, "task", "list", "--server", f"http://127.0.0.1:{free_port()}")
    assert "no server answers at http://127.0.0.1:" in said and "stetig up" in said


def test_errors_are_json_under_json(cli):
    for code, name, arguments in (
        (3, "record_not_found", ["task", "get", "NOSUCH-1"]),
        (2, "invalid_parameter", ["event", "list", "--limit", "0"]),
        (6, "no_server", ["task", "list", "--server", f"http://127.0.0.1:{free_port()}"]),
    ):
        error = json.loads(cli.fails(code, *arguments, "-o", "json"))["error"]
        assert error["code"] == name and error["detail"] and error["next"]


# A terminal


def on_terminal(cli, *arguments, seconds: float = 20, rows_columns=(24, 80), **env: str) -> str:
    """What the command writes to a terminal of that size."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(stetig_binary(), [str(stetig_binary()), *arguments], clean_environment(**cli.env(TERM="xterm", **env)))
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *rows_columns, 0, 0))
    shown, deadline = b"", time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            got = os.read(terminal, 65536)
        except OSError:
            break
        if not got:
            break
        shown += got
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown
    return shown.decode().replace("\r\n", "\n")


def test_a_terminal_shows_a_table_in_bold_and_no_orders_from_data(cli, shelf):
    shown = on_terminal(cli, "task", "list", "--project", shelf[0])
    lines = shown.splitlines()
    assert lines[0].startswith("\x1b[1mKEY ") and lines[0].endswith("\x1b[0m")
    assert len([line for line in lines if line]) == len(shelf[1]) + 1
    rest = "\n".join(lines[1:])
    assert "\x1b" not in rest and "\u009b" not in rest and "\u2028" not in rest
    assert "\x1b" not in on_terminal(cli, "task", "list", "--project", shelf[0], NO_COLOR="1")
    assert "\x1b" in on_terminal(cli, "task", "list", "--project", shelf[0], NO_COLOR="")
    evil = cli.api.make("task", shelf[1][0]["project"], text="red \x1b[31m and \u009b31m\nline")
    picked = on_terminal(cli, "task", "get", evil["key"], "--pick", ".text")
    assert "\x1b" not in picked and "\u009b" not in picked and "\nline" in picked
    assert cli.good("task", "get", evil["key"], "--pick", ".text") == "red \x1b[31m and \u009b31m\nline\n"
    cli.good("task", "delete", evil["key"])


# Servers and logins


@pytest.fixture(scope="module")
def guarded(request, cli, tmp_path_factory):
    """A server that asks who is there, and a token for it by role."""
    folder = tmp_path_factory.mktemp("guarded-cli")
    server = Server("stetig", folder, None, ("--host", "0.0.0.0"))
    tokens = {}
    for name, role in (("ed", "editor"), ("vi", "viewer")):
        assert stetig("user", "add", name, "--role", role, "--data", folder / "data", stdin="a pass phrase of some length").returncode == 0
        tokens[role] = stetig("token", "create", name, "--data", folder / "data").stdout.strip()
    server.start()
    yield server, tokens
    assert server.stop() == 0


def test_login_keeps_a_server_and_its_token(cli, guarded, tmp_path):
    server, tokens = guarded
    here = {"XDG_CONFIG_HOME": str(tmp_path), "STETIG_SERVER": ""}
    said = cli.good("login", server.url, "--name", "mine", stdin=tokens["editor"] + "\n", **here)
    assert said == f"logged in at {server.url} as ed (editor); the context is called mine\n"
    file = tmp_path / "stetig/contexts.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert cli.good("server", "info", "--pick", ".user", **here) == "ed\n"
    assert "does not take this token" in cli.fails(4, "login", server.url, stdin="stetig_wrong\n", **here)
    assert cli.good("server", "info", "--pick", ".user", **here) == "ed\n", "a failed login changes nothing"

    cli.good("login", cli.server.url, "--name", "open", stdin="\n", **here)
    assert cli.good("server", "info", "--pick", ".role", **here) == "admin\n"
    assert cli.good("server", "info", "--server", "mine", "--pick", ".user", **here) == "ed\n"
    assert cli.good("server", "info", "--server", server.url, "--pick", ".user", **here) == "ed\n"
    cli.good("context", "use", "mine", **here)
    contexts = json.loads(cli.good("context", "list", "-o", "json", **here))
    assert contexts == [{"name": "mine", "url": server.url, "login": True, "current": True},
                        {"name": "open", "url": cli.server.url, "login": False, "current": False}]  # fmt: skip
    assert tokens["editor"] not in cli.good("context", "list", **here)
    cli.good("context", "remove", "mine", **here)
    assert tokens["editor"] not in file.read_text()
    assert "there is no context 'mine'" in cli.fails(3, "context", "use", "mine", **here)
    cli.fails(4, "task", "list", "--server", server.url, **here)


def test_exit_code_4_is_not_allowed(cli, guarded, tmp_path):
    server, tokens = guarded
    here = {"XDG_CONFIG_HOME": str(tmp_path), "STETIG_SERVER": server.url}
    said = cli.fails(4, "task", "list", **here)
    assert said.endswith("Log in:  stetig login URL\n")
    cli.fails(4, "task", "list", STETIG_TOKEN="stetig_wrong", **here)
    said = cli.fails(4, "project", "create", "--key", "NONE", "--title", "t", STETIG_TOKEN=tokens["viewer"], **here)
    assert "user 'vi' is a viewer" in said
    assert cli.good("server", "info", "--pick", ".user", STETIG_TOKEN=tokens["viewer"], **here) == "vi\n"
    assert cli.good("server", "info", "--pick", ".user", MLFLOW_TRACKING_TOKEN=tokens["viewer"], **here) == "vi\n"
    assert "expected a stetig server" in cli.fails(2, "login", f"{cli.server.url}/nothing/there", stdin="\n", **here)
    cli.fails(6, "login", f"http://127.0.0.1:{free_port()}", stdin="\n", **here)


# The journal


def test_watch_prints_events_as_they_happen(cli, key):
    command = [str(stetig_binary()), "event", "watch", "--kind", "task.created"]
    watch = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_environment(**cli.env()))
    try:
        made: list[str] = []
        deadline = time.monotonic() + 20
        while not select.select([watch.stdout], [], [], 0.2)[0]:
            assert time.monotonic() < deadline
            made.append(cli.api.make("task", key)["id"])
        event = json.loads(watch.stdout.readline())
        assert (event["kind"], event["subject_type"]) == ("task.created", "task")
        assert event["subject_id"] in made
        assert watch.poll() is None
    finally:
        watch.terminate()
        watch.wait(10)


# Help


def verbs(noun: str) -> list[str]:
    listed = stetig("help", noun).stdout.split("Subcommands:\n")[1]
    return [line.split()[0] for line in listed.splitlines() if line.strip()]


@pytest.mark.parametrize("noun", [*NOUNS, "context"])
def test_every_verb_explains_itself_with_examples_first(noun):
    found = verbs(noun)
    assert found
    for verb in found:
        explained = stetig("help", noun, verb)
        asked = stetig(noun, verb, "--help")
        assert explained.returncode == asked.returncode == 0
        assert explained.stdout == asked.stdout
        text = explained.stdout
        assert f"Usage: stetig {noun} {verb}" in text
        if noun != "context":
            assert 0 < text.index("Examples:") < text.index("Usage:") < text.index("--server"), text
            assert f"  stetig {noun} {verb}" in text.split("Usage:")[0]
            assert text.splitlines()[2] == "Examples:", "right behind the one line that says what it does"


def test_help_marks_what_is_required_and_what_may_come_several_times():
    create = stetig("help", "comment", "create").stdout
    required = create.split("Required:\n")[1].split("Options:")[0]
    for flag in ("--project", "--title", "--text", "--about-type", "--about-id"):
        assert flag in required
    assert "--owner" not in required
    assert "..." not in create
    requirement = stetig("help", "requirement", "create").stdout
    assert re.search(r"--criteria TEXT \.\.\.", requirement)
    assert re.search(r"--source TEXT ", requirement) and not re.search(r"--source TEXT \.\.\.", requirement)
    assert "--experiment" in stetig("help", "run", "list").stdout.split("Required:\n")[1].split("Options:")[0]


def test_examples_of_the_help_are_commands_that_exist():
    import shlex

    for noun in NOUNS:
        for verb in verbs(noun):
            text = stetig("help", noun, verb).stdout.split("Usage:")[0]
            lines = [line for line in text.split("Examples:\n")[1].splitlines() if line.strip()]
            assert any(line.startswith(f"  stetig {noun} {verb}") for line in lines)
            for line in lines:
                words = shlex.split(line.split(" > ")[0] if "'" not in line else line)
                assert words[:2] == ["stetig", noun] and words[2] in verbs(noun), line
                help_text = stetig("help", noun, words[2]).stdout
                for word in words[3:]:
                    if word.startswith("-"):
                        assert word in help_text, line


# Speed


def test_a_list_is_there_at_once(cli, shelf):
    """Beyond what starting any process costs on this machine; 20 ms is what we want, 100 ms what we insist on."""

    def median(command: list[str]) -> float:
        times = []
        for _ in range(21):
            begin = time.perf_counter()
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
            times.append(time.perf_counter() - begin)
        return statistics.median(times) * 1000

    environment = clean_environment(**cli.env())
    command = median([str(stetig_binary()), "task", "list", "--project", shelf[0]])
    nothing = median(["/bin/true"])
    print(f"stetig task list: {command:.1f} ms, /bin/true: {nothing:.1f} ms, beyond: {command - nothing:.1f} ms")
    assert command - nothing <= 100, (command, nothing)
