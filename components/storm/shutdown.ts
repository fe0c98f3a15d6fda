import * as pulumi from "@pulumi/pulumi";
import { type ContainerAt, stop } from "../hosts/container";
import { stateOf } from "./leader";

/** Arguments of {@link Shutdown}. */
export interface ShutdownArgs {
    /** The containers of the Nimbus daemons. */
    nimbuses: pulumi.Input<ContainerAt[]>;
}

type Inputs = pulumi.Unwrap<ShutdownArgs>;

const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async create(inputs) {
        return { id: "shutdown", outs: inputs };
    },
    async update(_id, _olds, news) {
        return { outs: news };
    },
    async delete(_id, { nimbuses }) {
        const problems = await Promise.all(nimbuses.map(stop));
        // One whose machine cannot be reached takes no orders of the drains' either.
        const states = await Promise.all(nimbuses.map(stateOf));
        const failed = problems.filter((problem, index) => problem !== undefined && states[index] === "running");
        if (failed.length > 0) {
            throw new Error(`Nimbus could not be stopped, so nothing else was: ${failed.join("; ")}. Run this again.`);
        }
    },
};

/**
 * Stops Nimbus when it is deleted. As it is made after all drains, a `destroy` begins with it, and no supervisor that is
 * taken down waits for its work to move to another that is taken down too.
 */
export class Shutdown extends pulumi.dynamic.Resource {
    constructor(name: string, args: ShutdownArgs, opts: pulumi.CustomResourceOptions) {
        super(provider, name, args, opts, "storm", "Shutdown");
    }
}
