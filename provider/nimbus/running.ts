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

/** The fewest and the most, both included. */
export interface Bounds {
    /** The fewest. */
    min: number;
    /** The most. */
    max: number;
}

/** Between which numbers a topology's spread may vary. */
export interface SpreadBounds {
    /** Workers; default: they may not. */
    workers?: Bounds;
    /** Executors by component; default: they may not. */
    executors?: Record<string, Bounds>;
}

/** The nearest number within bounds. */
export function nearest(number: number, { min, max }: Bounds): number {
    return Math.min(Math.max(number, min), max);
}

/** Executors of a component, and the tasks that they run. */
export function executorsOf({ executors }: TopologyState, component: string): { executors: number; tasks: number } {
    const those = executors.filter((executor) => executor.component === component);
    return { executors: those.length, tasks: those.reduce((sum, { tasks }) => sum + tasks, 0) };
}

/**
 * What is wanted of a topology whose spread may vary: where it is out of its bounds the nearest that is within, else nothing.
 * @param isNew Whether it was just submitted, so that what is wanted of it is where it starts.
 */
export function wantedWithin(
    state: TopologyState,
    { workers, parallelism = {} }: Spread,
    bounds: SpreadBounds,
    isNew: boolean,
): Spread {
    const wanted = (has: number, start: number | undefined, within: Bounds) => {
        const goal = nearest((isNew ? start : undefined) ?? has, within);
        return goal === has ? undefined : goal;
    };
    const varying = Object.entries(bounds.executors ?? {}).map(
        ([component, within]) =>
            [component, wanted(executorsOf(state, component).executors, parallelism[component], within)] as const,
    );
    const all = Object.entries({ ...parallelism, ...Object.fromEntries(varying) });
    return {
        workers: bounds.workers ? wanted(workersOf(state), workers, bounds.workers) : workers,
        parallelism: Object.fromEntries(all.flatMap(([name, each]) => (each === undefined ? [] : [[name, each]]))),
    };
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
        const { executors, tasks } = executorsOf(state, component);
        if (executors !== Math.min(wanted, tasks)) {
            return `its ${component} has ${executors} executors, and not ${Math.min(wanted, tasks)}`;
        }
    }
    return undefined;
}

/** Names that are no components of the topology, with the names that are; undefined: all are. */
export function unknownComponents({ executors }: TopologyState, names: string[]): string | undefined {
    const components = [...new Set(executors.map(({ component }) => component))].sort();
    const unknown = [...new Set(names)].filter((name) => !components.includes(name));
    return unknown.length > 0
        ? `has no component ${unknown.join(", ")}: there are ${components.join(", ")}`
        : undefined;
}
