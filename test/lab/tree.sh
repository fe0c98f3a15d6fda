#!/usr/bin/env bash
# Prints the folder of a base tree, which set-up makes: tree.sh bare | docker | services
#   bare      Debian with what any cloud image has: sshd, sudo, a user with it; no Docker
#   docker    bare, and Debian's docker.io
#   services  what a lab itself runs: name server and registry of images; docker.io, which fills images.sh's cache
set -euo pipefail
# shellcheck source=test/lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

kind=$1
suite=bookworm
packages=openssh-server,sudo,ca-certificates,curl,iproute2,iputils-ping,procps,netbase
case $kind in
    bare) ;;
    docker) packages+=,docker.io ;;
    services) packages=ca-certificates,docker.io,docker-registry,dnsmasq-base,iproute2,procps ;;
    *) fail "there is no tree $kind" ;;
esac

# This machine's own sources of the suite, which may be a mirror, and how it reaches them.
mapfile -t sources < <(grep -lsE "^[^#]*[ :]$suite( |\$)" /etc/apt/sources.list /etc/apt/sources.list.d/*)
apt_settings=$(apt-config dump 2>/dev/null | grep -E '^Acquire::(Check|https?::)[^ ]* ".' || true)
[ -z "${http_proxy:-}" ] || apt_settings+=$'\n'"Acquire::http::Proxy \"$http_proxy\";"

key=$(cat "${BASH_SOURCE[0]}" ${sources[@]+"${sources[@]}"} <(echo "$apt_settings") | sha256sum | cut -c 1-12)
tree=$cache/tree-$kind-$key

if to_be_made "$tree" "base tree $kind"; then
    command -v mmdebstrap >/dev/null || fail "mmdebstrap is missing: run scripts/setup lab"
    say "base tree $kind: Debian $suite, about a minute"
    began=$SECONDS
    settings=$(mktemp)
    trap 'rm -f "$settings"' EXIT
    echo "$apt_settings" >"$settings"
    rm -rf "$tree.new"
    # shellcheck disable=SC2016 # the hook's own $1
    quietly mmdebstrap --variant=minbase --include="$packages" --aptopt="$settings" \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook='
            cd "$1"
            # each host makes its own
            rm -f etc/ssh/ssh_host_* etc/machine-id
            chroot . useradd --create-home --shell /bin/bash storm
            if [ -d etc/sudoers.d ]; then echo "storm ALL=(ALL) NOPASSWD:ALL" >etc/sudoers.d/storm; fi
        ' "$suite" "$tree.new" ${sources[@]+"${sources[@]}"}
    mv "$tree.new" "$tree"
    say "base tree $kind: made ($((SECONDS - began)) s)"
fi
echo "$tree"
