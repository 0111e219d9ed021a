# Everything starts here; `make help` lists what there is.
SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check
TORCH := 2.13.0

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(STAMP) ## Set up what is missing, then serve on PUENTE_PORT (8000)
	@exec $(BIN)/puente serve --setup

.PHONY: test
test: $(STAMP) ## Run the tests
	@$(BIN)/pytest

.PHONY: check
check: lint types openapi-drift test ## Everything CI runs

.PHONY: lint
lint: $(STAMP) ## Check format, style and import directions
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache

.PHONY: types
types: $(STAMP) ## Check types
	@$(BIN)/mypy

.PHONY: format
format: $(STAMP) ## Format the code and fix what can be fixed safely
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: openapi
openapi: $(STAMP) ## Write openapi.json and docs/permissions.md anew
	@$(BIN)/puente openapi > openapi.json.new
	@mv openapi.json.new openapi.json
	@$(BIN)/puente permissions > docs/permissions.md.new
	@mv docs/permissions.md.new docs/permissions.md

.PHONY: openapi-drift
openapi-drift: $(STAMP)
	@$(BIN)/puente openapi | diff --unified=1 openapi.json - || { echo "openapi.json is behind the code: make openapi" >&2; exit 1; }

.PHONY: demo
demo: $(STAMP) ## Take the tour of the README, printed as tables
	@$(BIN)/puente demo

.PHONY: bench
bench: $(STAMP) ## Measure shortlists, the encoder and the guards; one JSON line each
	@$(BIN)/python -m tests.bench.shortlist --engineers 20000
	@$(BIN)/python -m tests.bench.encode
	@$(BIN)/python -m tests.bench.guards

.PHONY: proofs
proofs: $(STAMP) ## Retries through crashes, tampers, freshness, replays, snapshots; one JSON line each
	@$(BIN)/python -m tests.proofs.retries --times 1000
	@$(BIN)/python -m tests.proofs.tampers --times 10000
	@$(BIN)/python -m tests.proofs.freshness --times 1000
	@$(BIN)/python -m tests.proofs.replays --times 1000
	@$(BIN)/python -m tests.proofs.snapshots --kills 200 --damages 1000

.PHONY: sabotage
sabotage: $(STAMP) ## Weaken each guard in a copy and see that a test notices (20 minutes)
	@$(BIN)/python -m tests.sabotage

.PHONY: clean
clean: ## Remove the environment and caches; var/ with its data stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp, so that a changed dependency installs again and nothing else does. torch comes first, as a CPU build where
# one can be had (PUENTE_TORCH_INDEX may name where): the default build brings gigabytes of CUDA.
$(STAMP): pyproject.toml constraints.txt
	@python=$$(for candidate in $${PYTHON:-} python3.11 python3; do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then \
			echo "$$candidate"; break; fi; done); \
	if [ -z "$$python" ]; then echo "Puente needs Python 3.11; install it or set PYTHON to its path." >&2; exit 1; fi; \
	echo "Setting up $(VENV) with $$("$$python" --version)"; \
	test -x $(BIN)/python || "$$python" -m venv $(VENV)
	@$(PIP) install --quiet $${PUENTE_TORCH_INDEX:+--extra-index-url "$$PUENTE_TORCH_INDEX"} "torch==$(TORCH)+cpu" 2>/dev/null \
		|| $(PIP) install --quiet --constraint constraints.txt "torch==$(TORCH)"
	@$(PIP) install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $@
