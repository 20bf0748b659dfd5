# Every habit as one verb; the work is done by python -m compose and by the checkers themselves.
.DEFAULT_GOAL := help
.PHONY: help up build down clean ps logs rehearse rehearse-down test check format dashboards screenshots lock
.PHONY: ci check-documentation documentation-only test-images sbom scan scan-complete advisories push deploy smoke
# A verb is a stage: make -j may not begin the next before it ended.
.NOTPARALLEL:

PYTHON ?= python3
# The local EC2 needs root, which no pipeline has: make test has its parts.
PARTS ?= tests/functional --ignore=tests/functional/rehearsal
RUN := .venv/bin/python -m
# Tests at a time; each process takes up to half a GiB. What belongs together stays together, with Docker.
PROCESSES ?= 2
# How much of the microblog tests must reach, where COVERAGE asks for that, in percent of lines and branches.
COVERED ?= 90
TESTS := $(RUN) pytest --numprocesses $(PROCESSES)
LOCK := uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --universal --python-version 3.11

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand --tabs=29

up: .venv/run  ## Start the whole stack, or ROLES="app database"; safe to repeat
	@sh ec2/host/docker.sh
	@$(RUN) compose up $(ROLES)

build: .venv/run  ## Build every image, start nothing; with FRESH=1 anew, with the packages of today
	@sh ec2/host/docker.sh
	@$(RUN) compose build $(if $(FRESH),--fresh) $(ROLES)

down: .venv/run  ## Stop the stack; the data stays
	@$(RUN) compose down

clean: .venv/run  ## Remove the stack with its data and secrets, after asking
	@$(RUN) compose clean

ps: .venv/run  ## Show every service, its state and its address
	@$(RUN) compose ps

logs: .venv/run  ## Follow the logs, of one service with SERVICE=microblog
	@$(RUN) compose logs --follow $(SERVICE)

rehearse: .venv/rehearsal  ## Deploy what is here to a local EC2 that is left running; needs root, costs nothing
	@sh ec2/host/docker.sh
	@sh ec2/rehearsal/packages.sh
	@$(RUN) ec2.rehearsal start
	@env $$($(RUN) ec2.rehearsal environment) $(RUN) ec2 deploy --yes --uncommitted
	@$(RUN) ec2.rehearsal status

rehearse-down: .venv/rehearsal  ## Remove the local EC2 with its hosts; nothing of it is left
	@$(RUN) ec2.rehearsal down

check: .venv/test  ## Check style, types, direction and the unit tests: no Docker, three minutes
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) mypy
	@.venv/bin/lint-imports --no-cache
	@.venv/bin/hadolint images/*/Dockerfile tests/browser/Dockerfile tests/registry/Dockerfile tests/stand_ins/*/Dockerfile
	@git ls-files --cached --others --exclude-standard | xargs grep --files-with-matches --extended-regexp '^#!/bin/(ba)?sh' | xargs .venv/bin/shellcheck
	@$(RUN) yamllint --strict .
	@$(TESTS) --quiet --junitxml=reports/junit/unit.xml $(COVERAGE) tests/unit
	@$(if $(COVERAGE),$(RUN) coverage report --include='images/microblog/*' --fail-under=$(COVERED) --format=total)

test: check .venv/checkov/made .venv/scan/made  ## Check, then test every image and the whole stack, with Docker
	@.venv/checkov/bin/checkov --file tests/golden/template.yaml --framework cloudformation --compact --quiet --skip-download
	@sh ec2/host/docker.sh
	@sh ec2/rehearsal/packages.sh
	@sh tests/packages.sh
	@$(TESTS) --dist loadfile $(PARTS)
	@$(RUN) pytest tests/functional/rehearsal tests/e2e

ci:  ## Every stage of the pipeline but deployment, in its order
	@$(MAKE) --no-print-directory check-documentation
	@if ! $(MAKE) --no-print-directory documentation-only; then \
		$(MAKE) --no-print-directory build check test-images sbom scan scan-complete push; \
	else \
		$(MAKE) --no-print-directory scan-complete SCANS=repository_secrets; \
	fi

