import type { Kind } from "../kind";
import { type Inputs, schema } from "../schema";

/** Refuses to be deleted while it is on. */
export const deletionProtection: Kind<Inputs<"DeletionProtection">> = {
    inputs: schema.DeletionProtection,
    id: () => "protection",
    updates: ["isOn"],
    async delete({ isOn, advice }) {
        if (isOn) {
            throw new Error(`The stack is protected: nothing was removed. ${advice}`);
        }
    },
};
