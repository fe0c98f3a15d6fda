import { Readable } from "stream";
import * as pulumi from "@pulumi/pulumi";
import { type ContainerAt, describe, run } from "../../hosts/container";
import { lackingAfter } from "../../hosts/lacking";

/** Arguments of {@link RegistryUsers}. */
export interface RegistryUsersArgs {
    /** Containers of the registry's members, of which one is asked. */
    members: pulumi.Input<ContainerAt[]>;
    /** Options by which etcd's client reaches that one. */
    options: pulumi.Input<string[]>;
    /** Tells this registry from another in its place, which has no users. */
    identity: pulumi.Input<string>;
    /** Password of its administrator, `root`. */
    rootPassword: pulumi.Input<string>;
    /** The user that may read and write. */
    user: string;
    /** The password of that one. */
    password: pulumi.Input<string>;
    /** What the keys begin with that it may read and write. */
    prefix: string;
    /** Seconds that the registry has to answer. */
    seconds: number;
}

type Inputs = pulumi.Unwrap<RegistryUsersArgs> & { __provider?: string };

const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async create(inputs) {
        await untilItAnswers(inputs);
        if (!(await isOn(inputs))) {
            await addUsers(inputs);
        }
        return { id: inputs.identity, outs: inputs };
    },
    async diff(_id, olds, news) {
        const isAnother = olds.identity !== news.identity;
        return { changes: isAnother || olds.__provider !== news.__provider, replaces: isAnother ? ["identity"] : [], deleteBeforeReplace: false };
    },
    async update(_id, _olds, news) {
        return { outs: news };
    },
};

async function isOn(inputs: Inputs): Promise<boolean> {
    return /Authentication Status: true/.test(await etcdctl(inputs, ["auth", "status"]));
}

/** Each step may have been done before, by an update that was interrupted. */
async function addUsers(inputs: Inputs): Promise<void> {
    const { user, password, rootPassword, prefix } = inputs;
    for (const [name, word] of [["root", rootPassword], [user, password]] as const) {
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

/** Runs etcd's client in the first member's container; a password goes in on standard input, where no list of processes shows it. */
async function etcdctl({ members, options }: Inputs, words: string[], password?: string): Promise<string> {
    const [{ container, ssh } = { container: "" }] = members;
    const command = ["docker", "exec", "--interactive", container, "etcdctl", ...options, ...words];
    return String(await run(ssh, command, password === undefined ? {} : { input: Readable.from([`${password}\n`]) }));
}

async function untilItAnswers(inputs: Inputs): Promise<void> {
    const { members, seconds } = inputs;
    const lacks = await lackingAfter(seconds, () => etcdctl(inputs, ["endpoint", "health"]).then(() => undefined, (error: Error) => error.message));
    if (lacks !== undefined) {
        const evidence = await Promise.all(members.map((member) => describe(member, [])));
        throw new Error(`etcd was not ready within ${seconds} s: ${lacks}\n${evidence.join("\n")}`);
    }
}

/** The users of a registry, without whom nobody may read or write in it. */
export class RegistryUsers extends pulumi.dynamic.Resource {
    constructor(name: string, args: RegistryUsersArgs, opts: pulumi.CustomResourceOptions) {
        super(provider, name, args, opts, "storm", "RegistryUsers");
    }
}
