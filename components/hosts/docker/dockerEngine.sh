# shellcheck shell=sh disable=SC2154
# Makes sure of Docker Engine. Given: user, who logs in; minimum, the version; needed, the free MiB; startups, sshd's MaxStartups;
# wanted, the text of daemon.json; keys, those that somebody else's should have.
#
# Docker's daemon.json takes neither comments nor keys that Docker does not know, so that a copy elsewhere says whether it is still the one
# that was written here; somebody else's is never changed.
#
# By system, the package differs:
# - debian: the command line has a package of its own from Debian 13 on.
# - amazon: Amazon Linux 2023 has a package; Docker's own repository has none for it.
# - rhel: Red Hat has none. Docker's own repository has packages for rhel, fedora, and centos, which are those for Rocky and AlmaLinux.
#   The file that describes it is downloaded as it is, since "dnf config-manager" differs from dnf 4 to 5.
#
# A command runs again, as a replacement, when a byte of what follows changes.

# In memory, so that a full disk is found where it is looked for.
log=$(mktemp -p /run)
trap 'rm -f "$log"' EXIT

# Runs a command; shows the end of what it said only if it fails.
quietly() {
    "$@" >"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        return 1
    }
}

# Docker's command line, which would wait for ever for a daemon that hangs.
ask_docker() { timeout 10 docker "$@"; }

docker_answers() { ask_docker version >/dev/null 2>&1; }

docker_is_installed() { docker_answers || { command -v docker && command -v dockerd; } >/dev/null; }

refuse_podman() {
    case $(ask_docker version 2>&1) in
    *[Pp]odman*) fail 12 "the command docker here is Podman's, which is not Docker: remove podman-docker, so that Docker gets installed" ;;
    esac
}

start_docker() {
    say "Docker: starting it"
    if [ -d /run/systemd/system ]; then
        show_log='journalctl --unit docker --lines 15 --no-pager'
        quietly systemctl enable --now docker || true
    else
        show_log='tail -n 15 /var/log/docker.log'
        quietly service docker start || true
    fi
    for _ in $(seq 60); do
        ! docker_answers || return 0
        sleep 1
    done
    $show_log >&2 || true
    fail 16 "Docker was started and does not answer; the end of its log is above"
}

check_version() {
    version=$(ask_docker version --format '{{.Server.Version}}')
    version=${version%%[!0-9.]*}
    oldest=$(printf '%s\n' "$minimum" "$version" | sort -V | head -n 1)
    [ "$oldest" = "$minimum" ] ||
        fail 13 "Docker $version is too old: $minimum or newer is needed; upgrade it${upgrade:+ ($upgrade), or remove it so that it gets installed}"
    say "Docker $version is there"
}

check_disk() {
    place=$(ask_docker info --format '{{.DockerRootDir}}' 2>/dev/null) || place=
    [ -n "$place" ] || place=/var/lib/docker
    until [ -d "$place" ]; do place=$(dirname "$place"); done
    free=$(df -Pk "$place" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge "$needed" ] ||
        fail 14 "too little disk space for Docker's data: $needed MiB are needed, $free MiB are free in $place"
    say "disk: $free MiB are free in $place"
}

config=/etc/docker/daemon.json
copy=/var/lib/storm-docker/daemon.json

config_is_wanted() { printf '%s\n' "$wanted" | cmp -s - "$config"; }

write_config() {
    mkdir -p "${config%/*}" "${copy%/*}"
    printf '%s\n' "$wanted" >"$config.new"
    mv "$config.new" "$config"
    cp "$config" "$copy"
}

# Registry mirrors and live-restore are read again on SIGHUP; log options only when Docker starts.
ensure_config() {
    if config_is_wanted; then
        say "Docker: $config is as wanted"
    elif cmp -s "$config" "$copy"; then
        write_config
        ! docker_answers || kill -HUP "$(cat /var/run/docker.pid)"
        say "Docker: $config has changed and is loaded; log options in it hold from Docker's next start on"
    elif [ -e "$config" ] || docker_is_installed; then
        lacking=
        for key in $keys; do
            grep -qs "\"$key\"" "$config" || lacking="$lacking $key"
        done
        say "Docker: its configuration is not ours and stays as it is${lacking:+; $config does not set:$lacking}"
    else
        write_config
        say "Docker: $config is written"
    fi
}

