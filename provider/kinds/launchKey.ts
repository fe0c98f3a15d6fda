import { execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { isDeepStrictEqual } from "util";
import type { Kind } from "../kind";
import { attempt, connect } from "../machines/sshConnection";
import { activateScript, proposeScript } from "../machines/launchKey";
import { type Inputs, schema } from "../schema";

/** A key pair, and the machine that it is for. */
interface Keys {
    triggers: string[];
    /** In OpenSSH's format. */
    privateKey: string;
    /** Such as `ssh-ed25519 AAAA...`. */
    publicKey: string;
}

/** Makes a machine's first host key. */
export const launchKey: Kind<Inputs<"LaunchKey">, Omit<Keys, "triggers"> & { previous?: Keys }> = {
    inputs: schema.LaunchKey,
    id: () => "launch-key",
    secrets: ["privateKey", "previous"],
    create: async () => keyPair(),
    async update({ previous, triggers, privateKey, publicKey }, news) {
        // What was refused, or failed, and is taken back, leaves the machine that exists as it is.
        const isBack = previous && isDeepStrictEqual(previous.triggers, news.triggers);
        const keys = isBack ? { privateKey: previous.privateKey, publicKey: previous.publicKey } : keyPair();
        return { ...keys, previous: { triggers, privateKey, publicKey } };
    },
};

function keyPair(): Omit<Keys, "triggers"> {
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

/** Has a machine make a host key of its own. */
export const ownHostKey: Kind<Inputs<"OwnHostKey">, { made: string }> = {
    inputs: schema.OwnHostKey,
    id: ({ host }) => host,
    updates: ["machine"],
    create: propose,
    update: async (_olds, news) => propose(news),
};

async function propose(inputs: Inputs<"OwnHostKey">): Promise<{ made: string }> {
    // One that still starts has not got the key yet.
    const answer = await connect(inputs, inputs.launchKey, {
        command: proposeScript,
        whenOther: () => Promise.resolve(),
    });
    return { made: answer.output };
}

/** Has a machine show that key from now on. */
export const exchangedHostKey: Kind<Inputs<"ExchangedHostKey">, { active: string }> = {
    inputs: schema.ExchangedHostKey,
    id: ({ host }) => host,
    updates: ["machine"],
    create: exchange,
    update: async (_olds, news) => exchange(news),
};

async function exchange(inputs: Inputs<"ExchangedHostKey">): Promise<{ active: string }> {
    await connect(inputs, inputs.hostKey, { whenOther: () => attempt(inputs, inputs.launchKey, activateScript) });
    return { active: inputs.hostKey };
}
