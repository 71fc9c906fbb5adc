# Two commands do all the set-up: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check format bench peers docs sample lock

run: .venv/installed  ## Start the dashboard on the sample company, or on your own book once you imported one.
	$(BIN)/streamlit run app.py

test: .venv/installed-for-tests  ## Run every test, two at a time; then those in a browser, where a Chromium is found.
	$(BIN)/python -m pytest -n auto --dist loadgroup --ignore tests/browser
	$(BIN)/python -m pytest tests/browser

check: .venv/installed-for-tests  ## Format, lint and types.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/installed-for-tests  ## Write the house's format into the files.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/installed-for-tests  ## Print how fast the core is, as ratios measured in one run.
	$(BIN)/python -m benchmarks

peers: .venv/installed-for-tests  ## Compare with DuckDB, Polars and pandas, into benchmarks/RESULTS.md.
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python -m benchmarks.peers $(ACCOUNTS)

docs: .venv/installed  ## Write docs/definitions.md from the code.
	$(BIN)/python -m cs_metrics.glossary > docs/definitions.md

sample: .venv/installed  ## Make the sample company anew, from its seed.
	$(BIN)/python sample_data/make.py

lock: .venv/installed-for-tests  ## Write the pinned versions anew.
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --no-annotate --no-header --python-version 3.11 pyproject.toml --extra postgresql --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --universal --no-annotate --no-header --python-version 3.11 pyproject.toml --extra postgresql --group dev --output-file requirements-dev.txt

.venv/installed: requirements.txt pyproject.toml
	test -d .venv || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

.venv/installed-for-tests: .venv/installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
