#!/usr/bin/env bash
# `make lint` and `make format`.
#
#   tools/lint.sh          formatting and spelling of the whole tree, layers, clang-tidy on the files changed since BASE
#   tools/lint.sh format   rewrites the sources in house style
#   tools/lint.sh tidy F…  clang-tidy on the named files
#
# BASE defaults to the merge base with origin/main, or to the last commit where there is no such branch; changes not yet
# committed always count.
set -euo pipefail
cd "$(dirname "$0")/.."
BUILD=build/lint

# clang-tidy reads plain compile commands, not the precompiled headers of a real build.
configure() {
  cmake --preset dev -B "$BUILD" -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >/dev/null
}

cpp_files() { git ls-files --cached --others --exclude-standard -- '*.h' '*.cc' | while read -r f; do [[ -f $f ]] && echo "$f"; done; }

changed_files() {
  local base=${BASE:-}
  if [[ -z $base ]]; then base=$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse HEAD~1 2>/dev/null || git rev-parse HEAD); fi
  { git diff --name-only --diff-filter=d "$base" -- '*.cc' '*.h'; git ls-files --others --exclude-standard -- '*.cc' '*.h'; } | sort -u
}

tidy() {
  configure
  local file sources=()
  for file in "$@"; do
    case $file in
      *.cc) if grep -q "\"file\": .*/$file\"" "$BUILD/compile_commands.json"; then sources+=("$file"); fi ;;
      # A header is checked through the source of the same name.
      *.h) if [[ -f ${file%.h}.cc ]]; then sources+=("${file%.h}.cc"); fi ;;
    esac
  done
  [[ ${#sources[@]} -gt 0 ]] || return 0
  mapfile -t sources < <(printf '%s\n' "${sources[@]}" | sort -u)
  echo "lint: clang-tidy on ${#sources[@]} files"
  printf '%s\0' "${sources[@]}" | nice xargs -0 -n 1 -P "${JOBS:-$(nproc)}" clang-tidy-19 -p "$BUILD" --quiet
}

case ${1:-all} in
  format)
    cpp_files | xargs -r clang-format-19 -i
    exit 0
    ;;
  tidy)
    shift
    tidy "$@"
    exit 0
    ;;
  all) ;;
  *)
    echo "lint: unknown argument '$1', expected format or tidy" >&2
    exit 2
    ;;
esac

tools/setup apt sources
failed=0
cpp_files | xargs -r clang-format-19 --dry-run -Werror || failed=1
git ls-files | grep -vE '\.lock(\.txt)?$|^LICENSE$|^fuzz/corpus/|/cases/' | xargs codespell --quiet-level=2 --ignore-regex '\b\w*[a-z][A-Z]\w*\b' --ignore-words=tools/codespell-ignore.txt || failed=1
configure
/usr/bin/python3 tools/check_layers.py --graph "$BUILD/modules.json" || failed=1
mapfile -t changed < <(changed_files)
tidy "${changed[@]}" || failed=1
if [[ $failed != 0 ]]; then
  echo "lint: findings above" >&2
  exit 1
fi
echo "lint: clean"
