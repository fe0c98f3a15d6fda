import { info } from "@pulumi/pulumi/log";
import type { Kind } from "../kind";
import { activateTopology } from "../nimbus/client";
import { watchedLeader } from "../nimbus/leader";
import type { Seen } from "../nimbus/running";
import { addedSeconds, workerStartSeconds } from "../nimbus/timeouts";
import { type Inputs as Of, schema } from "../schema";
import { notRunning, type Problem } from "../topologies/allRun";
import { deactivated, forget, isUnderWay } from "../upgrade/deactivated";
import { orError, waitUntil } from "../waiting";

type Inputs = Of<"Activation">;

/** Activates the topologies that a change of Storm's major version has deactivated. */
export const activation: Kind<Inputs> = {
    inputs: schema.Activation,
    id: () => "activation",
    updates: ["image"],
    async create(inputs) {
        await activate(inputs);
        return {};
    },
    // A change that was given up has left topologies that are not active: the next update activates them.
    read: async (state) => ((await isUnderWay(state.nimbuses)) ? { ...state, image: "" } : state),
    async update(_olds, news) {
        await activate(news);
        return {};
    },
};

async function activate({ image, nimbuses, supervisors, seconds }: Inputs): Promise<void> {
    const names = await deactivated(nimbuses);
    if (names === undefined) {
        return;
    }
    if (names.length > 0) {
        await info(`Activating ${names.join(", ")}`);
    }
    const leading = watchedLeader(nimbuses);
    const seen: Seen = new Map();
    let added: number | undefined;
    let problem: Problem | undefined;
    const look = async () => {
        const leader = await leading();
        added ??= await addedSeconds(leader.nimbus);
        const inactive = leader.summary.topologies.filter(
            ({ name, status }) => names.includes(name) && status === "INACTIVE",
        );
        for (const { name } of inactive) {
            await activateTopology(leader.nimbus, name);
        }
        problem = await notRunning(leader, seen, supervisors);
        return inactive.length > 0 ? "they are not active" : problem?.reason;
    };
    const limit = () => seconds + workerStartSeconds + (added ?? 0);
    const reason = await waitUntil("topologies to run", orError(look), { seconds: limit });
    if (reason !== undefined) {
        const shown = (await problem?.evidence()) ?? "";
        throw new Error(
            `${limit()} s after all daemons run ${image}, ${reason}. Repair that, or kill the topology, and run this again; ` +
                `or go back to the copy of the data (docs/recovery.md).\n${shown}`.trimEnd(),
        );
    }
    await forget(nimbuses);
}
