/** The containers of a cluster that goes to another major version of Storm, and what is done to them. */
import { run } from "../machines/command";
import { type ContainerAt, stop } from "../machines/container";
import { shellFile } from "../machines/shell";
import type { Inputs } from "../schema";
import { messageOf } from "../waiting";

/** What a cluster is changed by. */
export type Change = NonNullable<Inputs<"StormVersionGuard">["change"]>;

/** A container with a daemon of the cluster's. */
export interface DaemonAt extends ContainerAt {
    /** Such as `nimbus-1`. */
    daemon: string;
    /** Such as `nimbus`. */
    kind: string;
}

/** What is known of a daemon's data before it is copied or restored. */
export interface Data {
    /** Major version of the Storm that has written it; empty: none has. */
    version: string;
    /** Whether there is a copy. */
    copy: boolean;
    /** KiB of the data. */
    used: number;
    /** KiB that a copy may have. */
    free: number;
}

/** Seconds that a machine has to download an image. */
const pullSeconds = 1800;
/** Seconds that a copy of a daemon's data may take. */
const copySeconds = 3600;

const look = shellFile(__dirname, "look.sh");
const copy = shellFile(__dirname, "copy.sh");
const restore = shellFile(__dirname, "restore.sh");
const clear =
    "find /data -mindepth 1 ! -path /data/supervisor ! -path '/data/supervisor/isupervisor*' ! -path /data/storm-hostname -delete";
const printVersion = `${shellFile(__dirname, "../machines/stormVersion.sh")}\necho "$version"`;

/** The folder, below a daemon's /data, of the copy that the upgrade to a major version makes. */
export const copyFolder = (version: number) => `before-storm-${version}`;

/** The directories with a daemon's data: those that it is created with. */
function directoriesOf({ kind }: DaemonAt): string[] {
    return kind === "zookeeper" ? ["/data", "/datalog"] : ["/data"];
}

/**
 * Storm's and ZooKeeper's containers on all machines of a cluster, whether they run or not.
 * @throws Error that names the machines that cannot be asked.
 */
export async function daemonsOf({ cluster, machines }: Change): Promise<DaemonAt[]> {
    const format = '{{.Names}} {{.Label "storm.daemon"}}';
    const list = ["docker", "ps", "--all", "--filter", `label=storm.cluster=${cluster}`, "--format", format];
    const printed = await onEach(machines, async ({ ssh }) => ({ ssh, text: String(await run(ssh, list)) }));
    return printed.flatMap(({ ssh, text }) =>
        text.split("\n").flatMap((line) => {
            const [container = "", daemon = ""] = line.split(" ");
            const [, kind] = /^(zookeeper|nimbus|supervisor|drpc|ui)(?:-\d+)?$/.exec(daemon) ?? [];
            return kind === undefined ? [] : [{ container, daemon, kind, ssh }];
        }),
    );
}

/**
 * Makes sure that every machine has an image.
 * @throws Error that names the machines that do not get it.
 */
export async function pull(image: string, { machines }: Change): Promise<void> {
    const script = 'docker image inspect "$0" >/dev/null 2>&1 || docker pull --quiet "$0"';
    await onEach(machines, ({ ssh }) => run(ssh, ["sh", "-c", script, image], { seconds: pullSeconds }));
}

/**
 * The version of Storm in an image, as its files have it: a tag may say anything.
 * @throws Error if it has none.
 */
export async function versionIn(image: string, ssh: string[] | undefined): Promise<string> {
    const words = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "bash", image, "-c", printVersion];
    const version = String(await run(ssh, words)).trim();
    if (!/^\d+(\.|$)/.test(version)) {
        throw new Error(`${image} has no Storm: neither RELEASE nor the names of jars say a version`);
    }
    return version;
}

/** What is known of a daemon's data. */
export async function dataOf(daemon: DaemonAt, folder: string): Promise<Data> {
    return JSON.parse(await within(daemon, look, [folder, ...directoriesOf(daemon)])) as Data;
}

/** Copies a daemon's data, in the place of a copy from before. */
export async function copyData(daemon: DaemonAt, folder: string): Promise<void> {
    await within(daemon, copy, [folder, ...directoriesOf(daemon)]);
}

/** Puts the copy of a daemon's data in the place of the data. */
export async function restoreData(daemon: DaemonAt, folder: string): Promise<void> {
    await within(daemon, restore, [folder, ...directoriesOf(daemon)]);
}

/** Deletes a supervisor's data except its id, by which Nimbus gives it the work that it had: it gets all else from Nimbus again. */
export async function clearData(daemon: DaemonAt): Promise<void> {
    await within(daemon, clear, []);
}

/** Lets a Storm of another major version start with a daemon's data; dataGuard.sh reads it. */
export async function allowVersion(daemon: DaemonAt, version: number): Promise<void> {
    await within(daemon, 'echo "$1" >/data/storm-upgrade-to', [String(version)]);
}

/** Runs a script with a daemon's data, beside its container, which need not run. */
export async function within({ container, ssh }: ContainerAt, script: string, words: string[]): Promise<string> {
    const beside =
        'image=$(docker container inspect --format "{{.Image}}" "$0") && ' +
        'docker run --rm --network none --user 1000:1000 --volumes-from "$0" --cap-drop ALL --security-opt no-new-privileges ' +
        '--entrypoint bash "$image" -c "$@"';
    const command = ["sh", "-c", beside, container, script, "bash", ...words];
    return String(await run(ssh, command, { seconds: copySeconds }));
}

/**
 * Stops containers, all at once.
 * @throws Error with each that could not be stopped.
 */
export async function stopAll(daemons: DaemonAt[]): Promise<void> {
    await onEach(daemons, async (daemon) => {
        const problem = await stop(daemon);
        if (problem !== undefined) {
            throw new Error(`it could not be stopped: ${problem}`);
        }
    });
}

/** Starts containers that were stopped. */
export async function startAll(daemons: DaemonAt[]): Promise<void> {
    await onEach(daemons, ({ container, ssh }) => run(ssh, ["docker", "start", container]));
}

/**
 * Does something for each machine or daemon, at the same time.
 * @throws Error that names those that failed, each with its reason.
 */
export async function onEach<Item extends { host?: string } | { daemon: string }, Result>(
    items: Item[],
    act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
    const done = await Promise.allSettled(items.map(act));
    const failures = done.flatMap((each, index) => {
        const item = items[index] as { host?: string; daemon?: string };
        const name = item.daemon ?? item.host ?? "this machine";
        return each.status === "rejected" ? [`${name}: ${messageOf(each.reason)}`] : [];
    });
    if (failures.length > 0) {
        throw new Error(failures.join("; "));
    }
    return done.map((each) => (each as PromiseFulfilledResult<Result>).value);
}
