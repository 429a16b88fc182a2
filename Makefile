# Every command of the workbook. Without make: see "Without make" in README.md.
#   GPU=1            install TensorFlow's CUDA build; it stays until `make clean`
#   EDITION=student  leave the solutions out of the reports
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
# A stamp for each build: newer than the requirements only after an installation that went through.
INSTALLED := .venv/installed-$(if $(GPU),gpu,cpu)
# Linux: malloc takes huge pages, which a training step's strided reads of the weights are quicker in.
GLIBC_TUNABLES ?= glibc.malloc.hugetlb=1
export GLIBC_TUNABLES

.DEFAULT_GOAL := help
# `make reports pdf` is an order: the pages come first.
.NOTPARALLEL:
.PHONY: help reports pdf student live test test-full lab data notebooks table bench lint clean

help: ## list the commands
	@echo "make COMMAND, where COMMAND is one of"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

reports: $(INSTALLED) ## execute the four notebooks and write reports/*.html
	$(RUN) -m workbook reports --edition $(EDITION)

pdf: $(INSTALLED) ## print the pages in reports/ to PDF, with Chromium
	$(RUN) -m workbook pdf

student: $(INSTALLED) ## write the notebooks without solutions to reports/student/
	$(RUN) -m workbook student

live: $(INSTALLED) ## write the page on which digits are drawn for a trained network, MODEL
	$(RUN) -m workbook live $(MODEL)

test: $(INSTALLED) lint ## lint, types, unit tests, then the notebooks on practice data (quick)
	$(RUN) -m pytest
	WORKBOOK_DATA=practice WORKBOOK_QUICK=1 $(RUN) -m pytest $(NBVAL) notebooks

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
	$(RUN) -m workbook bench

lint: $(INSTALLED) ## check style and types
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

clean: ## remove the environment and the reports (data/ stays)
	rm -rf .venv reports

NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout 1800 --nbval-kernel-startup-timeout 120

$(INSTALLED): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 found. Install one, or name it: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	$(PYTHON) -m venv --clear .venv
ifneq ($(GPU),)
	sed 's/^tensorflow-cpu==\([^ ;]*\).*/tensorflow[and-cuda]==\1/; /^tensorflow==/d' requirements.txt > .venv/requirements.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check -r .venv/requirements.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps -e .
else
	$(RUN) -m pip install --quiet --disable-pip-version-check -e .
endif
	@touch $@
