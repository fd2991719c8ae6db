# Rhizome: everything a person does with a checkout.
#
#   make demo      sets up what is missing, builds, and shows the main job on three real nodes
#   make test      sets up what is missing, builds, and runs every test
#
# One debug build serves demo and tests. Stage times are printed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PREFIX ?= /usr/local
STAGE := scripts/stage

.PHONY: help setup build demo test fuzz tsan soak lint mutants bench install clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

setup: ## installs the Debian packages that are missing (asks for root where needed)
	@$(STAGE) "set up" scripts/setup

build: setup ## builds commands and tests (debug)
	@$(STAGE) "build" swift build --build-tests

demo: build ## shows the main job on three real nodes, in about a minute
	@$(STAGE) "demo" scripts/demo

lint: ## checks format, references, folders, where types stand, and that one clock alone reads the time
	@$(STAGE) "lint" swift format lint --strict --recursive --parallel Package.swift Sources Tests Examples Benchmarks Fuzz/Package.swift Fuzz/Sources
	@$(STAGE) "references" scripts/check-references
	@$(STAGE) "folders" scripts/check-folders
	@$(STAGE) "types" scripts/check-types
	@$(STAGE) "time" scripts/check-time

test: setup lint build ## lints, runs every test, and fuzzes each target for 5 seconds
	@$(STAGE) "tests" scripts/test
	@FUZZ_SECONDS=5 $(STAGE) "fuzz" scripts/fuzz

fuzz: setup ## fuzzes each target for FUZZ_SECONDS (60), with the address sanitizer
	@$(STAGE) "fuzz" scripts/fuzz

tsan: setup ## runs the node's tests under the thread sanitizer, in a build of its own
	@$(STAGE) "thread sanitizer" scripts/tsan

soak: build ## runs the tests of faults with longer schedules: about an hour
	@$(STAGE) "soak" scripts/soak

mutants: build ## applies each patch of Tests/mutations and must see a test fail
	@$(STAGE) "mutants" scripts/mutants

bench: setup ## builds a store of a million deltas, in release, and prints start time, memory and rates
	@$(STAGE) "bench" scripts/bench

install: setup ## builds in release and installs both commands under PREFIX (/usr/local)
	@$(STAGE) "release build" swift build -c release --product rhizome-keys
	@$(STAGE) "release build" swift build -c release --product rhizome-node
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 0755 "$$(swift build -c release --show-bin-path)/rhizome-keys" "$(DESTDIR)$(PREFIX)/bin/"
	install -m 0755 "$$(swift build -c release --show-bin-path)/rhizome-node" "$(DESTDIR)$(PREFIX)/bin/"

clean: ## removes what was built
	rm -rf .build .build-tsan Benchmarks/.build Fuzz/.build Fuzz/.seeds Fuzz/.logs
