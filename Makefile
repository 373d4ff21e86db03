# make demo   read the sample outage and write its postmortem draft into case/
# make test   lint, types and tests, against the installed package
# make bench  speed beside the peers that are installed (lnav, goaccess, mawk, duckdb), and accuracy on seeded incidents
# All set up a virtual environment in .venv by themselves; they need Python 3.11+ and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint types unit bench clean

demo: $(STAMP)
	$(BIN)/afterlog run sample_logs/misspelt-file-name/logs --tz Asia/Kolkata -o case

test: lint types unit

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

unit: $(STAMP)
	cd tests && ../$(BIN)/python -m pytest -n auto

bench: $(STAMP)
	$(BIN)/python -m benchmarks.ingest --mb 170 --rates-mb 510
	$(BIN)/python -m benchmarks.outages --seeds 950:952 --rates 0.2,2
	$(BIN)/python -m benchmarks.causes --seeds 1300:1310
	$(BIN)/python -m benchmarks.check

clean:
	rm -rf $(VENV) build dist case src/*.egg-info

# Not editable: the tests see what a user installs, never src/ by accident.
$(STAMP): pyproject.toml $(wildcard src/afterlog/*.py src/afterlog/*/*.py src/afterlog/*/*/*.py src/afterlog/server/static/*.* src/afterlog/server/static/*/* parsers/*.py templates/*)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "afterlog needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check ".[dev]"
	touch $@
