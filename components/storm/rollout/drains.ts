import type * as pulumi from "@pulumi/pulumi";
import { Drain } from "../../../provider/resources";
import type { Discovery } from "../../discovery/discovery";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import type { Nimbus } from "../daemons/nimbus";

/** Arguments of {@link drains}. */
export interface DrainsArgs {
    /** The Nimbus daemons, which move work. */
    nimbus: Nimbus;
    /** How daemons resolve services. */
    discovery: Discovery;
    /** Seconds that a supervisor's work has to run elsewhere. */
    seconds: number;
}

/**
 * A drain for each supervisor: they take their turns, as each moves work to the others.
 * @param name First part of their names.
 * @param ready The gate of each supervisor.
 */
export function drains(
    name: string,
    supervisors: readonly PlacedDaemon[],
    ready: readonly pulumi.Resource[],
    { nimbus, discovery, seconds }: DrainsArgs,
    parent: pulumi.Resource,
): Drain[] {
    const created: Drain[] = [];
    for (const [position, daemon] of supervisors.entries()) {
        const { container, host } = daemon;
        created.push(
            new Drain(
                `${name}-${daemon.name}-drain`,
                {
                    daemon: daemon.name,
                    container,
                    ssh: host.docker.ssh,
                    address: discovery.advertise(daemon).host,
                    nimbuses: nimbus.containers,
                    seconds,
                },
                {
                    ...host.docker.options,
                    // If its machine is gone, its work still has to move.
                    deletedWith: undefined,
                    protect: host.isProtected,
                    parent,
                    dependsOn: [ready[position] as pulumi.Resource, ...created.slice(-1)],
                },
            ),
        );
    }
    return created;
}
