# Needs Python 3.11 to 3.13, make and git. Everything is installed into .venv in this checkout.
PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.9
export UV_PROJECT_ENVIRONMENT := .venv
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
# What was compiled once is kept: anew, each process would take twice as long to start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run test check format lint types bench shots clean

help: ## Show what there is to do
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

setup: .venv/ready ## Install what the project needs into .venv

.venv/ready: pyproject.toml uv.lock $(wildcard api/islands/*.*)
	@echo "Installing into .venv (a minute or two the first time) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv sync --locked --compile-bytecode --python $(BIN)/python
	@touch $@

run: setup ## Start Baton: database, diagrams, demo region, API, timed work
	@exec $(BIN)/python -m api

test: setup ## Run the tests
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal

check: setup lint types test ## What CI runs: format, lint, types, tests

lint: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: setup
	@$(BIN)/mypy

format: setup ## Format the code and mend what lint can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup ## Measure: ratios against a floor in the same run
	@$(BIN)/python -m tests.bench

shots: setup ## Take pictures of every page, in both languages, into var/shots
	@$(BIN)/python -m tests.shots

clean: ## Remove .venv and everything the server wrote
	rm -rf .venv var
