# shellcheck shell=sh
# Runs the script in $1 as root.
user=$(id -un)
[ "$(id -u)" != 0 ] || exec sh -c "$1" sh "$user"
sudo -n true 2>/dev/null || {
    echo "user $user is not root and may not use sudo without a password: connect as root, or let root install sudo and" \
        "write '$user ALL=(ALL) NOPASSWD: ALL' into /etc/sudoers.d/storm" >&2
    exit 10
}
exec sudo -n sh -c "$1" sh "$user"
