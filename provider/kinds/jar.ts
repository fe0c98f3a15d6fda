import * as fs from "fs";
import { Readable } from "stream";
import type { ReadableStream } from "stream/web";
import { isUrl, jarFolder, jarPath } from "../jars";
import type { Kind } from "../kind";
import { run } from "../machines/command";
import { type Inputs as Of, schema } from "../schema";
import { messageOf } from "../waiting";

type Inputs = Of<"Jar">;

/** Seconds that a jar may take to be brought. */
const copySeconds = 1800;

/** Brings a jar to Nimbus's data. */
export const jar: Kind<Inputs> = {
    inputs: schema.Jar,
    id: ({ sha256 }) => sha256,
    updates: ["source", "nimbus", "machine"],
    async create(inputs) {
        await bring(inputs);
        return {};
    },
    read: async (state) => ((await exists(state).catch(() => false)) ? state : undefined),
    async update(olds, news) {
        await bring(news);
        if (olds.nimbus.container !== news.nimbus.container) {
            await remove(olds);
        }
        return {};
    },
    delete: remove,
};

async function remove({ sha256, nimbus }: Inputs): Promise<void> {
    // Where Nimbus is gone, its data is for its next start, and nobody submits from there.
    await run(nimbus.ssh, ["docker", "exec", nimbus.container, "rm", "--force", jarPath(sha256)]).catch(
        () => undefined,
    );
}

async function exists({ sha256, nimbus }: Inputs): Promise<boolean> {
    const test = `[ -f "$0" ] && echo yes || echo no`;
    const answer = await run(nimbus.ssh, ["docker", "exec", nimbus.container, "sh", "-c", test, jarPath(sha256)]);
    return String(answer).trim() === "yes";
}

async function bring(inputs: Inputs): Promise<void> {
    if (await exists(inputs)) {
        return;
    }
    const { source, sha256, nimbus } = inputs;
    const store = `
        mkdir -p "$1" && cat >"$1/$0.part" || exit
        echo "$0  $1/$0.part" | sha256sum --check --status || { rm "$1/$0.part"; exit 77; }
        mv "$1/$0.part" "$1/$0.jar"
    `;
    const command = ["docker", "exec", "--interactive", nimbus.container, "sh", "-c", store, sha256, jarFolder];
    try {
        await run(nimbus.ssh, command, { input: await open(source), seconds: copySeconds });
    } catch (error) {
        throw new Error(
            (error as { code?: number }).code === 77
                ? `${source} has another content than the one whose SHA-256 is ${sha256}: it changed meanwhile, or another one was given`
                : `${source} could not be brought to Nimbus: ${messageOf(error)}`,
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
