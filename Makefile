# Every command of the workbook. Without make: see "Without make" in README.md.
#   GPU=1            install TensorFlow's CUDA build; it stays until `make clean`
#   EDITION=student  leave the solutions out of the reports
#   FRESH=1          execute every notebook for the reports, though nothing has changed
#   IN=PATH          what `make grade` judges: a folder, a zip, a pattern
#   MODEL=FILE.keras  the trained network that `make live` shows
PYTHON ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3 python,$(shell \
  $(name) -c "import sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))" 2>/dev/null && echo $(name))))
EDITION ?= instructor
MODEL ?= data/models/01_mnist_dense.keras
GPU ?= $(if $(wildcard .venv/installed-gpu),1)
BIN := .venv/bin
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif
RUN := $(BIN)/python
# Every package that is installed, with its digests; a stamp for each, newer only after an
# installation that went through.
LOCK := $(if $(GPU),.ci/requirements-gpu.txt,requirements.txt)
# Colab's Python, whose packages are in .ci/colab-requirements.txt.
COLAB_PYTHON ?= python3.13
INSTALLED := .venv/installed-$(if $(GPU),gpu,cpu)
# uv where it is there (UV= leaves it out), pip where not. Compiled, as pip does it by itself:
# TensorFlow starts in 3 s instead of 7 s.
UV ?= $(shell command -v uv 2>/dev/null)
INSTALL := $(if $(UV),$(UV) pip install --quiet --compile-bytecode --python $(RUN),$(RUN) -m pip install --quiet --disable-pip-version-check)
# Linux: malloc takes huge pages, which a training step's strided reads of the weights are quicker in.
GLIBC_TUNABLES ?= glibc.malloc.hugetlb=1
export GLIBC_TUNABLES

.DEFAULT_GOAL := help
# `make reports pdf` is an order: the pages come first.
.NOTPARALLEL:
.PHONY: help reports watch pdf slides student live grade test test-full lab data notebooks table bench storage release test-colab lint lock clean

help: ## list the commands
	@echo "make COMMAND, where COMMAND is one of"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

reports: $(INSTALLED) ## execute the notebooks that changed and write reports/*.html
	$(RUN) -m workbook reports --edition $(EDITION) $(if $(FRESH),--fresh)

watch: $(INSTALLED) ## serve the pages here, and renew one when its notebook's text is saved
	$(RUN) -m workbook watch --edition $(EDITION)

pdf: $(INSTALLED) ## print the pages in reports/ to PDF, with Chromium
	$(RUN) -m workbook pdf

slides: $(INSTALLED) ## write slides for a lecture, reports/*.slides.html, from the stored outputs
	$(RUN) -m workbook slides

student: $(INSTALLED) ## write the notebooks without solutions to reports/student/
	$(RUN) -m workbook student

live: $(INSTALLED) ## write the page on which digits are drawn for a trained network, MODEL
	$(RUN) -m workbook live $(MODEL)

grade: $(INSTALLED) ## judge what was handed in (IN=folder or zip), into reports/grades/
	$(RUN) -m workbook grade $(IN)

test: $(INSTALLED) lint ## lint, types, unit tests, then the notebooks on practice data (quick)
	$(if $(wildcard tests),$(RUN) -m pytest -n auto --dist worksteal)
	WORKBOOK_DATA=practice WORKBOOK_QUICK=1 $(RUN) -m pytest $(NBVAL) -n 2 --dist loadscope notebooks

test-full: $(INSTALLED) ## the notebooks on the real data, full training, floors asserted
	WORKBOOK_DATA=real WORKBOOK_QUICK= $(RUN) -m pytest $(NBVAL) notebooks

lab: $(INSTALLED) ## open the notebooks in JupyterLab
	$(RUN) -m jupyter lab notebooks

data: $(INSTALLED) ## show each dataset: where it was found, verified or not, how to get it
	@$(RUN) -m workbook data

notebooks: $(INSTALLED) ## execute the notebooks in place and store their outputs
	$(RUN) -m workbook notebooks

table: $(INSTALLED) ## make the README's table anew from the results stored in the notebooks
	$(RUN) -m workbook table

bench: $(INSTALLED) ## time training and loading against the alternatives
	$(RUN) -m tests.bench

storage: $(INSTALLED) ## show how much disk each part takes; CLEAR=1 clears what can be made again
	@$(RUN) -m workbook storage $(if $(CLEAR),--clear)

release: $(INSTALLED) ## from a tag: the student's zip, the pages and checksums, in reports/release/
	$(RUN) -m workbook release

test-colab: $(INSTALLED) ## the notebooks, shortened, on Colab's versions of TensorFlow and Python
	$(COLAB_PYTHON) -m venv --clear .venv/colab
	.venv/colab/bin/python -m pip install --quiet --disable-pip-version-check -r .ci/colab-requirements.txt
	.venv/colab/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	WORKBOOK_DATA=practice WORKBOOK_QUICK=1 .venv/colab/bin/python -m pytest \
	  -W default::DeprecationWarning $(NBVAL) notebooks

lint: $(INSTALLED) ## check style and types, and the workflows where zizmor and actionlint are installed
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	@if command -v zizmor >/dev/null; then zizmor --offline --quiet .github; fi
	@if command -v actionlint >/dev/null; then actionlint; fi

lock: ## renew requirements.txt and its GPU form from pyproject.toml's list (needs uv)
	@test -n "$(UV)" || { echo "make lock needs uv: python -m pip install uv"; exit 1; }
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --extra gpu --no-emit-package tensorflow-cpu --output-file .ci/requirements-gpu.txt

clean: ## remove the environment, the reports and kept runs (data/ stays)
	rm -rf .venv reports .kept

# Of what is not in the list itself, the newest that goes with it.
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
  --no-strip-extras --no-emit-index-url --custom-compile-command "make lock" pyproject.toml

NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout 1800 --nbval-kernel-startup-timeout 120

$(INSTALLED): $(LOCK) pyproject.toml
	@$(or $(PYTHON),python3) src/workbook/machine.py
	$(PYTHON) -m venv --clear .venv
	$(INSTALL) --require-hashes -r $(LOCK)
	$(INSTALL) --no-build-isolation --no-deps -e .
	@touch $@
