#!/bin/bash
# Stands in for ZooKeeper's own bin/zkServer.sh, which no package registry serves: start-foreground and status.
set -euo pipefail

config=$ZOOCFGDIR/zoo.cfg

# setting KEY: its value in zoo.cfg; dots in KEY may stand for any character, which does no harm here
setting() {
  sed -n "s/^ *$1 *= *//p" "$config" | tail -n 1
}

case ${1:-} in
  start-foreground)
    # the class path begins with the archive's (see archive); few live long enough for the second compiler
    # shellcheck disable=SC2086 # both hold several flags; the later -Xmx counts, so JVMFLAGS overrides ZK_SERVER_HEAP
    exec java "-Dzookeeper.log.dir=$ZOO_LOG_DIR" -XX:+HeapDumpOnOutOfMemoryError -XX:+ExitOnOutOfMemoryError \
      -XX:SharedArchiveFile=/zookeeper/lib.jsa -XX:TieredStopAtLevel=1 -cp "/zookeeper/lib/*:$ZOOCFGDIR" \
      "-Xmx${ZK_SERVER_HEAP:-1000}m" ${SERVER_JVMFLAGS:-} ${JVMFLAGS:-} \
      org.apache.zookeeper.server.quorum.QuorumPeerMain "$config"
    ;;
  status)
    port=$(setting clientPort)
    if [[ -z $port ]]; then
      # server.N=host:2888:3888;2181, or with an address before the port
      port=$(setting "server.$(<"$ZOO_DATA_DIR/myid")")
      port=${port##*[;:]}
    fi
    echo "Using config: $config"
    if ! nc -w 5 localhost "${port:-2181}" <<<srvr | grep ^Mode; then
      echo "Error contacting service. It is probably not running."
      exit 1
    fi
    ;;
  *)
    echo "usage: zkServer.sh {start-foreground|status}" >&2
    exit 2
    ;;
esac
