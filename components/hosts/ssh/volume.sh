# shellcheck shell=sh disable=SC2154
# Mounts a volume. Given: device, its path; directory, where it is mounted.

for _ in $(seq 60); do
    [ ! -b "$device" ] || break
    sleep 1
done
[ -b "$device" ] || fail 20 "no volume shows up as $device; on EC2 that takes an instance type of the Nitro system, such as t3 or m6i"

install_e2fsprogs() {
    if command -v dnf >/dev/null; then
        dnf -y install e2fsprogs
    else
        apt-get update && apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 e2fsprogs
    fi
}
command -v mkfs.ext4 >/dev/null || said=$(install_e2fsprogs 2>&1) ||
    fail 20 "mkfs.ext4 is missing here, and e2fsprogs could not be installed: $(echo "$said" | tail -n 15)"

# Blocks that nobody has written need not be zeros, so signatures tell what is blank. By blkid's exit code, 2 is no signature, and 8 several
# that exclude each other. wipefs shows those, and partition tables.
code=0
found=$(blkid --probe --match-tag TYPE --output value "$device") || code=$?
if [ "$code $found" != "0 ext4" ]; then
    found=$(wipefs --no-act --noheadings --output TYPE "$device")
    if [ "$code" != 2 ] || [ -n "$found" ]; then
        found=$(echo "${found:-unreadable}" | awk '!seen[$0]++ { printf "%s%s", blank, $0; blank = " " }')
        fail 21 "the volume $device is not blank ($found) and no ext4: it is left as it is." \
            "If nobody needs what is on it, run wipefs --all $device there and update again"
    fi
    # The first copy of the superblock, where mkfs.ext4 puts it on volumes of 512 MiB and more.
    ! dumpe2fs -h -o superblock=32768 -o blocksize=4096 "$device" >/dev/null 2>&1 ||
        fail 25 "the volume $device had ext4, whose superblock is damaged: it is left as it is. Repair it there by e2fsck -b 32768 $device"
    mkfs.ext4 -q "$device"
    say "volume $device: was blank, has a file system now"
fi

mkdir -p "$directory"
line="$device $directory ext4 defaults,nofail 0 2"
grep -qxF "$line" /etc/fstab || echo "$line" >>/etc/fstab
if [ -d /run/systemd/system ]; then
    mkdir -p /etc/systemd/system/docker.service.d
    printf '[Unit]\nRequiresMountsFor=%s\n' "$directory" >/etc/systemd/system/docker.service.d/10-storm-volume.conf
    systemctl daemon-reload
fi
if ! mountpoint -q "$directory"; then
    [ -z "$(ls -A "$directory")" ] || fail 22 "$directory is not empty, the volume $device would hide what is in it: move that away"
    mount "$directory"
fi
[ "$(stat -L -c %t:%T "$device")" = "$(stat -c %d "$directory" | awk '{ printf "%x:%x", int($1 / 256), $1 % 256 }')" ] ||
    fail 22 "something else than $device is mounted at $directory"
said=$(resize2fs "$device" 2>&1) || fail 22 "the file system of $device cannot be brought to the volume's size: $said"
say "volume $device is mounted at $directory"
