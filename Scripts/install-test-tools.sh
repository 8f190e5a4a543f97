#!/usr/bin/env bash
# Installs what the conformance tests of the sync service and the test of a Go plan need beside Swift: Go with the WebSocket library of the Go SDK, and
# Python with `websockets`. May be run again at any time; needs root for the first half.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
tools="$root/.build-tools"

packages=(golang-go golang-nhooyr-websocket-dev python3-venv)
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

mkdir -p "$tools"
if ! "$tools/venv/bin/python" -c 'import websockets' 2>/dev/null; then
    /usr/bin/python3 -m venv "$tools/venv"
    "$tools/venv/bin/pip" install --quiet --disable-pip-version-check 'websockets>=13,<17'
fi

echo "test tools are installed in $tools"
