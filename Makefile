# `make demo` and `make test` are all that a newcomer needs. Both are safe to repeat.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# The browser tests share one worker; the others spread over two.
WORKERS ?= 2
PYTEST ?= $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

.PHONY: help setup setup-run setup-bench check test demo up lock format messages clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

setup: ## install all that tests and developers need
	@$(PYTHON) tools/setup/setup.py test

setup-run:
	@$(PYTHON) tools/setup/setup.py run

setup-bench: ## the same and the peers that the benchmarks compare with
	@$(PYTHON) tools/setup/setup.py bench

check: setup ## format, lint, types, floors, templates, translations, migrations, house rules
	@$(BIN)/python tools/lint/check.py

test: setup ## everything: checks and all tests, on real services
	@$(BIN)/python tools/lint/check.py
	$(PYTEST)

demo: setup-run ## start a demonstration centre; Ctrl-C stops it
	@$(BIN)/portevoix demo

up: setup-run ## start a centre with your own data
	@$(BIN)/portevoix up

format: ## rewrite the code in the house format
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

messages: ## collect the French texts into the English catalogue
	@$(BIN)/python tools/lint/messages.py --write

lock: ## renew the hash-locked requirements from pyproject.toml
	@bash tools/setup/lock.sh

clean: ## remove what setup and tests made, not the data
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
