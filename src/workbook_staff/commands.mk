# What instructors and CI run; the Makefile of the top folder includes this file where it is.
#   EDITION=student  leave the solutions out of the reports
#   FRESH=1          execute every notebook for the reports, though nothing has changed
#   IN=PATH          what `make grade` judges: a folder, a zip, a pattern
#   SLOW=1          `make test` runs the slow tests and the further notebooks, too, as CI does
#   MODEL=FILE.keras  the trained network that `make live` shows
EDITION ?= instructor
MODEL ?= data/models/01_mnist_dense.keras
# Colab's Python, whose packages are in .ci/colab-requirements.txt.
COLAB_PYTHON ?= python3.13
NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout 1800 --nbval-kernel-startup-timeout 120
# Two notebooks at a time: the core ones, then the further ones, which begin with their models.
QUICK = WORKBOOK_DATA=practice WORKBOOK_QUICK=1 $(RUN) -m pytest $(NBVAL) -n 2 --dist loadscope
FULL = WORKBOOK_DATA=real WORKBOOK_QUICK= $(RUN) -m pytest $(NBVAL) -n 2 --dist loadscope
# Neither data of your own nor trained models; .venv is `make clean`'s.
MADE_AGAIN := data/cache reports .kept .pytest_cache .ruff_cache .mypy_cache
# For `make lock`: of what is not in pyproject.toml itself, the newest that goes with it.
ALL := --extra lab --extra staff --extra test
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-strip-extras --no-emit-index-url --custom-compile-command "make lock" pyproject.toml

.PHONY: reports watch pdf slides student live grade test test-full data notebooks table bench storage release test-colab lint lock

reports: $(INSTALLED) ## execute the notebooks that changed and write reports/*.html
	$(RUN) -m workbook reports --edition $(EDITION) $(if $(FRESH),--fresh)

watch: $(INSTALLED) ## serve the pages here, and renew one when its notebook's text is saved
	$(RUN) -m workbook watch

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
	$(RUN) -m pytest -n auto --dist worksteal $(if $(SLOW),,-m "not slow")
	$(QUICK) notebooks/*.ipynb
	$(if $(SLOW),$(QUICK) notebooks/further)

test-full: $(INSTALLED) ## the notebooks on the real data, full training, floors asserted
	$(FULL) $(or $(NOTEBOOKS),notebooks/*.ipynb)
	$(if $(NOTEBOOKS),,$(FULL) notebooks/further)

data: $(INSTALLED) ## show each dataset: where it was found, verified or not, how to get it
	@$(RUN) -m workbook data

notebooks: $(INSTALLED) ## execute the notebooks in place and store their outputs
	$(RUN) -m workbook notebooks

table: $(INSTALLED) ## make the README's table anew from the results stored in the notebooks
	$(RUN) -m workbook table

bench: $(INSTALLED) ## time training against the alternatives, grading and what runs in the page
	$(RUN) -m tests.bench

storage: ## show how much disk each part takes; CLEAR=1 removes what can be made again first
	@$(if $(CLEAR),rm -rf $(MADE_AGAIN))
	@du -sh data $(wildcard $(MADE_AGAIN) .venv)

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

lock: ## renew the locks from pyproject.toml's lists (needs uv)
	@test -n "$(UV)" || { echo "make lock needs uv: python -m pip install uv"; exit 1; }
	$(COMPILE) $(ALL) --upgrade --output-file requirements.txt
	@# uv keeps the versions that an output file names: the same in all four.
	cp requirements.txt .ci/requirements-gpu.txt
	$(COMPILE) $(ALL) --extra gpu --no-emit-package tensorflow-cpu --output-file .ci/requirements-gpu.txt
	cp requirements.txt .ci/requirements-student.txt
	$(COMPILE) --extra lab --output-file .ci/requirements-student.txt
	cp .ci/requirements-gpu.txt .ci/requirements-student-gpu.txt
	$(COMPILE) --extra lab --extra gpu --no-emit-package tensorflow-cpu --output-file .ci/requirements-student-gpu.txt
