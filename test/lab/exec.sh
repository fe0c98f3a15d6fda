#!/usr/bin/env bash
# Runs a bash command as root inside a host, or a lab's services: exec.sh FOLDER COMMAND
set -euo pipefail
# shellcheck source=test/lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

folder=$1 command=$2
lives "$folder/init" || fail "$(basename "$folder") is off"
# What the command starts and leaves behind, a dockerd too, is to be the host's in every respect.
join_cgroups "${folder#"$labs/"}"
exec nsenter --target "$(cut -d ' ' -f 1 "$folder/init")" --all \
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root bash -c "$command"
