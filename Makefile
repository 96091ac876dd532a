# One word each; `make help` lists them.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
ARGS   ?=
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export GRIDMAP_REQUIRE_ALL = 1
# Some hundred tests start a process of their own: it need not compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench bench-full soak constraints docs screenshots system-packages clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/run.stamp ## build the demo district, assign its reports, draw the maps, serve them
	$(BIN)/gridmap demo $(ARGS)

# The machine code is made while the lint runs: two processes that begin without it make it twice.
test: system-packages $(VENV)/dev.stamp ## lint, then run all tests on both stores and in the browser
	@$(BIN)/python -m gridmap.locate.tiles >/dev/null 2>&1 & $(MAKE) --no-print-directory lint; \
	  linted=$$?; wait; exit $$linted
	$(BIN)/pytest -n 2 --dist loadgroup -m "not soak" $(ARGS)

lint: $(VENV)/dev.stamp ## ruff, mypy and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/bench.stamp ## compare with rivals, print ratios, write benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks --write benchmarks/RESULTS.md $(ARGS)

bench-full: $(VENV)/bench.stamp ## the same with three sizes and up to ten million points: an hour or two
	$(BIN)/python -m benchmarks --size full --write benchmarks/RESULTS.md $(ARGS)

soak: system-packages $(VENV)/dev.stamp ## the long runs: many kills, much data
	$(BIN)/pytest -m soak $(ARGS)

constraints: $(VENV)/dev.stamp ## compile constraints.txt anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --upgrade --no-emit-index-url --no-header \
	  --no-annotate --all-extras --python-version 3.11 pyproject.toml -o constraints.txt

docs: $(VENV)/dev.stamp ## write docs/commands.md and docs/settings.md anew
	$(BIN)/python tools/docs.py

screenshots: system-packages $(VENV)/dev.stamp ## take the pictures in docs/images anew from a fresh demo
	$(BIN)/python -m tools.screenshots

system-packages: ## install what the tests need from Debian (as root), or say what is missing
	@$(PYTHON) tools/system_packages.py

clean: ## remove the environment, caches and the demo's output
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist gridmap-demo

# The runtime environment for `make demo` is small; the tests add the development extra to it.
$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "gridmap needs Python 3.11 or newer; set PYTHON=python3.x"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@echo "Compiling the spatial index once."
	@$(BIN)/python -m gridmap.locate.tiles >/dev/null 2>&1 || echo "It will be compiled at first use."
	@touch $@

$(VENV)/dev.stamp: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/run.stamp

$(VENV)/bench.stamp: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,bench]'
	@touch $@ $(VENV)/dev.stamp $(VENV)/run.stamp
