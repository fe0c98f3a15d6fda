# shellcheck shell=sh disable=SC2154
# Mounts a volume. Given: device, its path; directory, where it is mounted.

for _ in $(seq 60); do
    [ ! -b "$device" ] || break
    sleep 1
done
[ -b "$device" ] || fail 20 "no volume shows up as $device; on EC2 that takes an instance type of the Nitro system, such as t3 or m6i"

# Whatever blkid does not know is still somebody's data.
is_blank() { cmp -s -n 16777216 "$device" /dev/zero; }

found=$(blkid --probe --match-tag TYPE --output value "$device" || true)
if [ -z "$found" ] && is_blank; then
    command -v mkfs.ext4 >/dev/null || fail 20 "mkfs.ext4 is missing here: install e2fsprogs"
    mkfs.ext4 -q "$device"
    say "volume $device: was blank, has a file system now"
elif [ "$found" != ext4 ]; then
    fail 21 "the volume $device is not blank (${found:-unknown data}) and no ext4: it is left as it is"
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
