#!/usr/bin/env bash
# usage: install-packages.sh PACKAGE…
# Installs the named Debian packages that are missing; says so when it cannot.
set -euo pipefail

missing=()
for package in "$@"; do
    if command -v dpkg-query >/dev/null; then
        [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "error: these packages are missing and only root can install them: ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "installing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1
}
if ! install; then
    "${as_root[@]}" apt-get update >>"$log" 2>&1 || true
    if ! install; then
        cat "$log" >&2
        echo "error: apt-get could not install: ${missing[*]}" >&2
        exit 1
    fi
fi
