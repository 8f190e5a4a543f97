#!/usr/bin/env bash
# Measures speed and memory against controls of the same run; prints medians and spreads. Needs an otherwise idle machine.
set -euo pipefail
cd "$(dirname "$0")/.."

swift build --traits Platform -c release --product testground
swift build -c release --package-path Plans/placebo -Xswiftc -static-stdlib
swift build -c release --package-path Benchmarks -Xswiftc -static-stdlib

uname -srm
printf '%s processors\n\n' "$(nproc)"
.build/release/testground version
Benchmarks/.build/release/StartToVerdict "$PWD/.build/release/testground" "$PWD/Plans/placebo" \
    "$PWD/Plans/placebo/.build/release/placebo"

Benchmarks/.build/release/SyncBenchmark .build/release/testground sync-service --listen 127.0.0.1:%p

if [ "$(id -u)" = 0 ] && [ -w /dev/net/tun ]; then
    Benchmarks/.build/release/NetworkBenchmark "$PWD/.build/release/testground" "$PWD/Benchmarks/.build/release/NetworkProbe"
else
    echo "the network's benchmark needs root and a writable /dev/net/tun: left out"
fi
