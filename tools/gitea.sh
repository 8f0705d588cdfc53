#!/usr/bin/env bash
# The Gitea that the forge connector is proved against.
#
#   tools/gitea.sh     builds it when it is not there yet; prints its folder: gitea (the executable) and static/
#
# Built once for each content of tools/gitea/, each compiler and this script, and kept below .cache/gitea. Takes about eight minutes of
# CPU time. The compiler is a Python package with the hash that tools/requirements/go.lock.txt names: Debian's Go is too old.
# Gitea's code and what it needs come from the Go module proxy, checked against tools/gitea/go.sum.
set -euo pipefail
cd "$(dirname "$0")/.."
ROOT=$PWD LOCK=tools/requirements/go.lock.txt
key=$(cat tools/gitea/{go.mod,go.sum,main.go} "$LOCK" tools/gitea.sh | sha256sum | cut -c1-16)
built=$ROOT/.cache/gitea/$key
mkdir -p .cache/gitea
exec 9>.cache/gitea/lock
flock 9
if [[ -x $built/gitea && -d $built/static/templates ]]; then
  echo "$built"
  exit 0
fi

GO=$ROOT/.cache/go/bin/go
want=$(sha256sum <"$LOCK")
if [[ ! -x $GO || ! -f .cache/go/stamp || $(<.cache/go/stamp) != "$want" ]]; then
  echo "gitea: installing the Go compiler" >&2
  rm -rf .cache/go
  /usr/bin/python3 -m venv .cache/go
  .cache/go/bin/pip install -q --disable-pip-version-check --no-deps --require-hashes -r "$LOCK" >&2
  printf '%s\n' "$want" >.cache/go/stamp
fi

# Neither another toolchain nor changed dependencies may come in unasked.
export GOTOOLCHAIN=local GOFLAGS='-mod=readonly -trimpath -buildvcs=false' GOMAXPROCS=${JOBS:-$(nproc)}
next=$ROOT/.cache/gitea/next
rm -rf "$next"
mkdir -p "$next/static"
cd tools/gitea
echo "gitea: building (minutes)" >&2
nice -n 10 "$GO" build -p "${JOBS:-$(nproc)}" -tags 'sqlite sqlite_unlock_notify' -ldflags '-s -w' -o "$next/gitea" . >&2
module=$("$GO" list -m -f '{{.Dir}}' code.gitea.io/gitea)
for part in templates options public; do cp -r --no-preserve=mode "$module/$part" "$next/static/"; done
rm -rf "$built"
mv "$next" "$built"
echo "$built"
