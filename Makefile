# backport: `make demo` shows it, `make test` tests it. Both make what they need in ./.venv.
#
#   PYTHON=python3.12   which interpreter the set-up takes (3.11 or newer)
#   ARGS="-k placement" more words for pytest, or for the benchmark
#   REPO=DIR            a kernel repository with the tags v6.1 and v6.12, for the benchmark

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
REPO ?=
ARGS ?=

help:
	@echo 'make demo     check an embedded example series against an older branch, and print the report'
	@echo 'make test     ruff, mypy --strict and all tests'
	@echo 'make lint     ruff and mypy --strict alone'
	@echo 'make bench    speed against plain git; REPO=DIR holds the tags v6.1 and v6.12'
	@echo 'make clean    remove .venv and all that was made'

run-venv:
	@sh .ci/venv run

dev-venv:
	@sh .ci/venv dev

demo: run-venv
	@.venv/bin/backport demo

# All of it is run, so that one failure does not hide another; pytest comes last.
lint: dev-venv
	@status=0; \
	$(PY) -m ruff check . || status=1; \
	$(PY) -m ruff format --check . || status=1; \
	$(PY) -m mypy --strict || status=1; \
	exit $$status

test: dev-venv
	@status=0; \
	$(MAKE) lint || status=1; \
	$(PY) -m pytest -n 2 $(ARGS) || status=1; \
	exit $$status

bench: dev-venv
	$(PY) -m bench.speed $(if $(REPO),--repo '$(REPO)') $(ARGS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help run-venv dev-venv demo lint test bench clean
