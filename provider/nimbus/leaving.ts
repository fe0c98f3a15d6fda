/** What keeps supervisors, whose work has to move, from being removed. Addresses are those at which others connect to them. */
import { type ClusterSummary, messageTimeout, type TopologyState } from "./client";
import { missing, type Seen } from "./running";

/** A topology that has work on supervisors that leave. */
export interface Affected {
    id: string;
    name: string;
    /** Whether it has work elsewhere too. */
    hasOthers: boolean;
    /** Seconds in which every tuple that it had under way is acked, or has failed and is emitted again. */
    overdueSeconds: number;
}

/** Whether a topology has work on one of these supervisors. */
export function hasWorkOn(leaving: string[], { executors }: Pick<TopologyState, "executors">): boolean {
    return executors.some(({ host }) => leaving.includes(host));
}

/** A topology that has work on supervisors that leave. */
export function affected(
    leaving: string[],
    { id, name }: { id: string; name: string },
    { executors }: Pick<TopologyState, "executors">,
    configuration: Record<string, unknown>,
): Affected {
    const hasOthers = executors.some(({ host }) => !leaving.includes(host));
    return { id, name, hasOthers, overdueSeconds: overdueSeconds(configuration) };
}

/** Seconds in which every tuple that a topology of this configuration has under way is acked, or has failed and is emitted again. */
export function overdueSeconds(configuration: Record<string, unknown>): number {
    // A spout looks for overdue tuples once in a message timeout.
    return configuration["topology.acker.executors"] === 0 ? 0 : 2 * messageTimeout(configuration);
}

/** Names of the topologies that would run nowhere without these supervisors. */
export function strandedBy(
    leaving: string[],
    topologies: Pick<Affected, "name" | "hasOthers">[],
    { supervisors }: Pick<ClusterSummary, "supervisors">,
): string[] {
    const others = supervisors.filter(({ host }) => !leaving.includes(host));
    let free = others.reduce((sum, { slots, usedSlots }) => sum + slots - usedSlots, 0);
    return topologies.filter(({ hasOthers }) => !hasOthers && free-- <= 0).map(({ name }) => name);
}

/**
 * What of a topology has not moved yet; undefined: it runs elsewhere.
 * @param seen Kept from one request to the next.
 */
export function notMoved(leaving: string[], name: string, state: TopologyState, seen: Seen): string | undefined {
    if (hasWorkOn(leaving, state)) {
        return `Nimbus still has work of ${name} there`;
    }
    const lost = missing(state, seen);
    return lost === undefined ? undefined : `${name} does not run elsewhere: ${lost}`;
}
