# shellcheck shell=bash
# Stops a container whose data is of another major version of Storm, unless an update has prepared the data for it
# (provider/upgrade/cluster.ts). A container is replaced when a byte of what follows changes.
. ../../../provider/machines/stormVersion.sh
own=${version%%.*}
data=$(cat /data/storm-major-version 2>/dev/null || echo "$own")
if [ "$data" != "$own" ] && [ "$(cat /data/storm-upgrade-to 2>/dev/null)" != "$own" ]; then
  echo "The data of $HOSTNAME was written by Storm $data, and this image has Storm $own: nothing was changed." \
    "Go back to an image of Storm $data: from Storm 2 on, an update to the next major version is possible then (allowMajorVersion)." \
    "Or remove the cluster with its data (make down DATA=yes), or create another stack for Storm $own." >&2
  exit 78
fi
rm -f /data/storm-upgrade-to
[ -z "$own" ] || echo "$own" >/data/storm-major-version
