#!/usr/bin/env bash
# Prints the folder of the virtual environment of one of the programs below, which set-up installs from PyPI: pypi.sh NAME
set -euo pipefail
# shellcheck source=test/lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case $1 in
    moto) requirement="moto[server]" version=5.2.5 ;; # answers as AWS does
    kazoo) requirement=kazoo version=2.10.0 ;;      # a client of ZooKeeper
esac
folder=$cache/$1-$version

if to_be_made "$folder" "$1 $version"; then
    python3 -c 'import venv, ensurepip' 2>/dev/null || fail "python3-venv is missing: run scripts/setup lab"
    say "$1 $version: installing, less than a minute"
    began=$SECONDS
    rm -rf "$folder.new"
    quietly python3 -m venv "$folder.new"
    quietly "$folder.new/bin/pip" install --quiet "$requirement==$version"
    mv "$folder.new" "$folder"
    say "$1 $version: installed ($((SECONDS - began)) s)"
fi
echo "$folder"
