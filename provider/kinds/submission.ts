import { isDeepStrictEqual } from "util";
import { Incomplete, type Kind } from "../kind";
import { topologyState } from "../nimbus/client";
import { answerOf, answerUnlessStopped, type Leader, leaderOf } from "../nimbus/leader";
import { spreadProblem, wantedWithin } from "../nimbus/running";
import { schema } from "../schema";
import {
    contentOf,
    find,
    type Found,
    freeSlots,
    type Inputs,
    killAndWait,
    type OnCluster,
} from "../topologies/onCluster";
import { settle } from "../topologies/settle";
import { submit } from "../topologies/submit";
import { messageOf } from "../waiting";

/** Keeps a topology on the cluster, once, as it is wanted. */
export const submission: Kind<Inputs, Found> = {
    inputs: schema.Submission,
    id: ({ topology }) => topology,
    updates: [
        "workers",
        "parallelism",
        "bounds",
        "supervisors",
        "nimbuses",
        "client",
        "killSeconds",
        "rebalanceSeconds",
        "seconds",
    ],
    replaces: ["topology", "sha256", "mainClass", "arguments", "files", "configuration"],
    deleteBeforeReplace: true,
    create: async (inputs) => ensure(inputs, false),
    // As it was, where no Nimbus answers.
    read: (state) =>
        leaderOf(state.nimbuses)
            .then((leader) => seenBy(leader, state))
            .catch(() => state),
    // The cluster has another one, or it differs from how it started to run.
    differs: (olds) =>
        olds.content !== contentOf(olds) ? { replaces: ["sha256"] } : { updates: olds.drift === "" ? [] : ["drift"] },
    async update(olds, news) {
        const isGrown = areAdded(olds, news);
        const isSame =
            olds.drift === "" &&
            !isGrown &&
            !(["workers", "parallelism", "bounds"] as const).some((key) => differs(olds, news, key));
        const wanted = { ...news, owner: olds.owner };
        if (isSame && (await isRunningAs(wanted))) {
            return { owner: olds.owner, content: olds.content, drift: olds.drift, shortfall: olds.shortfall };
        }
        return { ...(await ensure(wanted, isGrown)), owner: olds.owner };
    },
    async delete(state) {
        // Without a Nimbus nothing can be killed; what is in ZooKeeper's data is for the next start.
        const found = await answerUnlessStopped(state.nimbuses, (leader) => find(leader, state.topology)).catch(
            (error: Error) => {
                throw new Error(
                    `topology ${state.topology} cannot be killed. ${error.message}\nRepair Nimbus, and run this again. ` +
                        "`pulumi destroy` removes the whole cluster without Nimbus. If that is what says this, the last update was by " +
                        "an earlier version of this program: stop the Nimbus containers first, or, if their machines are gone, remove " +
                        "the topology from the state by `npx pulumi state delete <its URN>` (`npx pulumi stack --show-urns` prints it).",
                );
            },
        );
        if (found?.owner === state.owner) {
            await killAndWait(state, found);
        }
    },
};

function differs(olds: Inputs, news: Inputs, key: keyof Inputs): boolean {
    return !isDeepStrictEqual(olds[key], news[key]);
}

/** Whether supervisors were added, which get work only by a rebalance. */
function areAdded(olds: Inputs, news: Inputs): boolean {
    const place = ({ address, machine }: Inputs["supervisors"][number]) => `${address} ${machine}`;
    const before = olds.supervisors.map(place);
    return news.supervisors.some((supervisor) => !before.includes(place(supervisor)));
}

function findWhenAnswered({ nimbuses, topology }: Inputs): Promise<OnCluster | undefined> {
    return answerOf(nimbuses, (leader) => find(leader, topology));
}

/** The state after a refresh; undefined: it is not there. */
async function seenBy(leader: Leader, state: Inputs & Found): Promise<(Inputs & Found) | undefined> {
    const found = await find(leader, state.topology);
    if (!found || found.status === "KILLED" || found.owner !== state.owner) {
        return undefined;
    }
    return { ...state, content: found.content ?? "", drift: await driftOf(leader, found, state) };
}

async function isRunningAs(inputs: Inputs): Promise<boolean> {
    const found = await findWhenAnswered(inputs);
    return found?.owner === inputs.owner && found.content === contentOf(inputs) && found.status === "ACTIVE";
}

/** How a topology of the stack differs from how it started to run; empty: it does not. */
async function driftOf(
    { nimbus, summary }: Leader,
    { id, status }: OnCluster,
    wanted: Inputs & Found,
): Promise<string> {
    if (status !== "ACTIVE") {
        return status === "INACTIVE" ? "it is not active" : "";
    }
    const state = await topologyState(nimbus, id);
    const spread =
        spreadProblem(state, wantedWithin(state, wanted, wanted.bounds ?? {}, false), freeSlots(summary)) ?? "";
    return spread === wanted.shortfall ? "" : spread;
}

/** Ensures that the topology exists once, as wanted, and runs. */
async function ensure(inputs: Inputs, isGrown: boolean): Promise<Found> {
    const found = await findWhenAnswered(inputs);
    if (found && found.status !== "KILLED" && found.owner !== inputs.owner) {
        const whose = found.owner === undefined ? "was submitted by hand" : `belongs to ${found.owner}`;
        throw new Error(
            `A topology ${inputs.topology} exists which ${whose}; it is left alone. Kill it yourself, or give this one another name.`,
        );
    }
    const isOurs = found?.status !== "KILLED" && found?.content === contentOf(inputs);
    if (found && !isOurs) {
        await killAndWait(inputs, found);
    }
    if (!isOurs) {
        await submit(inputs).catch(async (error: Error) => {
            // A submission by a killed update may have succeeded meanwhile.
            const now = await findWhenAnswered(inputs);
            if (now?.owner !== inputs.owner || now.content !== contentOf(inputs)) {
                throw error;
            }
        });
    }
    try {
        return await settle(inputs, isOurs, isGrown);
    } catch (error) {
        // The topology exists: it stays in the stack's state, so that the next update corrects, replaces or kills it.
        throw new Incomplete(messageOf(error), {
            ...inputs,
            content: contentOf(inputs),
            drift: "it has not started to run",
            shortfall: "",
        });
    }
}
