# shellcheck shell=bash
# Submits a topology, from a container with the storm.yaml of another, which stdin brings. $1 and $2 are Nimbus's seeds and port; the rest is
# for "storm jar".
export STORM_CONF_DIR=/tmp
tar -xf - -C /tmp || exit
grep -q '^nimbus.seeds:' /tmp/storm.yaml || echo "nimbus.seeds: $1" >>/tmp/storm.yaml
sed -i '/^nimbus.thrift.port:/d' /tmp/storm.yaml
echo "nimbus.thrift.port: $2" >>/tmp/storm.yaml
shift 2
exec storm jar "$@" 2>&1
