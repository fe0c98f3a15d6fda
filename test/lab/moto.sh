#!/usr/bin/env bash
# Installs moto, which answers as AWS does, from PyPI, once, and prints the folder of its virtual environment: moto.sh
set -euo pipefail
# shellcheck source=test/lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=5.2.5
moto=$cache/moto-$version

one_at_a_time moto
if [ ! -d "$moto" ]; then
    python3 -c 'import venv, ensurepip' 2>/dev/null || fail "python3-venv is missing: run scripts/setup lab"
    say "moto $version: installing, about half a minute"
    rm -rf "$moto.new"
    quietly python3 -m venv "$moto.new"
    quietly "$moto.new/bin/pip" install --quiet "moto[server]==$version"
    mv "$moto.new" "$moto"
fi
echo "$moto"
