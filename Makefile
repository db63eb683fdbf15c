# Every action of a person or of CI. `make help` lists them. Works with GNU make 3.81 and newer.
# Variables: ENV (environment, default local), PLATFORM (arm64 or x86_64), FIND, SERVICE, FUNCTION, ID, QUEUE (what to
# look at or take back), SINCE (RFC 3339), EVENT, LEVEL, FOR (of tune and log-level), ARGS (more arguments).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

ENV ?= local
ARGS ?=
FIND ?=
SERVICE ?=
FUNCTION ?=
ID ?=
QUEUE ?=
EVENT ?=
LEVEL ?=
FOR ?=
SINCE ?=
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup
RUN := $(BIN)/python -m scripts

##@ Start here

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## "; print "Usage: make <target> [ENV=local|dev|staging|prod]" } \
		/^##@ / { printf "\n\033[1m%s\033[0m\n", substr($$0, 5) } \
		/^[a-z][a-z0-9-]*:.*## / { printf "  \033[36m%-16s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMP) ## The whole platform on this machine: build, deploy, place an order and follow it
	@$(RUN) demo $(ARGS)

setup: $(STAMP) ## Make .venv: Python 3.13 and the locked tools (every other target does it when needed)
	@echo "setup: .venv is up to date"

$(STAMP): requirements-dev.txt .python-version scripts/setup_venv.py
	@$(PYTHON) scripts/setup_venv.py

##@ Build and deploy (ENV=local by default)

build: $(STAMP) ## Build build/<service>.zip, build/shared-layer.zip and build/manifest.json (PLATFORM=arm64|x86_64)
	@$(RUN) build $(if $(PLATFORM),--platform $(PLATFORM)) $(ARGS)

up: $(STAMP) ## Bring an environment up to date: local cloud, build, Terraform
	@$(RUN) up --env $(ENV) $(ARGS)

plan: $(STAMP) ## Show what `make up` would change (ARGS="--markdown plan.md" writes it for people, too)
	@$(RUN) plan --env $(ENV) $(ARGS)

drift: $(STAMP) ## Show what differs from the commit that was deployed; fails when anything does
	@$(RUN) drift --env $(ENV) $(ARGS)

revision: $(STAMP) ## Print the commit that was deployed
	@$(RUN) revision --env $(ENV) $(ARGS)

verify: $(STAMP) ## Check that build/ is what its manifest says; ARGS=--serving: that the environment serves it
	@$(RUN) verify --env $(ENV) $(ARGS)

status: $(STAMP) ## Show what runs and where
	@$(RUN) status --env $(ENV) $(ARGS)

logs: $(STAMP) ## Read logs; FIND=<order or request id>, SERVICE=, FUNCTION=; ARGS="--since 2h --follow --level ERROR"
	@$(RUN) logs --env $(ENV) $(if $(SERVICE),--service $(SERVICE)) $(if $(FUNCTION),--function $(FUNCTION)) $(FIND) $(ARGS)

traces: $(STAMP) ## List recent traces, or show those of FIND=<order, request or trace id> as trees; ARGS="--since 2h"
	@$(RUN) traces --env $(ENV) $(FIND) $(ARGS)

dashboards: $(STAMP) ## Draw the deployed dashboards with live data: build/dashboards-<env>.html; ARGS="--since 30m"
	@$(RUN) dashboards --env $(ENV) $(ARGS)

rollout: $(STAMP) ## Release every function's newest version, back by itself when it fails; ARGS=--probe for quiet ones
	@$(RUN) rollout --env $(ENV) $(ARGS)

rollback: $(STAMP) ## Go back to the last known good version (FUNCTION=<service>.<function>, SERVICE=<service> or SINCE=<time>)
	@$(RUN) rollback --env $(ENV) $(if $(FUNCTION),--function $(FUNCTION)) $(if $(SERVICE),--service $(SERVICE)) $(if $(SINCE),--since $(SINCE)) $(ARGS)

releases: $(STAMP) ## Show who released what, when, and how it ended
	@$(RUN) releases --env $(ENV) $(ARGS)

prune: $(STAMP) ## Delete old versions of functions and layers that nothing can need; ARGS="--keep 5 --dry-run"
	@$(RUN) prune --env $(ENV) $(ARGS)

