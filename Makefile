# Two commands do everything on a fresh Debian machine with Swift on PATH:
#   make run    solves a real option book end to end and writes Results/
#   make test   builds and runs every test
SWIFT ?= $(shell command -v swift)
SUDO  := $(if $(filter 0,$(shell id -u)),,sudo)
# Reference BLAS and LAPACK to link with, OpenBLAS to run with, NetCDF for policy grids, libsodium for digests.
DEBS  := liblapack-dev libblas-dev libopenblas0-pthread libnetcdf-dev libsodium-dev pkg-config
MODEL ?= Models/btc-short-strangle.json5

.PHONY: run test build bench compare lint clean help

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

.build/.deps: Makefile
	@test -n "$(SWIFT)" || { echo "Swift 6.3 not found: unpack it from swift.org and put usr/bin on PATH (see README)"; exit 1; }
	@missing=$$(for p in $(DEBS); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then echo "installing $$missing"; $(SUDO) apt-get update -qq && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi
	@mkdir -p $(@D) && touch $@

build: .build/.deps  ## the command, optimised
	$(SWIFT) build -c release --product deadband

run: build  ## solve MODEL (the short BTC strangle unless given) and print its bands
	@.build/release/deadband solve $(MODEL)

test: .build/.deps  ## every test
	$(SWIFT) test

bench: .build/.deps  ## timings, one JSON object per line
	$(SWIFT) run -c release Benchmarks

compare: .build/.deps  ## the roll-out and the game step beside plain numba, one JSON object per line
	@test -x .build/compare/bin/python || python3 -m venv .build/compare
	@.build/compare/bin/pip install -q -r Notebooks/benchmarks/requirements.txt
	$(SWIFT) build -c release --product Benchmarks
	@.build/compare/bin/python Notebooks/benchmarks/compare.py .build/release/Benchmarks

lint: .build/.deps  ## formatting, strictly
	$(SWIFT) format lint --strict -r Package.swift Sources Tests

clean:  ## remove what was built
	rm -rf .build
