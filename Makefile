# One word a task. Each makes .venv on first use and installs what it needs there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# CI runs everything; by hand, what takes minutes is left to `make test-all`.
MARKS := $(if $(CI),,-m "not long")
# For two cores: a third of the time a test waits, for a timeout or for a process.
WORKERS := -n 3 --dist worksteal

.PHONY: corpus demo test test-all test-async test-reference fuzz check format bench bench-quick soak clean

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[all]' --group test --group check
	touch $@

demo: $(VENV)/.installed
	$(BIN)/dynclient demo

# What others published and the tests read, fetched once into .corpus/.
corpus: $(VENV)/.installed
	$(BIN)/python tests/corpus/material.py

test: $(VENV)/.installed $(if $(CI),test-reference test-async)
	-$(BIN)/python tests/corpus/material.py
	$(BIN)/python -m pytest $(WORKERS) $(MARKS)

# Everything, and what no test ran, by lines and branches: the reasons of what is left out are in
# pyproject.toml. Costs are measured by themselves, since measuring coverage costs as well. The
# project's own plugins are left out: pytest would import them before the measuring starts.
test-all: test-reference test-async
	-$(BIN)/python tests/corpus/material.py
	$(BIN)/python -m pytest $(WORKERS) -p no:qiskit_runtime -p no:dynclient_conformance --ignore=tests/performance --cov
	$(BIN)/python -m pytest $(WORKERS) tests/performance

# The same tests, with openapi-core as the judge of every exchange; those of the transports judge none.
test-reference: $(VENV)/.installed
	$(BIN)/python -m pytest $(WORKERS) -m "not long" --engine=openapi-core --ignore=tests/transport

# The tests of the client, with AsyncClient in its place.
test-async: $(VENV)/.installed
	$(BIN)/python -m pytest $(WORKERS) -m "not long" --client=async tests/client

# As long as one likes: make fuzz SECONDS=3600
SECONDS ?= 60
fuzz: $(VENV)/.installed
	$(BIN)/python -m fuzz --seconds $(SECONDS)

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks --into docs/performance.md
	$(BIN)/python -m benchmarks.profile --into docs/performance.md

bench-quick: $(VENV)/.installed
	$(BIN)/python -m benchmarks --quick

# Kills, load, attacks and a million rows in earnest: half an hour. The figures go into the pages.
soak: $(VENV)/.installed
	PYTHONPATH=tests $(BIN)/python tests/emulator/soak.py --into docs/emulator.md
	PYTHONPATH=tests $(BIN)/python tests/bulk/soak.py --into docs/bulk.md
	PYTHONPATH=tests $(BIN)/python tests/client/soak.py --into docs/streaming.md
	PYTHONPATH=tests $(BIN)/python tests/conformance/soak.py --into docs/conformance.md

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache
