import { isDeepStrictEqual } from "util";
import * as pulumi from "@pulumi/pulumi";
import { ageOf, type ContainerAt } from "../hosts/container";
import { lackingAfter } from "../hosts/lacking";
import { leaderOf, type NimbusContainer } from "./leader";
import { topologyState } from "./nimbusClient";
import { check, type ReadyCheck } from "./ready/check";
import { missing, type Seen } from "./topology/running";

/** A supervisor whose restart others wait for. */
export interface Turned extends ContainerAt {
    /** Its name. */
    daemon: string;
    /** Its container's id: another container has to be ready, and to run its work, in turn. */
    containerId: string;
    /** The address or name by which it is dialled. */
    address: string;
}

/** Arguments of {@link Turn}. */
export interface TurnArgs {
    /** The supervisors before. */
    before: pulumi.Input<Turned[]>;
    /** The Nimbus daemons. */
    nimbuses: pulumi.Input<NimbusContainer[]>;
    /** Seconds that they have to become ready, beside what Storm gives their workers. */
    seconds: number;
}

/** Seconds that Storm gives a worker to start, before it starts another one in its place. */
const workerStartSeconds = 120;

type Inputs = pulumi.Unwrap<TurnArgs>;

const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    // New supervisors have no work yet: they need not wait for each other.
    async create(inputs) {
        return { id: "turn", outs: inputs };
    },
    async diff(_id, olds, news) {
        return { changes: !isDeepStrictEqual(olds.before, news.before) };
    },
    async update(_id, olds, news) {
        const known = olds.before.map(({ containerId }) => containerId);
        const restarted = news.before.filter(({ containerId }) => !known.includes(containerId));
        const seen: Seen = new Map();
        const seconds = news.seconds + workerStartSeconds;
        const lacking = restarted.length > 0 ? await lackingAfter(seconds, () => lacks(restarted, news.nimbuses, seen)) : undefined;
        if (lacking !== undefined) {
            throw new Error(
                `The supervisors behind ${restarted.map(({ daemon }) => daemon).join(", ")} were left as they are, as ${seconds} s after ` +
                    `the restart ${lacking}. Mend that, and run this again; storm:supervisorBatch says how many are restarted at once.`,
            );
        }
        return { outs: news };
    },
};

/** Why the next supervisors may not be restarted yet; undefined: they may. */
async function lacks(restarted: Turned[], nimbuses: NimbusContainer[], seen: Seen): Promise<string | undefined> {
    try {
        const { nimbus, summary } = await leaderOf(nimbuses);
        for (const { daemon, address, ...at } of restarted) {
            const wanted: ReadyCheck = { kind: "supervisor", address, nimbuses: [nimbus.address], nimbusPort: nimbus.port };
            const lacking = await check(wanted, { dial: nimbus.dial, age: () => ageOf(at) });
            if (lacking !== undefined) {
                return `${daemon} was not ready: ${lacking}`;
            }
        }
        for (const { id, name } of summary.topologies.filter(({ status }) => status !== "KILLED")) {
            const state = await topologyState(nimbus, id);
            const lacking = state.executors.length > 0 ? missing(state, seen) : undefined;
            if (lacking !== undefined) {
                return `topology ${name} did not run: ${lacking}`;
            }
        }
        return undefined;
    } catch (error) {
        return (error as Error).message;
    }
}

/**
 * Has the supervisors that are made after it wait, where a change restarts those before it, until these are ready and run their
 * work again.
 */
export class Turn extends pulumi.dynamic.Resource {
    constructor(name: string, args: TurnArgs, opts: pulumi.CustomResourceOptions) {
        super(provider, name, args, opts, "storm", "Turn");
    }
}
