# shellcheck shell=bash
# Has a supervisor forget who it was when its name changes. NAME stands for that name, quoted, as it always has: a container is replaced
# when a byte of what follows changes.
if [ "$(cat /data/storm-hostname 2>/dev/null)" != NAME ]; then
  rm -rf /data/supervisor/isupervisor /data/supervisor/localstate /data/workers /data/workers-users
  echo NAME >/data/storm-hostname
fi
