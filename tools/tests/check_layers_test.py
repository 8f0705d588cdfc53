"""check_layers.py finds each kind of broken layering, and nothing in a clean tree."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "check_layers.py"
GRAPH = {
    "base": {"deps": []},
    "io": {"deps": ["base"]},
    "store": {"deps": ["io"], "test_deps": []},
    "tracking": {"deps": ["store"]},
    "registry": {"deps": ["tracking"], "test_deps": ["base_testing"]},
}
CLEAN = {
    "src/base/status.h": "#pragma once\n#include <string>\n",
    "src/io/loop.h": '#pragma once\n#include <boost/asio/awaitable.hpp>\n#include "base/status.h"\n',
    "src/store/database.h": '#include "io/loop.h"\n#include "base/status.h"\n',  # base: transitive
    "src/store/sqlite/connection.cc": '#include <sqlite3.h>\n#include "store/internal/rows.h"\n',
    "src/tracking/types.h": '#include "store/database.h"\n',
    "src/tracking/service.h": '#include "tracking/types.h"\n#include "tracking/search.h"\n',
    "src/registry/service.cc": '#include "registry/service.h"\n#include "tracking/service.h"\n#include "tracking/types.h"\n',
    "src/registry/service_test.cc": '#include "tracking/migrations.h"\n#include "base/testing/temp.h"\n',
    "apps/stetig/up.cc": '#include <CLI/CLI.hpp>\n#include "registry/service.h"\n#include "tracking/migrations.h"\n',
}


def run(tmp_path, files, graph=None):
    for name, text in {**CLEAN, **files}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    graph_file = tmp_path / "modules.json"
    graph_file.write_text(json.dumps({"modules": graph or GRAPH}))
    done = subprocess.run(
        [sys.executable, SCRIPT, "--root", tmp_path, "--graph", graph_file], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout


def test_clean_tree_has_no_findings(tmp_path):
    code, out = run(tmp_path, {})
    assert code == 0, out


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("src/base/clock.h", '#include "io/loop.h"\n', "src/base/clock.h:1: 'base' does not declare 'io'"),
        ("src/io/pool.cc", '\n#  include "tracking/types.h"\n', "src/io/pool.cc:2: 'io' does not declare 'tracking'"),
        ("src/registry/a.cc", '#include "tracking/search.h"\n', "\"tracking/search.h\" is not public"),
        ("src/registry/a.cc", '#include "tracking/migrations.h"\n', "is not public"),
        ("apps/stetig/a.cc", '#include "tracking/repository.h"\n', "is not public"),
        ("src/tracking/a.cc", '#include "store/internal/rows.h"\n', "is private to 'store'"),
        ("src/tracking/a.cc", '#include "base/testing/temp.h"\n', "is for tests only"),
        ("src/tracking/a.cc", "#include <boost/asio/post.hpp>\n", "<boost/asio/post.hpp> may be included by src/io"),
        ("src/tracking/a.cc", "#include <sqlite3.h>\n", "<sqlite3.h> may be included by src/store"),
        ("src/tracking/a.cc", "#include <zstd.h>\n", "<zstd.h> may be included by src/http, src/blob"),
        ("src/registry/a.cc", "#include <openssl/evp.h>\n", "<openssl/evp.h> may be included by src/base, src/io, src/store"),
        ("src/tracking/a.cc", "#include <xxhash.h>\n", "<xxhash.h> may be included by src/base, src/query, src/blob"),
        ("src/base/a.cc", "#include <boost/json/src.hpp>\n", "may be included by no file under src/ or apps/"),
        ("src/io/a.cc", "#include <llhttp.h>\n", "<llhttp.h> may be included by src/http"),
        ("src/io/a.cc", "#include <libpq-fe.h>\n", "<libpq-fe.h> may be included by src/store"),
        ("src/store/a.cc", "#include <grpcpp/server.h>\n", "<grpcpp/server.h> may be included by src/api/oip"),
        ("src/extra/a.cc", '#include "base/status.h"\n', "module 'extra' is not declared"),
    ],
)
def test_each_breach_is_named_with_its_place(tmp_path, file, text, expected):
    code, out = run(tmp_path, {file: text})
    assert code == 1
    assert expected in out
    assert len(out.splitlines()) == 1, out


def test_declared_dependency_that_nobody_includes_is_an_error(tmp_path):
    graph = {**GRAPH, "tracking": {"deps": ["store", "base"]}}
    code, out = run(tmp_path, {}, graph)
    assert (code, out) == (1, "modules: 'tracking' declares 'base' and never includes it\n")


def test_a_dependency_used_by_tests_alone_does_not_count_as_used(tmp_path):
    graph = {**GRAPH, "tracking": {"deps": ["store", "io"]}}
    code, out = run(tmp_path, {"src/tracking/a_test.cc": '#include "io/loop.h"\n'}, graph)
    assert (code, out) == (1, "modules: 'tracking' declares 'io' and never includes it\n")


def test_cycle_and_unknown_module_are_errors(tmp_path):
    graph = {**GRAPH, "base": {"deps": ["io", "stats"]}}
    code, out = run(tmp_path, {}, graph)
    assert code == 1
    assert "'base' depends on 'stats', which is not declared" in out
    assert "'io' depends on itself" in out
