#!/usr/bin/env bash
# Everything that CI runs. Needs what install-build-tools.sh and install-test-tools.sh install.
set -euo pipefail
cd "$(dirname "$0")/.."

flags=(--traits Platform --explicit-target-dependency-import-check error)

# Many tests start processes or wait for them; all at once they would starve each other's deadlines.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4

step() { printf '\n==== %s\n' "$*"; }

step "format"
swift format lint --strict --recursive Package.swift Sources Tests

step "build"
swift build "${flags[@]}" --build-tests

step "tests of the targets"
swift test "${flags[@]}" --skip-build --skip EndToEndTests

# One after the other: these start hundreds of processes and fill disks, and what they measure is behaviour, not endurance.
step "tests of the program"
swift test "${flags[@]}" --skip-build --filter EndToEndTests --no-parallel
