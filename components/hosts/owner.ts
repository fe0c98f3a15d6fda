import * as pulumi from "@pulumi/pulumi";
import { OwnerKey } from "../../provider/resources";

/** Whose containers and networks are: another stack may have given the same names. */
export class Owner extends pulumi.ComponentResource {
    /** What tells its own from others': the stack has made it, and keeps it. */
    readonly key: pulumi.Output<string>;

    constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
        super("storm:hosts:Owner", name, {}, opts);
        this.key = new OwnerKey(`${name}-key`, {}, { parent: this }).value;
        this.registerOutputs({ key: this.key });
    }
}
