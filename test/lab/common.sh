# shellcheck shell=bash
# Sourced by the lab's scripts: where things lie, and what several of them do.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Folders of labs, one each; also the disks of their hosts, on the machine's real file system.
# shellcheck disable=SC2034 # those that source this use it
labs=/var/lib/storm-lab
cache=/var/cache/storm-lab

say() { echo "lab: $*" >&2; }
fail() {
    say "$*"
    exit 1
}

# quietly COMMAND...: shows what it says only where it fails
quietly() {
    local said
    said=$("$@" 2>&1) || fail "$* failed:"$'\n'"$said"
}

# to_be_made FOLDER WHAT: whether this script is to make it, and no other one until this ends. Only set-up makes what is kept for all labs
# (MAKES is not empty): it takes minutes, which no test is to wait.
to_be_made() {
    [ ! -d "$1" ] || return 1
    [ -n "${MAKES:-}" ] || fail "$2: not here, or made from other sources: run scripts/setup tests"
    mkdir -p "$cache"
    exec 8>"$1.lock"
    flock 8
    [ ! -d "$1" ]
}

# started PID: when it started, in clock ticks; with its number that names a process for good
started() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }
    cut -d ' ' -f 20 <<<"$stat"
}

# lives FILE: whether the process that the file names, "PID START", runs
lives() {
    local pid start
    [ -f "$1" ] && read -r pid start <"$1" && [ "$(started "$pid")" = "$start" ]
}

# end FILE...: kills the inits that the files name, which ends everything in their namespaces, and waits until they are gone
end() {
    local file
    for file in "$@"; do
        if lives "$file"; then kill -KILL "$(cut -d ' ' -f 1 "$file")"; fi
    done
    for file in "$@"; do
        while lives "$file"; do sleep 0.02; done
        rm -f "$file"
    done
}

# cgroups: the folders at which this machine's cgroup hierarchies are mounted: one (version 2), or one per controller
cgroups() { findmnt --raw --noheadings --output TARGET --types cgroup,cgroup2; }

# launch FOLDER TREE INIT UNSHARE_OPTION...: boots INIT (a script) as the first process of new namespaces, with FOLDER/disk over TREE
# as its root. FOLDER/init names the process, FOLDER/console.log has what it says. Its descriptor 3 is this script's 3, to read from.
launch() {
    local folder=$1 tree=$2 init=$3
    shift 3
    mkdir -p "$folder/root"
    exec 3< <(
        # 8 and 9 hold locks
        exec setsid unshare --mount --uts --ipc --pid --fork "$@" \
            bash "$here/boot.sh" "$folder" "$tree" "$init" 3>&1 >>"$folder/console.log" 2>&1 </dev/null 8>&- 9>&-
    )
    hear booted "$folder" 300
}

# hear WORD FOLDER SECONDS: waits until what was launched says the word
hear() {
    local heard
    read -r -t "$3" -u 3 heard || heard="nothing within $3 s"
    [ "$heard" = "$1" ] || fail "$(basename "$2") did not start: $heard"$'\n'"$(tail -n 20 "$2/console.log")"
}

# enter_cgroups NAME: makes cgroups and moves this process there; a cgroup namespace made then takes them for the whole hierarchy
enter_cgroups() {
    local mounted cgroup part
    for mounted in $(cgroups); do
        cgroup=$mounted
        for part in storm-lab ${1//\// }; do
            # Version 2 makes controllers available below where it is told to.
            [ ! -f "$cgroup/cgroup.controllers" ] || sed 's/[^ ]\+/+&/g' "$cgroup/cgroup.controllers" >"$cgroup/cgroup.subtree_control"
            mkdir -p "$cgroup/$part"
            # Version 1 makes a cpuset empty, and then takes no process into it.
            if [ -f "$cgroup/$part/tasks" ] && [ -f "$cgroup/cpuset.cpus" ]; then
                cat "$cgroup/cpuset.cpus" >"$cgroup/$part/cpuset.cpus"
                cat "$cgroup/cpuset.mems" >"$cgroup/$part/cpuset.mems"
            fi
            cgroup+=/$part
        done
    done
    join_cgroups "$1"
}

# join_cgroups NAME: moves this process into cgroups that enter_cgroups made
join_cgroups() {
    local mounted cgroup
    for mounted in $(cgroups); do
        cgroup=$mounted/storm-lab/$1
        # init.sh makes it, as version 2 has no processes beside further cgroups
        [ ! -d "$cgroup/init" ] || cgroup+=/init
        echo 0 >"$cgroup/cgroup.procs"
    done
}

# remove_cgroups NAME: those that enter_cgroups made, and those in them, in which no process is left
remove_cgroups() {
    local mounted
    for mounted in $(cgroups); do
        [ ! -d "$mounted/storm-lab/$1" ] || find "$mounted/storm-lab/$1" -depth -type d -exec rmdir {} +
        rmdir --ignore-fail-on-non-empty "$mounted/storm-lab" 2>/dev/null || true
    done
}

# registry_settings ADDRESS [read-only]: settings of a registry
registry_settings() {
    cat <<EOT
version: 0.1
log: { level: warn }
http: { addr: "$1" }
storage:
  filesystem: { rootdirectory: /var/lib/docker-registry }
  maintenance: { readonly: { enabled: $([ $# = 2 ] && echo true || echo false) } }
EOT
}
