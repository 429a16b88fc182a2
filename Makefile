# The commands that students have too; those of instructors are in src/workbook_staff/commands.mk.
# Without make: see "Without make" in README.md.
#   GPU=1  install TensorFlow's CUDA build; it stays until `make clean`
PYTHON ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3 python,$(shell \
  $(name) -I -c "import sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))" 2>/dev/null && echo $(name))))
GPU ?= $(if $(wildcard .venv/installed-gpu),1)
BIN := .venv/bin
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif
RUN := $(BIN)/python
# Every package that is installed, with its digests; a stamp for each, newer only after an
# installation that went through.
LOCK := $(if $(GPU),.ci/requirements-gpu.txt,requirements.txt)
INSTALLED := .venv/installed-$(if $(GPU),gpu,cpu)
# uv installs where it is there; UV= leaves it out.
UV ?= $(shell command -v uv 2>/dev/null)
INSTALL := src/workbook/install.py $(if $(GPU),--gpu) $(if $(UV),,--pip)
# What was set for other projects goes into nothing here; src/workbook/variables.py has the rest.
unexport PYTHONPATH PYTHONHOME PYTHONOPTIMIZE PYTHONSTARTUP PYTHONINSPECT
# Linux: malloc takes huge pages, which a training step's strided reads of the weights are quicker in.
GLIBC_TUNABLES ?= glibc.malloc.hugetlb=1
export GLIBC_TUNABLES

.DEFAULT_GOAL := help
# `make reports pdf` is an order: the pages come first.
.NOTPARALLEL:
.PHONY: help lab clean

help: ## list the commands
	@echo "make COMMAND, where COMMAND is one of"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

lab: $(INSTALLED) ## open the notebooks in JupyterLab
	$(RUN) -m jupyterlab notebooks

clean: ## remove the environment, the reports and kept runs (data/ stays)
	rm -rf .venv reports .kept

$(INSTALLED): $(LOCK) pyproject.toml
	@$(or $(PYTHON),python3) $(INSTALL)

# Where this folder is a copy of another, or the Python of .venv has gone, it is made anew.
ifneq ($(shell $(RUN) -I $(INSTALL) --check 2>/dev/null && echo yes),yes)
.PHONY: anew
$(INSTALLED): anew
endif

-include src/workbook_staff/commands.mk
