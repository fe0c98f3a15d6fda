import { Readable } from "stream";
import type { Kind } from "../kind";
import { describe, exec } from "../machines/container";
import { type Inputs as Of, schema } from "../schema";
import { waitUntil, orError } from "../waiting";

type Inputs = Of<"RegistryUsers">;

/** Adds etcd's users, and turns authentication on. */
export const registryUsers: Kind<Inputs> = {
    inputs: schema.RegistryUsers,
    id: ({ identity }) => identity,
    updates: [],
    replaces: ["identity"],
    async create(inputs) {
        await untilItAnswers(inputs);
        if (!(await isOn(inputs))) {
            await addUsers(inputs);
        }
        return {};
    },
};

async function isOn(inputs: Inputs): Promise<boolean> {
    return /Authentication Status: true/.test(await etcdctl(inputs, ["auth", "status"]));
}

/** Each step may have been done before, by an update that was interrupted. */
async function addUsers(inputs: Inputs): Promise<void> {
    const { user, password, rootPassword, prefix } = inputs;
    for (const [name, word] of [
        ["root", rootPassword],
        [user, password],
    ] as const) {
        await etcdctl(inputs, ["user", "add", name, "--interactive=false"], word).catch(unlessThere);
        await etcdctl(inputs, ["user", "passwd", name, "--interactive=false"], word);
        await etcdctl(inputs, ["role", "add", name]).catch(unlessThere);
        await etcdctl(inputs, ["user", "grant-role", name, name]);
    }
    await etcdctl(inputs, ["role", "grant-permission", user, "readwrite", prefix, "--prefix"]);
    await etcdctl(inputs, ["auth", "enable"]);
}

function unlessThere(error: Error): string {
    if (/already exists/.test(error.message)) {
        return "";
    }
    throw error;
}

/** Runs etcd's client in the first member's container. A password is passed on standard input, which no list of processes shows. */
async function etcdctl({ members, options }: Inputs, words: string[], password?: string): Promise<string> {
    const [first = { container: "" }] = members;
    const input = password === undefined ? {} : { input: Readable.from([`${password}\n`]) };
    return String(await exec(first, ["etcdctl", ...options, ...words], input));
}

async function untilItAnswers(inputs: Inputs): Promise<void> {
    const { members, seconds } = inputs;
    const missing = await waitUntil(
        "etcd",
        orError(async () => void (await etcdctl(inputs, ["endpoint", "health"]))),
        { seconds },
    );
    if (missing !== undefined) {
        const evidence = await Promise.all(members.map((member) => describe(member, [])));
        throw new Error(`etcd was not ready within ${seconds} s: ${missing}\n${evidence.join("\n")}`);
    }
}
