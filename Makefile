# The front door: `make help` lists what there is. A bare machine needs Python 3.11 or newer, make and the package index;
# everything else is brought along the first time it is needed.

PYTHON ?= python3
PORT ?= 8080
MINUTES ?= 20

BIN := .venv/bin
SYNCED := .venv/.synced
SAM := .tools/sam/bin/sam
SAM_VERSION := 1.170.0

# uv installs the locked packages into .venv and into no other environment that happens to be active. Bytecode is made
# once, here: without it every command and every cold start of the local Lambda takes twice as long.
UV := env -u VIRTUAL_ENV -u UV_PROJECT_ENVIRONMENT UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 $(BIN)/uv

.DEFAULT_GOAL := help
.PHONY: help serve test check bench soak build format docs sam-tools clean

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(SYNCED)  ## Serve the project on this machine; another port: make serve PORT=9000
	@$(BIN)/queryport serve --port $(PORT)

test: $(SYNCED) $(SAM)  ## Run the tests
	@$(BIN)/pytest

check: $(SYNCED)  ## Check style, types and query files, and change nothing
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/queryport check

bench: $(SYNCED)  ## Measure against what a user would pick instead
	@$(BIN)/python -m benchmarks

soak: $(SYNCED)  ## Load the emulator for long; other than 20 minutes: make soak MINUTES=5
	@$(BIN)/python -m tests.emulator.soak --minutes $(MINUTES)

build: $(SYNCED)  ## Compile the query files into catalog.json
	@$(BIN)/queryport build

format: $(SYNCED)  ## Rewrite the Python files in the project's style
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

docs: $(SYNCED)  ## Write docs/cli.md anew from the commands' own help
	@$(BIN)/python tests/tool/cli_reference.py > docs/cli.md

sam-tools: $(SAM)  ## Install the AWS SAM CLI, which brings Lambda's runtime emulator, into .tools/sam

clean:  ## Remove everything that was made here, the development database included
	rm -rf .venv .tools .queryport .mypy_cache .pytest_cache .ruff_cache .hypothesis dist catalog.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "$(PYTHON) is not Python 3.11 or newer: name one that is, for example: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@version=$$(awk '/^name = "uv"$$/ {getline; gsub(/[^0-9.]/, ""); print}' uv.lock) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$$version"

$(SYNCED): pyproject.toml uv.lock | $(BIN)/uv
	@$(UV) sync --locked
	@touch $@

# In an environment of its own: its dependencies are pinned tightly and are none of ours.
$(SAM): | $(BIN)/uv
	@echo "Installing the AWS SAM CLI into .tools/sam"
	@$(UV) venv --quiet --clear --python $(BIN)/python .tools/sam
	@$(UV) pip install --quiet --python .tools/sam/bin/python "aws-sam-cli==$(SAM_VERSION)"
