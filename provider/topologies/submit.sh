# shellcheck shell=bash
# Submits a topology, from a container with the storm.yaml of another. Stdin brings archives: that file, the other's folder `certificates`
# where Nimbus speaks TLS, and the files that the topology's arguments name, if there are any, in a folder `files`. $1 and $2 are Nimbus's
# seeds and port; the rest is for "storm jar".
export STORM_CONF_DIR=/tmp
# Without the option tar would stop at the end of the first archive.
tar --ignore-zeros -xf - -C /tmp || exit
port=nimbus.thrift.port
if [ -d /tmp/certificates ]; then
  port=nimbus.thrift.tls.port
  sed -i 's,: /certificates/,: /tmp/certificates/,' /tmp/storm.yaml
fi
grep -q '^nimbus.seeds:' /tmp/storm.yaml || echo "nimbus.seeds: $1" >>/tmp/storm.yaml
sed -i "/^$port:/d" /tmp/storm.yaml
echo "$port: $2" >>/tmp/storm.yaml
[ ! -d /tmp/files ] || cd /tmp/files || exit
shift 2
exec storm jar "$@" 2>&1
