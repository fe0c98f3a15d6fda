# shellcheck shell=sh disable=SC2154
# Makes a directory for a container's data. Given: path; owner, as user:group.

if [ ! -d "$path" ] && { [ -e "$path" ] || [ -L "$path" ]; }; then
    fail 18 "$path is not a directory: move it away, or choose another directory for the data"
fi
mkdir -p "$path"
if [ "$(stat -L -c %u:%g:%a "$path")" = "$owner:750" ]; then
    say "directory $path is there"
else
    chown "$owner" "$path"
    chmod 750 "$path"
    say "directory $path now belongs to $owner"
fi
