import type { Kind } from "../kind";
import { answerOf } from "../nimbus/leader";
import { type Inputs, schema } from "../schema";

/** A record of the state. */
export const securityStep: Kind<Inputs<"SecurityStep">> = {
    inputs: schema.SecurityStep,
    id: () => "step",
    updates: ["step"],
    async create(inputs) {
        await requireNoTopology(inputs);
        return {};
    },
    async update(_olds, news) {
        await requireNoTopology(news);
        return {};
    },
};

async function requireNoTopology({ withoutTopologies = [] }: Inputs<"SecurityStep">): Promise<void> {
    if (withoutTopologies.length === 0) {
        return;
    }
    const names = await answerOf(withoutTopologies, async ({ summary }) => summary.topologies.map(({ name }) => name));
    if (names.length > 0) {
        throw new Error(
            `${names.join(", ")}: workers would be cut off from each other and from Nimbus. Kill topologies first ` +
                '(make storm ARGS="kill <name>"), run this again, and submit them once it has ended. No container was changed.',
        );
    }
}