check-documentation: .venv/test  ## Check what the documents say, and that no commit holds a secret
	@$(RUN) yamllint --strict .
	@$(RUN) pytest --quiet tests/unit/test_documentation.py tests/unit/test_alerts.py tests/unit/microblog/test_api_examples.py
	@$(RUN) scans run repository_secrets

documentation-only:  ## Exit 0 where only documents changed since the last commit that went well
	+@sh jenkins/documentation_only.sh

test-images: .venv/test .venv/scan/made  ## Test every image and every part alone, with Docker
	@sh ec2/host/docker.sh
	@sh tests/packages.sh
	@sh compose/beside_engine.sh $(TESTS) --dist loadfile --junitxml=reports/junit/functional.xml $(PARTS)

sbom: .venv/run .venv/scan/made  ## Write what is in each image into reports/sbom, as CycloneDX
	@$(RUN) scans sbom

scan: .venv/run .venv/scan/made  ## Look for known vulnerabilities, pending updates, mistakes, secrets; 1 where found
	@$(RUN) scans run

scan-complete: .venv/run  ## Exit 1 where the last scan, or one of SCANS alone, could not look at something
	@$(RUN) scans complete $(SCANS)

advisories: .venv/run  ## Fetch what Dependency-Check knows, with NVD_API_KEY; every night
	@$(RUN) scans advisories

push: .venv/run  ## Put the images into the deployer's registry, their digests into reports/images.json
	@mkdir -p reports
	@sh compose/beside_engine.sh $(RUN) ec2 push >reports/images.json.new
	@mv reports/images.json.new reports/images.json

deploy: .venv/run  ## Deploy to EC2 without asking; what was done goes into reports/deployment.json
	@mkdir -p reports
	@sh compose/beside_engine.sh $(RUN) ec2 deploy --yes --json $(OPTIONS) >reports/deployment.json.new
	@mv reports/deployment.json.new reports/deployment.json

smoke: .venv/run  ## Ask what was deployed whether it serves
	@.venv/bin/python tests/smoke.py reports/deployment.json

format: .venv/test  ## Put the code into its one format
	@$(RUN) ruff check --fix
	@$(RUN) ruff format

dashboards: .venv/test  ## Write Grafana's dashboards anew from grafana/boards
	@$(RUN) grafana.boards

screenshots: .venv/test  ## Take the pictures of the microblog in docs/screenshots anew, with Docker
	@PYTHONPATH=images/microblog $(RUN) tests.e2e.screenshots

lock:  ## Write the lock files anew (needs uv)
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) pyproject.toml --group rehearsal --output-file requirements-rehearsal.txt
	$(LOCK) images/microblog/requirements.in --output-file images/microblog/requirements.txt
	$(LOCK) pyproject.toml --group test --group check images/microblog/requirements.in --output-file requirements-test.txt
	$(LOCK) --group checkov --output-file requirements-checkov.txt
	$(LOCK) --group scan --output-file requirements-scan.txt

.venv/run: requirements.txt
	@sh compose/venv.sh $(PYTHON) requirements.txt
	@touch $@

.venv/rehearsal: requirements-rehearsal.txt
	@sh compose/venv.sh $(PYTHON) requirements-rehearsal.txt
	@touch .venv/run $@

.venv/test: requirements-test.txt
	@sh compose/venv.sh $(PYTHON) requirements-test.txt
	@touch .venv/run .venv/rehearsal $@

.venv/checkov/made: requirements-checkov.txt
	@sh compose/venv.sh $(PYTHON) requirements-checkov.txt .venv/checkov
	@touch $@

.venv/scan/made: requirements-scan.txt
	@sh compose/venv.sh $(PYTHON) requirements-scan.txt .venv/scan
	@touch $@
