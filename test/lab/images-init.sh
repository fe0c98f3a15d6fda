#!/usr/bin/env bash
# First process of images.sh's workshop, which has a network of its own: a registry on a loopback address, and a Docker that pulls from it.
# In the machine's network this Docker would take the bridge docker0 away from the machine's own.
set -uo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
registry=$(cat /run/seed/registry)
ip link set lo up
docker-registry serve /run/seed/registry.yml 3>&- &
dockerd --bridge=none --iptables=false --registry-mirror="http://$registry" 3>&- &
until docker version >/dev/null 2>&1; do sleep 0.1; done
echo ready >&3
exec 3>&-
wait
