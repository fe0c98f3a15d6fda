import * as childProcess from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { firstContact, knownKey, type SshAccess, sshCommand, type SshEndpoint } from "./ssh";

/** Arguments of {@link PinnedHostKey}. */
export interface PinnedHostKeyArgs {
    /** The host's name, for messages. */
    host: string;
    /** How its machine is reached. */
    endpoint: pulumi.Input<SshEndpoint>;
    /** What all connections have in common. */
    access: pulumi.Input<SshAccess>;
    /** Seconds that it has to answer. */
    seconds: number;
}

/** Arguments of {@link SshContact}. */
export interface SshContactArgs extends PinnedHostKeyArgs {
    /** The key that the machine has to show, such as `ssh-ed25519 AAAA...`. */
    hostKey: pulumi.Input<string>;
}

type Unpinned = pulumi.Unwrap<PinnedHostKeyArgs>;
type Inputs = pulumi.Unwrap<SshContactArgs> & { __provider?: string };

/** Seconds for which a machine may refuse the key: one that has just been started may not have it yet. */
const refusedSeconds = 20;

const pinning: pulumi.dynamic.ResourceProvider<Unpinned, Unpinned & { pinned: string }> = {
    async create(inputs) {
        return { id: inputs.host, outs: { ...inputs, pinned: await contact(inputs, undefined) } };
    },
    async diff() {
        return { changes: false };
    },
};

const contacting: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async create(inputs) {
        await contact(inputs, inputs.hostKey);
        return { id: inputs.host, outs: inputs };
    },
    async read(id, state) {
        const inputs = state as Inputs;
        await contact(inputs, inputs.hostKey);
        return { id, props: inputs };
    },
    async diff(_id, olds, news) {
        const decisive = ({ endpoint, access, hostKey, __provider }: Inputs) =>
            JSON.stringify([endpoint, access, hostKey, __provider]);
        return { changes: decisive(olds) !== decisive(news) };
    },
    async update(_id, _olds, news) {
        await contact(news, news.hostKey);
        return { outs: news };
    },
};

/**
 * Logs in on a machine, within its limit.
 * @param expected The host key that it has to show; undefined: any.
 * @returns The host key that it has shown.
 */
async function contact({ host, endpoint, access, seconds }: Unpinned, expected: string | undefined): Promise<string> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-contact-"));
    const file = path.join(folder, "known_hosts");
    const who = `${host} (${endpoint.address}${endpoint.port === 22 ? "" : `:${endpoint.port}`})`;
    const started = Date.now();
    const passed = () => (Date.now() - started) / 1000;
    try {
        for (;;) {
            const [command = "", ...options] = sshCommand(endpoint, access, expected ? knownKey(expected) : firstContact(file));
            const said = await new Promise<string | undefined>((resolve) => {
                childProcess.execFile(command, [...options, "true"], (error, _stdout, stderr) =>
                    resolve(error ? stderr.trim() || error.message : undefined),
                );
            });
            if (said === undefined) {
                return expected ?? fs.readFileSync(file, "utf8").trim().split(" ").slice(1, 3).join(" ");
            }
            if (/Host key verification failed|HOST IDENTIFICATION HAS CHANGED/.test(said)) {
                const shown = /The fingerprint for the (\S+) key sent by the remote host is\s+(\S+?)\.?\s/.exec(said);
                throw new Error(
                    `${who} does not show the host key that is expected, ${expected}` +
                        `${shown ? `, but one of type ${shown[1]} with the fingerprint ${shown[2]}` : ""}. Nothing was sent to it.\n` +
                        "If you have reinstalled it or changed its keys, compare with what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` " +
                        `says on its console, then set hostKey of ${host} in storm:hosts to the first two words of that file. ` +
                        "If you have not, somebody else may answer at its address.",
                );
            }
            if (/Permission denied/.test(said) && (passed() > refusedSeconds || passed() > seconds)) {
                throw new Error(
                    `${who} refuses ${access.keyPath ? "the stack's private key" : "the keys of the SSH agent"}: ${said}\nPut the public ` +
                        `key into ~/.ssh/authorized_keys of the user ${endpoint.user} there, or mend storm:ssh or storm:sshKey.`,
                );
            }
            if (passed() > seconds) {
                const isSilent = /onnect to host|timed out|Connection (closed|reset)/.test(said);
                throw new Error(
                    `${who} ${isSilent ? "does not answer" : "does not let us in"} over SSH within ${seconds} s: ${said}` +
                        (isSilent ? `\n${goneAdvice(host)}` : ""),
                );
            }
            await new Promise((resolve) => setTimeout(resolve, 1000));
        }
    } finally {
        fs.rmSync(folder, { recursive: true });
    }
}

/** What to do about a machine that does not answer. */
export function goneAdvice(host: string): string {
    return `Start it and run this again; or, if it is gone for good, set lost: true for ${host} in storm:hosts.`;
}

/** The key that a machine has shown at the first contact, by which it is known from then on. */
export class PinnedHostKey extends pulumi.dynamic.Resource {
    /** Such as `ssh-ed25519 AAAA...`. */
    declare readonly pinned: pulumi.Output<string>;

    constructor(name: string, args: PinnedHostKeyArgs, opts?: pulumi.CustomResourceOptions) {
        super(pinning, name, { pinned: undefined, ...args }, opts, "storm", "PinnedHostKey");
    }
}

/** A machine that has shown the right key and has let us in. One that shows another key stops the update. */
export class SshContact extends pulumi.dynamic.Resource {
    constructor(name: string, args: SshContactArgs, opts?: pulumi.CustomResourceOptions) {
        super(contacting, name, args, opts, "storm", "SshContact");
    }
}
