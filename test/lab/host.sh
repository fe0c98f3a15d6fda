#!/usr/bin/env bash
# Powers a host on and off, and sets its network.
#   host.sh on FOLDER      boots it and waits until it is up; environment: see below
#   host.sh off FOLDER     kills everything in it at once
#   host.sh rules FOLDER   brings FOLDER/rules (for iptables-restore, chain LAB) into its iptables
#   host.sh address FOLDER, host.sh public FOLDER, host.sh rate FOLDER    gives it the ADDRESS, the PUBLIC_ADDRESS, the RATE
# Environment: BASE, the tree under its file system, and what boot.sh takes; BRIDGE and LINK, network devices of the machine;
# ADDRESS with prefix length, GATEWAY, MAC; PUBLIC_ADDRESS, a further address, or empty; RATE as tc takes it, or empty; MEMORY_MIB, limit of all that runs in it, or empty
set -euo pipefail
# shellcheck source=test/lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

folder=$2

# inside COMMAND...: this machine's command in the host's network
inside() { nsenter --net="/proc/$(cut -d ' ' -f 1 "$folder/init")/ns/net" "$@"; }

on() {
    local pid mtu limit
    if lives "$folder/init"; then fail "$(basename "$folder") is on"; fi
    launch "$folder" "$BASE" "$here/init.sh" --net
    limit_memory
    read -r pid _ <"$folder/init"
    mtu=$(cat "/sys/class/net/$BRIDGE/mtu")
    ip link add "$LINK" mtu "$mtu" type veth peer name eth0 mtu "$mtu" address "$MAC" netns "$pid"
    ip link set "$LINK" master "$BRIDGE" up
    inside ip link set lo up
    inside sysctl -q -w net.ipv6.conf.eth0.disable_ipv6=1
    inside iptables-restore --noflush <<<"*filter
:LAB - [0:0]
-I INPUT -j LAB
COMMIT
*raw
:LAB - [0:0]
-I PREROUTING -j LAB
-I OUTPUT -j LAB
COMMIT"
    rules
    rate
    address
    # User data may install Docker.
    if [ -f "$folder/seed/user-data" ]; then limit=900; fi
    hear ready "$folder" "${limit:-300}"
}

off() {
    end "$folder/init"
    # It goes with the other end, but not at once.
    ip link delete "$LINK" 2>/dev/null || true
    remove_cgroups "${folder#"$labs/"}"
}

rules() { inside iptables-restore --noflush --wait <"$folder/rules"; }

rate() {
    if [ -n "$RATE" ]; then
        tc qdisc replace dev "$LINK" root tbf rate "$RATE" burst 64kb latency 400ms
        inside tc qdisc replace dev eth0 root tbf rate "$RATE" burst 64kb latency 400ms
    else
        tc qdisc delete dev "$LINK" root 2>/dev/null || true
        inside tc qdisc delete dev eth0 root 2>/dev/null || true
    fi
}

address() {
    # The link goes down, so that when it comes up the others are told (arp_notify) who has the address now.
    inside sysctl -q -w net.ipv4.conf.eth0.arp_notify=1
    inside ip link set eth0 down
    inside ip address flush dev eth0
    inside ip address add "$ADDRESS" dev eth0
    inside ip link set eth0 up
    inside ip route add default via "$GATEWAY"
    public
}

public() {
    inside ip address flush dev eth0 label eth0:public
    [ -z "$PUBLIC_ADDRESS" ] || inside ip address add "$PUBLIC_ADDRESS/32" dev eth0 label eth0:public
}

limit_memory() {
    local mounted cgroup
    [ -n "${MEMORY_MIB:-}" ] || return 0
    for mounted in $(cgroups); do
        cgroup=$mounted/storm-lab/${folder#"$labs/"}
        if [ -f "$cgroup/memory.limit_in_bytes" ]; then
            echo "${MEMORY_MIB}M" >"$cgroup/memory.limit_in_bytes"
        elif [ -f "$cgroup/memory.max" ]; then
            echo "${MEMORY_MIB}M" >"$cgroup/memory.max"
        fi
    done
}

"$1"
