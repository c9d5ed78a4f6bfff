# `make run` opens the console, `make test` runs every check and every test, `make test-quick` those
# that need no stack. All of them install into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed-run
TEST_STAMP := $(VENV)/.installed-test

BYTECODE_STAMP := $(VENV)/.compiled

.PHONY: run test test-quick test-compose check format soak bench snapshots screenshot docs clean

run: $(RUN_STAMP) $(BYTECODE_STAMP)
	@$(BIN)/fraudwatch $(ARGS)

# More workers with a stack than cores, since such a test keeps half of one busy; each has a stack of
# its own, which takes more than 1 GB. Tests of a file stay together.
WORKERS ?= 3
ifeq ($(strip $(ARGS)),)
test: test-quick
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder --durations=25 tests/e2e tests/fuzz
else
test: check $(BYTECODE_STAMP)
	$(BIN)/python -m pytest $(ARGS)
endif

# Everything that needs no stack, with two workers.
test-quick: check $(BYTECODE_STAMP)
	$(BIN)/python -m pytest -n 2 --durations=25 tests/unit tests/golden tests/snapshot

# Every service of docker-compose.yml in containers; on Debian it installs an engine if necessary.
test-compose: $(TEST_STAMP)
	$(BIN)/python -m pytest tests/compose -m compose $(ARGS)

check: $(TEST_STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(TEST_STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Each fault many times, at a different moment each time; docs/faults.md has the promises. SLACK=3
# allows three times their seconds, for a machine that does something else meanwhile.
ROUNDS ?= 20
SLACK ?= 1
soak: $(TEST_STAMP)
	FRAUDWATCH_TEST_SLACK=$(SLACK) $(BIN)/python -m pytest tests/e2e/faults --rounds $(ROUNDS) $(ARGS)

bench: $(TEST_STAMP) $(BYTECODE_STAMP)
	$(BIN)/python -m tests.bench $(ARGS)

# Look at the report (snapshot_report.html) before accepting new pictures.
snapshots: $(TEST_STAMP)
	$(BIN)/python -m pytest tests/snapshot --snapshot-update

# The pictures of the README and of docs/proof.md, of the real console on the real stack.
screenshot: $(TEST_STAMP)
	$(BIN)/python -m tests.screenshot assets

# The pages of docs/ that are generated from the program: keys, commands, configuration.
docs: $(TEST_STAMP)
	$(BIN)/python -m tests.generated_docs

clean:
	rm -rf $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' \
		|| { echo "fraudwatch needs Python 3.11 or 3.12; $(PYTHON) is $$($(PYTHON) -V 2>&1). Set PYTHON=/path/to/python3.11."; exit 1; }
	@echo "Making a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): pyproject.toml | $(BIN)/python
	@echo "Installing fraudwatch and what it needs (about 400 MB the first time) ..."
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar off -e .
	@touch $@

$(TEST_STAMP): pyproject.toml | $(BIN)/python
	@echo "Installing fraudwatch with its test tools ..."
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar off -e '.[test]'
	@touch $@ $(RUN_STAMP)

# An editable install is not compiled; where Python cannot write bytecode, every start would be
# 50 ms slower.
$(BYTECODE_STAMP): $(RUN_STAMP) $(shell find pipeline tui -name '*.py')
	@$(BIN)/python -m compileall -q pipeline tui
	@touch $@
