# The commands of this repository. `make demo` and `make test` install what is missing; nothing else is needed.

SWIFT_FLAGS = --traits Platform --explicit-target-dependency-import-check error
BUILD = .build
PREFIX ?= /usr/local
# Tests at once: many start processes, and would starve each other's deadlines.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH = 4

.PHONY: help demo check test bench build install format tools test-tools clean

help: ## Lists these commands.
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

tools: ## Installs what building needs (apt-get).
	@Scripts/install-build-tools.sh

test-tools: tools ## Installs what the tests need besides (apt-get, a Python environment in .build-tools).
	@Scripts/install-test-tools.sh

build: tools ## Builds the program, optimised: .build/release/testground.
	swift build $(SWIFT_FLAGS) -c release --product testground

demo: build ## Runs plans over a shaped network; shows verdicts and outputs.
	@Scripts/demo.sh $(BUILD)/release/testground

check: tools ## Format, build and the fast tests.
	swift format lint --strict --recursive Package.swift Sources Tests
	swift build $(SWIFT_FLAGS) --build-tests
	swift test $(SWIFT_FLAGS) --skip-build --skip EndToEndTests --skip ConformanceTests

test: test-tools ## Everything that CI runs.
	@Scripts/test.sh

bench: tools ## Measures speed and memory against controls (some minutes).
	@Scripts/bench.sh

format: ## Formats all Swift files in place.
	swift format --in-place --recursive Package.swift Sources Tests

install: build ## Installs the program below PREFIX.
	install -D $(BUILD)/release/testground $(PREFIX)/bin/testground

clean: ## Removes everything built.
	rm -rf .build .build-*
