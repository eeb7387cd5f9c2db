# The two commands are `make repro` and `make test`; both install what is missing first.
# TORCH_INDEX=https://download.pytorch.org/whl/cpu make repro   takes smaller, CPU-only wheels.
# PYTHON=python3.12 make repro                                  takes that interpreter.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup repro describe ear bundles test test-slow chaos fuzz audit lock lint docs ui bench

VENV := .venv
STAMP := $(VENV)/.installed
BIN := $(abspath $(VENV))/bin
export PATH := $(BIN):$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true

help:  ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## install what is missing: libfluidsynth3, a virtual environment, pinned packages

$(STAMP): pyproject.toml constraints.txt setup.sh
	@bash setup.sh $(VENV)
	@touch $@

repro: setup  ## rebuild everything: dvc repro on what `earmark use` chose (default: the built-in corpus)
	@dvc repro
	@python -m earmark.experiments.measured_range  # one line: within the range of other folds and seeds?
	@python -m earmark.pipeline.committed

describe: setup  ## a table of descriptors of every piece: data/descriptors.csv
	@dvc repro optional/dvc.yaml

ear: setup  ## the weights of the ear, from music21's scores: two hours on 2 cores; docs/ear.md
	@bash ear/soundfonts.sh
	@dvc repro ear/dvc.yaml
	@cp ear/data/ear.safetensors src/earmark/features/ear/ear.safetensors
	@python -m ear.export

bundles: setup  ## the bundles in the package (composer, genre, key), trained and measured anew: half an hour or more
	@command -v ffmpeg >/dev/null || bash setup.sh $(VENV) ffmpeg
	@for name in composer genre key; do rm -rf runs/bundles/$$name; \
	  python stages/train.py experiment=$$name hydra.run.dir=runs/bundles/$$name && \
	  python -m bench.conditions runs/bundles/$$name > runs/bundles/$$name/conditions.md && \
	  python -m earmark.experiments.boxing runs/bundles/$$name $$name || exit 1; done

test: setup  ## the tests, and which lines of src/earmark they leave out
	@command -v ffmpeg >/dev/null || bash setup.sh $(VENV) ffmpeg || true  # else the tests with it are skipped
	@python -m pytest -n 2 --dist loadfile --cov --cov-report=term

fuzz: setup  ## 100,000 damaged inputs to whatever reads files: docs/reliability.md; FUZZ="--seconds 60" for a minute
	@python tests/fuzz.py $(or $(FUZZ),--inputs 100000)

audit: setup  ## known vulnerabilities of the pinned packages, risky code in ours, licences
	@./audit.sh $(VENV)

lock: setup  ## the newest versions that pyproject.toml allows, into constraints.txt and constraints-demo.txt
	@./lock.sh $(VENV)

test-slow: setup  ## the tests that take minutes
	@python -m pytest -m slow

chaos: setup  ## 83 faults at random moments of every stage: docs/reliability.md
	@python tests/chaos.py --kills 50 --interrupts 20 --disks 5 --workers 5 --stores 3

lint: setup  ## ruff's lint and format, basedpyright's types
	@ruff check . && ruff format --check . && basedpyright

docs: setup  ## the documentation as a site: site/index.html, for a browser without network
	@NO_MKDOCS_2_WARNING=1 mkdocs build --strict

ui: setup  ## open MLflow on http://localhost:5000
	@earmark ui

bench: setup  ## speed against peers, to bench/results.json and docs/performance.md; ONLY=log_mel for one row
	@command -v fluidsynth >/dev/null || bash setup.sh $(VENV) fluidsynth || true  # else its rows are skipped
	@python -m bench $(ONLY)
