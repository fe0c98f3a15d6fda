import * as pulumi from "@pulumi/pulumi";
import { StackKey } from "../../provider/resources";

/** Whose containers and networks are: another stack may have given the same names. */
export class StackId extends pulumi.ComponentResource {
    /** The key that its own containers carry: the stack has created it, and keeps it. */
    readonly key: pulumi.Output<string>;

    constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
        super("storm:hosts:StackId", name, {}, pulumi.mergeOptions(opts, { aliases: [{ type: "storm:hosts:Owner" }] }));
        this.key = new StackKey(`${name}-key`, {}, { parent: this }).value;
        this.registerOutputs({ key: this.key });
    }
}
