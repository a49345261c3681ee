# Everything a fresh machine needs is `make`, a Python with pip, and node for the page and two suites.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

# Downloads stay in the project.
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv
export UV_PYTHON_INSTALL_DIR ?= $(CURDIR)/.cache/python
# As pip does: the certificates this machine trusts.
export UV_SYSTEM_CERTS ?= 1
export npm_config_cache ?= $(CURDIR)/.cache/npm
export SAM_CLI_TELEMETRY := 0
# Without bytecode every start compiles all it imports: more than half of what SAM's takes.
unexport PYTHONDONTWRITEBYTECODE
export __SAM_CLI_APP_DIR := $(CURDIR)/.cache/sam
# What needs some region and is never sent to AWS; a deploy takes its own from the profile.
demo up test bench lint: export AWS_DEFAULT_REGION ?= us-east-1

# Where pyenv keeps a 3.13, whether or not its shims are on the path.
pyenv := $(lastword $(sort $(wildcard $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions/3.13*/bin)))
export PATH := $(PATH)$(pyenv:%=:%)

UV := .venv-uv/bin/uv
PYTHON := .venv/bin/python
SAM := PATH="$(CURDIR)/.venv/bin:$(CURDIR)/.venv-uv/bin:$$PATH" .venv-sam/bin/sam
npm_folders := $(patsubst %/package-lock.json,%,$(wildcard web/package-lock.json web/*/package-lock.json tests/*/*/package-lock.json))
environment := .venv/.done .venv-sam/.done .venv-emulator/.done $(npm_folders:%=%/node_modules/.done)
page := functions/web/static/index.html
api_document := layers/core/imagebatch/data/openapi.json
web_types := web/src/generated/openapi.d.ts
emulated := .venv/.done .venv-sam/.done .venv-emulator/.done
local_stack := $(emulated) $(page) $(api_document)
together := $(MAKE) --jobs=4
page_sources := $(shell find web -name node_modules -prune -o -path web/src/generated -prune -o -type f -print)

## demo: run the sample CSV through a local stack and download the ZIP
.PHONY: demo
demo:
	@$(together) $(emulated)  # nobody opens its page
	@$(PYTHON) -m local demo

## up: start the local stack in the background and print the page's URL
.PHONY: up
up:
	@$(together) $(local_stack)
	@$(PYTHON) -m local up

## down: stop the local stack
.PHONY: down
down: .venv/.done
	@$(PYTHON) -m local down

## unit: the fast loop, without emulator, Node or network (ARGS="tests/domain -k csv" for some)
.PHONY: unit
unit: .venv/.done
	$(PYTHON) -m pytest $(side_by_side) --numprocesses=2 -m "not node and not slow" --hypothesis-profile=unit \
		$(deployed:%=--ignore=tests/%) $(ARGS)

## test: every suite, with coverage (ARGS="tests/e2e -k csv" for some)
.PHONY: test
test: $(environment) $(page) $(api_document) .venv-clients/.done
	$(PYTHON) -m pytest $(if $(ARGS),$(ARGS),$(side_by_side) --cov --cov-report=term --cov-fail-under=97)

## soak: long random walks and watches, then every suite five times beside a process that burns a core
.PHONY: soak
soak: $(environment) $(page) $(api_document)
	$(PYTHON) -m pytest $(side_by_side) --hypothesis-profile=soak $(deployed:%=--ignore=tests/%)
	$(PYTHON) -m pytest -m soak
	$(PYTHON) -c "while True: pass" & trap "kill $$!" EXIT; \
		for run in 1 2 3 4 5; do echo "run $$run of 5"; $(PYTHON) -m pytest $(side_by_side); done

side_by_side := --numprocesses=4 --no-loadscope-reorder
deployed := e2e security faults browser

## generate: the OpenAPI document and its page from the API's code, the web page's types from the document
.PHONY: generate
generate: .venv/.done web/openapi/node_modules/.done
	@PYTHONPATH=layers/core $(PYTHON) -m imagebatch.api.openapi $(dir $(api_document))
	@$(generate_web_types)

## bench: measure the figures of docs/performance.md (ARGS="sizes cold_start" selects some)
.PHONY: bench
bench: $(environment) $(page) $(api_document)
	PYTHONPATH=layers/core:. $(PYTHON) -m bench $(ARGS)

## lint: check style, types, import rules, the template and security
.PHONY: lint
lint: $(environment) .venv-checkov/.done $(web_types)
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy --strict layers/core/imagebatch functions
	$(PYTHON) -m mypy cli/imagebatch_cli local deploy
	PYTHONPATH=layers/core:cli:. .venv/bin/lint-imports --no-logo --cache-dir .cache/import-linter
	.venv/bin/cfn-lint template.yaml
	.venv-checkov/bin/checkov --config-file .checkov.yaml
	$(SAM) validate --lint --template template.yaml
	npm --prefix web run check

## audit: check pinned packages against vulnerability databases (needs the internet)
.PHONY: audit
audit: .venv-audit/.done
	@failed=""; for pins in requirements/*.txt layers/*/requirements.txt; do \
		echo "$$pins"; \
		.venv-audit/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off \
			--requirement "$$pins" || failed="$$failed $$pins"; \
	done; \
	if [ -n "$$failed" ]; then \
		echo "not clean, or the database of vulnerabilities could not be asked:$$failed" >&2; exit 1; \
	fi

