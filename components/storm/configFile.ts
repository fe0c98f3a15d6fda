import { isDeepStrictEqual } from "util";
import { Readable } from "stream";
import * as pulumi from "@pulumi/pulumi";
import { run } from "../hosts/container";

/** Arguments of {@link ConfigFile}. */
export interface ConfigFileArgs {
    /** Name of the Docker volume that holds it. */
    volume: pulumi.Input<string>;
    /** Labels of the volume. */
    labels: Record<string, string>;
    /** The file's name. */
    file: string;
    /** The file's content; may be secret. */
    content: pulumi.Input<string>;
    /** The directory that the volume is mounted at, in a container that the file is written by and in those that read it. */
    directory: string;
    /** An image that is on the host, and has a shell and the directory. */
    image: string;
    /** Uid and gid of those that read it. */
    owner: number;
    /** The `ssh` command line that logs in on the host; undefined: it is this machine. */
    ssh?: pulumi.Input<string[]>;
    /** Tells the host from another in its place, which has no such volume; undefined: it is this machine. */
    machine?: pulumi.Input<string>;
}

type Inputs = pulumi.Unwrap<ConfigFileArgs> & { __provider?: string };

const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async create(inputs) {
        await write(inputs);
        return { id: inputs.volume, outs: inputs };
    },
    async read(id, inputs) {
        const { ssh, volume } = inputs as Inputs;
        const isThere = await run(ssh, ["docker", "volume", "inspect", volume]).then(() => true, () => false);
        return isThere ? { id, props: inputs } : { id: "" };
    },
    async diff(_id, olds, news) {
        const replaces = (["volume", "content", "machine"] as const).filter((key) => !isDeepStrictEqual(olds[key], news[key]));
        return { changes: replaces.length > 0 || !isDeepStrictEqual(olds.ssh, news.ssh), replaces, deleteBeforeReplace: false };
    },
    async update(_id, _olds, news) {
        return { outs: news };
    },
    async delete(_id, { ssh, volume }) {
        await run(ssh, ["docker", "volume", "rm", volume]).catch((error: Error & { code?: number }) => {
            // 255 is ssh's own: a machine that is at another address now keeps it until another file is put there.
            if (!/no such volume/i.test(error.message) && !(ssh && error.code === 255)) {
                throw error;
            }
        });
    },
};

async function write({ ssh, volume, labels, file, content, directory, image, owner }: Inputs): Promise<void> {
    const marks = Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]);
    await run(ssh, ["docker", "volume", "create", ...marks, volume]);
    const confined = ["--network", "none", "--user", `${owner}:${owner}`, "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
    const writer = ["--entrypoint", "sh", image, "-c", 'umask 077 && cat >"$0"', `${directory}/${file}`];
    const command = ["docker", "run", "--rm", "--interactive", ...confined, "--volume", `${volume}:${directory}`, ...writer];
    await run(ssh, command, { input: Readable.from([content]) });
    await removeOthers(ssh, volume, labels);
}

/** Removes the files before this one, without that which a container still has. */
async function removeOthers(ssh: string[] | undefined, volume: string, labels: Record<string, string>): Promise<void> {
    const filters = Object.entries(labels).flatMap(([key, value]) => ["--filter", `label=${key}=${value}`]);
    const listed = String(await run(ssh, ["docker", "volume", "ls", "--quiet", ...filters])).split("\n");
    const family = volume.slice(0, volume.lastIndexOf("-") + 1);
    for (const other of listed.filter((name) => name.startsWith(family) && name !== volume)) {
        await run(ssh, ["docker", "volume", "rm", other]).catch(() => undefined);
    }
}

/** A file on a host, in a Docker volume of its own, that containers mount. Another content is in another volume, which is made first. */
export class ConfigFile extends pulumi.dynamic.Resource {
    constructor(name: string, args: ConfigFileArgs, opts: pulumi.CustomResourceOptions) {
        super(provider, name, args, opts, "storm", "ConfigFile");
    }
}
