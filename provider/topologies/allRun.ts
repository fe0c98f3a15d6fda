/** Whether topologies run again. */
import type { Leader } from "../nimbus/leader";
import { topologyState } from "../nimbus/client";
import { missing, type Seen } from "../nimbus/running";
import { evidence, type SupervisorAt } from "./evidence";

/** What keeps something from being as it has to be. */
export interface Problem {
    reason: string;
    /** What a person needs to see of it. */
    evidence: () => Promise<string>;
}

/**
 * Which of a cluster's topologies does not run; undefined: all do. Those that are killed, or have no executor, are passed over.
 * @param seen Kept from one request to the next.
 * @param supervisors Those whose logs can be read.
 */
export async function notRunning(
    { nimbus, summary }: Leader,
    seen: Seen,
    supervisors: SupervisorAt[],
): Promise<Problem | undefined> {
    for (const { id, name } of summary.topologies.filter(({ status }) => status !== "KILLED")) {
        const state = await topologyState(nimbus, id);
        const problem = state.executors.length > 0 ? missing(state, seen) : undefined;
        if (problem !== undefined) {
            const reason = `topology ${name} did not run: ${problem}`;
            return { reason, evidence: () => evidence(id, state, seen, supervisors) };
        }
    }
    return undefined;
}
