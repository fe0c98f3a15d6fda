import * as fs from "fs";
import { Readable } from "stream";
import type { ReadableStream } from "stream/web";
import { isDeepStrictEqual } from "util";
import * as pulumi from "@pulumi/pulumi";
import { type ContainerAt, run } from "../../hosts/container";

/** Arguments of {@link Jar}. */
export interface JarArgs {
    /** Path of a file, or URL by which it is downloaded. */
    source: string;
    /** Its content's SHA-256, in hexadecimal digits. */
    sha256: string;
    /** The container of the Nimbus that keeps it with its data. */
    nimbus: pulumi.Input<ContainerAt>;
    /** Tells the machine from another in its place, which has no jar; undefined: it is this one. */
    machine?: pulumi.Input<string>;
}

type Inputs = pulumi.Unwrap<JarArgs> & { __provider?: string };

/** Beside Storm's own directories in Nimbus's data. */
const folder = "/data/jars";

/** Seconds that a jar may take to be brought. */
const copySeconds = 1800;

/** A jar's path in the container of the Nimbus that keeps it. */
export function jarPath(sha256: string): string {
    return `${folder}/${sha256}.jar`;
}

const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async create(inputs) {
        await bring(inputs);
        return { id: inputs.sha256, outs: inputs };
    },
    async read(id, inputs) {
        return (await isThere(inputs as Inputs).catch(() => false)) ? { id, props: inputs } : { id: "" };
    },
    async diff(_id, olds, news) {
        const decisive = ({ source, nimbus, machine, __provider }: Inputs) => [source, nimbus, machine, __provider];
        return { changes: !isDeepStrictEqual(decisive(olds), decisive(news)) };
    },
    async update(_id, olds, news) {
        await bring(news);
        if (olds.nimbus.container !== news.nimbus.container) {
            await remove(olds);
        }
        return { outs: news };
    },
    async delete(_id, state) {
        await remove(state);
    },
};

async function remove({ sha256, nimbus }: Inputs): Promise<void> {
    // Where Nimbus is gone, its data is for its next start, and nobody submits from there.
    await run(nimbus.ssh, ["docker", "exec", nimbus.container, "rm", "--force", jarPath(sha256)]).catch(() => undefined);
}

async function isThere({ sha256, nimbus }: Inputs): Promise<boolean> {
    const test = `[ -f "$0" ] && echo yes || echo no`;
    const answer = await run(nimbus.ssh, ["docker", "exec", nimbus.container, "sh", "-c", test, jarPath(sha256)]);
    return String(answer).trim() === "yes";
}

async function bring(inputs: Inputs): Promise<void> {
    if (await isThere(inputs)) {
        return;
    }
    const { source, sha256, nimbus } = inputs;
    const store = `
        mkdir -p "$1" && cat >"$1/$0.part" || exit
        echo "$0  $1/$0.part" | sha256sum --check --status || { rm "$1/$0.part"; exit 77; }
        mv "$1/$0.part" "$1/$0.jar"
    `;
    const command = ["docker", "exec", "--interactive", nimbus.container, "sh", "-c", store, sha256, folder];
    try {
        await run(nimbus.ssh, command, { input: await open(source), seconds: copySeconds });
    } catch (error) {
        throw new Error(
            (error as { code?: number }).code === 77
                ? `${source} has another content than the one whose SHA-256 is ${sha256}: it changed meanwhile, or another one was given`
                : `${source} could not be brought to Nimbus: ${(error as Error).message}`,
        );
    }
}

async function open(source: string): Promise<Readable> {
    if (!isUrl(source)) {
        return fs.createReadStream(source);
    }
    const response = await fetch(source);
    if (!response.ok || !response.body) {
        throw new Error(`HTTP ${response.status} ${response.statusText}`);
    }
    return Readable.fromWeb(response.body as ReadableStream);
}

/** Whether a jar's source is a URL, and not a path. */
export function isUrl(source: string): boolean {
    return /^https?:\/\//.test(source);
}

/** A jar that lies on the cluster, with the data of a Nimbus, under the name that its content gives it. */
export class Jar extends pulumi.dynamic.Resource {
    constructor(name: string, args: JarArgs, opts?: pulumi.CustomResourceOptions) {
        super(provider, name, args, opts, "storm", "Jar");
    }
}
