# shellcheck shell=sh
# What every script on a machine starts with. Progress goes to stdout; a failure is one line on stderr and an exit code of its own.
set -eu
umask 022
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

say() { echo "$*"; }
fail() {
    code=$1
    shift
    echo "$*" >&2
    exit "$code"
}
