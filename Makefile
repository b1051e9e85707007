# Each target sets up what it needs, once, and again when the lock or pyproject.toml change.

.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
MODERN := import sys; sys.exit(sys.version_info < (3, 11))

.PHONY: help demo up test check format bench bench-routing audit chaos certify new-psp record lock

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## Ten payment stories, and proof that the books hold; PSP=stripe KEEP=1 (stays)
	@exec $(BIN)/python -m infra.local demo --with-parent $(if $(PSP),--psp '$(PSP)') $(if $(KEEP),--keep)

up: $(READY) ## Start everything and stay until Ctrl-C; addresses and tokens in var/local.env
	@exec $(BIN)/python -m infra.local up --with-parent

test: check ## Lint, types, import contracts and every test

check: $(READY) ## The same as test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile

format: $(READY) ## Format, and repair what can be repaired
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Measure deposits, wallet commands, webhooks and recovery next to their floors
	@exec $(BIN)/python -m tests.bench

bench-routing: $(READY) ## Routing decisions a second, a PSP that dies, parked payments drained
	@$(BIN)/python -m tests.bench.routing
	@$(BIN)/python -m tests.bench.dying
	@$(BIN)/python -m tests.bench.draining

audit: $(READY) ## Check every invariant on what make up runs, or on what the settings name
	@folder="$${PAYSAGA_LOCAL_FOLDER:-var}"; \
	if [ -z "$$PAYSAGA_POSTGRES_URL" ] && [ -f "$$folder/local.env" ]; then \
	  set -a; . "$$folder/local.env"; set +a; set -- --log "$$folder/log"; \
	fi; \
	exec $(BIN)/python -m activities.audit "$$@" $(AUDIT)

chaos: $(READY) ## Kill and cut everything in turn under load; SEED=7 PAYMENTS=300 FAULTS=all
	@exec $(BIN)/python -m tests.chaos --with-parent $(if $(SEED),--seed $(SEED)) \
	  --payments $(or $(PAYMENTS),300) --faults '$(or $(FAULTS),all)' $(if $(KEEP),--keep)

certify: $(READY) ## Judge every PSP plugin that is found, fault by fault, and print its certificate
	@exec $(BIN)/python -m tests.activities.psp.certificate

new-psp: $(READY) ## Begin a plugin for another PSP: NAME=acme writes its folder
	@exec $(BIN)/python -m activities.psp.scaffold '$(NAME)'

record: $(READY) ## Record the histories that are missing
	@exec $(BIN)/python -m tests.replay.record

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
