# Each target sets up what it needs, once, and again when the lock or pyproject.toml change.

.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
DBOS := dbos==3.4.0
MODERN := import sys; sys.exit(sys.version_info < (3, 11))

# A stack is many processes, and each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo up down test check quick format bench bench-dbos bench-routing bench-reconciliation audit chaos crashes doors certify tls settings new-psp record sbom vulnerabilities lock clients

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## Ten payment stories, and proof that the books hold; PSP=stripe KEEP=1 (stays)
	@exec $(BIN)/python -m infra.local demo --with-parent $$PPID $(if $(PSP),--psp '$(PSP)') $(if $(KEEP),--keep)

up: $(READY) ## Start everything and stay until Ctrl-C; addresses and tokens in var/local.env
	@exec $(BIN)/python -m infra.local up --with-parent $$PPID

down: $(READY) ## Stop what make up started, from any shell
	@exec $(BIN)/python -m infra.local down

test: check ## Lint, types, import contracts and every test

check: $(READY) ## The same as test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder

quick: $(READY) ## The tests that a change touches, and those that need no server; SINCE=main
	$(BIN)/ruff check .
	$(BIN)/python -m tests.quick

format: $(READY) ## Format, and repair what can be repaired
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Measure payments, wallet commands, webhooks and recovery, and what they cost
	@exec $(BIN)/python -m tests.bench

bench-dbos: $(READY) ## Have make bench measure the same deposit on DBOS too; it is installed apart
	@$(BIN)/python -m venv --clear .venv-dbos
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
	  > "$$(.venv-dbos/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ours.pth"
	@.venv-dbos/bin/python -m pip install --quiet --disable-pip-version-check '$(DBOS)'

bench-routing: $(READY) ## Routing decisions a second, a PSP that dies, parked payments drained
	@$(BIN)/python -m tests.bench.routing
	@$(BIN)/python -m tests.bench.dying
	@$(BIN)/python -m tests.bench.draining

bench-reconciliation: $(READY) ## Match a file of LINES (200000) with as many expectations, by step
	@$(BIN)/python -m tests.bench.reconciliation $(LINES)

audit: $(READY) ## Check every invariant on what make up runs, or on what the settings name
	@folder="$${PAYSAGA_LOCAL_FOLDER:-var}"; \
	if [ -z "$$PAYSAGA_POSTGRES_URL" ] && [ -f "$$folder/local.env" ]; then \
	  set -a; . "$$folder/local.env"; set +a; set -- --log "$$folder/log"; \
	fi; \
	exec $(BIN)/python -m activities.audit "$$@" $(AUDIT)

chaos: $(READY) ## Kill and cut everything in turn under load; SEED=7 PAYMENTS=300 FAULTS=all
	@exec $(BIN)/python -m tests.chaos --with-parent $$PPID $(if $(SEED),--seed $(SEED)) \
	  --payments $(or $(PAYMENTS),300) --faults '$(or $(FAULTS),all)' $(if $(KEEP),--keep)

crashes: $(READY) ## Die at every crash point of every flow, with every rival and both deaths
	@PAYSAGA_CRASHES=all exec $(BIN)/pytest -q -o faulthandler_timeout=900 tests/crashes

doors: $(READY) ## Knock at every door: roles, fuzz by the thousand, forgeries, ten thousand idle
	@PAYSAGA_DOORS=all exec $(BIN)/pytest -q -n0 --show-capture=no -o faulthandler_timeout=3600 \
	  tests/doors tests/activities/psp/test_certified_webhooks.py \
	  tests/activities/psp/test_signatures.py tests/activities/psp/adyen/test_signatures.py \
	  tests/activities/psp/paypal/test_genuine_webhooks.py \
	  tests/activities/psp/paypal/test_certificates.py tests/activities/psp/stripe/test_webhooks.py \
	  tests/api/test_webhooks.py tests/activities/outgoing_events/test_signatures.py

certify: $(READY) ## Judge every PSP plugin that is found, fault by fault, and print its certificate
	@exec $(BIN)/python -m tests.activities.psp.certificate

tls: $(READY) ## Try the TLS and mutual TLS of docs/tls with nginx, where it is installed
	@$(BIN)/pytest -q -rs -n0 tests/infra/test_tls.py

settings: $(READY) ## Write docs/settings.md from the classes that read the settings
	@exec $(BIN)/python -m tests.house.settings_page

new-psp: $(READY) ## Begin a plugin for another PSP: NAME=acme writes its folder
	@exec $(BIN)/python -m activities.psp.scaffold '$(NAME)'

record: $(READY) ## Record the histories that are missing
	@exec $(BIN)/python -m tests.replay.record

clients: $(READY) ## Make clients of the API in Python and TypeScript (needs npm) in var/clients
	@mkdir -p var/clients
	@npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix var/clients \
	  openapi-typescript@7.13.0
	@$(BIN)/python -m api.contract > var/clients/openapi.json
	@cd var/clients && node_modules/.bin/openapi-typescript openapi.json -o paysaga.ts \
	  && PATH="$(abspath $(BIN)):$$PATH" openapi-python-client generate --path openapi.json --output-path paysaga \
	  --overwrite --meta none --fail-on-warning

sbom: $(READY) ## The bill of materials (CycloneDX) of requirements.lock in var/sbom.json
	@mkdir -p var
	@PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application --output-reproducible -o var/sbom.json requirements.lock

vulnerabilities: $(READY) ## Ask what is known against the versions in requirements.lock
	@exec $(BIN)/python -m tests.house.vulnerabilities

lock: $(READY) ## Renew requirements.lock; LOCK_FLAGS=--upgrade for newer versions
	$(BIN)/pip-compile --quiet --extra local --extra dev --generate-hashes --allow-unsafe \
	  --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host \
	  --no-emit-find-links --no-emit-options $(LOCK_FLAGS) \
	  --output-file requirements.lock pyproject.toml

$(READY): requirements.lock pyproject.toml
	@$(BIN)/python -c 'import pip; $(MODERN)' 2>/dev/null \
	  || $(PYTHON) -c '$(MODERN)' 2>/dev/null \
	  || { echo 'Paysaga needs Python 3.11 or later, and $(PYTHON) is not.' \
	    'Name another: make PYTHON=/path/to/python3.12 …' >&2; exit 1; }
	@$(BIN)/python -c 'import pip; $(MODERN)' 2>/dev/null \
	  || $(PYTHON) -m venv --clear .venv \
	  || { echo '$(PYTHON) cannot make a virtual environment (on Debian: apt install python3-venv).' \
	    >&2; exit 1; }
	@echo 'Setting up .venv; the first time this takes a minute or two.'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --requirement requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --no-build-isolation --editable .
	@touch $(READY)
