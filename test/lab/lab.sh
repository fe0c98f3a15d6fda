#!/usr/bin/env bash
# Makes and removes what a lab's hosts share.
#   lab.sh claim LAB SUBNET OWNER   takes name and subnet; OWNER is the process that the lab lives as long as, or `kept`.
#                                   First removes labs whose owner was killed.
#   lab.sh up LAB IMAGES            its bridge, rules and services; IMAGES: the folder that images.sh printed, or empty
#   lab.sh remove LAB               everything of it, its hosts too; nothing where there is none
set -euo pipefail
# shellcheck source=test/lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

lab=$2 folder=$labs/$2 bridge=lab-$2

claim() {
    local subnet=$1 owner=$2 other
    mkdir -p "$labs"
    exec 9>"$labs/.lock"
    flock 9
    for other in "$labs"/*/owner; do
        other=$(dirname "$other")
        if left_behind "$other"; then
            say "$(basename "$other"): a killed run left it behind, removing it"
            "$here/lab.sh" remove "$(basename "$other")"
        fi
    done
    # One whose folder somebody deleted keeps its network
    for other in /sys/class/net/lab-*/bridge; do
        other=${other%/bridge} other=${other##*/lab-}
        if [ "$other" != '*' ] && [ ! -d "$labs/$other" ]; then
            say "$other: a lab without its folder, removing its network"
            "$here/lab.sh" remove "$other"
        fi
    done
    if [ -d "$folder" ]; then fail "there is a lab $lab already"; fi
    if [ -n "$(ip -4 route show "$subnet")" ] || cat "$labs"/*/subnet 2>/dev/null | grep -qx "$subnet"; then
        fail "this machine has a network $subnet already: give the lab another subnet"
    fi
    rm -rf "$folder.new"
    mkdir -p "$folder.new/hosts"
    echo "$subnet" >"$folder.new/subnet"
    if [ "$owner" = kept ]; then echo kept; else echo "$owner $(started "$owner")"; fi >"$folder.new/owner"
    mv "$folder.new" "$folder"
}

# left_behind FOLDER: whether the process that the lab lived as long as is gone; one that is kept has not outlived a reboot
left_behind() {
    local init=owner
    if [ "$(cat "$1/owner" 2>/dev/null || echo kept)" = kept ]; then init=services/init; fi
    [ -f "$1/$init" ] && ! lives "$1/$init"
}

# add_rules: what lets the lab's packets through this machine. Docker's daemon drops what is forwarded, also within a bridge.
add_rules() {
    iptables --wait -I INPUT -i "$bridge" -j ACCEPT
    iptables --wait -I FORWARD -i "$bridge" -j ACCEPT
    iptables --wait -I FORWARD -o "$bridge" -j ACCEPT
    iptables --wait --table nat -I POSTROUTING -s "$(<"$folder/subnet")" ! -o "$bridge" -j MASQUERADE
}

remove_rules() {
    local table rule
    for table in filter nat; do
        iptables-save --table "$table" | sed -n "/ $bridge /s/^-A //p" | while read -ra rule; do
            iptables --wait --table "$table" -D "${rule[@]}"
        done
    done
}

up() {
    local images=$1 subnet gateway bytes uplink tree name
    subnet=$(<"$folder/subnet")
    gateway=${subnet%.*}.1
    uplink=$(ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p;q')
    # Without a hardware address of its own it takes its links', another one with another link, and hosts lose it for a while.
    IFS=. read -ra bytes <<<"$gateway"
    ip link add "$bridge" address "$(printf '02:4b:%02x:%02x:%02x:%02x' "${bytes[@]}")" type bridge
    # Set, not added with it: an MTU that it is added with goes with the last link in it.
    ip link set "$bridge" mtu "$(cat "/sys/class/net/${uplink:-docker0}/mtu")"
    ip address add "$gateway/${subnet#*/}" dev "$bridge"
    ip link set "$bridge" up
    sysctl -q -w net.ipv4.ip_forward=1
    add_rules

    mkdir -p "$folder/services/seed"
    echo "$gateway" >"$folder/services/seed/gateway"
    tree=$("$here/tree.sh" services)
    # Hosts install packages: they get the addresses of where this machine's come from, and no other name of the outside.
    {
        printf '127.0.0.1\tlocalhost\n'
        cat "$tree"/etc/apt/sources.list.d/* "$tree/etc/apt/apt.conf.d/99mmdebstrap" | grep -v '^#' |
            grep -oE 'https?://[^/ :"]+' | sed 's|.*//||' | sort -u |
            while read -r name; do
                { getent ahostsv4 "$name" || true; } | awk -v name="$name" '$2 == "STREAM" { print $1, name; exit }'
            done
    } >"$folder/outside"
    cp "$folder/outside" "$folder/services/seed/hosts"
    [ -z "$images" ] || registry_settings "$gateway:5001" read-only >"$folder/services/seed/registry.yml"
    BINDS=${images:+$images/registry:/var/lib/docker-registry} launch "$folder/services" "$tree" "$here/services-init.sh"
    hear ready "$folder/services" 300
}

remove() {
    local link device file
    end "$folder"/hosts/*/init "$folder/services/init"
    while read -r device file; do
        # A device whose last mount has just gone may detach by itself.
        [[ $file != "$folder"/* ]] || losetup --detach "$device" || ! losetup "$device"
    done < <(losetup --list --noheadings --raw --output NAME,BACK-FILE)
    for link in /sys/class/net/"$bridge"-* /sys/class/net/"$bridge"; do
        [ ! -e "$link" ] || ip link delete "$(basename "$link")" 2>/dev/null || true
    done
    remove_rules
    remove_cgroups "$lab"
    rm -rf --one-file-system "$folder"
}

command=$1
shift 2
"$command" "$@"
