import * as pulumi from "@pulumi/pulumi";
import { RestartGate } from "../../../provider/resources";
import type { NimbusContainer } from "../../../provider/schema";
import type { Daemon } from "../daemons/daemon";

/** Arguments of {@link restartGate}. */
export interface RestartGateArgs {
    /** The Nimbus daemons, where the topologies have to run again too; default: they need not. */
    nimbuses?: pulumi.Input<NimbusContainer[]>;
    /** Seconds that the daemons have to become ready. */
    readySeconds: number;
}

/**
 * A gate between daemons, which lets pass once those before it that a change has restarted are ready again. Those on machines that
 * cannot be used are not asked.
 */
export function restartGate(
    name: string,
    before: readonly Daemon[],
    { nimbuses = [], readySeconds: seconds }: RestartGateArgs,
    opts: pulumi.CustomResourceOptions,
): RestartGate {
    const asked = before.filter(({ isUsable }) => isUsable).map(({ restarted }) => restarted);
    return new RestartGate(name, { before: pulumi.all(asked), nimbuses, seconds }, opts);
}
