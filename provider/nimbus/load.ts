/** What a cluster has, and what is asked of it. */
import type { ClusterSummary } from "./client";

/** A cluster's slots, and those that topologies want. */
export interface Load {
    /** Supervisors that the stack has. */
    supervisors: number;
    /** Slots of each supervisor that Nimbus lists. */
    slots: number[];
    /** Slots that topologies want. */
    wanted: number;
}

/**
 * The slots that a topology wants: its workers, as far as it has executors for them. One that is being killed wants what it still has.
 * @param workers How many workers it was given.
 */
export function wantedSlots(topology: ClusterSummary["topologies"][number], workers: number): number {
    const { status, executors, workers: has } = topology;
    // It has no executors before it has a worker.
    return status === "KILLED" ? has : Math.max(has, Math.min(workers, executors || workers));
}

/** How many workers a topology of this configuration was given. */
export function workersGiven(configuration: Record<string, unknown>): number {
    return Number(configuration["topology.workers"] ?? 1);
}

/** The load of a cluster, as Nimbus lists it. */
export function loadOf(
    summary: Pick<ClusterSummary, "supervisors">,
    supervisors: number,
    wanted: Record<string, number>,
): Load {
    // A supervisor that has lost its id is listed twice until ZooKeeper forgets the old one.
    const slots = new Map(summary.supervisors.map((supervisor) => [supervisor.host, supervisor.slots]));
    const sum = Object.values(wanted).reduce((total, each) => total + each, 0);
    return { supervisors, slots: [...slots.values()], wanted: sum };
}
