#!/usr/bin/env python3
"""Compiles every header under src/, apps/ and fuzz/ on its own, without precompiled headers.

usage: check_headers.py --build build/dev [HEADER...]

Each header gets the compile command of a source of its own module, so that defines and include folders are the real ones.
Compiler output goes through ccache where the build uses it: a second run costs a second or two.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def load_commands(build: Path) -> dict[Path, list[str]]:
    """Source file, relative to the root, to its compile command; generated sources are left out."""
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        file = Path(entry["file"])
        if file.suffix == ".cc" and file.is_relative_to(ROOT) and not file.is_relative_to(build):
            commands.setdefault(file.relative_to(ROOT), shlex.split(entry["command"]))
    return commands


def command_for(header: Path, commands: dict[Path, list[str]]) -> list[str] | None:
    """The command of the nearest source: same folder first, then same module; a test's header takes a test's command."""
    def distance(source: Path) -> tuple:
        shared = len(os.path.commonpath([header.parent, source.parent]).split("/")) if source.parent != Path() else 0
        wants_test = header.stem.endswith("_test") or "testing" in header.parts
        return (-shared, wants_test != source.stem.endswith("_test"), str(source))

    module = header.parts[:2]
    candidates = [source for source in commands if source.parts[:2] == module]
    if not candidates:  # a module of headers only: any source has the include folder
        candidates = list(commands)
    return commands[min(candidates, key=distance)] if candidates else None


def strip(command: list[str]) -> list[str]:
    """Leaves compiler and flags; drops input, output, dependency files and the precompiled header."""
    kept, skip = [], 0
    for index, word in enumerate(command):
        following = command[index + 1 : index + 4]
        if skip:
            skip -= 1
        elif word in ("-o", "-c", "-MF", "-MT", "-MQ"):
            skip = 1
        elif word in ("-MD", "-MMD", "-Winvalid-pch"):
            continue
        elif word == "-Xclang" and following and following[0] in ("-include-pch", "-include"):
            skip = 3  # -Xclang -include -Xclang FILE
        elif word == "-Xclang" and following and following[0] == "-fno-pch-timestamp":
            skip = 1
        else:
            kept.append(word)
    return kept


def compile_alone(header: Path, command: list[str], out: Path) -> str | None:
    """None when the header compiles, else what the compiler said."""
    stub = out / (str(header).replace("/", "__") + ".cc")
    include = header.relative_to("src") if header.parts[0] == "src" else header
    text = f'#include "{include}"\n'
    if not stub.exists() or stub.read_text() != text:  # an unchanged stub keeps its time stamp for ccache
        stub.write_text(text)
    done = subprocess.run(
        [*strip(command), f"-I{ROOT}", "-c", str(stub), "-o", str(stub.with_suffix(".o"))],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    return None if done.returncode == 0 else done.stderr


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True, help="a configured build folder with compile_commands.json")
    parser.add_argument("headers", nargs="*", type=Path)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    commands = load_commands(build)
    headers = [header.resolve().relative_to(ROOT) for header in arguments.headers] or sorted(
        path.relative_to(ROOT) for top in ("src", "apps", "fuzz") for path in (ROOT / top).rglob("*.h")
    )
    out = build / "headers"
    out.mkdir(exist_ok=True)
    failed = 0
    with ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count() or 1))) as pool:
        jobs = {header: pool.submit(compile_alone, header, command_for(header, commands), out) for header in headers}
        for header, job in jobs.items():
            problem = job.result()
            if problem is not None:
                failed += 1
                print(f"{header}: does not compile alone\n{problem}")
    print(f"headers: {len(headers) - failed} of {len(headers)} compile alone")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
