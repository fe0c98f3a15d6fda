# shellcheck shell=bash
# Sourced by the other scripts, which go to $root: where the stack keeps state, passphrase and settings, unless the user has said so.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
local_dir=$root/.local
stack=${STACK:-local}
# shellcheck disable=SC2034 # those that source this use it
cluster=$(sed -n 's/^name: //p' "$root/Pulumi.yaml")-$stack
# The CLI itself before npm's launcher of it, which Ctrl-C ends while the CLI goes on.
cli=$(sed -nE 's/^ *"pulumi": "([^"]*)".*/\1/p' "$root/package.json")
PATH=${PULUMI_HOME:-$HOME/.pulumi}/versions/$cli/bin:$root/node_modules/.bin:$PATH

# typescript FILE ARGUMENTS...: runs a .ts file
typescript() { node --require "$root/scripts/transpile.js" "$@"; }

# Prints the exports with which plain `npx pulumi` works on the stack, without those that the user has set.
print_exports() {
    local where=()
    if [ -z "${PULUMI_BACKEND_URL:-}${PULUMI_ACCESS_TOKEN:-}" ] && ! logged_in; then
        where+=("PULUMI_BACKEND_URL=$(printf %q "file://$local_dir/state")")
    fi
    # The provider knows DOCKER_HOST, and not the context that the docker command uses.
    if [ -z "${DOCKER_HOST:-}${DOCKER_CONTEXT:-}" ] && [ "$(docker context show 2>/dev/null || echo default)" != default ]; then
        where+=("DOCKER_HOST=$(docker context inspect --format '{{printf "%q" .Endpoints.docker.Host}}')")
    fi
    [ ${#where[@]} = 0 ] || echo "export ${where[*]}"
    if [ -z "${PULUMI_CONFIG_PASSPHRASE+set}${PULUMI_CONFIG_PASSPHRASE_FILE:-}" ]; then
        echo "export PULUMI_CONFIG_PASSPHRASE_FILE=$(printf %q "$local_dir/passphrase")"
    fi
}

logged_in() {
    local credentials=${PULUMI_CREDENTIALS_PATH:-${PULUMI_HOME:-$HOME/.pulumi}}/credentials.json
    [ -f "$credentials" ] && node -e 'process.exit(JSON.parse(fs.readFileSync(process.argv[1])).current ? 0 : 1)' "$credentials"
}

# Creates the file of the stack `local`, which is not committed, if it is missing.
bring_stack_files() {
    # Temporary, as scripts/carryOver.ts is. Exports that `make` printed before may name the former file, without which Pulumi
    # would go by defaults.
    [[ "${PULUMI_OPTION_CONFIG_FILE:-}" != "$local_dir"/Pulumi.* ]] || unset PULUMI_OPTION_CONFIG_FILE
    if [ -f "$local_dir/Pulumi.local.yaml" ] || [ -f "$local_dir/Pulumi.$stack.yaml" ]; then
        typescript scripts/carryOver.ts local "$stack"
    fi
    if [ ! -f Pulumi.local.yaml ]; then
        cp templates/Pulumi.local.yaml .
        echo "Pulumi.local.yaml: copied from templates/" >&2
        [ ! -f "$local_dir/airgap" ] || use_airgap_settings
    fi
}

# Sets in the file of the stack `local` what the images that airgap/ builds require.
use_airgap_settings() { typescript scripts/stackFile.ts add Pulumi.local.yaml airgap/settings.yaml; }

# Prepares the stack's file, which Pulumi reads and writes, and refuses one that has no settings to read.
bring_settings() {
    bring_stack_files
    if [ ! -f "Pulumi.$stack.yaml" ]; then
        echo "There is no stack file Pulumi.$stack.yaml: copy Pulumi.local.yaml, and give it another storm:subnet." >&2
        exit 2
    fi
    typescript scripts/stackFile.ts check "Pulumi.$stack.yaml"
    mkdir -p "$local_dir"
    if [ -n "${STORM:-}" ]; then choose_storm; fi
}

# Sets what STORM=<version> asks for; it stays set. `pulumi config set` does nothing before the stack exists.
choose_storm() {
    local settings=("storm:stormImage=storm:$STORM") whole=false
    if [ -f "$local_dir/airgap" ]; then
        [[ $STORM != 1.* ]] || whole=true
        settings+=("storm:ui=$whole" "storm:logviewers=$whole")
    fi
    typescript scripts/stackFile.ts set "Pulumi.$stack.yaml" "${settings[@]}"
}

# Fails if the stack's file is encrypted by a passphrase that this checkout does not have.
refuse_other_passphrase() {
    local file=Pulumi.$stack.yaml unencrypted
    grep -q '^encryptionsalt:' "$file" || return 0
    # After `rm -r .local`: without secrets the former salt is of no use.
    if [ "$stack" = local ] && ! grep -q 'secure:' "$file"; then
        unencrypted=$(grep -v '^encryptionsalt:' "$file")
        echo "$unencrypted" >"$file"
        return
    fi
    echo "$file is encrypted by a passphrase that this checkout does not have: export PULUMI_CONFIG_PASSPHRASE.
If the passphrase is lost, remove encryptionsalt and the secrets from that file." >&2
    exit 2
}

# Exports what Pulumi needs, and creates what those exports name.
use_stack() {
    bring_settings
    # A script that another one runs has the exports already, and may still have to print them.
    exports=${STORM_EXPORTS-$(print_exports)}
    export STORM_EXPORTS=$exports
    eval "$exports"
    if [ "${PULUMI_BACKEND_URL:-}" = "file://$local_dir/state" ]; then
        mkdir -p "$local_dir/state"
    fi
    if [ "${PULUMI_CONFIG_PASSPHRASE_FILE:-}" = "$local_dir/passphrase" ] && [ ! -f "$local_dir/passphrase" ]; then
        refuse_other_passphrase
        (umask 077 && head -c 24 /dev/urandom | base64 >"$local_dir/passphrase")
    fi
    export PULUMI_SKIP_UPDATE_CHECK=true
}

# Prints the stack's outputs as JSON; {} if there is no cluster.
stack_outputs() { pulumi stack output --json --stack "$stack" 2>/dev/null || echo '{}'; }

# setting KEY: its value in the stack's settings, or Pulumi.yaml's default
setting() {
    node -e '
        const { parse } = require("yaml"), read = (file) => parse(fs.readFileSync(file, "utf8"))?.config ?? {};
        console.log(read(process.argv[1])[process.argv[2]] ?? read("Pulumi.yaml")[process.argv[2]].default)
    ' "Pulumi.$stack.yaml" "$1"
}

# What watches the cluster, on the machine of nimbus-1.
watching='[["exporter", "prometheusTargets"], ["prometheus", "prometheusUrl", "prometheusTunnel"], ["grafana", "grafanaUrl", "grafanaTunnel"]]'

# login DAEMON: the command line that logs in on its machine; nothing if that is this one
login() {
    stack_outputs | node -e '
        const { hosts = {} } = JSON.parse(fs.readFileSync(0));
        const [, name, watching] = process.argv;
        const daemon = JSON.parse(watching).some(([each]) => each === name) ? "nimbus-1" : name;
        console.log(Object.values(hosts).find(({ daemons }) => daemons.includes(daemon))?.ssh ?? "")
    ' "$1" "$watching"
}

# Prints the names of the hosts that are not lost.
host_names() {
    stack_outputs | node -e '
        const { hosts = {} } = JSON.parse(fs.readFileSync(0));
        console.log(Object.keys(hosts).filter((name) => !hosts[name].lost).join(" "))
    '
}

# host_login HOST: the command line that logs in on it
host_login() { stack_outputs | node -e 'console.log(JSON.parse(fs.readFileSync(0)).hosts[process.argv[1]].ssh)' "$1"; }

# daemons_at LOGIN: the names of what has a container of the cluster where the login leads
daemons_at() { at "$1" docker ps --all --filter "label=storm.cluster=$cluster" --format '{{.Label "storm.daemon"}}' | sort | xargs; }

# Prints the names of the daemons that have a container, and of what watches them.
placed_daemons() {
    if [ "$(setting storm:target)" = local ]; then
        daemons_at ""
    else
        stack_outputs | node -e '
            const { hosts = {}, ...outputs } = JSON.parse(fs.readFileSync(0));
            const watching = JSON.parse(process.argv[1]).filter(([, ...keys]) => keys.some((key) => key in outputs));
            const daemons = Object.values(hosts).flatMap((host) => host.daemons);
            console.log([...daemons, ...watching.map(([name]) => name)].sort().join(" "))
        ' "$watching"
    fi
}

# Prints, as options of `pulumi refresh`, which resources are on lost hosts.
lost_resources() { pulumi stack export --stack "$stack" | typescript "$root/scripts/lostResources.ts"; }

# at LOGIN COMMAND...: runs a command where the login leads, or here where it is empty
at() {
    local login=$1
    shift
    if [ -z "$login" ]; then
        "$@"
    else
        eval "$login \"\$(printf '%q ' \"\$@\")\""
    fi
}

# Selects the stack, and creates it if it does not exist.
select_stack() { pulumi stack select --create "$stack"; }
