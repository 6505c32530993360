# The front door: `make help` lists what there is. A bare machine needs Python 3.11 or newer, make and the package index;
# everything else is brought along the first time it is needed.

PYTHON ?= python3
PORT ?= 8080
EMULATOR_PORT ?= 8081
MINUTES ?= 20
# Twice the cores of a small machine: many a test waits for a database or a process.
WORKERS ?= 4

BIN := .venv/bin
SYNCED := .venv/.synced
SAM := .tools/sam/bin/sam
CHECKOV := .tools/checkov/bin/checkov
PLOTS := .tools/plots/.synced
OPENAPI := .tools/openapi/.synced
TYPESCRIPT := .tools/typescript/.synced

# Whatever a machine sets for others: without bytecode every command and every cold start of the local Lambda takes twice
# as long.
unexport PYTHONDONTWRITEBYTECODE
# uv installs the locked packages into .venv and into no other environment that happens to be active.
UV := env -u VIRTUAL_ENV -u UV_PROJECT_ENVIRONMENT UV_PYTHON_DOWNLOADS=never $(BIN)/uv

.DEFAULT_GOAL := help

.PHONY: help serve test hostile test-failed test-all coverage check bench bench-plots soak campaign build format docs sam-tools clean
.PHONY: generated emulator test-slow test-browser test-clients test-container check-template images init cloudformation lock-tools
.PHONY: chromium engine test-tools

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(SYNCED)  ## Serve the project on this machine; other ports: make serve PORT=9000 EMULATOR_PORT=9001
	@$(BIN)/queryport serve --port $(PORT) --emulator-port $(EMULATOR_PORT)

emulator: $(SYNCED)  ## Serve the example's database as an RDS Data API that containers reach too, for `sam local`
	@$(BIN)/queryport emulator --project . --host 0.0.0.0

test: $(SYNCED) $(SAM)  ## Run the tests, four at a time; one after the other: make test WORKERS=0
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal

test-slow: $(SYNCED) $(SAM)  ## Run the tests that `make test` leaves out because they take seconds each
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal -m "slow and not long and not browser and not clients"

test-all: $(SYNCED) $(SAM)  ## Run the slow tests too
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal -m "not long and not browser and not clients"

test-failed: $(SYNCED)  ## Run once more, one after the other, the tests that failed last time
	@$(BIN)/pytest --last-failed -m "not browser and not clients"

coverage: $(SYNCED) $(SAM)  ## Run all tests, and fail where they leave out a branch of handler/, or more of queryport/ than before
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest --numprocesses $(WORKERS) --dist worksteal -m "not long and not browser and not clients"
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --include "handler/*" --fail-under 100
	@$(BIN)/coverage report --include "queryport/*"

hostile: $(SYNCED)  ## Send thousands of hostile requests, compare thousands of schemas and examples: make hostile SEED=7
	@$(if $(SEED),HOSTILE_SEED=$(SEED)) $(BIN)/pytest -m long
	@$(BIN)/pytest --hypothesis-profile long -m "hypothesis and not long and not browser and not clients"

test-container: $(SYNCED) engine  ## Build the images, start them and test them; needs a Docker Engine, or root on Debian
	@$(MAKE) --no-print-directory images >.tools/images.log 2>&1 || { cat .tools/images.log; exit 1; }
	@$(BIN)/pytest --numprocesses 2 tests/container

test-clients: $(SYNCED) $(OPENAPI) $(TYPESCRIPT)  ## Generate clients from the OpenAPI document, use them, and try it with schemathesis
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal -m clients tests/clients

test-browser: $(SYNCED) chromium  ## Use the page /docs, and let a hostile one try itself, in a real browser; root gets Debian's Chromium
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile -m browser tests/queryport/web tests/queryport/generate/docs_page

test-tools: $(CHECKOV) $(OPENAPI) $(TYPESCRIPT) chromium engine  ## Install and build beforehand what the three tests above need
	@$(MAKE) --no-print-directory images

# The first time mypy reads all, by two processes; later ones only cost time.
check: $(SYNCED)  ## Check style, types and query files, and change nothing
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy $(if $(wildcard .mypy_cache),,--num-workers 2)
	@$(BIN)/queryport check

check-template: $(SAM) $(CHECKOV)  ## Check template.yaml and the Dockerfiles: sam validate, cfn-lint, checkov
	@AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 $(SAM) validate --lint
	@.tools/sam/bin/cfn-lint template.yaml
	@LOG_LEVEL=CRITICAL $(CHECKOV) --file template.yaml Dockerfile emulator.Dockerfile --compact --quiet

bench: $(SYNCED)  ## Measure against what a user would pick instead; a part of it: make bench ONLY="start one-row"
	@$(BIN)/python -m benchmarks $(ONLY)

bench-plots: $(PLOTS)  ## Draw the plots of docs/performance.md from what `make bench` measured last
	@.tools/plots/bin/python benchmarks/plots.py benchmarks/results.json docs/performance

campaign: $(SYNCED)  ## Move money while everything fails, then check the books: make campaign SEED=1 MINUTES=10
	@$(BIN)/python -m tests.campaign $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES))

generated: $(SYNCED)  ## Try generated statements against PostgreSQL: make generated COUNT=5000 SEED=2
	@QUERYPORT_GENERATED=$(or $(COUNT),2000) QUERYPORT_SEED=$(or $(SEED),1) $(BIN)/pytest tests/queryport/compile/analysis

