import type { Kind } from "../kind";
import { type Inputs, schema } from "../schema";

/** A record of the state. */
export const securityStep: Kind<Inputs<"SecurityStep">> = {
    inputs: schema.SecurityStep,
    id: () => "step",
};
