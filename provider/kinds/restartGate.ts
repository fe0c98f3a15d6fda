import { isDeepStrictEqual } from "util";
import { type Kind, unknown } from "../kind";
import { run } from "../machines/command";
import { ageOf, connectFrom } from "../machines/container";
import { topologyState } from "../nimbus/client";
import { leaderOf } from "../nimbus/leader";
import { missing, type Seen } from "../nimbus/running";
import { type Inputs as Of, schema } from "../schema";
import { waitUntil, orError } from "../waiting";
import { check } from "./check";

type Inputs = Of<"RestartGate">;
type Before = Inputs["before"];

/** Seconds that Storm gives a worker to start, before it starts another one in its place. */
const workerStartSeconds = 120;

/** Waits for those before it that were restarted. */
export const restartGate: Kind<Inputs> = {
    inputs: schema.RestartGate,
    id: () => "restart-gate",
    updates: [],
    differs: (olds, news) => ({ updates: isDeepStrictEqual(idsOf(olds.before), idsOf(news.before)) ? [] : ["before"] }),
    async create(inputs) {
        // Members of ZooKeeper without data may not be a majority before those with data have joined: all would take theirs.
        const members = inputs.before.filter((each) => each.check.kind === "zookeeper");
        if ((await Promise.all(members.map(hasData))).includes(true)) {
            await waitFor(members, inputs);
        }
        return {};
    },
    async update(olds, news) {
        const known = olds.before.map(({ containerId }) => containerId);
        await waitFor(
            news.before.filter(({ containerId }) => !known.includes(containerId)),
            news,
        );
        return {};
    },
};

/** Ids of the containers; none while it is not known, in a preview, which containers there will be. */
function idsOf(before: Before): string[] | undefined {
    return (before as unknown) === unknown ? undefined : before.map(({ containerId }) => containerId);
}

/** Whether a member was in an ensemble before: then it has counted an epoch. One that cannot be asked counts as such. */
async function hasData({ container, ssh }: Before[number]): Promise<boolean> {
    const epoch = "cat /data/version-2/currentEpoch 2>/dev/null || echo 0";
    return run(ssh, ["docker", "exec", container, "sh", "-c", epoch]).then(
        (said) => Number(said) > 0,
        () => true,
    );
}

async function waitFor(restarted: Before, { nimbuses, seconds }: Inputs): Promise<void> {
    if (restarted.length === 0) {
        return;
    }
    const names = restarted.map(({ daemon }) => daemon).join(", ");
    const seen: Seen = new Map();
    const limit = seconds + (nimbuses.length > 0 ? workerStartSeconds : 0);
    const problem = await waitUntil(
        names,
        orError(() => problemOf(restarted, nimbuses, seen)),
        { seconds: limit },
    );
    if (problem !== undefined) {
        throw new Error(
            `The daemons after ${names} are not restarted, because ${limit} s after the restart ${problem}. Repair that, and run this again` +
                (nimbuses.length > 0 ? "; supervisorBatch says how many supervisors are restarted at once." : "."),
        );
    }
}

/** Why the next ones may not be restarted yet; undefined: they may. */
async function problemOf(restarted: Before, nimbuses: Inputs["nimbuses"], seen: Seen): Promise<string | undefined> {
    for (const { daemon, check: wanted, ...at } of restarted) {
        const problem = await check(wanted, { connect: connectFrom(at), age: () => ageOf(at) });
        if (problem !== undefined) {
            return `${daemon} was not ready: ${problem}`;
        }
    }
    if (nimbuses.length === 0) {
        return undefined;
    }
    const { nimbus, summary } = await leaderOf(nimbuses);
    for (const { id, name } of summary.topologies.filter(({ status }) => status !== "KILLED")) {
        const state = await topologyState(nimbus, id);
        const problem = state.executors.length > 0 ? missing(state, seen) : undefined;
        if (problem !== undefined) {
            return `topology ${name} did not run: ${problem}`;
        }
    }
    return undefined;
}
