import { execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { attempt, contact, type ContactArgs } from "./contact";
import { maxStartups, reloadSshd } from "./dockerEngine";
import { asRoot } from "./shell";

/** The host key that all machines have: sshd has one of each type. */
const file = "/etc/ssh/ssh_host_ed25519_key";

/**
 * User data that gives a machine's sshd the key by which it is known at the first contact. It is run once, by cloud-init,
 * after sshd was started.
 */
export function launchScript(privateKey: string): string {
    return `#!/bin/sh
# Gives sshd a host key that is known beforehand. The first contact exchanges it for one that was made here.
set -eu
key=${file}
umask 077
rm -f "$key" "$key.pub"
cat >"$key" <<'END'
${privateKey.trim()}
END
ssh-keygen -y -f "$key" >"$key.pub"
# All of Pulumi's connections at once, which go through a bastion too.
[ ! -d /etc/ssh/sshd_config.d ] || echo 'MaxStartups ${maxStartups}' >/etc/ssh/sshd_config.d/10-storm-docker.conf
${reloadSshd}
reload_sshd
`;
}

/** A command line (see {@link asRoot}) that makes the key that is to come, once, and prints its public half. */
export const proposeScript = asRoot(`
next=${file}.next
[ -s "$next.pub" ] || {
    rm -f "$next"
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$next"
}
cut -d ' ' -f 1,2 "$next.pub"
`);

/** A command line (see {@link asRoot}) that puts the key that was made in place of the other one. */
export const activateScript = asRoot(`
key=${file}
if [ -e "$key.next" ]; then
    mv -f "$key.next" "$key"
    mv -f "$key.next.pub" "$key.pub"
fi
${reloadSshd}
reload_sshd
`);

/** Arguments of {@link LaunchKey}. */
export interface LaunchKeyArgs {
    /** What makes another machine: it gets another key. */
    triggers: pulumi.Input<string>[];
}

type LaunchInputs = { triggers: string[] };
type LaunchKeys = LaunchInputs & { privateKey: string; publicKey: string };

const making: pulumi.dynamic.ResourceProvider<LaunchInputs, LaunchKeys & { previous?: LaunchKeys }> = {
    async create(inputs) {
        return { id: "launch-key", outs: { ...inputs, ...keyPair() } };
    },
    async diff(_id, olds, news) {
        return { changes: !isSame(olds, news) };
    },
    async update(_id, { previous, triggers, privateKey, publicKey }, news) {
        // What was refused, or failed, and is taken back, leaves the machine that there is as it is.
        const keys = previous && isSame(previous, news) ? previous : { triggers: news.triggers, ...keyPair() };
        return { outs: { ...keys, previous: { triggers, privateKey, publicKey } } };
    },
};

function isSame(olds: LaunchInputs, news: LaunchInputs): boolean {
    return JSON.stringify(olds.triggers) === JSON.stringify(news.triggers);
}

function keyPair(): Omit<LaunchKeys, "triggers"> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-launch-key-"));
    try {
        const key = path.join(folder, "key");
        execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key]);
        const publicKey = fs.readFileSync(`${key}.pub`, "utf8").trim().split(" ").slice(0, 2).join(" ");
        return { privateKey: fs.readFileSync(key, "utf8"), publicKey };
    } finally {
        fs.rmSync(folder, { recursive: true });
    }
}

/** A host key that a machine is launched with, to be known at the first contact. */
export class LaunchKey extends pulumi.dynamic.Resource {
    /** In OpenSSH's format; secret, as long as the machine has not exchanged it. */
    declare readonly privateKey: pulumi.Output<string>;
    /** Such as `ssh-ed25519 AAAA...`. */
    declare readonly publicKey: pulumi.Output<string>;

    constructor(name: string, args: LaunchKeyArgs, opts?: pulumi.CustomResourceOptions) {
        const secret = pulumi.mergeOptions(opts, { additionalSecretOutputs: ["privateKey", "previous"] });
        super(making, name, { privateKey: undefined, publicKey: undefined, previous: undefined, ...args }, secret, "storm", "LaunchKey");
    }
}

/** Arguments of {@link OwnHostKey}. */
export type OwnHostKeyArgs = { [key in keyof ContactArgs]: pulumi.Input<ContactArgs[key]> } & {
    /** Tells the machine from another in its place. */
    machine: pulumi.Input<string>;
    /** The key that it was launched with. */
    launchKey: pulumi.Input<string>;
};

/** Arguments of {@link ExchangedHostKey}. */
export type ExchangedHostKeyArgs = OwnHostKeyArgs & {
    /** The key that it has made. */
    hostKey: pulumi.Input<string>;
};

type OwnInputs = ContactArgs & { machine: string; launchKey: string };
type ExchangeInputs = OwnInputs & { hostKey: string };

const proposing: pulumi.dynamic.ResourceProvider<OwnInputs, OwnInputs & { made: string }> = {
    async create(inputs) {
        return { id: inputs.host, outs: { ...inputs, made: await propose(inputs) } };
    },
    async diff(_id, olds, news) {
        return { changes: olds.machine !== news.machine };
    },
    async update(_id, _olds, news) {
        return { outs: { ...news, made: await propose(news) } };
    },
};

async function propose(inputs: OwnInputs): Promise<string> {
    // One that still starts has not got the key yet.
    return (await contact(inputs, inputs.launchKey, { command: proposeScript, whenOther: () => Promise.resolve() })).output;
}

const exchanging: pulumi.dynamic.ResourceProvider<ExchangeInputs, ExchangeInputs & { active: string }> = {
    async create(inputs) {
        await exchange(inputs);
        return { id: inputs.host, outs: { ...inputs, active: inputs.hostKey } };
    },
    async diff(_id, olds, news) {
        return { changes: olds.machine !== news.machine };
    },
    async update(_id, _olds, news) {
        await exchange(news);
        return { outs: { ...news, active: news.hostKey } };
    },
};

async function exchange(inputs: ExchangeInputs): Promise<void> {
    await contact(inputs, inputs.hostKey, { whenOther: () => attempt(inputs, inputs.launchKey, activateScript) });
}

/** A host key that a machine makes for itself, over a connection on which it has shown its launch key. */
export class OwnHostKey extends pulumi.dynamic.Resource {
    /** Such as `ssh-ed25519 AAAA...`; the machine does not show it yet. */
    declare readonly made: pulumi.Output<string>;

    constructor(name: string, args: OwnHostKeyArgs, opts?: pulumi.CustomResourceOptions) {
        super(proposing, name, { made: undefined, ...args }, opts, "storm", "OwnHostKey");
    }
}

/**
 * A machine that shows the key that it has made, and not any more the one that it was launched with. Making and
 * exchanging are two resources, so that an update which is interrupted between them still knows both keys.
 */
export class ExchangedHostKey extends pulumi.dynamic.Resource {
    /** Such as `ssh-ed25519 AAAA...`. */
    declare readonly active: pulumi.Output<string>;

    constructor(name: string, args: ExchangedHostKeyArgs, opts?: pulumi.CustomResourceOptions) {
        super(exchanging, name, { active: undefined, ...args }, opts, "storm", "ExchangedHostKey");
    }
}
