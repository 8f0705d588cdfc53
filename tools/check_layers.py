#!/usr/bin/env python3
"""Holds the module graph that CMake declares against the #include lines under src/ and apps/.

usage: check_layers.py [--root DIR] [--graph build/PRESET/modules.json]

The graph file is written by CMake: {"modules": {"http": {"deps": ["base", "io"], "test_deps": []}, ...}}; `deps` are direct,
arrows are transitive. Every finding is one line `file:line: text`; the exit status is 1 when there is any.
"""

import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

# Modules of the ring meet others only through these headers (docs/architecture.md).
RING = {"planning", "tracking", "pipelines", "registry", "gates", "delivery", "serving", "monitoring"}
PUBLIC_OF_RING = {"service.h", "types.h"}
# What the executable and the tests need besides, to build a database with a module's tables in it.
WIRING_OF_RING = {"migrations.h"}

# Third-party headers and the folders that may see them; everything else uses our own types.
THIRD_PARTY = [
    (re.compile(r"boost/asio[./]|boost/system/"), ("src/io", "src/http", "src/store")),
    (re.compile(r"boost/intrusive/"), ("src/io", "src/http")),
    (re.compile(r"boost/(beast|json)"), ()),  # oracles of fuzz targets, nowhere under src/ or apps/
    (re.compile(r"openssl/"), ("src/base", "src/io", "src/store")),
    (re.compile(r"simdjson\.h"), ("src/base", "src/store")),
    (re.compile(r"xxh(ash|3)\.h"), ("src/base", "src/query", "src/blob")),
    (re.compile(r"(zstd|zdict)[_a-z]*\.h"), ("src/http", "src/blob")),
    (re.compile(r"(zlib|libdeflate)\.h"), ("src/http",)),
    (re.compile(r"llhttp\.h"), ("src/http",)),
    (re.compile(r"curl/"), ("src/http",)),
    (re.compile(r"nghttp2/"), ("src/http",)),
    (re.compile(r"(postgresql/)?(libpq|libpq-fe|pg_config)"), ("src/store",)),
    (re.compile(r"sqlite3(ext)?\.h"), ("src/store",)),
    (re.compile(r"grpc(pp)?/|grpc|google/protobuf"), ("src/api/oip",)),
    (re.compile(r"blake3\.h"), ("src/blob",)),
    (re.compile(r"argon2\.h"), ("src/access",)),
    (re.compile(r"yaml-cpp/"), ("src/base",)),
    (re.compile(r"expat(_external)?\.h"), ("src/reports",)),
    (re.compile(r"CLI/"), ("apps",)),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SUFFIXES = {".h", ".cc"}


@dataclass(frozen=True)
class Include:
    file: Path  # relative to the root
    line: int
    target: str
    quoted: bool


def read_includes(root: Path):
    for top in ("src", "apps"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in SUFFIXES or not path.is_file():
                continue
            for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                match = INCLUDE.match(text)
                if match:
                    yield Include(path.relative_to(root), number, match.group(2), match.group(1) == '"')


def is_test_code(file: Path) -> bool:
    return file.stem.endswith(("_test", "_bench")) or "testing" in file.parts


def owner(file: Path) -> str | None:
    """The module that a file belongs to; None for the executable, which wires all of them."""
    return file.parts[1] if file.parts[0] == "src" and len(file.parts) > 2 else None


def module_of_target(name: str) -> str:
    """CMake's test dependencies may name a module's library of test doubles, `store_testing`."""
    return name.removesuffix("_testing")


def closure(graph: dict, start: list[str]) -> set[str]:
    reached, todo = set(), list(start)
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(graph.get(name, {}).get("deps", []))
    return reached


def graph_findings(graph: dict) -> list[str]:
    """A graph must name only modules that exist and must have no cycle."""
    findings = []
    for name, module in graph.items():
        for dep in module["deps"]:
            if dep not in graph:
                findings.append(f"modules: '{name}' depends on '{dep}', which is not declared")
        if name in closure(graph, module["deps"]):
            findings.append(f"modules: '{name}' depends on itself, directly or through others")
    return findings


def module_finding(graph: dict, include: Include, modules: set[str]) -> str | None:
    source, target = owner(include.file), include.target.split("/", 1)[0]
    if target not in modules or source == target or not include.quoted:
        return None
    rest = include.target.split("/", 1)[1]
    test_code = is_test_code(include.file)
    if source is not None:
        module = graph.get(source)
        if module is None:
            return f"module '{source}' is not declared in CMake"
        allowed = closure(graph, module["deps"])
        if test_code:
            allowed |= closure(graph, [module_of_target(name) for name in module.get("test_deps", [])])
        if target not in allowed:
            return f"'{source}' does not declare '{target}' and includes \"{include.target}\""
    if "internal" in Path(rest).parts:
        return f"\"{include.target}\" is private to '{target}'"
    if "testing" in Path(rest).parts:
        return None if test_code else f"\"{include.target}\" is for tests only"
    if target in RING:
        public = PUBLIC_OF_RING | (WIRING_OF_RING if source is None or test_code else set())
        if rest not in public:
            return f"\"{include.target}\" is not public: others see only {' and '.join(sorted(public))} of '{target}'"
    return None


def third_party_finding(include: Include) -> str | None:
    for pattern, folders in THIRD_PARTY:
        if pattern.match(include.target) and not include.quoted:
            if not any(include.file.is_relative_to(folder) for folder in folders):
                where = ", ".join(folders) if folders else "no file under src/ or apps/"
                return f"<{include.target}> may be included by {where}"
    return None


def check(root: Path, graph: dict) -> list[str]:
    findings = graph_findings(graph)
    modules = {path.name for path in (root / "src").iterdir() if path.is_dir()} | set(graph)
    used: dict[str, set[str]] = {name: set() for name in graph}
    has_sources = set()
    for include in read_includes(root):
        source = owner(include.file)
        if source in used:
            has_sources.add(source)
            if include.quoted and "/" in include.target and not is_test_code(include.file):
                used[source].add(include.target.split("/", 1)[0])
        finding = module_finding(graph, include, modules) if "/" in include.target else None
        finding = finding or third_party_finding(include)
        if finding:
            findings.append(f"{include.file}:{include.line}: {finding}")
    for name in sorted(has_sources):
        for dep in graph[name]["deps"]:
            if dep not in used[name]:
                findings.append(f"modules: '{name}' declares '{dep}' and never includes it")
    return findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--graph", type=Path, help="modules.json of any configured preset")
    arguments = parser.parse_args()
    graph_file = arguments.graph
    if graph_file is None:
        found = sorted(arguments.root.glob("build/*/modules.json"), key=lambda path: path.stat().st_mtime)
        if not found:
            print("check_layers: no build/*/modules.json, expected a configured preset (cmake --preset dev)", file=sys.stderr)
            return 2
        graph_file = found[-1]
    findings = check(arguments.root, json.loads(graph_file.read_text(encoding="utf-8"))["modules"])
    for finding in findings:
        print(finding)
    if not findings:
        print("layers: every include follows the declared graph")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
