# Two commands matter: `make demo` and `make test`. Each first installs what it needs into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

.PHONY: install demo test lint bench fuzz score simulate crash requirements clean

install: $(STAMP)

$(STAMP): pyproject.toml setup.py receiver/__init__.py receiver/check/_bulk.c config/requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement config/requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: install
	$(BIN)/logpush-receiver demo

test: lint
	tests/servers/install.sh --without-root
	$(BIN)/python -m pytest $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	$(BIN)/python -m tests.bench $(ARGS)

fuzz: install
	$(BIN)/python -m tests.fuzz $(ARGS)

score: install
	$(BIN)/python -m tests.score $(ARGS)

simulate: install
	$(BIN)/python -m tests.simulation $(ARGS)

crash: install
	$(BIN)/python -m tests.crash $(ARGS)

requirements:  # after a change of dependencies: pin all, with hashes, for every Python from 3.11 on
	uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --output-file config/requirements.txt

clean:
	rm -rf $(VENV) .servers build dist *.egg-info
