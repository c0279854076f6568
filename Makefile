# Every target says what it does in its `##` line; `make help` prints them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

SERVICES := identity accounts billing credits snapshots notifications
SYSTEM_PYTHON ?= python3.11
VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.ready
DEMO := if [ ! -f .local/demo.env ] || flock --nonblock .local/lock true; then echo "Nothing runs here: start 'make up' in another terminal, and wait for its \"ready\"." >&2; exit 1; fi; set -a; source .local/demo.env; set +a

.PHONY: help setup up lint format types contracts check test coverage faults soak fuzz foreign endure bench bench-data migrate catalogue audit openapi asyncapi release-api requirements \
	topology parking-lot pre-commit lock clean

help: ## Say what there is.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make the virtual environment, install the locked packages, and RabbitMQ, Redis, Chromium and Node where they are missing.

$(STAMP): requirements-dev.lock deploy/local/set-up
	@SYSTEM_PYTHON=$(SYSTEM_PYTHON) deploy/local/set-up $(VENV)
	@touch $@

up: setup ## Start everything: servers, migrations, a demo agency, every service and the gateway. Ctrl-C stops it.
	@exec $(PYTHON) -m local_platform

lint: setup ## Check style, with ruff.
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

format: setup ## Let ruff rewrite what it can.
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

types: setup ## Check types, with mypy: the code in one go, each folder of tests for itself (their modules share names).
	@$(PYTHON) deploy/local/check_types.py

contracts: setup ## Check who imports whom, with import-linter.
	@$(VENV)/bin/lint-imports --config .importlinter

check: lint types contracts ## Everything that needs no running: style, types, import contracts.

test: check ## Set up, then lint, types, import contracts, and every test but the slow ones.
	@$(PYTHON) deploy/local/check_coverage.py run -m "not slow" --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 20 --durations-min 3

coverage: setup ## Say what the last `make test` did not reach.
	@$(PYTHON) deploy/local/check_coverage.py report

faults: setup ## Run all fault tests, the slow ones too.
	$(VENV)/bin/pytest --numprocesses 2 --dist loadfile -o faulthandler_timeout=660 libs/chassis/tests $(wildcard tests/faults)

soak: setup ## Run the long tests: simulated years, long outages, backlogs.
	$(VENV)/bin/pytest -m slow --timeout 3600 -o faulthandler_timeout=3660

fuzz: setup ## Ask the running platform for whatever docs/openapi.json allows, and for what it does not; MINUTES=15. Ends with a curl for each finding.
	@$(DEMO); $(PYTHON) -W ignore -m tests.journeys.fuzz $(or $(MINUTES),15)

foreign: setup ## Run an agency's usual program on client libraries that others wrote, against the running platform; a line for each step.
	@$(DEMO); $(PYTHON) -m tests.journeys.clients

endure: setup ## Load the running platform at 80 % of its capacity while each of its programs is killed once; MINUTES=10. Says what was wrong, lost, doubled or slow.
	@$(DEMO); $(PYTHON) -W ignore -m tests.endurance $(or $(MINUTES),10)

bench: setup ## Measure against the baselines; prints a table of ratios.
	@$(PYTHON) -m bench

bench-data: setup ## Make the data of the overview's benchmark: 10,000 agencies, one with 1,000,000 accounts; a few minutes, once.
	@$(PYTHON) -m bench.overview_data

migrate: setup ## Bring the databases of the running platform up to date.
	@$(DEMO); for service in $(SERVICES); do url=COMPTOIR_DATABASE_URL_$${service^^}; echo "$$service=$${!url}"; done \
		| xargs $(PYTHON) -m local_platform.migrations

catalogue: setup ## Say which versions of the catalogue the running platform has; FILE=… publishes one, or says all that is wrong with it.
	@$(DEMO); DATABASE_URL="$$COMPTOIR_DATABASE_URL_BILLING" AMQP_URI="$$COMPTOIR_AMQP_URI" \
		$(PYTHON) -W ignore -m billing catalogue $(if $(FILE),publish "$(FILE)",list)

audit: setup ## Prove over the running platform's databases what must be true of money and credit; says what is not.
	@$(DEMO); $(PYTHON) -m chassis.audit billing="$$COMPTOIR_DATABASE_URL_BILLING" credits="$$COMPTOIR_DATABASE_URL_CREDITS"

openapi: setup ## Write docs/openapi.json from the routes, and from the services' code what each of them may refuse.
	@$(PYTHON) -W ignore -m tests.contracts.refusals
	$(PYTHON) -m gateway openapi > docs/openapi.json.new
	mv docs/openapi.json.new docs/openapi.json

asyncapi: setup ## Write the AsyncAPI document of all events, from the services' facts and their golden examples.
	@$(PYTHON) -W ignore -m tests.contracts.asyncapi

release-api: setup ## Promise docs/openapi.json: what a later document takes away fails the tests. BREAKING=yes where the last promise is not kept.
	@$(PYTHON) -m tests.contracts.promises $(if $(filter yes,$(BREAKING)),breaking)

requirements: setup ## Write docs/requirements.md: which tests show which requirement.
	@$(PYTHON) -m tests.architecture.requirements

topology: setup ## Write deploy/topology.json from the services' doors.
	$(PYTHON) -W ignore -m chassis.topology deploy/topology.json $(SERVICES)

parking-lot: setup ## List what the running platform parked; ACTION="show ID", "replay ID" or "discard ID" does more.
	@$(DEMO); AMQP_URI=$$COMPTOIR_AMQP_URI $(PYTHON) -m chassis.parking_lot $(or $(ACTION),list)

pre-commit: setup ## Run the checks of .pre-commit-config.yaml on every file.
	$(VENV)/bin/pre-commit run --all-files

lock: setup ## Resolve pyproject.toml into the two lock files again.
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@! grep -n '://' requirements.lock requirements-dev.lock

clean: ## Forget the local data and every cache; the virtual environment stays.
	@$(SYSTEM_PYTHON) deploy/local/local_platform/lock.py .local
	rm -rf .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
