/**
 * Submits the example topology, waits until its workers count words, and prints the first counts: `firstCounts.ts <cluster> <jar>`, with
 * the stack's outputs as JSON on standard input.
 */
import { spawnSync } from "child_process";
import * as fs from "fs";
import { run } from "../provider/machines/command";
import type { ClusterSummary } from "../provider/nimbus/client";
import { type Limit, waitUntil } from "../provider/waiting";
import { type Machine, machinesOf, type Outputs, summaryOf, usedSlots } from "./containers";

const topology = "wordcount";
const workers = 2;

/** The end of the logs that a topology's workers have on a supervisor. */
export interface WorkerLogs {
    /** The supervisor, such as `supervisor-1`. */
    supervisor: string;
    /** Empty: no worker of that topology has run there. */
    text: string;
    /** The command that follows their counts. */
    follow: string;
}

/** The cluster that the topology is submitted to. */
export interface Cluster {
    /** What Nimbus says; undefined: none answers. */
    summary: () => Promise<ClusterSummary | undefined>;
    /** Submits the topology; returns what Storm's client has printed if it fails. */
    submit: () => string | undefined;
    /** The logs of the workers of a topology, by its id, on each supervisor. */
    workerLogs: (id: string) => Promise<WorkerLogs[]>;
}

/** What is missing until words are counted, and the command that shows more. */
interface Missing {
    what: string;
    next: string;
}

/**
 * Submits the topology, unless it is on the cluster already, and waits until it counts words.
 * @param print Prints lines.
 * @throws Error with what is missing, and the next command, if it is not submitted, or counts no words within the limit.
 */
export async function wordcount(cluster: Cluster, print: (lines: string) => void, limit: Limit): Promise<void> {
    const say = (text: string) => print(`make wordcount: ${text}`);
    const existing = await existingTopology(cluster, say, limit);
    if (existing) {
        say(`topology ${topology} is on the cluster already, and ${existing.status}: it is not submitted again`);
    } else {
        say(`submitting topology ${topology} with ${workers} workers`);
        const printed = cluster.submit();
        if (printed !== undefined) {
            throw new Error(`Storm's client did not submit the topology. It printed:\n${printed.trimEnd()}`);
        }
    }
    let logs: WorkerLogs[] = [];
    // A log may be that of a worker which runs no more: what runs counts on. An inactive topology does not.
    const former = existing?.status === "ACTIVE" ? countsOf(await cluster.workerLogs(existing.id)) : "[]";
    const missing = await wait(say, limit, async () => {
        const summary = await cluster.summary();
        const id = found(summary)?.id;
        logs = id === undefined ? [] : await cluster.workerLogs(id);
        return ["[]", former].includes(countsOf(logs)) ? missingIn(summary, logs) : undefined;
    });
    if (missing) {
        throw new Error(
            `topology ${topology} counts no words yet: ${missing.what}\n${endOf(logs)}Next: ${missing.next}`,
        );
    }
    const counts = countsIn(logs);
    say(`topology ${topology} has counted`);
    counts.forEach(({ supervisor, counted }) => print(`  ${supervisor}  ${counted}`));
    print(`To follow the counts on ${counts[0]?.supervisor}:\n  ${counts[0]?.follow}`);
}

function found(summary: ClusterSummary | undefined): ClusterSummary["topologies"][number] | undefined {
    return summary?.topologies.find(({ name }) => name === topology);
}

/** The topology of that name, as it is on the cluster; one that is being killed has to end first. */
async function existingTopology(
    cluster: Cluster,
    say: (text: string) => void,
    limit: Limit,
): Promise<ReturnType<typeof found>> {
    let summary = await cluster.summary();
    if (!summary) {
        throw new Error("no Nimbus answers, so nothing is submitted\nNext: make status");
    }
    const missing = await wait(say, limit, async () => {
        if (found(summary)?.status !== "KILLED") {
            return undefined;
        }
        summary = (await cluster.summary()) ?? summary;
        return { what: `the former topology ${topology} is being killed`, next: 'make storm ARGS="list"' };
    });
    if (missing) {
        throw new Error(`nothing is submitted: ${missing.what}\nNext: ${missing.next}`);
    }
    return found(summary);
}

