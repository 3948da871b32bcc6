# The verbs. Each sets up what it needs and may be run first on a fresh clone.
#
#   make demo        a call, recorded and proved before your eyes; then it keeps serving (ONCE=1: ends by itself)
#   make test        everything: check, unit, contract, scenario, simulation, interop
#   make check       the quick, static part: ruff, mypy, import contracts, house rules
#   make wheel       an installable package in dist/, with the agent desk
#   make bench       measurements, written to benchmarks/RESULTS.md
#   make soak fuzz   long runs; SECONDS says how long (make fuzz: each test)
#   make prove       the tests of one property or fault of docs/reference/properties.md (ID=PCI-1, SEED=7 if you like)
#                    (two tests at a time, for two cores: calls are in real time; make test WORKERS=4 for four cores)
#   make clean       away with what the other verbs made

SHELL := /bin/sh
.DEFAULT_GOAL := help
bin := .venv/bin
SECONDS ?= 300
WORKERS ?= 2
# Compiled modules are kept, whatever the shell says: without them each server that a test starts compiles 1,400 modules first.
export PYTHONDONTWRITEBYTECODE :=

help:
	@sed -n 's/^#   /  /p' Makefile

demo: setup-runtime
	@scripts/setup-desk if-possible
	@$(bin)/telegraphone demo $(if $(ONCE),--once)

check: setup-test
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/lint-imports
	$(bin)/pytest -q tests/tidy

test: setup-test setup-system setup-asterisk setup-node setup-desk
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/lint-imports
	$(bin)/pytest -m "not soak and not alone" --numprocesses=$(WORKERS) --dist=loadfile $(PYTEST)
	$(bin)/pytest -m alone $(PYTEST)

wheel: setup-runtime setup-desk
	$(bin)/python -m hatchling build -t wheel

bench: setup-test setup-system setup-asterisk setup-node
	$(bin)/python -m benchmarks.results $(BENCH)

soak: setup-test setup-system setup-asterisk setup-node
	SOAK_SECONDS=$(SECONDS) $(bin)/pytest -m soak --timeout=0 tests

fuzz: setup-test
	FUZZ_SECONDS=$(SECONDS) $(bin)/pytest --timeout=0 tests/fuzz

prove: setup-test setup-system setup-asterisk setup-node setup-desk
	$(bin)/python -m tests.proofs $(ID) $(SEED)

clean:
	rm -rf .venv benchmarks/build telegraphone-demo build dist
	rm -rf tests/interop/node_modules tests/interop/desk/pictures scripts/desk/node_modules src/telegraphone/web/desk/build
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

setup-runtime:
	@scripts/setup-venv runtime

setup-test:
	@scripts/setup-venv test

setup-system:
	@scripts/setup-system

setup-asterisk:
	@scripts/setup-asterisk >/dev/null

setup-node: setup-system
	@scripts/setup-node

setup-desk: setup-system
	@scripts/setup-desk

.PHONY: help demo check test wheel bench soak fuzz prove clean setup-runtime setup-test setup-system setup-asterisk setup-node setup-desk
