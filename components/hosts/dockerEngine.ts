import { asRoot, asUser, quote } from "../../provider/machines/shell";
import { maxStartups, reloadSshd } from "../../provider/machines/sshd";

/** Minimum version of Docker Engine, unless told otherwise: the one of Debian 12. */
export const minimumDockerVersion = "20.10";

/** MiB that must be free for Docker's data, unless told otherwise: 1.5 GiB of images of Storm and ZooKeeper, the rest for logs. */
export const freeMebibytes = 2048;

/** Arguments of {@link dockerEngineScript}. */
export interface DockerEngineArgs {
    /** Minimum version of Docker Engine, such as {@link minimumDockerVersion}. */
    minimumVersion: string;
    /** URL of a registry mirror, by http or https. Default: none. */
    registryMirror?: string;
    /** MiB that must be free where Docker keeps its data, such as {@link freeMebibytes}. */
    freeMebibytes: number;
}

/** Sets `system` to a key of {@link installations}, or to nothing where Docker can only be used if it is there. */
const recognizeSystem = `
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
`;

/**
 * By system: the package, how a user upgrades it, and a shell function that installs it.
 * - debian: the command line has a package of its own from Debian 13 on.
 * - amazon: Amazon Linux 2023 has a package; Docker's own repository has none for it.
 * - rhel: Red Hat has none. Docker's own repository has packages for rhel, fedora, and centos, which are those for Rocky
 *   and AlmaLinux. The file that describes it is downloaded as it is, since `dnf config-manager` differs from dnf 4 to 5.
 */
const installations = {
    debian: {
        packageName: "docker.io",
        upgrade: "apt-get install --only-upgrade docker.io, or Docker's own docker-ce",
        install: `
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
    quietly apt-get install -y --no-install-recommends --no-remove -o DPkg::Lock::Timeout=300 \\
        -o DPkg::Options::=--force-confdef -o DPkg::Options::=--force-confold "$@"
}
`,
    },
    amazon: {
        packageName: "docker",
        upgrade: "dnf upgrade docker",
        install: `
install_amazon() { quietly dnf -y install docker; }
`,
    },
    rhel: {
        packageName: "docker-ce",
        upgrade: "dnf upgrade docker-ce",
        install: `
install_rhel() {
    case $ID in
    rhel | fedora) vendor=$ID ;;
    *) vendor=centos ;;
    esac
    repository=https://download.docker.com/linux/$vendor/docker-ce.repo
    quietly curl -fsSL --connect-timeout 20 --retry 3 -o /etc/yum.repos.d/docker-ce.repo "$repository" &&
        quietly dnf -y install docker-ce docker-ce-cli containerd.io
}
`,
    },
};

/** Finding, installing and starting Docker. */
const docker = `
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
    version=\${version%%[!0-9.]*}
    oldest=$(printf '%s\\n' "$minimum" "$version" | sort -V | head -n 1)
    [ "$oldest" = "$minimum" ] ||
        fail 13 "Docker $version is too old: $minimum or newer is needed; upgrade it\${upgrade:+ ($upgrade), or remove it so that it gets installed}"
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
`;

/**
 * Docker's configuration. daemon.json takes neither comments nor keys that Docker does not know, so that a copy elsewhere
 * tells whether it is still the one that was written here; somebody else's is never changed.
 */
const configuration = `
config=/etc/docker/daemon.json
copy=/var/lib/storm-docker/daemon.json

config_is_wanted() { printf '%s\\n' "$wanted" | cmp -s - "$config"; }

write_config() {
    mkdir -p "\${config%/*}" "\${copy%/*}"
    printf '%s\\n' "$wanted" >"$config.new"
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
            grep -qs "\\"$key\\"" "$config" || lacking="$lacking $key"
        done
        say "Docker: its configuration is not ours and stays as it is\${lacking:+; $config does not set:$lacking}"
    else
        write_config
        say "Docker: $config is written"
    fi
}
`;

/** Letting the SSH user, and the many connections that Pulumi's Docker provider opens at once, in. */
const access = `
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

${reloadSshd}

raise_max_startups() {
    drop_in=/etc/ssh/sshd_config.d/10-storm-docker.conf
    before=$(max_startups)
    if [ -z "$before" ]; then
        say "sshd: its MaxStartups cannot be read; should it refuse connections, set MaxStartups $startups"
    elif [ "\${before%%:*}" -ge "\${startups%%:*}" ]; then
        say "sshd: MaxStartups is $before"
    elif [ -d "\${drop_in%/*}" ] && echo "MaxStartups $startups" >"$drop_in" &&
        sshd -t 2>/dev/null && [ "$(max_startups)" = "$startups" ] && reload_sshd; then
        say "sshd: MaxStartups is raised from $before to $startups"
    else
        rm -f "$drop_in"
        say "sshd: MaxStartups stays $before; should it refuse connections, set MaxStartups $startups in /etc/ssh/sshd_config"
    fi
}
`;

