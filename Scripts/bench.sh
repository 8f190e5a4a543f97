#!/usr/bin/env bash
# Measures speed and memory against controls of the same run; prints medians and spreads. Needs an otherwise idle machine.
set -euo pipefail
cd "$(dirname "$0")/.."

swift build --traits Platform -c release --product testground
swift build -c release --package-path Plans/placebo -Xswiftc -static-stdlib
swift build -c release --package-path Benchmarks

uname -srm
printf '%s processors\n\n' "$(nproc)"
.build/release/testground version
Benchmarks/.build/release/StartToVerdict "$PWD/.build/release/testground" "$PWD/Plans/placebo" \
    "$PWD/Plans/placebo/.build/release/placebo"

Benchmarks/.build/release/SyncBenchmark .build/release/testground sync-service --listen 127.0.0.1:%p
