# SPDX-License-Identifier: Apache-2.0
# The front door for people; the building itself is in CMakeLists.txt and CMakePresets.json.
MAKEFLAGS += --no-print-directory
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
PRESET  ?= dev
PREFIX  ?= /usr/local
SOURCES  = $$(git ls-files -co --exclude-standard '*.c' '*.h')

.PHONY: help deps build demo test test-long test-sanitized bench bench-large bench-web fuzz format check-format \
        check-scripts check reference install clean

help: ## list these targets
	@echo 'make TARGET:'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s%s\n", $$1, $$2 }' Makefile

deps: ## install the Debian packages that are missing
	@.ci/deps

build: deps ## build it; PRESET=dev, release, asan or tsan; TARGETS='kith modules': only these
	@cmake --preset $(PRESET) $(CMAKE_FLAGS) >/dev/null
	@cmake --build build/$(PRESET) -j $(JOBS) $(if $(TARGETS),--target $(TARGETS))

demo: ## build it and walk through a small company
	@$(MAKE) build PRESET=release TARGETS='kith modules'
	@KITH=build/release/kith config/demo/demo.sh

test: build ## build and run all tests; WORD=... runs only programs with that word in their names
	@tests/run build/$(PRESET) $(WORD)

test-long: build ## the same with the long tests: crashes and power loss, many times
	@tests/run --long build/$(PRESET) $(WORD)

test-sanitized: ## run all but the crash tests under the address and undefined behaviour sanitizers; WORD=...
	@$(MAKE) build PRESET=asan
	@KITH_LIMIT=1800 tests/run build/asan $(or $(WORD),unit/ integration/ modules/)

bench: ## measure it against its budgets; BENCH=quick, WORD=...: shorter, only those with that word
	@$(MAKE) build PRESET=release TARGETS='kith modules bench'
	@tests/bench/run build/release $(WORD)

bench-large: ## measure what must not grow up to 10 million records; needs 5 GB, takes a while
	@$(MAKE) build PRESET=release TARGETS='kith modules bench'
	@BENCH=large tests/bench/run build/release

bench-web: ## measure HTTP with wrk, beside nginx and Tarantool where they are; BENCH=quick: shorter
	@$(MAKE) build PRESET=release TARGETS='kith modules bench_web_rate'
	@tests/bench/run build/release web

fuzz: ## let the fuzz targets look for bytes that break Kith; FUZZ_SECONDS=60 for each, WORD=...
	@$(MAKE) build PRESET=fuzz TARGETS=fuzz
	@tests/fuzz/run build/fuzz $(WORD)

check: ## floors of core/, format, scripts, and whether the reference is up to date
	@tests/checks/floors.sh
	@$(MAKE) check-format check-scripts
	@$(MAKE) build PRESET=dev TARGETS='kith modules'
	@KITH=build/dev/kith tests/checks/reference.sh

format: ## format the C sources
	@clang-format -i $(SOURCES)

check-format: ## say which C sources are not formatted
	@clang-format --dry-run -Werror $(SOURCES)

check-scripts: ## say what shellcheck finds in the scripts
	@shellcheck -S warning $$(git grep -l --untracked -E '^#!.*[/ ](ba)?sh$$')

reference: ## write docs/reference anew, from what the program says of itself
	@$(MAKE) build PRESET=dev TARGETS='kith modules'
	@KITH=build/dev/kith tests/checks/reference.sh --write

install: ## install; PREFIX=/usr/local, DESTDIR=
	@$(MAKE) build PRESET=release TARGETS='kith modules' CMAKE_FLAGS=-DCMAKE_INSTALL_PREFIX=$(PREFIX)
	@cmake --install build/release

clean: ## remove everything that was built
	@rm -rf build