down: $(STAMP) ## Stop the local cloud; what it stores stays
	@$(RUN) down $(ARGS)

destroy: $(STAMP) ## Destroy everything an environment deployed (asks first)
	@$(RUN) destroy --env $(ENV) $(ARGS)

##@ On call (docs/operations.md)

order: $(STAMP) ## Tell one order's story: ID=ord_...: rows, log lines, traces, workflows, failures, repairs
	@$(RUN) order --env $(ENV) $(ID) $(ARGS)

doctor: $(STAMP) ## Say what is not well and what to change; exits 1 if anything is; ARGS="--since 1d"
	@$(RUN) doctor --env $(ENV) $(ARGS)

redrive: $(STAMP) ## List what failed for good, by cause; QUEUE=; ARGS="--show", "--replay --dry-run", "--replay", "--purge"
	@$(RUN) redrive --env $(ENV) $(if $(QUEUE),--queue $(QUEUE)) $(ARGS)

replay: $(STAMP) ## Rebuild read models from the events; ARGS="--rule <rule> --from <time> --to <time>" sends archived events again
	@$(RUN) replay --env $(ENV) $(ARGS)

log-level: $(STAMP) ## Log more for a while, without a deployment: FUNCTION=orders.api LEVEL=DEBUG FOR=30m; LEVEL=default ends it
	@$(RUN) log-level --env $(ENV) $(FUNCTION) $(LEVEL) $(if $(FOR),--for $(FOR)) $(ARGS)

tune: $(STAMP) ## Measure a function at several memory sizes and recommend one: FUNCTION=orders.api [EVENT=file]
	@$(RUN) tune --env $(ENV) $(FUNCTION) $(if $(EVENT),--event $(EVENT)) $(ARGS)

cost: $(STAMP) ## What 1,000 orders cost, what-if by traffic, and the first limit on the way up; ARGS="--since 1d --peak 3"
	@$(RUN) cost --env $(ENV) $(ARGS)

audit: $(STAMP) ## Show who did what with these tools; FIND=, ARGS="--since 30d"
	@$(RUN) audit --env $(ENV) $(FIND) $(ARGS)

##@ Check

test: test-unit test-component test-terraform test-stack ## Every test, the fast ones first

test-unit: $(STAMP) ## Pure logic, without AWS
	@$(BIN)/pytest tests/unit --numprocesses 2 --dist loadfile $(ARGS)

test-component: $(STAMP) ## Handlers, adapters and the builder, in process
	@$(BIN)/pytest tests/component $(ARGS)

test-terraform: $(STAMP) ## Terraform modules and the root stack, with a mocked provider
	@$(RUN) test-terraform $(ARGS)

test-stack: $(STAMP) ## The real stack on a local cloud of its own
	@$(RUN) build
	@$(BIN)/pytest tests/stack --numprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

e2e: $(STAMP) ## Smoke tests of what is deployed: ENV=, or API_URL= and API_KEY=; SERVICE=, ARGS="-k cancel"
	@$(RUN) e2e --env $(ENV) $(if $(SERVICE),--service $(SERVICE)) $(ARGS)

bench: $(STAMP) ## Measure cold start, import time, local cloud and build against their budgets
	@$(RUN) bench $(ARGS)

lint: $(STAMP) ## Formatting, types, imports, Terraform, workflows
	@$(RUN) lint $(ARGS)

fmt: $(STAMP) ## Format Python and Terraform, fix what can be fixed
	@$(RUN) fmt $(ARGS)

docs: $(STAMP) ## Write docs/workflows from the workflows' definitions (make lint finds stale ones)
	@$(RUN) docs $(ARGS)

##@ Keep

lock: $(STAMP) ## Resolve the requirements-*.in and */requirements.in files to locked sets (ARGS=--upgrade for newer ones)
	@$(RUN) lock $(ARGS)

clean: ## Remove what builds and checks made; .venv and the local cloud's data stay
	@rm -rf build .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@echo "clean: removed build/ and caches (the local cloud's data: make down, then rm -r .local)"

.PHONY: help demo setup build up plan drift revision verify status logs traces dashboards rollout rollback releases prune down destroy \
	order doctor redrive replay log-level tune cost audit \
	test test-unit test-component test-terraform \
	test-stack e2e bench lint fmt docs lock clean
.NOTPARALLEL:
