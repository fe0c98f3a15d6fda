#!/usr/bin/env bash
# First process in the new namespaces of a host (or of a lab's services): puts its file system together and hands over to its init.
#   boot.sh FOLDER TREE INIT
# DISK_MIB: the disk is a file system of that size; IMAGES: a folder which Docker's data start from; BINDS: "SOURCE:TARGET ...";
# STORM_BIND: not empty where Storm's data lie on the disk
set -euo pipefail
# shellcheck source=test/lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

folder=$1 tree=$2 init=$3
disk=$folder/disk root=$folder/root

# /proc is still the machine's, which counts this process otherwise than its own namespace does.
read -r pid _ </proc/self/stat
echo "$pid $(started "$pid")" >"$folder/init"

mkdir -p "$disk"
if [ -n "${DISK_MIB:-}" ]; then
    if [ ! -f "$disk.ext4" ]; then
        truncate --size "${DISK_MIB}M" "$disk.ext4"
        mkfs.ext4 -q -m 0 "$disk.ext4"
    fi
    mount -o loop "$disk.ext4" "$disk"
fi
if [ ! -d "$disk/upper" ]; then
    rm -rf "$disk/docker"
    mkdir -p "$disk/work" "$disk/docker" "$disk/storm"
    if [ -n "${IMAGES:-}" ]; then
        # Nobody writes into layers of images, so hard links do; they do not reach into another file system.
        [ -n "${DISK_MIB:-}" ] || link=--link
        cp -a ${link:+"$link"} "$IMAGES/overlay2" "$disk/docker/"
        cp -a "$IMAGES/image" "$disk/docker/"
    fi
    mkdir "$disk/upper"
fi

mount -t overlay overlay -o "lowerdir=$tree,upperdir=$disk/upper,workdir=$disk/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
    IFS=: read -r name major minor <<<"$device"
    mknod --mode=666 "$root/dev/$name" c "$major" "$minor"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for number in 0:stdin 1:stdout 2:stderr; do
    ln -s "/proc/self/fd/${number%:*}" "$root/dev/${number#*:}"
done

# overlay2 does not work on an overlay: Docker's data, and Storm's, lie on the disk itself.
for bind in "$disk/docker:/var/lib/docker" ${STORM_BIND:+"$disk/storm:/var/lib/storm"} ${BINDS:-}; do
    mkdir -p "$root${bind#*:}"
    mount --bind "${bind%%:*}" "$root${bind#*:}"
done

# Docker wants to see cgroups: those made for this host, as if they were the machine's.
enter_cgroups "${folder#"$labs/"}"
for mounted in $(cgroups); do
    own=$mounted/storm-lab/${folder#"$labs/"}
    if [ "$mounted" != /sys/fs/cgroup ] && ! mountpoint -q "$root/sys/fs/cgroup"; then
        mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
        find /sys/fs/cgroup -maxdepth 1 -type l -exec cp -P {} "$root/sys/fs/cgroup/" \;
    fi
    [ "$mounted" = /sys/fs/cgroup ] || mkdir "$root$mounted"
    mount --bind "$own" "$root$mounted"
done

if [ -d "$folder/seed" ]; then
    cp -R "$folder/seed" "$root/run/seed"
fi
cp "$init" "$root/run/init"
echo booted >&3
cd "$root"
pivot_root . .
umount --lazy .
exec unshare --cgroup chroot . bash /run/init
