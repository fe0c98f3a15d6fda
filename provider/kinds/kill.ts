import { warn } from "@pulumi/pulumi/log";
import type { Kind } from "../kind";
import { answerUnlessStopped } from "../nimbus/leader";
import { type Inputs as Of, schema } from "../schema";
import { find, killAndWait } from "../topologies/onCluster";
import { cancelled, messageOf } from "../waiting";

type Inputs = Of<"Kill">;

/** What is kept beside the inputs. */
interface Extra {
    /** All that the owner was called: a topology keeps the name of the stack that submitted it. */
    owners: string[];
}

/** Kills a topology when it is deleted, if a Nimbus answers. */
export const kill: Kind<Inputs, Extra> = {
    inputs: schema.Kill,
    id: ({ topology }) => topology,
    replaces: ["topology"],
    create: async ({ owner }) => ({ owners: [owner] }),
    update: async ({ owners }, { owner }) => ({ owners: [...new Set([...owners, owner])] }),
    async delete(state) {
        const { topology, nimbuses, owners } = state;
        try {
            const answer = await answerUnlessStopped(nimbuses, async (leader) => ({
                found: await find(leader, topology),
            }));
            if (!answer) {
                throw new Error("no Nimbus runs");
            }
            const { found } = answer;
            if (found?.owner !== undefined && owners.includes(found.owner)) {
                await killAndWait(state, found);
            }
        } catch (error) {
            if (cancelled.aborted) {
                throw error;
            }
            await warn(
                `topology ${topology} is not killed, and runs again if the cluster is created again on the same data: ` +
                    messageOf(error),
            );
        }
    },
};
