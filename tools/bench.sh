#!/usr/bin/env bash
# `make bench`: builds the executable, the floors and the load generator, installs the systems to compare with, and runs
# bench/run.py with the arguments given (make bench ARGS='--only search').
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup apt sources dev mlflow3 bench
tools/build.sh release stetig bench_tools
exec .venv/dev/bin/python bench/run.py "$@"
