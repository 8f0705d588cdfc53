#!/usr/bin/env bash
# `make soak`: every fuzz target for FUZZ_SECONDS (default ten minutes), then the unit tests and the black-box suites with
# STETIG_SOAK=1, which asks tests of chance for their full length (200 kills in place of 20, and so on).
set -euo pipefail
cd "$(dirname "$0")/.."
FUZZ_SECONDS=${FUZZ_SECONDS:-600} tools/test.sh fuzz
tools/gitea.sh >/dev/null # built before tests with time limits need it
STETIG_SOAK=1 tools/test.sh unit release chaos hostile conformance e2e
