import * as pulumi from "@pulumi/pulumi";
import type { Discovery } from "../discovery/discovery";
import type { Host } from "../hosts/host";
import { stop } from "../hosts/container";
import { type Leader, leaderOf, leaderUnlessStopped, type NimbusContainer } from "./leader";
import { messageTimeout, topologyConfiguration, topologyState } from "./nimbusClient";
import { missing, type Seen } from "./topology/running";

/** Arguments of {@link Drain}. */
export interface DrainArgs {
    /** The supervisor. */
    daemon: string;
    /** Its container. */
    container: string;
    /** The `ssh` command line that logs in on its machine; undefined: it is this one. */
    ssh?: pulumi.Input<string[]>;
    /** The address or name by which it is dialled. */
    address: pulumi.Input<string>;
    /** The Nimbus daemons. */
    nimbuses: pulumi.Input<NimbusContainer[]>;
    /** Seconds that its work has to run elsewhere. */
    seconds: number;
}

type Inputs = pulumi.Unwrap<DrainArgs>;

/** A topology that has work on the supervisor. */
interface Affected {
    id: string;
    name: string;
    /** Whether it has work elsewhere too. */
    hasOthers: boolean;
    /** Seconds in which every tuple that it had under way is acked, or has failed and is emitted again. */
    overdueSeconds: number;
}

const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async create(inputs) {
        return { id: inputs.daemon, outs: inputs };
    },
    async update(_id, _olds, news) {
        return { outs: news };
    },
    async delete(_id, inputs) {
        let leader: Leader | undefined;
        try {
            leader = await leaderUnlessStopped(inputs.nimbuses);
        } catch (error) {
            // Nothing can move now; Nimbus moves it when it is back.
            const problem = await stop(inputs);
            if (problem !== undefined) {
                throw new Error(`${inputs.daemon} could not be stopped: ${problem}. ${(error as Error).message}`);
            }
        }
        // Without a Nimbus the whole cluster is being taken down.
        if (leader) {
            await stopAndWait(inputs, leader);
        }
    },
};

async function stopAndWait(inputs: Inputs, leader: Leader): Promise<void> {
    const { daemon, address, nimbuses, seconds } = inputs;
    const affected = await affectedBy(address, leader);
    const stranded = strandedBy(address, affected, leader.summary);
    if (stranded.length > 0) {
        throw new Error(
            `${daemon} was not stopped, as no slot is free elsewhere for what it alone runs: ${stranded.join(", ")}. ` +
                `Kill that, or keep more supervisors or slots.`,
        );
    }
    const problem = await stop(inputs);
    const overdueSeconds = Math.max(0, ...affected.map((topology) => topology.overdueSeconds));
    const seen: Seen = new Map();
    const stopped = Date.now();
    const lacking = () =>
        leaderOf(nimbuses)
            .then((now) => stillThere(address, affected, now, seen, problem))
            .catch((error: Error) => error.message);
    for (let lacks = await lacking(); lacks !== undefined; lacks = await lacking()) {
        const passed = Math.round((Date.now() - stopped) / 1000);
        if (passed >= seconds) {
            throw new Error(`${daemon} was stopped, and ${passed} s later ${lacks}. Mend that, and run this again: its container is still there.`);
        }
        await new Promise((resolve) => setTimeout(resolve, 2000));
    }
    // Until its work moved, tuples were sent to it in vain.
    await new Promise((resolve) => setTimeout(resolve, overdueSeconds * 1000));
}

/** The topologies that have work on a supervisor, without those that are being killed. */
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
        const lacks = missing(state, seen);
        if (lacks !== undefined) {
            return `${name} does not run elsewhere: ${lacks}`;
        }
    }
    return undefined;
}

/**
 * Nothing, until it is deleted: then it stops a supervisor, waits until what ran there runs elsewhere and no tuple that was
 * under way is overdue, and so lets the container go. (Storm cannot be told to give one supervisor no work.) Drains that are
 * made one after the other are deleted one after the other.
 */
export class Drain extends pulumi.dynamic.Resource {
    constructor(name: string, args: DrainArgs, opts: pulumi.CustomResourceOptions) {
        super(provider, name, args, opts, "storm", "Drain");
    }
}

/** What {@link drain} is to drain. */
export interface Drained {
    clusterName: string;
    /** The supervisor. */
    daemon: string;
    /** Where it runs. */
    host: Host;
    /** How it is dialled. */
    discovery: Discovery;
    /** The Nimbus daemons. */
    nimbuses: pulumi.Input<NimbusContainer[]>;
    /** Seconds that its work has to run elsewhere. */
    readySeconds: number;
}

/** The drain of a supervisor on a host. */
export function drain(name: string, drained: Drained, opts: pulumi.CustomResourceOptions): Drain {
    const { clusterName, daemon, host, discovery, nimbuses, readySeconds } = drained;
    const { ssh, options } = host.docker;
    const container = `${clusterName}-${daemon}`;
    const address = discovery.nameOf(daemon, host);
    const args = { daemon, container, ssh, address, nimbuses, seconds: readySeconds };
    // With its machine gone, there is still its work to wait for.
    return new Drain(name, args, { ...options, deletedWith: undefined, protect: host.isProtected, ...opts });
}
