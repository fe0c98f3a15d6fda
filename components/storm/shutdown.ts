import * as pulumi from "@pulumi/pulumi";
import { type ContainerAt, run } from "./container";

/** Arguments of {@link Shutdown}. */
export interface ShutdownArgs {
    /** The containers of the Nimbus daemons. */
    nimbuses: pulumi.Input<ContainerAt[]>;
    /** Seconds between SIGTERM and SIGKILL. */
    graceSeconds: number;
}

type Inputs = pulumi.Unwrap<ShutdownArgs>;

const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async create(inputs) {
        return { id: "shutdown", outs: inputs };
    },
    async update(_id, _olds, news) {
        return { outs: news };
    },
    async delete(_id, { nimbuses, graceSeconds }) {
        const stop = ["docker", "stop", "--time", String(graceSeconds)];
        const stopped = nimbuses.map(({ container, ssh }) => run(ssh, [...stop, container], { seconds: graceSeconds + 30 }));
        // What cannot be stopped now is told when its container is deleted.
        await Promise.allSettled(stopped);
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
