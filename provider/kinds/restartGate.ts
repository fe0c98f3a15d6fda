import { isDeepStrictEqual } from "util";
import { type Kind, unknown } from "../kind";
import { run } from "../machines/command";
import { type ContainerAt, describe } from "../machines/container";
import { type Watched, watched } from "../machines/watched";
import { watchedLeader } from "../nimbus/leader";
import type { Seen } from "../nimbus/running";
import { addedSeconds, workerStartSeconds } from "../nimbus/timeouts";
import { type Inputs as Of, schema } from "../schema";
import { notRunning, type Problem } from "../topologies/allRun";
import { isUnderWay } from "../upgrade/deactivated";
import { Hopeless, orError, waitUntil } from "../waiting";
import { check } from "./check";

type Inputs = Of<"RestartGate">;
type Before = Inputs["before"];

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
        // All daemons of the former major version are stopped: those of the other start together.
        if (await isUnderWay(nimbusesOf(news))) {
            return {};
        }
        const known = olds.before.map(({ containerId }) => containerId);
        await waitFor(
            news.before.filter(({ containerId }) => !known.includes(containerId)),
            news,
        );
        return {};
    },
};

/** The containers of Nimbus daemons, where the gate is after these or has topologies to wait for. */
function nimbusesOf({ nimbuses, before }: Inputs): ContainerAt[] {
    return nimbuses.length > 0 ? nimbuses : before.filter((each) => each.check.kind === "nimbus");
}

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

async function waitFor(restarted: Before, { before, nimbuses, seconds }: Inputs): Promise<void> {
    if (restarted.length === 0) {
        return;
    }
    const names = restarted.map(({ daemon }) => daemon).join(", ");
    const daemons = restarted.map((each) => ({ ...each, ...watched(each) }));
    const leading = watchedLeader(nimbuses);
    const supervisors = before.flatMap(({ check: wanted, ...at }) =>
        wanted.kind === "supervisor" ? [{ ...at, address: wanted.address }] : [],
    );
    const seen: Seen = new Map();
    let added: number | undefined;
    let problem: Problem | undefined;
    const look = async () => {
        problem = undefined;
        const unready = await notReady(daemons);
        // Nimbus is asked in any case: without one no supervisor becomes ready.
        const leader = nimbuses.length > 0 ? await leading() : undefined;
        if (leader) {
            added ??= await addedSeconds(leader.nimbus);
        }
        problem = unready ?? (leader && (await notRunning(leader, seen, supervisors)));
        return problem?.reason;
    };
    const limit = () => seconds + (nimbuses.length > 0 ? workerStartSeconds + (added ?? 0) : 0);
    const refusal = (reason: string, evidence = "") => {
        const advice = nimbuses.length > 0 ? "; supervisorBatch says how many supervisors are restarted at once." : ".";
        const said = `The daemons after ${names} are not restarted, because ${reason}. Repair that, and run this again${advice}`;
        return new Error(`${said}\n${evidence}`.trimEnd());
    };
    const reason = await waitUntil(names, orError(look), { seconds: limit }).catch((error) => {
        throw error instanceof Hopeless ? refusal(error.message, error.evidence) : error;
    });
    if (reason !== undefined) {
        throw refusal(`${limit()} s after the restart ${reason}`, await problem?.evidence());
    }
}

/** Which of the daemons is not ready; undefined: all are. */
async function notReady(daemons: (Before[number] & Watched)[]): Promise<Problem | undefined> {
    const problems = await Promise.all(
        daemons.map(async (each) => {
            const reason = await check(each.check, each);
            const ending = reason === undefined ? undefined : await each.ending();
            if (ending !== undefined) {
                throw new Hopeless(`${each.daemon} ${ending}`, await describe(each, []));
            }
            return reason === undefined
                ? undefined
                : { reason: `${each.daemon} was not ready: ${reason}`, evidence: () => describe(each, []) };
        }),
    );
    return problems.find((each) => each !== undefined);
}
