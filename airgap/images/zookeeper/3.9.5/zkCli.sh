#!/bin/bash
# Stands in for ZooKeeper's own bin/zkCli.sh, which no package registry serves.
set -euo pipefail

# shellcheck disable=SC2086 # both hold several flags
exec java -cp "$ZOOCFGDIR:/zookeeper/lib/*" -Xmx256m ${CLIENT_JVMFLAGS:-} ${JVMFLAGS:-} \
  org.apache.zookeeper.ZooKeeperMain "$@"
