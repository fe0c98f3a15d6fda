import type { Kind } from "../kind";
import { ageOf } from "../machines/container";
import { topologyState } from "../nimbus/client";
import { leaderOf } from "../nimbus/leader";
import { missing, type Seen } from "../nimbus/running";
import { type Inputs as Of, type ReadyCheck, schema } from "../schema";
import { missingAfter, orError } from "../waiting";
import { check } from "./check";

type Inputs = Of<"RestartGate">;

/** Seconds that Storm gives a worker to start, before it starts another one in its place. */
const workerStartSeconds = 120;

/** Waits, where supervisors before were restarted. New ones have no work yet: they need not wait for each other. */
export const restartGate: Kind<Inputs> = {
    inputs: schema.RestartGate,
    id: () => "restart-gate",
    updates: ["before"],
    async update(olds, news) {
        const known = olds.before.map(({ containerId }) => containerId);
        const restarted = news.before.filter(({ containerId }) => !known.includes(containerId));
        if (restarted.length === 0) {
            return {};
        }
        const names = restarted.map(({ daemon }) => daemon).join(", ");
        const seen: Seen = new Map();
        const seconds = news.seconds + workerStartSeconds;
        const lacking = await missingAfter(`${names} and their work`, orError(() => lacks(restarted, news.nimbuses, seen)), { seconds });
        if (lacking !== undefined) {
            throw new Error(
                `The supervisors behind ${names} were left as they are, as ${seconds} s after the restart ${lacking}. ` +
                    `Repair that, and run this again; storm:supervisorBatch says how many are restarted at once.`,
            );
        }
        return {};
    },
};

/** Why the next supervisors may not be restarted yet; undefined: they may. */
async function lacks(restarted: Inputs["before"], nimbuses: Inputs["nimbuses"], seen: Seen): Promise<string | undefined> {
    const { nimbus, summary } = await leaderOf(nimbuses);
    for (const { daemon, address, ...at } of restarted) {
        const wanted: ReadyCheck = { kind: "supervisor", address, nimbuses: [nimbus.address], nimbusPort: nimbus.port };
        const lacking = await check(wanted, { connect: nimbus.connect, age: () => ageOf(at) });
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
}