may_use_docker() { sudo -n -H -u "$user" docker version >/dev/null 2>&1; }

allow_user() {
    if [ "$(id -u "$user")" = 0 ] || may_use_docker; then
        say "user $user may use Docker"
        return
    fi
    if ! usermod -aG docker "$user" || ! may_use_docker; then
        fail 17 "user $user may not use Docker: put it into the group that /var/run/docker.sock belongs to"
    fi
    say "user $user may use Docker in new sessions: it is in the group docker now"
}

max_startups() { sshd -T -C user=root,host=localhost,addr=127.0.0.1 2>/dev/null | sed -n 's/^maxstartups //p'; }

. ../../../provider/machines/reloadSshd.sh

raise_max_startups() {
    drop_in=/etc/ssh/sshd_config.d/10-storm-docker.conf
    before=$(max_startups)
    if [ -z "$before" ]; then
        say "sshd: its MaxStartups cannot be read; should it refuse connections, set MaxStartups $startups"
    elif [ "${before%%:*}" -ge "${startups%%:*}" ]; then
        say "sshd: MaxStartups is $before"
    elif [ -d "${drop_in%/*}" ] && echo "MaxStartups $startups" >"$drop_in" &&
        sshd -t 2>/dev/null && [ "$(max_startups)" = "$startups" ] && reload_sshd; then
        say "sshd: MaxStartups is raised from $before to $startups"
    else
        rm -f "$drop_in"
        say "sshd: MaxStartups stays $before; should it refuse connections, set MaxStartups $startups in /etc/ssh/sshd_config"
    fi
}

install_debian() {
    # needrestart would restart services that are none of ours.
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
    # A machine that has just started is often busy with apt itself. Unlike install, update cannot be told to wait.
    for _ in $(seq 60); do
        if apt-get update >"$log" 2>&1 || ! grep -q 'Could not get lock' "$log"; then break; fi
        sleep 5
    done
    set -- docker.io iptables ca-certificates
    ! apt-cache show docker-cli >/dev/null 2>&1 || set -- "$@" docker-cli
    quietly apt-get install -y --no-install-recommends --no-remove -o DPkg::Lock::Timeout=300 \
        -o DPkg::Options::=--force-confdef -o DPkg::Options::=--force-confold "$@"
}

install_amazon() { quietly dnf -y install docker; }

install_rhel() {
    case $ID in
    rhel | fedora) vendor=$ID ;;
    *) vendor=centos ;;
    esac
    repository=https://download.docker.com/linux/$vendor/docker-ce.repo
    quietly curl -fsSL --connect-timeout 20 --retry 3 -o /etc/yum.repos.d/docker-ce.repo "$repository" &&
        quietly dnf -y install docker-ce docker-ce-cli containerd.io
}

ID='' VERSION_ID='' ID_LIKE='' PRETTY_NAME='this system'
# shellcheck source=/dev/null
[ ! -r /etc/os-release ] || . /etc/os-release
case " $ID $VERSION_ID $ID_LIKE " in
" amzn 2023 "*) system=amazon ;;
" amzn "*) system='' ;; # Amazon Linux 2 says that it is like rhel.
*" debian "* | *" ubuntu "*) system=debian ;;
" fedora "* | *" rhel "*) system=rhel ;;
*) system='' ;;
esac
say "system: $PRETTY_NAME"

case $system in
debian) package='docker.io' upgrade='apt-get install --only-upgrade docker.io, or Docker'\''s own docker-ce' ;;
amazon) package='docker' upgrade='dnf upgrade docker' ;;
rhel) package='docker-ce' upgrade='dnf upgrade docker-ce' ;;
*) package='' upgrade='' ;;
esac

refuse_podman
if docker_is_installed; then
    docker_answers || start_docker
    check_version
    check_disk
    ensure_config
else
    [ -n "$system" ] || fail 11 "Docker cannot be installed on $PRETTY_NAME from here: install Docker $minimum or newer by hand"
    check_disk
    ensure_config
    say "Docker: installing $package"
    "install_$system" || fail 15 "Docker could not be installed; the last lines of the package manager are above"
    start_docker
    check_version
fi
allow_user
raise_max_startups
