# shellcheck shell=bash
# Prints the major version of Storm that has written a daemon's data, empty if none has; whether there is a copy in the folder $1 below
# its /data; KiB of the data in its directories, which are the rest; and KiB that are free for a copy.
folder=$1
shift
version=$(cat /data/storm-major-version 2>/dev/null) || true
[ -d "/data/$folder" ] && copy=true || copy=false
used=$(du --summarize --total --block-size=1K --exclude='before-storm-*' "$@" | tail -n 1 | cut -f 1)
free=$(df --output=avail --block-size=1K /data | tail -n 1)
echo "{\"version\": \"$version\", \"copy\": $copy, \"used\": $used, \"free\": $free}"
