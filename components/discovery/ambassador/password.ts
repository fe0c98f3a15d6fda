import { randomBytes } from "crypto";
import * as pulumi from "@pulumi/pulumi";

const provider: pulumi.dynamic.ResourceProvider<object, { value: string }> = {
    async create() {
        return { id: "password", outs: { value: randomBytes(24).toString("base64url") } };
    },
    async diff() {
        return { changes: false };
    },
};

/** A password that the stack has made, and keeps as a secret. */
export class Password extends pulumi.dynamic.Resource {
    declare readonly value: pulumi.Output<string>;

    constructor(name: string, opts: pulumi.CustomResourceOptions) {
        super(provider, name, { value: undefined }, { ...opts, additionalSecretOutputs: ["value"] }, "storm", "Password");
        this.value = pulumi.secret(this.value);
    }
}
