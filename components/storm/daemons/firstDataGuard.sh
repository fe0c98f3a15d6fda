# shellcheck shell=bash disable=SC2012
# Stops a container whose data is of another major version of Storm: the script of the first revision. A container is replaced when a byte
# of what follows changes.
home=$(dirname "$(dirname "$(readlink -f "$(command -v storm)")")")
own=$(ls "$home/lib" | sed -nE 's/^storm-core-([0-9]+)\..*\.jar$/\1/p' | head -n 1)
data=$(cat /data/storm-major-version 2>/dev/null || echo "$own")
if [ "$data" != "$own" ]; then
  echo "The data of $HOSTNAME was written by Storm $data, and this image is of Storm $own, which cannot read it: nothing was changed." \
    "Go back to an image of Storm $data, or remove the cluster with its data (make down DATA=yes), or make a stack of its own for Storm $own." >&2
  exit 78
fi
[ -z "$own" ] || echo "$own" >/data/storm-major-version
