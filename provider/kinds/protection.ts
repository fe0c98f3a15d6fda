import type { Kind } from "../kind";
import { type Inputs, schema } from "../schema";

/** Refuses to be deleted while it is on. */
export const protection: Kind<Inputs<"Protection">> = {
    inputs: schema.Protection,
    id: () => "protection",
    updates: ["isOn"],
    async delete({ isOn, advice }) {
        if (isOn) {
            throw new Error(`The stack is protected: nothing was removed. ${advice}`);
        }
    },
};
