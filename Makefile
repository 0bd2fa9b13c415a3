# The commands of the workshop; each does all the set-up it needs.
SHELL := /bin/bash
VENV := .venv/bin
LAYER := scripts/layer
PYTEST := $(VENV)/pytest -q
PARALLEL := $(PYTEST) -n 2 --dist loadfile
PREFIX ?= demo
FRESH = tests/taller/test_terraform_gateway.py tests/docker_provider/test_provider_volumes.py \
  tests/infra/test_modules.py tests/docker_guard/test_guard_terraform.py tests/grading/sandbox
ON_ENGINE = $(VENV)/taller doctor --fix && $(PARALLEL) -m engine tests/docker_provider/test_provider_volumes.py \
  tests/docker_provider/test_provider_networks.py tests/taller/test_built_images.py \
  tests/grading/test_leftovers.py tests/grading/test_faults_of_ours.py && \
  $(PYTEST) tests/grading/test_grade_exercises.py

.DEFAULT_GOAL := help
.PHONY: help setup doctor demo lab test lint unit engine provider infra notebooks grading faults corpus same browser fresh engines bench mutants compare docs clean locks

help: ## Show the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 16

setup: ## Make the virtual environment
	@scripts/setup

doctor: setup ## Check Docker, Terraform, provider and base image, and mend what is missing
	@$(VENV)/taller doctor --fix

demo: setup ## Bring the whole platform up and show it (PREFIX=demo)
	@$(VENV)/taller demo --prefix $(PREFIX)

lab: doctor ## Open JupyterLab
	@$(VENV)/jupyter lab --config=jupyter/jupyter_lab_config.py

test: setup ## Run every test, the fast layers first
	@scripts/test-tools
	@$(LAYER) doctor $(MAKE) --no-print-directory doctor
	@$(LAYER) lint $(MAKE) --no-print-directory lint
	@$(LAYER) unit $(MAKE) --no-print-directory unit
	@$(LAYER) provider $(MAKE) --no-print-directory provider
	@$(LAYER) infra $(MAKE) --no-print-directory infra
	@$(LAYER) engine $(MAKE) --no-print-directory engine
	@$(LAYER) grading $(MAKE) --no-print-directory grading
	@$(LAYER) faults $(MAKE) --no-print-directory faults
	@$(LAYER) corpus $(MAKE) --no-print-directory corpus
	@$(LAYER) notebooks $(MAKE) --no-print-directory notebooks
	@$(LAYER) browser $(MAKE) --no-print-directory browser

lint: setup ## Style, types, import arrows and Terraform format
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/lint-imports --no-cache
	PATH="$(CURDIR)/$(VENV):$$PATH" terraform fmt -check -recursive infra

unit: setup ## Tests that need neither Docker nor Terraform
	$(PYTEST) -n 2 -m "not engine and not browser"

provider: setup ## The embedded provider, through the real Terraform
	$(PARALLEL) -m engine tests/docker_provider

infra: setup ## The reference infrastructure
	$(PARALLEL) -m engine tests/infra

engine: setup ## The pipeline's image, the lab and the command line
	$(PARALLEL) -m engine tests/titanic tests/taller

grading: setup ## The guard, the sandbox and what stands on them
	$(PARALLEL) -m engine tests/docker_guard tests/grading tests/classroom

faults: setup ## What goes wrong in a class, and kills of its grader
	$(PARALLEL) -m engine tests/faults --ignore tests/faults/test_corpus.py

corpus: setup ## A class of unusual, wrong and hostile answers, each with a good teacher's verdict
	$(PYTEST) tests/faults/test_corpus.py

same: doctor ## The whole corpus on other machines: the oldest and newest Terraform, limits, load (half an hour)
	TALLER_WHOLE_CORPUS=1 $(PYTEST) tests/faults/test_same_verdict.py

notebooks: setup ## Every lesson, every solution and every wrong answer
	$(PYTEST) -n 2 -m engine tests/notebooks tests/trials

browser: setup ## A student in JupyterLab, in a real browser
	$(PYTEST) -m browser tests/browser

fresh: setup ## On a fresh Debian with nothing but what the README asks for: set-up and a few tests (root)
	scripts/fresh bash -c 'make doctor && scripts/test-tools && $(PYTEST) -n 2 --dist loadfile $(FRESH)'

engines: setup ## On Docker 26.1 and 28.5, both stores: a test of each resource, the solutions graded (root)
	scripts/engine trixie -- bash -c '$(ON_ENGINE)'
	scripts/engine sid -- bash -c '$(ON_ENGINE)'
	DOCKER_MIN_API_VERSION=1.44 scripts/engine sid --feature containerd-snapshotter=true -- bash -c '$(ON_ENGINE)'

bench: doctor ## Timings (never part of the tests)
	@$(VENV)/python bench/run.py

mutants: doctor ## What each single change of an official answer costs (for authors)
	@$(VENV)/taller mutants

compare: doctor ## Every answer in the lab and in the grader: the same verdict (for authors)
	@$(VENV)/taller compare

docs: demo ## The documentation's pictures, taken again from a demo and a browser
	@cp .taller/workspaces/$(PREFIX)/demo/report/infraestructura.svg docs/infrastructure.svg
	@TALLER_SCREENSHOTS=docs $(MAKE) --no-print-directory browser

clean: setup ## Remove what the workshop made, and nothing else
	@$(VENV)/taller clean --all
	@rm -rf .venv .taller

locks: setup ## Write the locks again from pyproject.toml
	$(VENV)/uv pip compile pyproject.toml --extra taller --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock
	$(VENV)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -c requirements.lock -o requirements-image.lock
