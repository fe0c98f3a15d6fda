import type { Executor, TopologyState } from "./client";

/** The uptime that an executor had when it was first seen at its place. */
export type Seen = Map<string, number>;

/** Seconds that a worker has to live: one that fails while it opens spouts or prepares bolts ends within the first few. */
const provenSeconds = 10;

/** What a topology is missing to run; undefined: it runs. `seen` is kept from one request about it to the next. */
export function missing({ status, executors, scheduling }: TopologyState, seen: Seen): string | undefined {
    if (status !== "ACTIVE" && status !== "INACTIVE") {
        return `it is ${status}`;
    }
    if (executors.length === 0) {
        // ResourceAwareScheduler says what resources are missing.
        return `it has no worker: ${scheduling || "no slot is free"}`;
    }
    const waiting = executors.filter((executor) => !isUp(executor, seen));
    const places = [...new Set(waiting.map(({ component, host, port }) => `${component} on ${host}:${port}`))];
    return places.length > 0 ? `these are not up: ${places.join(", ")}` : undefined;
}

/** A heartbeat may be left from a worker before: that an executor lives, the next one shows. */
function isUp({ task, host, port, uptime }: Executor, seen: Seen): boolean {
    const place = `${task} ${host}:${port}`;
    const first = seen.get(place);
    if (first === undefined || uptime < first) {
        seen.set(place, uptime);
        return false;
    }
    return uptime > first && uptime >= provenSeconds;
}

/** How many workers it has. */
export function workersOf({ executors }: TopologyState): number {
    return new Set(executors.map(({ host, port }) => `${host}:${port}`)).size;
}

/** What is wanted of a topology's spread. */
export interface Spread {
    /** Workers; default: what its jar says. */
    workers?: number;
    /** Executors by component; default: what its jar says. */
    parallelism?: Record<string, number>;
}

/**
 * How a topology's spread differs from what is wanted; undefined: it does not. There are no more workers than slots or
 * executors, and no more executors of a component than it has tasks.
 * @param freeSlots Slots of the cluster that nobody uses.
 */
export function spreadProblem(
    state: TopologyState,
    { workers, parallelism = {} }: Spread,
    freeSlots: number,
): string | undefined {
    const has = workersOf(state);
    const possible = workers && Math.min(workers, has + freeSlots, state.executors.length);
    if (possible !== undefined && possible !== has) {
        return `it has ${has} workers, and not ${possible}`;
    }
    for (const [component, wanted] of Object.entries(parallelism)) {
        const executors = state.executors.filter((executor) => executor.component === component);
        const tasks = executors.reduce((sum, executor) => sum + executor.tasks, 0);
        if (executors.length !== Math.min(wanted, tasks)) {
            return `its ${component} has ${executors.length} executors, and not ${Math.min(wanted, tasks)}`;
        }
    }
    return undefined;
}

/** Names in `parallelism` that are no components of the topology, with the names that are; undefined: all are. */
export function unknownComponents(
    { executors }: TopologyState,
    parallelism: Record<string, number>,
): string | undefined {
    const components = [...new Set(executors.map(({ component }) => component))].sort();
    const unknown = Object.keys(parallelism).filter((name) => !components.includes(name));
    return unknown.length > 0
        ? `has no component ${unknown.join(", ")}: there are ${components.join(", ")}`
        : undefined;
}
