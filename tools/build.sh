#!/usr/bin/env bash
# tools/build.sh PRESET [TARGET...]: configures build/PRESET when needed and builds it, with JOBS jobs, at low priority.
# One build at a time: a second one waits for the first.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
mkdir -p build
exec 9>build/lock
flock 9
if [[ ! -f build/$preset/build.ninja ]]; then cmake --preset "$preset" >/dev/null; fi
nice ninja -C "build/$preset" -j "${JOBS:-$(nproc)}" "$@"
