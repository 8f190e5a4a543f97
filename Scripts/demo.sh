#!/usr/bin/env bash
# usage: demo.sh PROGRAM
# The main job, as a newcomer would do it: plans over a shaped network, their verdicts, and where the outputs are.
set -euo pipefail
cd "$(dirname "$0")/.."

program=$(realpath "$1")
export TESTGROUND_HOME=${TESTGROUND_HOME:-$PWD/.build/demo-home}
mkdir -p "$TESTGROUND_HOME"

show() {
    printf '\n$ testground %s\n' "$*"
    "$program" "$@"
}

if [ -w /dev/net/tun ] && { [ "$(id -u)" = 0 ] || unshare --user --net true 2> /dev/null; }; then
    show run single --plan Plans/network --testcase ping-pong --instances 2
else
    printf '\nShaped networks need root, or user namespaces and a writable /dev/net/tun: not shown here.\n'
fi
show run single --plan Plans/example --testcase sync --instances 5
show run single --plan Plans/benchmarks --testcase barrier --instances 50
show tasks
printf '\nEverything the instances wrote is below %s\n' "$TESTGROUND_HOME/data/outputs"
