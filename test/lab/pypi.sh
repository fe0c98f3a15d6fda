#!/usr/bin/env bash
# Prints the folder of the virtual environment of one of the programs below, which set-up installs from PyPI: pypi.sh NAME
set -euo pipefail
# shellcheck source=test/lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case $1 in
    moto) requirements=("moto[server]==5.2.5" croniter==6.0.0) ;; # answers as AWS does; cron
    kazoo) requirements=(kazoo==2.10.0) ;;                        # a client of ZooKeeper
esac
folder=$cache/$1-$(echo "${requirements[*]}" | sha256sum | head -c 12)

if to_be_made "$folder" "${requirements[*]}"; then
    python3 -c 'import venv, ensurepip' 2>/dev/null || fail "python3-venv is missing: run scripts/setup lab"
    say "${requirements[*]}: installing, less than a minute"
    began=$SECONDS
    rm -rf "$folder.new"
    quietly python3 -m venv "$folder.new"
    quietly "$folder.new/bin/pip" install --quiet "${requirements[@]}"
    mv "$folder.new" "$folder"
    say "${requirements[*]}: installed ($((SECONDS - began)) s)"
fi
echo "$folder"
