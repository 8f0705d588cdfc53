#!/usr/bin/env bash
# tools/fuzz.sh NAME SECONDS: runs the fuzz target NAME (built by the fuzz preset) on its corpus. What it learns goes to
# .cache/fuzz/NAME, what it breaks to build/fuzz/findings; the corpus in the tree is never written.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1
seconds=$2
binary=$(find build/fuzz -type f -name "$name" -perm -u+x | head -1)
if [[ -z $binary ]]; then
  echo "fuzz: no target '$name' in build/fuzz, expected it from the fuzz preset" >&2
  exit 1
fi
corpus=fuzz/corpus/${name%_fuzz}
if [[ ! -d $corpus ]]; then
  echo "fuzz: no corpus in $corpus" >&2
  exit 1
fi
learned=.cache/fuzz/$name
mkdir -p "$learned" build/fuzz/findings
options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1
  -artifact_prefix="build/fuzz/findings/$name-")
dictionary=fuzz/${name%_fuzz}.dict
if [[ -f $dictionary ]]; then options+=(-dict="$dictionary"); fi
log=build/fuzz/findings/$name.log
if ! "$binary" "${options[@]}" "$learned" "$corpus" >"$log" 2>&1; then
  cat "$log"
  echo "fuzz: $name FAILED" >&2
  exit 1
fi
echo "fuzz: $name $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s, none failed"
