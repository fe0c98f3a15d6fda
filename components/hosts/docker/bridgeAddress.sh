# shellcheck shell=sh
# Prints the address that the machine has on Docker's own bridge.
device=$(docker network inspect --format '{{index .Options "com.docker.network.bridge.name"}}' bridge)
address=$(ip -4 -oneline address show dev "$device" | sed -n 's/.* inet \([0-9.]*\).*/\1/p')
[ -n "$address" ] ||
    fail 20 "Docker has no network bridge, which Nimbus is to be reached through alone: take bridge out of /etc/docker/daemon.json"
echo "$address"