## fmt: apply the linters' automatic fixes
.PHONY: fmt
fmt: .venv/.done web/node_modules/.done
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format
	npm --prefix web run fix

## deploy: build and deploy to AWS (ARGS="--guided" the first time, ARCHITECTURE=x86_64 or arm64)
.PHONY: deploy
deploy: $(environment) $(page) $(api_document)
	@$(PYTHON) -m deploy $(ARGS)

## lock: update and pin every requirement, with hashes
.PHONY: lock
pin := $(UV) pip compile --quiet --upgrade --python-version 3.13 --universal --generate-hashes --no-header --no-emit-index-url
lock: $(UV)
	$(pin) requirements/uv.in -o requirements/uv.txt
	$(pin) requirements/sam.in -o requirements/sam.txt
	$(pin) requirements/emulator.in -o requirements/emulator.txt
	$(pin) requirements/checkov.in -o requirements/checkov.txt
	$(pin) requirements/audit.in -o requirements/audit.txt
	$(pin) requirements/clients.in -o requirements/clients.txt
	$(pin) requirements/runtime.in -o requirements/runtime.txt
	$(pin) layers/core/requirements.in -o layers/core/requirements.txt
	$(pin) layers/imaging/requirements.in -o layers/imaging/requirements.txt -c layers/core/requirements.txt \
		--no-emit-package pikepdf --no-emit-package lxml \
		$$(sed -nE 's/^([a-z0-9-]+)==.*/--no-emit-package \1/p' layers/core/requirements.txt)
	$(pin) requirements/dev.in -o requirements/dev.txt -c layers/core/requirements.txt -c layers/imaging/requirements.txt

## clean: remove build output and local environments
.PHONY: clean
clean:
	if [ -e .venv/.done ]; then $(PYTHON) -m local down --all; fi
	rm -rf .venv .venv-uv .venv-sam .venv-emulator .venv-checkov .venv-audit .venv-clients .local .aws-sam .cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf $(npm_folders:%=%/node_modules)

.PHONY: help
help:
	@echo 'The fast loop: make unit after every change, make lint before a commit, make test before a push.'
	@sed -nE 's/^## ([a-z]+): (.*)/  make \1\t\2/p' Makefile | expand -t 18

# --- the environment: uv from the machine's own Python, then everything else by uv -----------------

# An environment takes half the time without its own pip, if the machine's can install into another one.
.venv-uv/bin/uv: requirements/uv.txt
	@echo "installing $(@D)"
	@if python3 -c 'import pip; assert int(pip.__version__.partition(".")[0]) >= 23' 2>/dev/null; then \
		python3 -m venv --clear --without-pip .venv-uv; pip="python3 -m pip --python .venv-uv/bin/python"; \
	else \
		python3 -m venv --clear .venv-uv; pip=".venv-uv/bin/python -m pip"; \
	fi; \
	$$pip install --quiet --disable-pip-version-check --no-cache-dir \
		--require-hashes --requirement requirements/uv.txt
	@touch $@

sync = echo "installing $(@D)" && \
	$(UV) venv --quiet --allow-existing --python 3.13 $(@D) && \
	$(UV) pip sync --quiet --python $(@D)/bin/python --require-hashes $<

.venv/.done: requirements/dev.txt pyproject.toml $(UV)
	@$(sync)
	@$(UV) pip install --quiet --python $(@D)/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv-sam/.done: requirements/sam.txt $(UV)
	@$(sync)
	@touch $@

.venv-emulator/.done: requirements/emulator.txt $(UV)
	@$(sync)
	@touch $@

.venv-checkov/.done: requirements/checkov.txt $(UV)
	@$(sync)
	@touch $@

.venv-clients/.done: requirements/clients.txt $(UV)
	@$(sync)
	@touch $@

.venv-audit/.done: requirements/audit.txt $(UV)
	@$(sync)
	@touch $@

$(npm_folders:%=%/node_modules/.done): %/node_modules/.done: %/package-lock.json
	@echo "installing $(@D)"
	@cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# Most changes of the code leave the types as they are; then the page is not built again.
generate_web_types = mkdir -p $(dir $(web_types)) && \
	web/openapi/node_modules/.bin/openapi-typescript $(api_document) --output $(web_types).new >/dev/null && \
	{ cmp -s $(web_types).new $(web_types) || cp $(web_types).new $(web_types); } && \
	rm $(web_types).new && touch $(dir $(web_types)).done

web/src/generated/.done: $(api_document) web/openapi/node_modules/.done
	@$(generate_web_types)

$(web_types): web/src/generated/.done
	@:

$(page): web/node_modules/.done $(web_types) $(page_sources)
	@echo "building the page"
	@npm --prefix web run --silent build -- --logLevel warn

$(api_document): .venv/.done $(shell find layers/core/imagebatch -name '*.py' -o -name '*.toml' -o -path '*/schemas/*.json')
	@PYTHONPATH=layers/core $(PYTHON) -m imagebatch.api.openapi $(@D)
