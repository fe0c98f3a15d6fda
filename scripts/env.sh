# shellcheck shell=bash
# Sourced by the other scripts: where the stack keeps state, passphrase and settings, unless the user has said so.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
local_dir=$root/.local
stack=${STACK:-local}
# shellcheck disable=SC2034 # those that source this use it
cluster=storm-$stack
# The CLI itself before npm's launcher of it, which Ctrl-C ends while the CLI goes on.
cli=$(sed -nE 's/^ *"pulumi": "([^"]*)".*/\1/p' "$root/package.json")
PATH=${PULUMI_HOME:-$HOME/.pulumi}/versions/$cli/bin:$root/node_modules/.bin:$PATH

# typescript FILE ARGUMENTS...: runs a .ts file
typescript() { node --require "$root/scripts/transpile.js" "$@"; }

# Prints the exports with which plain `npx pulumi` works on the stack, without what the user has set already.
print_exports() {
    local where=()
    if [ -z "${PULUMI_BACKEND_URL:-}${PULUMI_ACCESS_TOKEN:-}" ] && ! logged_in; then
        where+=("PULUMI_BACKEND_URL=$(printf %q "file://$local_dir/state")")
    fi
    # The provider knows DOCKER_HOST, and not the context that the docker command uses.
    if [ -z "${DOCKER_HOST:-}${DOCKER_CONTEXT:-}" ] && [ "$(docker context show 2>/dev/null || echo default)" != default ]; then
        where+=("DOCKER_HOST=$(docker context inspect --format '{{printf "%q" .Endpoints.docker.Host}}')")
    fi
    if [ -z "${PULUMI_OPTION_CONFIG_FILE:-}" ]; then
        where+=("PULUMI_OPTION_CONFIG_FILE=$(printf %q "$local_dir/Pulumi.$stack.yaml")")
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

# Brings the committed settings into the file that the stack is run with, and airgap's where its images are used.
bring_settings() {
    local sources=("$root/Pulumi.$stack.yaml")
    if [ ! -f "${sources[0]}" ]; then
        echo "There is no stack file Pulumi.$stack.yaml: copy Pulumi.local.yaml, and give it another storm:subnet." >&2
        exit 2
    fi
    [ ! -f "$local_dir/airgap" ] || sources+=("$root/airgap/settings.yaml")
    mkdir -p "$local_dir"
    typescript "$root/scripts/stackFile.ts" "$local_dir/Pulumi.$stack.yaml" "${sources[@]}"
    if [ -n "${STORM:-}" ]; then choose_storm; fi
}

# Sets what STORM=<version> asks for, as `pulumi config set` would: it stays.
choose_storm() {
    local settings=("storm:stormImage=storm:$STORM") whole=false
    if [ -f "$local_dir/airgap" ]; then
        [[ $STORM != 1.* ]] || whole=true
        settings+=("storm:ui=$whole" "storm:logviewers=$whole")
    fi
    node -e '
        const { parse, stringify } = require("yaml"), [file, ...settings] = process.argv.slice(1);
        const stack = parse(fs.readFileSync(file, "utf8"));
        Object.assign(stack.config, Object.fromEntries(settings.map((setting) => setting.split("="))));
        fs.writeFileSync(file, stringify(stack));
    ' "$local_dir/Pulumi.$stack.yaml" "${settings[@]}"
}

# Makes what the exports point at, and exports it.
use_stack() {
    bring_settings
    exports=$(print_exports)
    eval "$exports"
    if [ "${PULUMI_BACKEND_URL:-}" = "file://$local_dir/state" ]; then
        mkdir -p "$local_dir/state"
    fi
    if [ "${PULUMI_CONFIG_PASSPHRASE_FILE:-}" = "$local_dir/passphrase" ] && [ ! -f "$local_dir/passphrase" ]; then
        (umask 077 && head -c 24 /dev/urandom | base64 >"$local_dir/passphrase")
    fi
    export PULUMI_SKIP_UPDATE_CHECK=true
}

# Prints the stack's outputs as JSON; {} where the cluster is not there.
stack_outputs() { pulumi stack output --json --stack "$stack" 2>/dev/null || echo '{}'; }

# setting KEY: its value in the stack's settings, or Pulumi.yaml's default
setting() {
    node -e '
        const { parse } = require("yaml"), read = (file) => parse(fs.readFileSync(file, "utf8")).config;
        console.log(read(process.argv[1])[process.argv[2]] ?? read("Pulumi.yaml")[process.argv[2]].default)
    ' "$local_dir/Pulumi.$stack.yaml" "$1"
}

# login DAEMON: the command line that logs in on its machine; nothing where that is this one
login() {
    stack_outputs | node -e '
        const { hosts = {} } = JSON.parse(fs.readFileSync(0));
        console.log(Object.values(hosts).find(({ daemons }) => daemons.includes(process.argv[1]))?.ssh ?? "")
    ' "$1"
}

# Prints the names of the daemons that are there.
placed_daemons() {
    if [ "$(setting storm:target)" = local ]; then
        docker ps --all --filter "label=storm.cluster=$cluster" --format '{{.Label "storm.daemon"}}' | sort | xargs
    else
        stack_outputs | node -e '
            const { hosts = {} } = JSON.parse(fs.readFileSync(0));
            console.log(Object.values(hosts).flatMap(({ daemons }) => daemons).sort().join(" "))
        '
    fi
}

# Prints, as options of `pulumi refresh`, which resources are on lost hosts.
lost_resources() {
    # shellcheck disable=SC2016 # JavaScript
    stack_outputs | node -e '
        const { hosts = {} } = JSON.parse(fs.readFileSync(0));
        for (const [name, { daemons }] of Object.entries(hosts).filter(([, { lost }]) => lost))
            for (const resource of [`host-${name}-`, `storm-image-${name}-`, `storm-memory-${name}`, ...daemons.map((daemon) => `storm-${daemon}-`)])
                console.log(`--exclude=urn:pulumi:${process.argv[1]}::storm::**::${resource}*`);
    ' "$stack"
}

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

# Selects the stack, made where it is not there.
select_stack() {
    if ! pulumi stack select "$stack" 2>/dev/null; then
        # `stack init` writes the stack's salt beside Pulumi.yaml, whatever PULUMI_OPTION_CONFIG_FILE says.
        cp "$root/Pulumi.yaml" "$local_dir"
        pulumi --cwd "$local_dir" stack init "$stack" --no-select
        rm "$local_dir/Pulumi.yaml"
        pulumi stack select "$stack"
    fi
}
