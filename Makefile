# Every target sets up what it needs. `make setup` is instant when nothing has changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-config \
	--no-header --no-annotate --quiet

.DEFAULT_GOAL := help
.PHONY: help setup demo test soak again hunt check bench up lock secrets clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/' | expand -t 16

setup: $(STAMP) ## .venv with the locked dependencies and this checkout

$(STAMP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "mayday needs Python 3.11 or later; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV) \
		|| { echo "python3 cannot make environments here; on Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

demo: setup ## a real alert walks the runbook to the end, with people, a late answer and a killed worker
	$(BIN)/mayday demo

# three at a time on two cores: a third of the time they wait for a clock, a browser or a process
test: setup ## all tests but the long ones
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not soak and not hunt"

soak: setup ## faults, fuzz and random runbooks
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "soak and not hunt" --timeout 900

again: setup ## what failed last, one after the other
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures none --timeout 900

hunt: setup ## random runbooks that nobody has seen before
	$(BIN)/python -m pytest -n 2 --dist worksteal -m hunt --timeout 900 --hypothesis-profile fresh

check: setup ## ruff, mypy strict, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: setup ## figures as JSON, each with the raw Temporal floor beside it
	@$(BIN)/python -m bench

up: setup ## server, worker and starter on this machine
	$(BIN)/mayday up

# LOCK_FLAGS=--upgrade takes the newest of everything.
lock: setup ## resolve again, for every platform: all, then what production needs in the same versions
	$(COMPILE) pyproject.toml --extra dev $(LOCK_FLAGS) --output-file requirements-dev.txt
	$(COMPILE) pyproject.toml --constraint requirements-dev.txt --output-file requirements.txt
	echo hatchling | $(COMPILE) - --constraint requirements-dev.txt --output-file requirements-build.txt

# The directory is closed and the files in it are readable: containers read them as other users.
secrets: ## random passwords for docker-compose.yml in ./secrets; existing ones are kept
	@mkdir -p secrets && chmod 700 secrets
	@for name in database_password alertmanager_token; do \
		[ -s secrets/$$name ] || $(PYTHON) -c 'import secrets; print(secrets.token_hex(24), end="")' > secrets/$$name; \
	done
	@[ -s secrets/database_url ] || printf 'postgresql://mayday:%s@postgres:5432/mayday' "$$(cat secrets/database_password)" \
		> secrets/database_url
	@ls secrets

clean: ## the environment and what tools leave behind
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
