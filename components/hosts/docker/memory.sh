# shellcheck shell=sh disable=SC2154
# Compares the machine's memory with what is placed here. Given, in MiB: needed, of the heaps; wanted, of the containers' limits.

there=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
[ "$there" -ge "$needed" ] ||
    fail 19 "the heaps of the daemons placed here need $needed MiB, this machine has $there MiB: place fewer here, or lower storm:heap or storm:slots"
[ "$there" -ge "$wanted" ] ||
    say "warning: the daemons placed here may use $wanted MiB, this machine has $there MiB: should they all be busy, it may run short"
