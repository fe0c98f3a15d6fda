import type { Kind } from "../kind";
import { stop } from "../machines/container";
import { topologyConfiguration, topologyState } from "../nimbus/client";
import { answerOf, answerUnlessStopped, type Leader, leaderOf } from "../nimbus/leader";
import { type Affected, affected, hasWorkOn, notMoved, strandedBy } from "../nimbus/leaving";
import type { Seen } from "../nimbus/running";
import { addedSeconds } from "../nimbus/timeouts";
import { type Inputs as Of, schema } from "../schema";
import { messageOf, waitUntil, orError, pause } from "../waiting";

type Inputs = Of<"Drain">;

/** Moves the work of a supervisor that is deleted. */
export const drain: Kind<Inputs> = {
    inputs: schema.Drain,
    id: ({ daemon }) => daemon,
    async delete(inputs) {
        let isRunning: boolean | undefined;
        try {
            isRunning = await answerUnlessStopped(inputs.nimbuses, async () => true);
        } catch (error) {
            // Nothing can move now; Nimbus moves it when it is back.
            const problem = await stop(inputs);
            if (problem !== undefined) {
                throw new Error(`${inputs.daemon} could not be stopped: ${problem}. ${messageOf(error)}`);
            }
        }
        // Without a Nimbus the whole cluster is being taken down.
        if (isRunning) {
            await stopAndWait(inputs);
        }
    },
};

async function stopAndWait(inputs: Inputs): Promise<void> {
    const { daemon, address, nimbuses, seconds } = inputs;
    const { topologies, stranded, limit } = await answerOf(nimbuses, async (leader) => {
        const found = await affectedBy(address, leader);
        const limit = seconds + (await addedSeconds(leader.nimbus));
        return { topologies: found, stranded: strandedBy([address], found, leader.summary), limit };
    });
    if (stranded.length > 0) {
        throw new Error(
            `${daemon} is not stopped, because no slot is free elsewhere for what only it runs: ${stranded.join(", ")}. ` +
                `Kill that topology, or keep more supervisors or slots.`,
        );
    }
    const problem = await stop(inputs);
    const overdueSeconds = Math.max(0, ...topologies.map((topology) => topology.overdueSeconds));
    const seen: Seen = new Map();
    const remaining = await waitUntil(
        `the work of ${daemon}`,
        orError(async () => stillThere(address, topologies, await leaderOf(nimbuses), seen, problem)),
        { seconds: limit, milliseconds: 1000 },
    );
    if (remaining !== undefined) {
        throw new Error(
            `${daemon} was stopped, and ${limit} s later ${remaining}. Repair that, and run this again: its container still exists.`,
        );
    }
    // Until its work moved, tuples were sent to it in vain.
    await pause(`tuples that ${daemon} had under way`, overdueSeconds);
}

/** The topologies that have work on a supervisor, except topologies that are being killed. */
async function affectedBy(address: string, { nimbus, summary }: Leader): Promise<Affected[]> {
    const found: Affected[] = [];
    for (const topology of summary.topologies.filter(({ status }) => status !== "KILLED")) {
        const state = await topologyState(nimbus, topology.id);
        if (hasWorkOn([address], state)) {
            found.push(affected([address], topology, state, await topologyConfiguration(nimbus, topology.id)));
        }
    }
    return found;
}

/** Why a supervisor's container may not be removed yet; undefined: it may. */
async function stillThere(
    address: string,
    topologies: Affected[],
    { nimbus, summary }: Leader,
    seen: Seen,
    problem: string | undefined,
): Promise<string | undefined> {
    // One whose machine is gone cannot be stopped, and need not be.
    if (problem !== undefined && summary.supervisors.some(({ host }) => host === address)) {
        return `it is still at work: ${problem}`;
    }
    const running = summary.topologies.filter(({ status }) => status !== "KILLED").map(({ id }) => id);
    for (const { id, name } of topologies.filter((each) => running.includes(each.id))) {
        const reason = notMoved([address], name, await topologyState(nimbus, id), seen);
        if (reason !== undefined) {
            return reason;
        }
    }
    return undefined;
}
