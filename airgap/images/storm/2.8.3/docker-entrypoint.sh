#!/bin/bash
# Keeps the contract of the official image's entrypoint: a small storm.yaml where none is there, then the command.
set -euo pipefail

# Volumes may belong to anyone; as another user than root (--user) the container takes them as they are.
if [[ "$(id -u)" == 0 && "${1:-}" == storm ]]; then
  chown -R storm:storm "$STORM_CONF_DIR" "$STORM_DATA_DIR" "$STORM_LOG_DIR"
  exec gosu storm "$0" "$@"
fi

if [[ ! -f "$STORM_CONF_DIR/storm.yaml" ]]; then
  {
    echo "storm.zookeeper.servers: [zookeeper]"
    echo "nimbus.seeds: [nimbus]"
    echo "storm.log.dir: \"$STORM_LOG_DIR\""
    echo "storm.local.dir: \"$STORM_DATA_DIR\""
  } >"$STORM_CONF_DIR/storm.yaml"
fi

exec "$@"
