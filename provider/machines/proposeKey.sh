# shellcheck shell=sh
# Creates the next host key, once, and prints its public half.
next=/etc/ssh/ssh_host_ed25519_key.next
[ -s "$next.pub" ] || {
    rm -f "$next"
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$next"
}
cut -d ' ' -f 1,2 "$next.pub"
