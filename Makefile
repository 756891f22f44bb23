# `make demo` and `make test` need nothing but Python 3.11 or newer and a network.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
RUN := $(BIN)/trustdebt

# Compiled once, not by each of a thousand processes, whatever the environment says.
export PYTHONDONTWRITEBYTECODE =

heading = @printf '\n==== %s ====\n' "$(1)"
# Written anew as a whole, or left as it is.
made = @$(BIN)/python -m $(1) > made.tmp && mv made.tmp $(2)

.PHONY: help setup demo app test check lint types style contracts browser compiled bench fuzz search scale neo4j lock docs pictures
help:
	@echo 'make demo    an example estate, assessed'
	@echo 'make app     the same in the browser'
	@echo 'make test    every check and test'
	@echo 'make check   the checkers and the quick tests'
	@echo 'make lint    the checkers only'
	@echo 'make bench   the figures of docs/benchmarks.md'
	@echo 'make search  every case that the tests sample, property tests on more examples'
	@echo 'make fuzz    ten minutes of damaged exports through every reader'
	@echo 'make scale   Spark (450 MB) beside the rest, and its tests on a cluster of this machine'
	@echo 'make neo4j   a Neo4j server to try the other store'
	@echo 'make lock    requirements.lock anew'
	@echo 'make docs    docs/schema.md, docs/findings.md and docs/modules.md anew'
	@echo 'make pictures  docs/pages and docs/notebooks anew: every page, light and dark, two widths; every chart'

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" .ci/setup $(VENV)
	@touch $(READY)

demo: setup
	$(RUN) demo

app: setup
	$(RUN) app

lint: types style contracts

types: setup
	$(call heading,mypy)
	$(BIN)/mypy

style: setup
	$(call heading,ruff)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

contracts: setup
	$(call heading,import contracts)
	$(BIN)/lint-imports --no-logo

browser:
	@.ci/browser

# One run, so that one closing line counts all; tests/conftest.py puts the quick ones first. Each
# process has Neo4j servers of its own, so a server that the environment names is for one process.
# One process more than there are cores, as some tests wait for a browser or a server. None is
# started anew: it would try again what hangs.
PROCESSES = $(shell $(PYTHON) -c "import os; print(min(4, (os.cpu_count() or 1) + 1))")
SIDE_BY_SIDE = $(if $(TRUSTDEBT_TEST_NEO4J_URI),,-n $(PROCESSES) --dist loadfile \
    --no-loadscope-reorder --max-worker-restart 0)

# Every process collects all tests; what the first one compiles, the others read.
compiled: setup
	@$(BIN)/python -m pytest --collect-only -q >/dev/null 2>&1 || true

# The types take as long as all else before the tests, so they are checked beside it.
test: setup
	@$(MAKE) --no-print-directory -j 2 lint docs browser compiled
	$(call heading,tests)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --exitfirst $(SIDE_BY_SIDE)

# What is quick, for the loop of a day; TESTS=tests/unit/analytics/debt for what you work on.
SLOW = ingest/sources analytics/findings analytics/debt analytics/runtime analytics/remediation \
    analytics/answers analytics/escalation
TESTS = tests/unit $(SLOW:%=--ignore=tests/unit/%)

check: docs lint
	$(call heading,quick tests)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest $(SIDE_BY_SIDE) $(TESTS)

bench: setup
	$(BIN)/python tests/benchmarks/run.py

# Every case of which a test tries some each day, and property tests on TIMES as many examples as
# they name, others each time. Takes hours; IN=tests/property for a part.
search: setup browser
	TRUSTDEBT_TEST_EXAMPLES=$(or $(TIMES),5) OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest $(SIDE_BY_SIDE) $(IN)

# SECONDS=1200 for longer, SEED=2 for other inputs; what it finds is kept in fuzz-findings/.
fuzz: setup
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.fuzz.fuzz --seconds $(or $(SECONDS),600) --seed $(or $(SEED),1)

# Spark is an extra for few, and takes longer to install than most tests take.
scale: setup
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps --use-pep517 \
	    --no-build-isolation -r requirements.spark.lock
	$(BIN)/python -m pytest tests/integration/test_spark.py tests/integration/test_dask.py

neo4j: setup
	$(BIN)/python tests/neo4j/server.py

docs: setup
	$(call made,graph.reference,docs/schema.md)
	$(call made,tests.support.exports.stated_facts,analytics/findings/stated.toml)
	$(call made,analytics.findings.reference,docs/findings.md)
	$(call made,tests.support.module_index,docs/modules.md)

# Looks of the pages change rarely, so not a part of `docs`.
pictures: setup browser
	$(BIN)/python -m tests.support.pictures
	$(BIN)/python -m tests.support.notebook_charts

# Every Python from 3.11 on and every platform, with hashes and without the name of an index.
lock:
	uv pip compile pyproject.toml --group dev --extra rust --universal --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	    --upgrade --quiet --output-file requirements.lock
	sed -n 's/^spark = \["\(.*\)"\].*/\1/p' pyproject.toml | uv pip compile - --universal \
	    --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
	    --no-emit-find-links --upgrade --quiet --output-file requirements.spark.lock
