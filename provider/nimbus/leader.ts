import { connectFrom, stateOf } from "../machines/container";
import type { NimbusContainer } from "../schema";
import { messageOf, missingAfter } from "../waiting";
import { type ClusterSummary, clusterSummary, type NimbusAt } from "./client";

/** The Nimbus that leads, and what it says of the cluster. */
export interface Leader {
    nimbus: NimbusAt;
    summary: ClusterSummary;
}

/**
 * Asks each Nimbus until one answers and says who leads: that one alone takes orders.
 * @throws Error with what each has said when none does.
 */
export async function leaderOf(nimbuses: NimbusContainer[]): Promise<Leader> {
    const failures: string[] = [];
    for (const { container, ssh, address, port } of nimbuses) {
        const connect = connectFrom({ container, ssh });
        try {
            const summary = await clusterSummary(connect, address, port);
            const leading = summary.nimbuses.find(({ leader }) => leader);
            if (leading && nimbuses.some((each) => each.address === leading.host && each.port === leading.port)) {
                return { nimbus: { connect, address: leading.host, port: leading.port }, summary };
            }
            // One that goes by another name now is said to lead under the old one until ZooKeeper has forgotten that.
            failures.push(leading ? `${container}: ${leading.host}:${leading.port} leads, and is none of them` : `${container}: no Nimbus leads`);
        } catch (error) {
            failures.push(`${container}: ${messageOf(error)}`);
        }
    }
    throw new Error(`No Nimbus takes orders. ${failures.join("; ")}`);
}

/** Seconds that a cluster has to choose a leader, as when the one before was killed. */
const electionSeconds = 60;

/**
 * As {@link leaderOf}, in time for a leader to be chosen; undefined where all Nimbus daemons have stopped, as while the cluster
 * is taken down.
 * @throws Error when one runs, or its machine cannot be asked, and none takes orders.
 */
export async function leaderUnlessStopped(nimbuses: NimbusContainer[]): Promise<Leader | undefined> {
    let leader: Leader | undefined;
    const missing = await missingAfter(
        "a Nimbus that leads",
        async () => {
            try {
                leader = await leaderOf(nimbuses);
                return undefined;
            } catch (error) {
                const states = await Promise.all(nimbuses.map(stateOf));
                if (states.every((state) => state === "stopped")) {
                    return undefined;
                }
                if (!states.includes("running")) {
                    throw error;
                }
                return messageOf(error);
            }
        },
        { seconds: electionSeconds, milliseconds: 1000 },
    );
    if (missing !== undefined) {
        throw new Error(missing);
    }
    return leader;
}

/**
 * As {@link leaderOf}, in time for a leader to be chosen.
 * @throws Error when none takes orders.
 */
export async function leaderInTime(nimbuses: NimbusContainer[]): Promise<Leader> {
    return (await leaderUnlessStopped(nimbuses)) ?? leaderOf(nimbuses);
}
