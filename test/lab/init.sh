#!/usr/bin/env bash
# A host's init, its first process: sets the machine up at its first boot, as a cloud image does, then starts runlevel 2.
# There is no systemd in a host. What is killed here ends with everything that it started.
set -uo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
seed=/run/seed

first_boot() {
    local user home
    echo "first boot"
    cp $seed/hostname /etc/hostname
    cp $seed/resolv.conf /etc/resolv.conf
    printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' >/etc/hosts
    for user in root storm; do
        home=$(getent passwd $user | cut -d : -f 6)
        install -d -m 700 -o $user -g $user "$home/.ssh"
        install -m 600 -o $user -g $user $seed/authorized_keys "$home/.ssh/authorized_keys"
    done
    if [ -f $seed/no-sudo ]; then rm /etc/sudoers.d/storm; fi
    if [ -f $seed/daemon.json ]; then install -D -m 644 $seed/daemon.json /etc/docker/daemon.json; fi
    if [ -f $seed/old-docker ]; then
        install $seed/old-docker /usr/bin/docker
        install $seed/old-docker /usr/bin/dockerd
    fi
    # Docker's start script is not to mount cgroup hierarchies beside those that are there: they would be the whole machine's.
    echo 'cgroup /sys/fs/cgroup cgroup defaults 0 0' >/etc/fstab
    # And it gives up where it may not raise its limits, as root may not on some machines that a lab runs on.
    # shellcheck disable=SC2016 # for the script
    echo 'ulimit() { command ulimit "$@" 2>/dev/null || true; }' >/lib/lsb/init-functions.d/50-lab
    # Before they start a service, packages look for an init, and ask for the runlevel; systemd's command, which may come with
    # docker.io, would answer that there is none.
    cp /run/init /sbin/init
    dpkg-divert --quiet --local --rename --add /sbin/runlevel
    printf '#!/bin/sh\necho N 2\n' >/sbin/runlevel
    chmod 755 /sbin/runlevel
    ssh-keygen -q -A
}

[ -f /etc/ssh/ssh_host_ed25519_key ] || first_boot
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    # Version 2 shares controllers only out of a cgroup without processes.
    mkdir /sys/fs/cgroup/init
    echo 0 >/sys/fs/cgroup/init/cgroup.procs
    sed 's/[^ ]\+/+&/g' /sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
fi
hostname "$(cat /etc/hostname)"
until ip -4 -oneline address show dev eth0 2>/dev/null | grep -q inet; do sleep 0.05; done

# /dev is new at each boot; of a disk's file systems, those on such devices are not mounted yet.
if [ -f $seed/devices ]; then
    bash $seed/devices
    mount --all --types ext4
fi
for service in /etc/rc2.d/S*; do
    # Not with 3, at which host.sh hears this.
    "$service" start 3>&-
done
if [ -x /etc/init.d/docker ]; then
    tries=2400
    until curl --silent --fail --output /dev/null --unix-socket /run/docker.sock http://docker/_ping; do
        tries=$((tries - 1))
        if [ $tries = 0 ]; then
            echo "its Docker does not answer: $(tail -n 1 /var/log/docker.log)" >&3
            break
        fi
        sleep 0.1
    done
fi
if [ -f $seed/user-data ] && [ ! -e /var/lib/user-data-was-run ]; then
    touch /var/lib/user-data-was-run
    # As cloud-init does: what is compressed is decompressed, and HOME is not set.
    install -m 700 /dev/null /run/user-data
    gzip --decompress --force --stdout <$seed/user-data >/run/user-data
    env --unset=HOME /run/user-data 3>&-
fi
echo ready >&3
exec 3>&-

# Bash reaps what is left to it as long as it runs.
while :; do
    sleep infinity &
    wait
done
