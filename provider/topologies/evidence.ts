/** Why workers of a topology do not come up, in Storm's and their own words. */
import { type ContainerAt, endOf, inspect } from "../machines/container";
import { run } from "../machines/command";
import type { Executor, TopologyState } from "../nimbus/client";
import { missing, type Seen } from "../nimbus/running";

/** A supervisor, and the address or name at which others connect to its workers. */
export interface SupervisorAt extends ContainerAt {
    address: string;
}

/** A worker that may have logs. */
interface Worker {
    supervisor: SupervisorAt;
    /** Its port, which its folder is named by. */
    port: number;
    /** Whether it is not up; otherwise it has no work now, as after its work has moved. */
    isWaiting: boolean;
    /** When it has written last, in seconds since 1970; 0 where nobody can tell. */
    time: number;
}

/**
 * A worker's log, and what its JVM has printed on both streams, as before there is a log: LogWriter.java and log4j2/worker.xml of Storm
 * 1.2 to 3. A full one is renamed to `.1.gz` and so on.
 */
const files = ["worker.log", "worker.log.err"];

/**
 * What a person needs to see of a topology that does not run: up to three errors of its components, and the end of the logs of a worker
 * that is not up. Where none has a log, it is the worker that has written last, of those that are not up any more.
 * @param id The topology's id.
 * @param supervisors Those whose logs can be read.
 */
export async function evidence(
    id: string,
    state: TopologyState,
    seen: Seen,
    supervisors: SupervisorAt[],
): Promise<string> {
    const errors = state.errors
        .slice(0, 3)
        .map(({ component, error }) => `Error of ${component}:\n${error.split("\n").slice(0, 8).join("\n")}`);
    const waiting = state.executors.filter((each) => missing({ ...state, executors: [each] }, seen));
    if (waiting.length === 0) {
        return errors.join("\n");
    }
    const portsOn = (executors: Executor[], { address }: SupervisorAt) =>
        executors.filter(({ host }) => host === address).map(({ port }) => port);
    const folder = `/logs/workers-artifacts/${id}`;
    const workers = (await Promise.all(supervisors.map((each) => workersOn(each, folder, portsOn(waiting, each)))))
        .flat()
        .filter(({ supervisor, port, isWaiting }) => isWaiting || !portsOn(state.executors, supervisor).includes(port))
        .sort((one, other) => Number(other.isWaiting) - Number(one.isWaiting) || other.time - one.time);
    return [...errors, ...(await firstLogs(folder, workers))].join("\n");
}

/** The workers of a topology that have logs on a supervisor; `waiting` are the ports of those that are not up. */
async function workersOn(supervisor: SupervisorAt, folder: string, waiting: number[]): Promise<Worker[]> {
    const { container, ssh } = supervisor;
    const names = files.flatMap((name) => ["-o", "-name", name]).slice(1);
    const find = ["find", folder, "-mindepth", "2", "-maxdepth", "2", "-size", "+0", "(", ...names, ")"];
    try {
        const listed = await run(ssh, ["docker", "exec", container, ...find, "-printf", "%T@ %P\\n"]);
        return [...String(listed).matchAll(/^(\S+) (\d+)\//gm)].map(([, time, name]) => {
            const port = Number(name);
            return { supervisor, port, isWaiting: waiting.includes(port), time: Number(time) };
        });
    } catch {
        // Where the container does not run, files can be read, but not listed. A machine that does not answer is not asked again.
        const exists = await inspect(supervisor).catch(() => undefined);
        return exists ? waiting.map((port) => ({ supervisor, port, isWaiting: true, time: 0 })) : [];
    }
}

/** The ends of the logs of the first of these workers that has any. */
async function firstLogs(folder: string, workers: Worker[]): Promise<string[]> {
    for (const { supervisor, port } of workers) {
        const ends: string[] = [];
        for (const name of files) {
            const file = `${folder}/${port}/${name}`;
            const end = await endOf(supervisor, file);
            if (end !== "") {
                ends.push(`Last lines of ${file} in ${supervisor.container}:\n${end}`);
            }
        }
        if (ends.length > 0) {
            return ends;
        }
    }
    return [];
}
