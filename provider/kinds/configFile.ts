import { createHash } from "crypto";
import * as fs from "fs";
import { Readable } from "stream";
import type { Kind } from "../kind";
import { run } from "../machines/command";
import { type Inputs as Of, schema } from "../schema";

type Inputs = Of<"ConfigFile">;

/** Writes a file into a volume of its own. */
export const configFile: Kind<Inputs> = {
    inputs: schema.ConfigFile,
    id: ({ volume }) => volume,
    updates: ["ssh"],
    replaces: ["volume", "content", "sha256", "machine"],
    async create(inputs) {
        await write(inputs);
        return {};
    },
    async read(state) {
        const exists = await run(state.ssh, ["docker", "volume", "inspect", state.volume]).then(
            () => true,
            () => false,
        );
        return exists ? state : undefined;
    },
    async delete({ ssh, volume }) {
        await run(ssh, ["docker", "volume", "rm", volume]).catch((error: Error & { code?: number }) => {
            // 255 is ssh's own: a machine that is at another address now keeps it until another file is put there.
            if (!/no such volume/i.test(error.message) && !(ssh && error.code === 255)) {
                throw error;
            }
        });
    },
};

async function write(inputs: Inputs): Promise<void> {
    const { ssh, volume, labels, file, directory, image, owner } = inputs;
    const content = contentOf(inputs);
    const marks = Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]);
    await run(ssh, ["docker", "volume", "create", ...marks, volume]);
    const confined = [
        "--network",
        "none",
        "--user",
        `${owner}:${owner}`,
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges",
    ];
    const writer = ["--entrypoint", "sh", image, "-c", 'umask 077 && cat >"$0"', `${directory}/${file}`];
    const command = [
        "docker",
        "run",
        "--rm",
        "--interactive",
        ...confined,
        "--volume",
        `${volume}:${directory}`,
        ...writer,
    ];
    await run(ssh, command, { input: Readable.from([content]) });
    await removeOthers(ssh, volume, labels);
}

function contentOf({ content = "", source, sha256 }: Inputs): string | Buffer {
    if (source === undefined) {
        return content;
    }
    const read = fs.readFileSync(source);
    if (createHash("sha256").update(read).digest("hex") !== sha256) {
        throw new Error(`${source} has another content than the one whose SHA-256 is ${sha256}: it changed meanwhile`);
    }
    return read;
}

/** Removes the files before this one, except a file that a container still mounts. */
async function removeOthers(ssh: string[] | undefined, volume: string, labels: Record<string, string>): Promise<void> {
    const filters = Object.entries(labels).flatMap(([key, value]) => ["--filter", `label=${key}=${value}`]);
    const listed = String(await run(ssh, ["docker", "volume", "ls", "--quiet", ...filters])).split("\n");
    const family = volume.slice(0, volume.lastIndexOf("-") + 1);
    for (const other of listed.filter((name) => name.startsWith(family) && name !== volume)) {
        await run(ssh, ["docker", "volume", "rm", other]).catch(() => undefined);
    }
}
