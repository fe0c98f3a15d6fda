import type { Kind } from "../kind";
import { stop } from "../machines/container";
import { messageTimeout, topologyConfiguration, topologyState } from "../nimbus/client";
import { answerOf, answerUnlessStopped, type Leader, leaderOf } from "../nimbus/leader";
import { missing, type Seen } from "../nimbus/running";
import { addedSeconds } from "../nimbus/timeouts";
import { type Inputs as Of, schema } from "../schema";
import { messageOf, waitUntil, orError, pause } from "../waiting";

type Inputs = Of<"Drain">;

/** A topology that has work on the supervisor. */
interface Affected {
    id: string;
    name: string;
    /** Whether it has work elsewhere too. */
    hasOthers: boolean;
    /** Seconds in which every tuple that it had under way is acked, or has failed and is emitted again. */
    overdueSeconds: number;
}

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
    const { affected, stranded, limit } = await answerOf(nimbuses, async (leader) => {
        const found = await affectedBy(address, leader);
        const limit = seconds + (await addedSeconds(leader.nimbus));
        return { affected: found, stranded: strandedBy(address, found, leader.summary), limit };
    });
    if (stranded.length > 0) {
        throw new Error(
            `${daemon} is not stopped, because no slot is free elsewhere for what only it runs: ${stranded.join(", ")}. ` +
                `Kill that topology, or keep more supervisors or slots.`,
        );
    }
    const problem = await stop(inputs);
    const overdueSeconds = Math.max(0, ...affected.map((topology) => topology.overdueSeconds));
    const seen: Seen = new Map();
    const remaining = await waitUntil(
        `the work of ${daemon}`,
        orError(async () => stillThere(address, affected, await leaderOf(nimbuses), seen, problem)),
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
    const affected: Affected[] = [];
    for (const { id, name } of summary.topologies.filter(({ status }) => status !== "KILLED")) {
        const { executors } = await topologyState(nimbus, id);
        if (executors.some(({ host }) => host === address)) {
            const configuration = await topologyConfiguration(nimbus, id);
            const isAcked = configuration["topology.acker.executors"] !== 0;
            affected.push({
                ...{ id, name, hasOthers: executors.some(({ host }) => host !== address) },
                // A spout looks for overdue tuples once in a message timeout.
                overdueSeconds: isAcked ? 2 * messageTimeout(configuration) : 0,
            });
        }
    }
    return affected;
}

/** Names of the topologies that would run nowhere without a supervisor. */
export function strandedBy(
    address: string,
    affected: Pick<Affected, "name" | "hasOthers">[],
    { supervisors }: Pick<Leader["summary"], "supervisors">,
): string[] {
    const others = supervisors.filter(({ host }) => host !== address);
    let free = others.reduce((sum, { slots, usedSlots }) => sum + slots - usedSlots, 0);
    return affected.filter(({ hasOthers }) => !hasOthers && free-- <= 0).map(({ name }) => name);
}

/** Why a supervisor's container may not be removed yet; undefined: it may. */
async function stillThere(
    address: string,
    affected: Affected[],
    { nimbus, summary }: Leader,
    seen: Seen,
    problem: string | undefined,
): Promise<string | undefined> {
    // One whose machine is gone cannot be stopped, and need not be.
    if (problem !== undefined && summary.supervisors.some(({ host }) => host === address)) {
        return `it is still at work: ${problem}`;
    }
    const running = summary.topologies.filter(({ status }) => status !== "KILLED").map(({ id }) => id);
    for (const { id, name } of affected.filter((each) => running.includes(each.id))) {
        const state = await topologyState(nimbus, id);
        if (state.executors.some(({ host }) => host === address)) {
            return `Nimbus still has work of ${name} there`;
        }
        const lost = missing(state, seen);
        if (lost !== undefined) {
            return `${name} does not run elsewhere: ${lost}`;
        }
    }
    return undefined;
}
