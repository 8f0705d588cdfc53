#!/usr/bin/env bash
# `make run`: builds, starts `stetig up` on DATA at 127.0.0.1:PORT and, when DATA is new, plays examples/EXAMPLE into it with
# the real MLflow client; then serves until Ctrl-C. EXAMPLE= (empty) plays nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
DATA=${DATA:-data}
PORT=${PORT:-5000}
EXAMPLE=${EXAMPLE-breast-cancer}
URL=http://127.0.0.1:$PORT

tools/setup apt sources
if [[ -n $EXAMPLE ]]; then
  if [[ ! -f examples/$EXAMPLE/train.py ]]; then
    echo "run: no example '$EXAMPLE', expected one of: $(ls examples | tr '\n' ' ')" >&2
    exit 2
  fi
  tools/setup mlflow3
fi
tools/build.sh release stetig

is_new=no
if [[ ! -d $DATA || -z $(ls -A "$DATA") ]]; then is_new=yes; fi

server=
stop() {
  trap - INT TERM EXIT
  if [[ -n $server ]] && kill -TERM "$server" 2>/dev/null; then wait "$server" || true; fi
}
trap 'stop; exit 0' INT TERM
trap stop EXIT

build/release/apps/stetig/stetig up --data "$DATA" --port "$PORT" &
server=$!
for _ in $(seq 100); do
  if ! kill -0 "$server" 2>/dev/null; then
    # It has said why.
    status=0
    wait "$server" || status=$?
    server=
    exit "$status"
  fi
  if curl -fsS -m 1 -o /dev/null "$URL/health" 2>/dev/null; then break; fi
  sleep 0.1
done
if ! curl -fsS -m 2 -o /dev/null "$URL/health"; then
  echo "run: no answer at $URL/health after 10 s" >&2
  exit 1
fi

if [[ -n $EXAMPLE && $is_new == yes ]]; then
  echo "run: playing examples/$EXAMPLE into the new data folder '$DATA' (about half a minute)"
  # In the background with wait, so that Ctrl-C reaches the trap at once.
  MLFLOW_TRACKING_URI=$URL .venv/mlflow3/bin/python "examples/$EXAMPLE/train.py" &
  if ! wait $!; then
    echo "run: the example failed; its half is in '$DATA': delete that folder to start again" >&2
    exit 1
  fi
fi

cat <<TEXT

stetig serves at $URL, data in '$DATA'. Point any MLflow client at it:

    export MLFLOW_TRACKING_URI=$URL

Ctrl-C stops it.
TEXT
wait "$server"
