#!/usr/bin/env bash
# `make test`: builds and runs every test, or only the stages named.
#
#   tools/test.sh [STAGE...]     stages: tools unit layers headers asan tsan fuzz release, and each folder of tests/ by its name
#
# Starts its own PostgreSQL unless STETIG_TEST_POSTGRES names one. Ends at the first stage that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
ROOT=$PWD
STAGES=(tools unit layers headers release)
for suite in tests/*/; do
  suite=$(basename "$suite")
  # support/ is shared by the suites and holds no tests.
  if [[ $suite != support && $suite != __pycache__ ]]; then STAGES+=("$suite"); fi
done
STAGES+=(asan tsan fuzz)
FUZZ_SECONDS=${FUZZ_SECONDS:-5}
export CTEST_OUTPUT_ON_FAILURE=1 CTEST_PARALLEL_LEVEL=${JOBS:-$(nproc)}
PYTEST=.venv/dev/bin/pytest

# A sanitizer's finding must end the test that made it.
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

stage_tools() { $PYTEST -q -p no:cacheprovider -o python_files='*_test.py' tools/tests; }
stage_unit() {
  tools/build.sh dev unit_tests
  ctest --test-dir build/dev -L 'unit|conformance' --no-tests=error
}
stage_layers() { /usr/bin/python3 tools/check_layers.py --graph build/dev/modules.json; }
stage_headers() { /usr/bin/python3 tools/check_headers.py --build build/dev; }
stage_asan() {
  tools/build.sh asan unit_tests
  ctest --test-dir build/asan -L unit --no-tests=error
}
stage_tsan() {
  tools/build.sh tsan concurrency_tests
  ctest --test-dir build/tsan -L concurrency --no-tests=error
}
stage_fuzz() {
  local source name targets=()
  for source in fuzz/*_fuzz.cc; do targets+=("$(basename "$source" .cc)"); done
  tools/build.sh fuzz "${targets[@]}"
  for name in "${targets[@]}"; do tools/fuzz.sh "$name" "$FUZZ_SECONDS"; done
}
stage_release() { tools/build.sh release stetig; }
# Black-box suites run against the release executable.
suite() { $PYTEST -c tests/pytest.ini --rootdir tests -q "tests/$1"; }

run_stage() {
  case $1 in
    tools | unit | layers | headers | asan | tsan | fuzz | release) "stage_$1" ;;
    *) suite "$1" ;;
  esac
}

chosen=("$@")
[[ ${#chosen[@]} -gt 0 ]] || chosen=("${STAGES[@]}")
for stage in "${chosen[@]}"; do
  if [[ " ${STAGES[*]} " != *" $stage "* ]]; then
    echo "test: no stage '$stage', expected some of: ${STAGES[*]}" >&2
    exit 2
  fi
done

tools/setup

if [[ -z ${STETIG_TEST_POSTGRES:-} ]]; then
  postgres=$(mktemp -d /tmp/stetig-pg-XXXXXX)
  trap 'tools/postgres.sh remove "$postgres"' EXIT
  STETIG_TEST_POSTGRES=$(tools/postgres.sh start "$postgres")
  export STETIG_TEST_POSTGRES
fi
export STETIG_BIN=${STETIG_BIN:-$ROOT/build/release/apps/stetig/stetig}

duration() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }
SECONDS=0
summary=()
for stage in "${chosen[@]}"; do
  begin=$SECONDS
  printf '\n=== %s\n' "$stage"
  if ! (set -e; run_stage "$stage"); then
    printf '\ntest: stage %s FAILED after %s\n' "$stage" "$(duration $((SECONDS - begin)))" >&2
    exit 1
  fi
  summary+=("$(printf '%-14s %s' "$stage" "$(duration $((SECONDS - begin)))")")
done
printf '\n'
printf '  %s\n' "${summary[@]}"
printf 'test: all %d stages passed in %s\n' "${#chosen[@]}" "$(duration $SECONDS)"
