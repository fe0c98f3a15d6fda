import { randomBytes } from "crypto";
import type { Kind } from "../kind";
import { type Inputs, schema } from "../schema";

/** Made once, and kept. */
export const password: Kind<Inputs<"Password">, { value: string }> = {
    inputs: schema.Password,
    id: () => "password",
    secrets: ["value"],
    create: async () => ({ value: randomBytes(24).toString("base64url") }),
};

/** Made once, and kept. */
export const stackKey: Kind<Inputs<"StackKey">, { value: string }> = {
    inputs: schema.StackKey,
    id: () => "owner",
    create: async () => ({ value: randomBytes(8).toString("hex") }),
};
