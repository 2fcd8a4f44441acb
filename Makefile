# One file for everything a person or a machine does with this project; `make help` lists it.
PORT ?= 8000
export PORT
# Some machines forbid Python to keep compiled files: every start would compile everything again.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
# Browser tests and database tests share two cores with PostgreSQL: more workers are no faster.
TEST_WORKERS ?= 2
TESTS ?= tests
FILE ?= var/backups/$(shell date +%Y-%m-%d-%H%M%S).backup
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run demo test check bench lock mlflow clean psql backup restore-check

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.runtime ## make .venv with what the product runs on, pinned and hashed

setup-dev: .venv/.development

.venv/bin/python:
	@python=$$(command -v python3.11 || command -v python3) && \
	  $$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	  { echo "CreditPathAI needs Python 3.11 as python3.11 on the PATH." >&2; exit 1; }; \
	$$python -m venv .venv || { echo "Python's venv module is incomplete: install python3.11-venv." >&2; exit 1; }

.venv/.runtime: requirements.txt | .venv/bin/python
	@echo "Installing what the product runs on (about a minute, the first time only) …"
	@$(PIP) -r requirements.txt
	@touch $@

.venv/.mlflow: requirements-mlflow.txt .venv/.runtime
	@echo "Installing MLflow …"
	@$(PIP) -r requirements-mlflow.txt
	@touch $@

.venv/.development: requirements-dev.txt .venv/.runtime .venv/.mlflow
	@echo "Installing what testing and checking need …"
	@$(PIP) -r requirements-dev.txt
	@touch $@

run: setup ## all of it: database, demo on an empty one, web, worker and scheduler; PORT=8000, Ctrl-C stops
	@exec $(BIN)/python -m creditpath.supervisor --prepare

demo: setup ## all of run but serving
	@exec $(BIN)/python manage.py prepare

test: setup-dev ## all tests, on a real PostgreSQL and, where there is one, in a real Chromium; TESTS=tests/scoring for some
	@$(BIN)/python -m pytest -n $(TEST_WORKERS) $(TESTS)

check: setup-dev ## style, types, direction of imports, migrations, templates, Django's own checks
	@$(BIN)/ruff check --output-format concise .
	@$(BIN)/ruff format --check --output-format concise .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/djlint templates --lint --quiet
	@$(BIN)/python manage.py check --fail-level WARNING

bench: setup ## every benchmark at a size that fits ten minutes
	@for script in benchmarks/*.py; do [ -e "$$script" ] || continue; echo "$$script"; $(BIN)/python "$$script" || exit 1; done

lock: setup-dev ## requirements*.in to requirements*.txt, with hashes and without any registry's address
	@$(BIN)/uv pip compile requirements.in --quiet --upgrade --generate-hashes --no-emit-index-url --python-version 3.11 -o requirements.txt
	@$(BIN)/uv pip compile requirements-dev.in --quiet --upgrade --generate-hashes --no-emit-index-url --python-version 3.11 -o requirements-dev.txt
	@$(BIN)/uv pip compile requirements-mlflow.in --quiet --upgrade --generate-hashes --no-emit-index-url --python-version 3.11 -o requirements-mlflow.txt

mlflow: setup .venv/.mlflow ## MLflow with all trainings on http://127.0.0.1:5000, for this machine alone; MLFLOW_PORT=5000
	@exec $(BIN)/python manage.py run_mlflow

backup: setup ## all of the database into one private file; FILE=var/backups/<now>.backup
	@umask 077 && mkdir -p $(dir $(FILE)) && exec $(BIN)/python manage.py backup $(FILE)

restore-check: setup ## try a backup in a database made for it: FILE=var/backups/….backup
	@exec $(BIN)/python manage.py restore $(FILE) --check

psql: setup ## a psql on the database
	@exec $(BIN)/python manage.py dbshell

clean: ## delete .venv and caches; the data in var/ stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
