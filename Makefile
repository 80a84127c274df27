# The two commands a user needs are `make demo` and `make test`; the rest are their parts.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
NODE   := .node
WORKER := .worker

.PHONY: demo test check crash install worker lock node-tools clean

# What a target needs is made side by side: installing waits for the network half of its time.
MAKEFLAGS += --jobs=2

demo: install
	@$(BIN)/clmkit demo

# Everything that is checked, cheapest first. Two workers: each runs end-to-end suites that start processes of their own.
WORKERS ?= 2
test: check worker node-tools
	$(BIN)/pytest --numprocesses $(WORKERS) --max-worker-restart 0

check: install
	$(BIN)/ruff check tools tests bench
	$(BIN)/ruff format --check --quiet tools tests bench
	$(BIN)/lint-imports
	$(BIN)/mypy

# The sync killed a thousand times on both databases, with faults in both systems; about a quarter of an hour.
KILLS ?= 1000
crash: install
	PYTHONPATH=. $(BIN)/python bench/crash.py --kills $(KILLS)

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] < (3, 14)))' \
	  || { echo "clmkit needs Python 3.11, 3.12 or 3.13 (CumulusCI's range); set PYTHON=..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The workers of a sync on several machines, in an environment of their own: DBOS and CumulusCI need different SQLAlchemys.
worker: $(WORKER)/.installed

$(WORKER)/.installed: requirements-worker.lock pyproject.toml
	$(PYTHON) -m venv $(WORKER)
	$(WORKER)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-worker.lock
	$(WORKER)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" --output-file requirements.lock
	uv pip compile --group worker --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" --output-file requirements-worker.lock

# Programs of others that judge what we generate (sf CLI, Apex parser, apex-ls, PMD), with a Node of their own; nothing but tests
# needs them.
node-tools: $(NODE)/.installed

$(NODE)/.installed: .ci/node/package.json .ci/node/package-lock.json .ci/node/.npmrc
	@command -v npm > /dev/null || { echo "npm is missing; Debian: apt-get install npm"; exit 2; }
	@command -v java > /dev/null || { echo "Java is missing; Debian: apt-get install openjdk-17-jre-headless"; exit 2; }
	@mkdir -p $(NODE)
	@cp $^ $(NODE)/
	cd $(NODE) && npm ci --loglevel=error
	@touch $@

clean:
	rm -rf build $(VENV) $(WORKER) $(NODE)
