/** What the tests of topologies have in common: what a cluster says of them, and jars to submit. */
import { execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { answerOf } from "../../../provider/nimbus/leader";
import type { NimbusContainer } from "../../../provider/schema";
import { type TopologyState, topologyConfiguration, topologyState } from "../../../provider/nimbus/client";
import { workersOf } from "../../../provider/nimbus/running";
import { until } from "../stack";

export const jar = "examples/wordcount/target/wordcount.jar";

/** The settings of the example topology, whose own message timeout is 30 seconds: a drain waits for two of them. */
export function wordcount(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return {
        name: "wordcount",
        jar,
        mainClass: "wordcount.WordCountTopology",
        workers: 2,
        killSeconds: 1,
        rebalanceSeconds: 1,
        ...changes,
        configuration: { "topology.message.timeout.secs": 10, ...(changes.configuration as object | undefined) },
    };
}

/** A topology, as the cluster has it. */
export interface Running extends TopologyState {
    id: string;
    name: string;
    /** Workers by the address of their supervisor. */
    workers: Record<string, number>;
    configuration: Record<string, unknown>;
}

/** The topologies of a cluster that are there and are not being killed. */
export async function running(nimbuses: NimbusContainer[]): Promise<Running[]> {
    return answerOf(nimbuses, async ({ nimbus, summary }) => {
        const found: Running[] = [];
        for (const { id, name } of summary.topologies.filter(({ status }) => status !== "KILLED")) {
            const [state, configuration] = [await topologyState(nimbus, id), await topologyConfiguration(nimbus, id)];
            const workers: Record<string, number> = {};
            for (const host of new Set(state.executors.map((executor) => executor.host))) {
                workers[host] = workersOf({
                    ...state,
                    executors: state.executors.filter((executor) => executor.host === host),
                });
            }
            found.push({ ...state, id, name, workers, configuration });
        }
        return found;
    });
}

/** A jar with the same classes and another content, in a folder of its own. */
export function otherJar(): string {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-jar-"));
    const copy = path.join(folder, "wordcount.jar");
    fs.copyFileSync(jar, copy);
    fs.writeFileSync(path.join(folder, "note.txt"), "another version\n");
    execFileSync("jar", ["--update", "--file", copy, "-C", folder, "note.txt"]);
    return copy;
}

/** A folder in the project's, where a topology's files have to be. */
export function folderOfFiles(): string {
    fs.mkdirSync(".local", { recursive: true });
    return fs.mkdtempSync(path.join(".local", "e2e-files-"));
}

/** What spouts of the example have emitted, summed up. */
export interface Sentences {
    emitted: number;
    acked: number;
    underWay: number;
    replays: number;
}

/**
 * What spouts of the example that are deactivated have said last, summed up: of each, its task and the log of its worker, where others may
 * have written. A spout that is still active counts as NaN: deactivation reaches workers some time after Nimbus's answer.
 */
export function sentences(spouts: { task: number; log: string }[]): Sentences {
    const sum = { emitted: 0, acked: 0, underWay: 0, replays: 0 };
    for (const { task, log } of spouts) {
        const latestFirst = log
            .split("\n")
            .filter((line) => line.includes(`sentences-executor[${task}, `))
            .reverse();
        const since = latestFirst.findIndex((line) => /(A|Dea)ctivating spout/.test(line));
        const isDeactivated = latestFirst[since]?.includes("Deactivating");
        const said = isDeactivated ? latestFirst.slice(0, since).join("\n") : "";
        const sentence = /emitted (\d+) sentences: (\d+) acked, (\d+) under way; (\d+) emissions/;
        const [, ...numbers] = sentence.exec(said) ?? [];
        const [emitted = NaN, acked = NaN, underWay = NaN, replays = NaN] = numbers.map(Number);
        sum.emitted += emitted;
        sum.acked += acked;
        sum.underWay += underWay;
        sum.replays += replays;
    }
    return sum;
}

/**
 * Deactivates a topology, and waits until its spouts have no sentence under way. One that is not active emits nothing again: where a
 * sentence has failed since, the topology is activated for a moment.
 * @param set Runs `storm activate` or `storm deactivate`.
 * @param read What its spouts say.
 * @returns What they say then.
 */
export async function sentencesInTheEnd(
    set: (command: "activate" | "deactivate") => unknown,
    read: () => Sentences | Promise<Sentences>,
): Promise<Sentences> {
    return until("all sentences are acked", 300, async () => {
        await set("deactivate");
        const acked = async () => {
            const said = await read();
            return said.underWay === 0 && said;
        };
        const said = await until("", 30, acked).catch(() => undefined);
        if (!said) {
            await set("activate");
            await until("its spouts are active", 300, async () => Number.isNaN((await read()).underWay));
        }
        return said;
    });
}
