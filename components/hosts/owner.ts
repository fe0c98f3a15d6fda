import { randomBytes } from "crypto";
import * as pulumi from "@pulumi/pulumi";

const provider: pulumi.dynamic.ResourceProvider<object, { value: string }> = {
    async create() {
        return { id: "owner", outs: { value: randomBytes(8).toString("hex") } };
    },
    async diff() {
        return { changes: false };
    },
};

class OwnerKey extends pulumi.dynamic.Resource {
    declare readonly value: pulumi.Output<string>;

    constructor(name: string, opts: pulumi.CustomResourceOptions) {
        super(provider, name, { value: undefined }, opts, "storm", "OwnerKey");
    }
}

/** Whose containers and networks are: another stack may have given the same names. */
export class Owner extends pulumi.ComponentResource {
    /** What tells its own from others': the stack has made it, and keeps it. */
    readonly key: pulumi.Output<string>;

    constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
        super("storm:hosts:Owner", name, {}, opts);
        this.key = new OwnerKey(`${name}-key`, { parent: this }).value;
        this.registerOutputs({ key: this.key });
    }
}
