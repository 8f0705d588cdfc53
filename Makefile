# Everything a developer needs; each target first makes sure that tools/setup has nothing left to do.
#
#   make run     build, start at 127.0.0.1:5000, play the example into a new data folder (EXAMPLE= starts empty)
#   make test    build and run every test
#   make bench   compare with floors, stock MLflow and FastTrackML
#   make soak    long fuzzing and the full crash tests
#   make lint    format, static checks on changed files, spelling, layers
#   make format  rewrite sources in house style
#   make build   the release executable, build/release/apps/stetig/stetig

EXAMPLE ?= breast-cancer
DATA ?= data
PORT ?= 5000
# More than one compiler per 2 GiB would swap.
JOBS ?= $(shell nproc)
export EXAMPLE DATA PORT JOBS

.PHONY: run test bench soak lint format build setup clean

run:
	@tools/run.sh

test:
	@tools/test.sh

bench:
	@tools/bench.sh $(ARGS)

soak:
	@tools/soak.sh

lint:
	@tools/lint.sh

format:
	@tools/lint.sh format

setup:
	@tools/setup

build:
	@tools/setup apt sources
	@tools/build.sh release

# Keeps what was downloaded (.cache, .venv, third_party/sources).
clean:
	rm -rf build
