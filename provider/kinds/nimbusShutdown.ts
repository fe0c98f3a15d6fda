import type { Kind } from "../kind";
import { stateOf, stop } from "../machines/container";
import { type Inputs, schema } from "../schema";

/** Stops Nimbus when it is deleted. */
export const nimbusShutdown: Kind<Inputs<"NimbusShutdown">> = {
    inputs: schema.NimbusShutdown,
    id: () => "shutdown",
    async delete({ nimbuses }) {
        const problems = await Promise.all(nimbuses.map(stop));
        // One whose machine cannot be reached takes no orders of the drains' either.
        const states = await Promise.all(nimbuses.map(stateOf));
        const failed = problems.filter((problem, index) => problem !== undefined && states[index] === "running");
        if (failed.length > 0) {
            throw new Error(`Nimbus could not be stopped, so nothing else was: ${failed.join("; ")}. Run this again.`);
        }
    },
};
