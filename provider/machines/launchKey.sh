#!/bin/sh
# Gives sshd a host key that is known beforehand. The first contact exchanges it for one that was made here.
set -eu
key=/etc/ssh/ssh_host_ed25519_key
umask 077
rm -f "$key" "$key.pub"
cat >"$key" <<'END'
PRIVATE_KEY
END
ssh-keygen -y -f "$key" >"$key.pub"
# All of Pulumi's connections at once, which go through a bastion too.
[ ! -d /etc/ssh/sshd_config.d ] || echo 'MaxStartups MAX_STARTUPS' >/etc/ssh/sshd_config.d/10-storm-docker.conf
. ./reloadSshd.sh
reload_sshd
