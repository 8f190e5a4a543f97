#!/usr/bin/env bash
# Installs the Debian packages that building needs, those that are missing only.
set -euo pipefail

packages=(pkg-config libc6-dev libarchive-dev libsqlite3-dev)

if ! command -v swift >/dev/null; then
    echo "error: no Swift toolchain found; install Swift 6.2 or later (https://www.swift.org/install) and run this again" >&2
    exit 1
fi
exec "$(dirname "$0")/install-packages.sh" "${packages[@]}"
