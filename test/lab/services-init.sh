#!/usr/bin/env bash
# First process of a lab's services, which run in the machine's own network: name server and registry of images on the lab's gateway.
# The name server knows /etc/hosts, forwards nothing, and says at once that there is no other name: what asks for reverse names,
# as ZooKeeper's client does, would else wait.
set -uo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
gateway=$(cat /run/seed/gateway)

cp /run/seed/hosts /etc/hosts
dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file=/run/dnsmasq.pid --bind-interfaces --listen-address="$gateway" \
    --no-resolv --address=/#/ --bogus-priv --log-facility=- &
[ ! -f /run/seed/registry.yml ] || docker-registry serve /run/seed/registry.yml &

until ss -Hltn "src $gateway:53" | grep -q . && { [ ! -f /run/seed/registry.yml ] || ss -Hltn "src $gateway:5001" | grep -q .; }; do
    sleep 0.05
    [ "$(jobs -rp | wc -l)" = "$(jobs -p | wc -l)" ] || exit 1
done
echo ready >&3
exec 3>&-
wait
