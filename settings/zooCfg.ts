/** The setting `zooCfg`: entries of zoo.cfg for the members of the stack's own ensemble. */
import { distance } from "fastest-levenshtein";
import { z } from "zod";
import type { TellProblem } from "./stormConfiguration";

/** The setting by itself. {@link zooCfgProblems} finds what is wrong with its entries. */
export const zooCfg = z.record(z.string(), z.unknown(), { error: "must be a map of zoo.cfg's keys" });

/** Keys of zoo.cfg that the program sets, and why. */
const wired: Record<string, string> = {
    clientPort: "the program: remove it",
    clientPortAddress: "the program to the address of the member's host: remove it",
    dataDir: "the image: remove it",
    dataLogDir: "the image: remove it",
    dynamicConfigFile: "the program, from the hosts of the members: remove it",
    standaloneEnabled: "the program, as an ensemble of one can grow: remove it",
    "4lw.commands.whitelist": "the program to the commands that its gates use: remove it",
    "admin.enableServer": "the program, as the admin server's port is that of Storm UI: remove it",
};

/** Kinds of values: https://zookeeper.apache.org/doc/r3.9.3/zookeeperAdmin.html#sc_configuration */
const numbers = {
    tickTime: 1,
    initLimit: 1,
    syncLimit: 1,
    maxClientCnxns: 0,
    minSessionTimeout: -1,
    maxSessionTimeout: -1,
    snapCount: 2,
    preAllocSize: 1,
    globalOutstandingLimit: 1,
    maxCnxns: 0,
    connectToLearnerMasterLimit: 0,
    cnxTimeout: 1,
    "autopurge.snapRetainCount": 3,
    "autopurge.purgeInterval": 0,
    "fsync.warningthresholdms": 0,
    "metricsProvider.httpPort": 1,
};
const others = ["metricsProvider.className", "quorumListenOnAllIPs", "reconfigEnabled", "skipACL", "peerType"];
const known = [...Object.keys(numbers), ...others, ...Object.keys(wired)];

/** Tells what is wrong with entries of zoo.cfg. */
export function zooCfgProblems(map: Record<string, unknown>, problem: TellProblem): void {
    for (const [key, value] of Object.entries(map)) {
        const message = problemOf(key, value);
        if (message !== undefined) {
            problem([key], message);
        }
    }
    const [shortest, longest] = sessionTimeouts(map);
    if (shortest > longest) {
        const key = "minSessionTimeout" in map ? "minSessionTimeout" : "maxSessionTimeout";
        problem(
            [key],
            `makes sessions of ${shortest} ms at least and ${longest} ms at most, with which ZooKeeper does not start`,
        );
    }
}

function problemOf(key: string, value: unknown): string | undefined {
    if (wired[key] !== undefined) {
        return `is set by ${wired[key]}`;
    }
    if (/^(server|group|weight)\.\d+$/.test(key)) {
        return "is set by the program, from the hosts of the members: remove it";
    }
    if (key === "jute.maxbuffer") {
        return "is a property of Java, which ZooKeeper does not read from zoo.cfg: remove it";
    }
    const meant = known.find((each) => each !== key && distance(each.toLowerCase(), key.toLowerCase()) <= 1);
    if (!known.includes(key) && meant !== undefined) {
        return `is no key of ZooKeeper's: do you mean \`${meant}\`?`;
    }
    if (!["string", "number", "boolean"].includes(typeof value) || /[\s=]/.test(key) || /\s/.test(String(value))) {
        return "must be a word, a number, true or false, without spaces";
    }
    const least = (numbers as Record<string, number>)[key];
    return least !== undefined && !(Number.isInteger(Number(value)) && Number(value) >= least)
        ? `must be a whole number from ${least}`
        : undefined;
}

/** The session time-outs in milliseconds that an ensemble grants: at least 2 ticks and at most 20, unless it is set otherwise. */
export function sessionTimeouts(map: Record<string, unknown>): [number, number] {
    const given = (key: string, otherwise: number) => {
        const value = Number(map[key] ?? -1);
        return value >= 0 ? value : otherwise;
    };
    const tick = given("tickTime", 2000);
    return [given("minSessionTimeout", 2 * tick), given("maxSessionTimeout", 20 * tick)];
}
