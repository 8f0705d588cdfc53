"""The examples of the documentation, word for word: each page's ```sh blocks run in one shell against a server of their own, and what they
print is what the ```text block behind them shows (… stands for anything)."""

import re
import subprocess
from dataclasses import dataclass

import pytest
from support.api import Api, body_for
from support.command import clean_environment, stetig
from support.server import ROOT, Server, stetig_binary

PAGES = ("api.md", "cli.md", "planning.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "-- end of block --"


@dataclass
class Example:
    line: int
    commands: str
    expected: str | None


def examples(page: str) -> list[Example]:
    text = (ROOT / "docs" / page).read_text()
    found: list[Example] = []
    for block in BLOCK.finditer(text):
        if block[1] == "sh":
            found.append(Example(text.count("\n", 0, block.start()) + 1, block[2], None))
        elif block[1] == "text":
            assert found and found[-1].expected is None, "a ```text block belongs behind a ```sh block"
            found[-1].expected = block[2]
    return found


def matches(expected: str, printed: str) -> bool:
    pattern = ".*?".join(re.escape(part) for part in expected.rstrip("\n").split("…"))
    return re.fullmatch(pattern, printed.rstrip("\n"), re.DOTALL) is not None


@pytest.fixture(scope="module", autouse=True)
def only_stetig(request):
    if request.config.getoption("--server") == "stock":
        pytest.skip("stetig's own pages")


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
@pytest.mark.parametrize("page", PAGES)
def test_every_example_does_what_the_page_says(request, tmp_path, page, store):
    url = request.getfixturevalue("postgres").database() if store == "postgres" else None
    server = Server("stetig", tmp_path / "server", url).start()
    work = tmp_path / "work"
    work.mkdir()
    blocks = examples(page)
    assert blocks
    script = f"set -eu\nexec 2>&1\nPATH={stetig_binary().parent}:$PATH\n"
    script += "".join(f"{block.commands}\nprintf '\\n%s\\n' '{MARK}'\n" for block in blocks)
    try:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=work,
            env=clean_environment(STETIG_SERVER=server.url, XDG_CONFIG_HOME=str(tmp_path), HOME=str(tmp_path)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        printed = done.stdout.split(f"\n{MARK}\n")
        for block, text in zip(blocks, printed, strict=False):
            if block.expected is not None:
                assert matches(block.expected, text) is True, f"docs/{page}:{block.line} prints\n{text}\nand not\n{block.expected}"
        assert done.returncode == 0 and len(printed) == len(blocks) + 1, f"docs/{page} stops with {done.returncode}:\n{done.stdout[-2000:]}"
        assert server.stop() == 0
    finally:
        server.kill()


def table_codes() -> set[str]:
    text = (ROOT / "docs/api.md").read_text().split("## Problems")[1].split("## Events")[0]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {code for row in rows for code in re.findall(r"`(\w+)`", row)}


def test_the_table_of_codes_is_the_servers():
    source = (ROOT / "src/api/v1/problem.cc").read_text()
    assert table_codes() == set(re.findall(r'^    \{"(\w+)", "', source, re.MULTILINE))


@pytest.fixture(scope="module")
def api(start_server) -> Api:
    return Api(start_server("sqlite").url)


def test_every_kind_status_and_link_type_is_on_the_page_of_planning(api):
    text = (ROOT / "docs/planning.md").read_text()
    schemas = api.spec.document["components"]["schemas"]
    for operation in api.spec.operations.values():
        if operation.id.endswith(".create"):
            assert f"| `{operation.noun}` |" in text, operation.noun
            for status in operation.body["properties"]["status"]["enum"]:
                assert f"`{status}`" in text, (operation.noun, status)
    for word in schemas["Link"]["properties"]["type"]["enum"]:
        assert f"| `{word}` |" in text


MOVES = {"requirement": "**requirement**", "change-request": "**change-request**"}


@pytest.mark.parametrize("noun", MOVES)
def test_the_moves_of_the_page_are_the_servers(api, noun):
    """Every pair of statuses is tried."""
    text = (ROOT / "docs/planning.md").read_text().split(MOVES[noun])[1]
    rows = re.search(r"\| From \| To \|\n\|---\|---\|\n((?:\|.*\n)+)", text)[1]
    moves = {re.findall(r"`(\w+)`", line.split("|")[1])[0]: set(re.findall(r"`(\w+)`", line.split("|")[2])) for line in rows.splitlines()}
    project = api.project()["key"]
    decided = {"triage": "change"} if noun == "change-request" else {}
    assert set(moves) == set(api.spec.operations[f"{noun}.create"].body["properties"]["status"]["enum"])
    for before, allowed in moves.items():
        for after in moves:
            body = body_for(api.spec.operations[f"{noun}.create"], project) | {"status": before} | decided
            record = api.good(f"{noun}.create", query={"imported": "true"}, body=body)
            answer = api.call(f"{noun}.update", record["id"], body={"status": after})
            expected = 200 if after in allowed or after == before else 422
            assert answer.status_code == expected, (before, after, answer.text)


def test_every_noun_of_the_command_line_is_on_its_page():
    text = (ROOT / "docs/cli.md").read_text()
    helped = stetig("help").stdout.split("Subcommands:\n")[1]
    for line in helped.splitlines():
        if line.strip() and "Works with" in line:
            assert f"`{line.split()[0]}`" in text, line


def test_the_pages_are_named_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    for page in PAGES:
        assert f"(docs/{page})" in readme
