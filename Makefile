# Two commands are enough on a fresh machine: `make run` and `make test`.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
CONSTRAINTS := constraints.txt
export DAGSTER_HOME ?= $(CURDIR)/.home/dagster

.PHONY: help run test dev lint types test-ui test-deploy test-take-over test-slow soak bench clean

run: $(READY)  ## refresh all regions on the embedded server (or on REDIS_URL); an empty one gets a replay and sample feeds
	@"$(BIN)/regional-snapshots" replay red-sea --if-empty
	@"$(BIN)/regional-snapshots" feeds load --sample --if-none
	@"$(BIN)/regional-snapshots" refresh; status=$$?; \
	  test $$status -eq 0 && echo "Next: make dev, then open http://127.0.0.1:3000" ; exit $$status

test: $(READY)  ## all tests, in less than four minutes
	@"$(BIN)/python" -m pytest --numprocesses 3 --dist loadfile

dev: $(READY)  ## the Dagster UI on http://127.0.0.1:3000, on the same instance
	@"$(BIN)/regional-snapshots" dev

lint: types  ## ruff and the type checker
	@"$(BIN)/ruff" check .
	@"$(BIN)/ruff" format --check .

types: $(READY)  ## the type checker, strict on regional_snapshots/
	@"$(BIN)/mypy"

test-ui: $(READY)  ## the UI in a real browser (needs Debian's chromium and chromium-driver)
	@"$(BIN)/pip" install --quiet --disable-pip-version-check --constraint $(CONSTRAINTS) --editable '.[ui]'
	@"$(BIN)/python" -m pytest regional_snapshots_tests/ui --run-ui

test-deploy: $(READY)  ## the recipes of deploy/, process by process (needs Debian's postgresql)
	@"$(BIN)/pip" install --quiet --disable-pip-version-check --constraint $(CONSTRAINTS) --editable '.[postgres,celery,deploy]'
	@"$(BIN)/python" -m pytest regional_snapshots_tests/deploy --run-deploy

test-take-over: $(READY)  ## moving over, side by side and back, on a store of 90 days of the former script
	@REGIONAL_SNAPSHOTS_TEST_TAKE_OVER=5760 "$(BIN)/python" -m pytest regional_snapshots_tests/defs/test_take_over.py

test-slow: $(READY)  ## what takes too long for make test: a thousand regions, a fault at every single request
	@REGIONAL_SNAPSHOTS_TEST_SLOW=1 "$(BIN)/python" -m pytest --numprocesses 3 \
	  $$(grep -rlE "support.slow import" regional_snapshots_tests --include="test_*.py")

soak: $(READY)  ## random faults: make soak COMMITS=10000 SEED=1 LAYOUT=worldmonitor SERVER=redis-server
	@"$(BIN)/python" -m regional_snapshots_tests.support.soak --commits $(or $(COMMITS),10000) --seed $(or $(SEED),1) --layout $(or $(LAYOUT),tagged) $(if $(SERVER),--server "$$(command -v $(SERVER))")

bench: $(READY)  ## every figure of the README, as ratios taken in one run
	@"$(BIN)/python" -m benchmarks $(ARGS)

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

clean:  ## stop the embedded server; remove its data, the instance and the environment
	@test ! -x "$(BIN)/regional-snapshots" || "$(BIN)/regional-snapshots" redis stop
	rm -rf .venv .home

$(READY): pyproject.toml $(CONSTRAINTS)
	@"$(PYTHON)" -c 'import sys; sys.exit("Python 3.10 to 3.13 is needed (make PYTHON=...)" if not (3,10) <= sys.version_info[:2] <= (3,13) else 0)'
	@"$(PYTHON)" -m venv .venv
	@echo "installing (once, about a minute)"
	@"$(BIN)/pip" install --quiet --disable-pip-version-check --constraint $(CONSTRAINTS) --editable '.[test,dev]'
	@touch $(READY)