soak: $(SYNCED)  ## Load the emulator for long; other than 20 minutes: make soak MINUTES=5
	@$(BIN)/python -m tests.queryport.emulator.soak --minutes $(MINUTES)

build: $(SYNCED)  ## Compile the query files into catalog.json
	@$(BIN)/queryport build

# Lambda takes no image that has a provenance beside it (an index of two manifests), which BuildKit adds unless it is told
# not to. The classic builder, which knows no --provenance=false, takes no notice of this.
images: export BUILDX_NO_DEFAULT_ATTESTATIONS := 1
# Docker takes `localhost` for a registry, and so never looks on a public one for an image that is not there.
images:  ## Build the images localhost/queryport/function, /runtime, /compiler and /emulator
	docker build --target compiler --tag localhost/queryport/compiler .
	docker build --target runtime --tag localhost/queryport/runtime .
	docker build --tag localhost/queryport/function .
	docker build --file emulator.Dockerfile --tag localhost/queryport/emulator .

format: $(SYNCED)  ## Rewrite the Python files in the project's style
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

docs: $(SYNCED)  ## Write anew what docs/ has from the code: the commands' help, the table of failures
	@$(BIN)/python tests/queryport/commands/cli_reference.py > docs/cli.md
	@$(BIN)/python -m tests.exactly_once.retry_table

sam-tools: $(SAM)  ## Install the AWS SAM CLI, which brings Lambda's runtime emulator, into .tools/sam

init: $(SYNCED)  ## Lay out a new project beside this one: make init DIR=../notes
	$(if $(DIR),,$(error where to: make init DIR=../notes))
	@$(BIN)/queryport init -- "$$DIR"

cloudformation: $(SAM)  ## Write the plain CloudFormation that template.yaml stands for into dist/cloudformation.json
	@mkdir -p dist
	@echo '{"path": "template.yaml"}' | .tools/sam/bin/python tests/deployment/sam_transform.py | \
	  .tools/sam/bin/python -m json.tool - dist/cloudformation.json
	@echo "wrote dist/cloudformation.json"

lock-tools: | $(BIN)/uv  ## Lock uv, the AWS SAM CLI, checkov, matplotlib and the OpenAPI tools anew, after a change of .ci/tools/*.in
	@for tool in uv sam checkov plots openapi; do $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	  --no-header --no-annotate .ci/tools/$$tool.in --output-file .ci/tools/$$tool.txt || exit 1; done

# The data lie elsewhere where PostgreSQL's user cannot reach this folder.
clean:  ## Remove everything that was made here, the development database included
	@case "$$(cat .queryport/postgres/elsewhere 2>/dev/null)" in */queryport-*) rm -rf "$$(cat .queryport/postgres/elsewhere)" ;; esac
	rm -rf .venv .tools .aws-sam .queryport .mypy_cache .pytest_cache .ruff_cache .hypothesis dist catalog.json openapi.json openapi.json.gz openapi.index.json docs.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/uv:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "$(PYTHON) is not Python 3.11 or newer: name one that is, for example: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Making .venv with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement .ci/tools/uv.txt

$(SYNCED): pyproject.toml uv.lock | $(BIN)/uv
	@UV_COMPILE_BYTECODE=1 $(UV) sync --locked
	@touch $@

# Each in an environment of its own: its dependencies are pinned tightly and are none of ours. Python makes the bytecode of
# what is imported, a small part of it.
define install_tool
	@echo "Installing $(1) into .tools/$(2)"
	@$(UV) venv --quiet --clear --python $(BIN)/python .tools/$(2)
	@$(UV) pip install --quiet --python .tools/$(2)/bin/python --require-hashes --requirement .ci/tools/$(2).txt
	@touch $@
endef

$(SAM): .ci/tools/sam.txt | $(BIN)/uv
	$(call install_tool,the AWS SAM CLI,sam)

$(CHECKOV): .ci/tools/checkov.txt | $(BIN)/uv
	$(call install_tool,checkov,checkov)

$(PLOTS): .ci/tools/plots.txt | $(BIN)/uv
	$(call install_tool,matplotlib,plots)

$(OPENAPI): .ci/tools/openapi.txt | $(BIN)/uv
	$(call install_tool,openapi-python-client and schemathesis,openapi)

# Root gets Debian's Node.js.
$(TYPESCRIPT): tests/clients/typescript/package-lock.json
	@command -v npm >/dev/null || \
	  { apt-get update -qq && apt-get install -qq --yes --no-install-recommends nodejs npm >/dev/null; }
	@echo "Installing openapi-typescript, openapi-fetch and TypeScript into .tools/typescript"
	@mkdir -p .tools/typescript
	@cp tests/clients/typescript/package.json tests/clients/typescript/package-lock.json .tools/typescript/
	@npm ci --prefix .tools/typescript --silent --no-audit --no-fund
	@touch $@

# Likewise its Chromium.
chromium:  ## Install Debian's Chromium where there is no other; needs root
	@command -v chromium || command -v chromium-browser || command -v google-chrome || \
	  { apt-get update -qq && apt-get install -qq --yes --no-install-recommends chromium >/dev/null; }

# And its Docker Engine; besides, the base image of ours.
engine: $(SAM)  ## See to it that a Docker Engine answers, and has the base image
	@tests/container/engine.sh
	@tests/container/base_image/provide.sh .tools/sam
