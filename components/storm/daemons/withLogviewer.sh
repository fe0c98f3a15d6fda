# shellcheck shell=bash disable=SC2046
# Runs a supervisor and a logviewer, with "$@" as the arguments of both. A container is replaced when a byte of what follows changes.
trap 'kill "$supervisor" 2>/dev/null' TERM INT
storm supervisor "$@" &
supervisor=$!
while :; do storm logviewer "$@"; sleep 5; done &
status=0
while kill -0 "$supervisor" 2>/dev/null; do
  wait "$supervisor"
  status=$?
done
kill $(jobs -p) 2>/dev/null
exit "$status"
