import type { Inputs, NimbusContainer } from "../../../provider/schema";
import { type ExistingResource, ofKindIn } from "../../stackState";

/** The Nimbus daemons of a cluster, as of its last update; empty: it is a new one. */
export function existingNimbuses(state: ExistingResource[], cluster: string): NimbusContainer[] {
    const shutdown = ofKindIn("NimbusShutdown", state).find(({ name }) => name === `${cluster}-shutdown`);
    return (shutdown?.outputs as Inputs<"NimbusShutdown"> | undefined)?.nimbuses ?? [];
}