/** Contents of daemon.json, with the keys that are wanted in somebody else's. */
function daemonJson(registryMirror?: string) {
    const logs = { "log-driver": "json-file", "log-opts": { "max-size": "10m", "max-file": "3" }, "live-restore": true };
    return {
        // Never without the key of the mirrors: Docker, when told to read the file again, would keep those that it has.
        wanted: JSON.stringify({ ...logs, "registry-mirrors": registryMirror === undefined ? [] : [registryMirror] }, null, 2),
        keys: [...Object.keys(logs), ...(registryMirror === undefined ? [] : ["registry-mirrors"])],
    };
}

/**
 * A command line (see {@link asRoot} for how to run it) that makes sure of Docker Engine on a machine: uses what is
 * there, else installs it. A second run changes nothing. Docker that is there is started if need be, but never upgraded,
 * restarted, removed or configured anew.
 *
 * Exit codes: 10 no root, 11 nothing known to install here, 12 Podman in Docker's place, 13 Docker too old, 14 disk too
 * full, 15 installation failed, 16 Docker does not start, 17 the SSH user may not use it.
 */
export function dockerEngineScript(args: DockerEngineArgs): string {
    const { wanted, keys } = daemonJson(args.registryMirror);
    const systems = Object.entries(installations);
    return asRoot(`
user=$1
minimum=${quote(args.minimumVersion)}
needed=${quote(String(args.freeMebibytes))}
startups=${quote(maxStartups)}
keys=${quote(keys.join(" "))}
wanted=${quote(wanted)}
${docker}${configuration}${access}${systems.map(([, { install }]) => install).join("")}${recognizeSystem}
case $system in
${systems.map(([system, { packageName, upgrade }]) => `${system}) package=${quote(packageName)} upgrade=${quote(upgrade)} ;;`).join("\n")}
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
`);
}

/** Arguments of {@link dataDirectoryScript}. */
export interface DataDirectoryArgs {
    /** Absolute path on the machine. */
    path: string;
    /** Id of the user and of the group that own it. */
    uid: number;
}

/**
 * A command line (see {@link asRoot}) that makes a directory for a container's data, closed to other users. What is in it
 * keeps its owner. Exits with 18, and changes nothing, where there is something else by that name.
 */
export function dataDirectoryScript(args: DataDirectoryArgs): string {
    return asRoot(`
path=${quote(args.path)}
owner=${quote(`${args.uid}:${args.uid}`)}

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
`);
}

/**
 * A command line (see {@link asRoot}) that prints the address that the machine has on Docker's own bridge. Exits with 20 where Docker
 * has none.
 */
export const bridgeAddressScript = asRoot(`
device=$(docker network inspect --format '{{index .Options "com.docker.network.bridge.name"}}' bridge)
address=$(ip -4 -oneline address show dev "$device" | sed -n 's/.* inet \\([0-9.]*\\).*/\\1/p')
[ -n "$address" ] ||
    fail 20 "Docker has no network bridge, which Nimbus is to be reached through alone: take bridge out of /etc/docker/daemon.json"
echo "$address"
`);

/** Arguments of {@link memoryScript}. */
export interface MemoryArgs {
    /** MiB of the Java heaps of the daemons on the machine. */
    neededMebibytes: number;
    /** MiB of the memory limits of their containers. */
    wantedMebibytes: number;
}

/**
 * A command line (see {@link asUser}) that compares a machine's memory with what is placed there: exits with 19 where
 * it is less than the heaps, prints a line that starts with `warning:` where it is less than the limits, else nothing.
 */
export function memoryScript(args: MemoryArgs): string {
    return asUser(`
needed=${quote(String(args.neededMebibytes))}
wanted=${quote(String(args.wantedMebibytes))}

there=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
[ "$there" -ge "$needed" ] ||
    fail 19 "the heaps of the daemons placed here need $needed MiB, this machine has $there MiB: place fewer here, or lower storm:heap or storm:slots"
[ "$there" -ge "$wanted" ] ||
    say "warning: the daemons placed here may use $wanted MiB, this machine has $there MiB: should they all be busy, it may run short"
`);
}
