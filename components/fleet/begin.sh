# shellcheck shell=bash disable=SC2034
# What a machine of a fleet begins its first start with, as root. A changed byte below replaces all machines of every fleet, by turns.
set -euo pipefail
umask 022
. ./metadata.sh

# Runs a command again while it fails, for at most five minutes: repositories and registries are not always reached at once.
again() {
    local pause
    for pause in 5 10 20 40 80 160; do
        "$@" && return
        sleep "$pause"
    done
    "$@"
}

again metadata local-ipv4 >/dev/null
address=$(metadata local-ipv4)
