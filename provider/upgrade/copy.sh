# shellcheck shell=bash
# Copies a daemon's data into the folder $1, below its /data; the rest are its directories. The copy is complete once it has that name,
# and is repeated until it is the same as the data: a ZooKeeper that serves may write meanwhile.
set -e
copy=/data/$1
shift
rm -rf "$copy"
for _ in $(seq 10); do
  rm -rf "$copy.partial"
  for directory in "$@"; do
    mkdir -p "$copy.partial$directory"
    tar -C "$directory" --exclude='./before-storm-*' -cf - . | tar -C "$copy.partial$directory" -xf -
  done
  same=yes
  for directory in "$@"; do
    diff -rq --no-dereference --exclude='before-storm-*' "$directory" "$copy.partial$directory" || same=no
  done
  if [ "$same" = yes ]; then
    mv "$copy.partial" "$copy"
    exit
  fi
  sleep 1
done
echo "the data changes all the time" >&2
exit 1
