#!/usr/bin/env bash
# A throw-away PostgreSQL for tests: own data folder, own port, own socket folder, loopback only.
#
#   tools/postgres.sh start DIR            creates DIR when needed, starts, prints the URL
#   tools/postgres.sh stop DIR [MODE]      MODE fast (default), smart or immediate (as if it had been killed)
#   tools/postgres.sh remove DIR           stops and deletes DIR
#
# A stopped server started again keeps its data and its port. Works as root (PostgreSQL itself then runs as `postgres`, who
# must be able to enter all parents of DIR) and as any other user.
set -euo pipefail
usage() {
  sed -n '4,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
}
[[ $# -ge 2 ]] || usage
action=$1
mkdir -p "$2"
dir=$(realpath "$2")
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
if [[ -z $bin || ! -x $bin/initdb ]]; then
  echo "postgres: no server under /usr/lib/postgresql, expected Debian's package (tools/setup apt)" >&2
  exit 1
fi

as_postgres() {
  if [[ $(id -u) == 0 ]]; then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

start() {
  if [[ ! -f $dir/port ]]; then
    mkdir -p "$dir/data" "$dir/socket"
    if [[ $(id -u) == 0 ]]; then chown postgres "$dir" "$dir/data" "$dir/socket"; fi
    chmod 755 "$dir"
    as_postgres "$bin/initdb" -A trust -U postgres -E UTF8 --locale=C.UTF-8 -D "$dir/data" >"$dir/initdb.log"
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' >"$dir/port"
    printf '%s\n' "port = $(<"$dir/port")" "listen_addresses = '127.0.0.1'" "unix_socket_directories = '$dir/socket'" \
      "max_connections = 200" >>"$dir/data/postgresql.conf"
  fi
  as_postgres "$bin/pg_ctl" -s -w -t 60 -D "$dir/data" -l "$dir/data/server.log" start >/dev/null
  echo "postgresql://postgres@127.0.0.1:$(<"$dir/port")/postgres"
}

stop() {
  if [[ -f $dir/data/postmaster.pid ]]; then
    as_postgres "$bin/pg_ctl" -s -w -t 30 -D "$dir/data" -m "${1:-fast}" stop
  fi
}

case $action in
  start) start ;;
  stop) stop "${3:-fast}" ;;
  remove)
    stop immediate
    rm -rf "$dir"
    ;;
  *) usage ;;
esac
