#!/usr/bin/env bash
# Writes NAME.lock.txt from NAME.in with the newest versions and the hashes of all their files: tools/requirements/lock.sh NAME...
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check pip-tools
for name in "$@"; do
  CUSTOM_COMPILE_COMMAND="tools/requirements/lock.sh $name" "$work/venv/bin/pip-compile" --quiet --upgrade --generate-hashes \
    --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --resolver=backtracking \
    --output-file "$name.lock.txt" "$name.in"
done
