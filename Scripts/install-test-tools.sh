#!/usr/bin/env bash
# Installs what tests need beside Swift: Go with the WebSocket library of the Go SDK, tshark, xmllint, and Python with `websockets` in
# an environment of the repository's own. May be run again at any time.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
tools="$root/.build-tools"

"$root/Scripts/install-packages.sh" golang-go golang-nhooyr-websocket-dev python3-venv tshark libxml2-utils

mkdir -p "$tools"
if ! "$tools/venv/bin/python" -c 'import websockets' 2>/dev/null; then
    /usr/bin/python3 -m venv "$tools/venv"
    "$tools/venv/bin/pip" install --quiet --disable-pip-version-check 'websockets>=13,<17'
fi

echo "test tools are installed in $tools"
