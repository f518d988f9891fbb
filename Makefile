# `make book` and `make test` are all that one needs; `make help` lists the rest.
# The first of them sets up .venv from requirements.txt, once, and again when that file changes.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Any Python from 3.11 on makes the environment; choose one with `make book PYTHON=python3.12`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; done)
VENV := .venv/bin/python

# The environment holds all there is: nothing leaks in from the user's own Python. A build and its tests start
# hundreds of Pythons: without bytecode each of them would compile the package again.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONDONTWRITEBYTECODE
export PYTHONNOUSERSITE = 1

.PHONY: help setup book test lint lint-code lint-types lint-words chapter serve test-fast notebooks questions lab lite pyodide public pdf linkcheck grade digits measure mutants bench next clean distclean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  make \1 @\2/p' Makefile | awk -F@ '{printf "%-18s %s\n", $$1, $$2}'

setup:
	@test -n "$(PYTHON)" || { echo "This book needs Python 3.11 or later, and found none (looked for python3, python3.14 ... python3.11, python)." >&2; \
		echo "Install one, or name one: make book PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "This book needs Python 3.11 or later; $(PYTHON) is not one." >&2; exit 1; }
	@"$(PYTHON)" tools/set_up.py $(if $(filter file default undefined,$(origin PYTHON)),,--named)

book: setup  ## run every chapter, check every equation, build the site into _build/html
	@$(VENV) tools/build_book.py

# What is measured runs up to three times slower: the coverage is for CI, or CI=true make test.
test: lint  ## lint, types and all tests; on CI, the coverage of src as well
	$(VENV) -m pytest -n auto --dist worksteal $(if $(CI),--cov --cov-report=term-missing)

test-fast: setup  ## the tests that are nearest to what has changed since the branch left main
	@$(VENV) tools/fast_tests.py

lint: setup  ## ruff, mypy, yamllint, actionlint (where it is installed)
	@$(MAKE) -j lint-code lint-types lint-words

lint-code:
	$(VENV) -m ruff check --quiet .
	$(VENV) -m ruff format --quiet --check .
	$(VENV) tools/check_pages.py

lint-types:
	$(VENV) -m mypy

lint-words:
	$(VENV) -m yamllint --strict .
	$(VENV) tools/check_yaml.py
	@if command -v actionlint >/dev/null 2>&1; then echo actionlint; actionlint; \
		else echo "actionlint is not installed: the workflows were read as YAML only"; fi

chapter: setup  ## run and render one page into _build/preview: make chapter NAME=gates
	@test -n "$(NAME)" || { echo "Which one? make chapter NAME=gates" >&2; exit 1; }
	@$(VENV) tools/preview.py "$(NAME)"

serve: setup  ## show a page in the browser while you write it: make serve NAME=gates
	@$(VENV) tools/serve.py $(NAME)

notebooks: setup  ## the chapters as Jupyter notebooks, with and without solutions
	@$(VENV) tools/notebooks.py

questions: setup  ## the questions of the pages as Moodle XML and as JSON
	@$(VENV) tools/questions.py

lab: notebooks  ## JupyterLab on a working copy of the notebooks: make lab OPTIONS="--no-browser --port=9000"
	@$(VENV) tools/open_lab.py $(OPTIONS)

grade: setup  ## run all checks over returned notebooks: make grade FOLDER=returned OPTIONS="--report page.html"
	@test -n "$(FOLDER)" || { echo "Which notebooks? make grade FOLDER=returned" >&2; exit 1; }
	@$(VENV) -m fysstk_book.grade "$(FOLDER)" -o "$(FOLDER:/=).csv" $(OPTIONS)

lite: pyodide book  ## a copy of the site with JupyterLite; with Pyodide in it: make lite PYODIDE=archive
	@$(VENV) tools/lite.py $(if $(PYODIDE),--pyodide "$(PYODIDE)")

pyodide:
	@test -z "$(PYODIDE)" || test -e "$(PYODIDE)" || { echo "There is no $(PYODIDE)." >&2; exit 1; }

public: book  ## a copy of the site without solutions, to publish
	@$(VENV) tools/public.py

pdf: book  ## the whole book as one PDF (needs Chromium)
	@$(VENV) tools/print_book.py

linkcheck: setup  ## follow every link that leaves the book (needs the network)
	@$(VENV) tools/build_book.py --linkcheck

digits: setup  ## the long runs of the digit chapters, on FYSSTK_MNIST's images if it names a folder
	@$(VENV) tools/digits.py

measure: setup  ## the long measurements of book/measured; one: make measure NAME=deep-sigmoid
	@$(VENV) tools/measure.py $(NAME)

mutants: setup  ## make printed formulas wrong and run their tests; one: make mutants NAME=eq-gates-ols
	@$(VENV) tools/mutants.py $(NAME)

next: setup  ## render the site without Jupyter Book 1, with the newest Sphinx there is (after make book)
	@$(VENV) tools/next.py $(OPTIONS)

bench: setup  ## time the package beside its peers
	$(VENV) benchmarks/bench.py

clean:  ## remove what was built (not .venv, not work/)
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*

distclean: clean  ## remove .venv as well
	rm -rf .venv .venv-new .venv-old .venv-next .venv-lock