/** Waits until nothing is missing any more, and says what is, each time when that is something else. */
async function wait(
    say: (text: string) => void,
    limit: Limit,
    look: () => Promise<Missing | undefined>,
): Promise<Missing | undefined> {
    let missing: Missing | undefined;
    await waitUntil(
        `topology ${topology}`,
        async () => {
            const before = missing?.what;
            missing = await look();
            if (missing && missing.what !== before) {
                say(`waiting: ${missing.what}`);
            }
            return missing?.what;
        },
        limit,
    );
    return missing;
}

function missingIn(summary: ClusterSummary | undefined, logs: WorkerLogs[]): Missing {
    if (!summary) {
        return { what: "no Nimbus answers", next: "make logs D=nimbus-1" };
    }
    if (!found(summary)?.workers) {
        return { what: `it has no worker; ${usedSlots(summary)} slots are used`, next: "make status" };
    }
    const written = logs.find(({ text }) => text !== "");
    return written
        ? { what: "its workers start; their logs have no new counts", next: written.follow }
        : {
              what: "its workers start; they have no logs",
              next: `make logs D=${logs[0]?.supervisor ?? "supervisor-1"}`,
          };
}

interface Count {
    supervisor: string;
    counted: string;
    follow: string;
}

/** What each task has counted last, on each supervisor, as CountBolt.java logs it; not those that have no word yet. */
export function countsIn(logs: WorkerLogs[]): Count[] {
    return logs.flatMap(({ supervisor, text, follow }) => {
        const last = new Map<string, string>();
        for (const [, task = "", counted = ""] of text.matchAll(/(count-executor\S*).*?(counted [1-9]\d* words.*)/g)) {
            last.set(task, counted);
        }
        return [...last.values()].map((counted) => ({ supervisor, counted, follow }));
    });
}

/** The counts as a text, to compare them; `[]`: there are none. */
function countsOf(logs: WorkerLogs[]): string {
    return JSON.stringify(countsIn(logs).map(({ counted }) => counted));
}

function endOf(logs: WorkerLogs[]): string {
    const written = logs.filter(({ text }) => text !== "");
    return written
        .map(({ supervisor, text }) => {
            const end = text.trimEnd().split("\n").slice(-20).join("\n");
            return `The end of its log on ${supervisor}:\n${end}\n`;
        })
        .join("");
}

/** The cluster of a stack. */
function clusterOf(outputs: Outputs, machines: Machine[], jar: string): Cluster {
    const supervisors = machines.flatMap(({ name, ssh, containers }) =>
        containers
            .filter(({ daemon }) => daemon.startsWith("supervisor-"))
            .map(({ daemon, container }) => ({ daemon, container, ssh, login: outputs.hosts?.[name ?? ""]?.ssh })),
    );
    return {
        summary: () => summaryOf(machines, outputs),
        submit: () => {
            const words = ["scripts/storm", "jar", jar, "wordcount.WordCountTopology", topology, String(workers)];
            const { status, stdout } = spawnSync("sh", ["-c", 'exec "$0" "$@" 2>&1', ...words], {
                encoding: "utf8",
                stdio: ["ignore", "pipe", "inherit"],
                maxBuffer: 64 << 20,
            });
            return status === 0 ? undefined : stdout;
        },
        workerLogs: (id) =>
            Promise.all(
                supervisors.map(async ({ daemon: supervisor, container, ssh, login }) => {
                    const files = `/logs/workers-artifacts/${id}/*/worker.log`;
                    const end = ["sh", "-c", `tail -qn 200 ${files} 2>/dev/null || true`];
                    const follow = `docker exec ${container} sh -c 'tail -f ${files}'`;
                    return {
                        supervisor,
                        // A supervisor that does not run has no workers either.
                        text: await run(ssh, ["docker", "exec", container, ...end]).then(String, () => ""),
                        follow: login === undefined ? follow : `${login} "${follow}"`,
                    };
                }),
            ),
    };
}

async function main(name: string, jar: string): Promise<void> {
    const outputs = JSON.parse(fs.readFileSync(0, "utf8")) as Partial<Outputs>;
    if (!outputs.nimbusSeeds) {
        throw new Error(`there is no cluster ${name}. \`make up\` creates it`);
    }
    const deployed = outputs as Outputs;
    const cluster = clusterOf(deployed, await machinesOf(name, deployed), jar);
    // Two JVMs for each worker, on a slow machine.
    await wordcount(cluster, (lines) => console.log(lines), { seconds: 300, milliseconds: 2000 });
}

if (require.main === module) {
    main(process.argv[2] ?? "", process.argv[3] ?? "").catch((error: Error) => {
        console.error(`make wordcount: ${error.message}`);
        process.exit(1);
    });
}
