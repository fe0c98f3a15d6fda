# shellcheck shell=sh
# Puts the next host key in place of the other one.
key=/etc/ssh/ssh_host_ed25519_key
if [ -e "$key.next" ]; then
    mv -f "$key.next" "$key"
    mv -f "$key.next.pub" "$key.pub"
fi
. ./reloadSshd.sh
reload_sshd
