import * as pulumi from "@pulumi/pulumi";
import type { ContainerAt } from "../../../provider/machines/container";
import { Jar, type NimbusShutdown } from "../../../provider/resources";
import type { Inputs, NimbusContainer } from "../../../provider/schema";
import type { Discovery } from "../../discovery/discovery";
import { locationOf, type PlacedDaemon } from "../../discovery/placedDaemon";

/** Arguments of {@link Submitting}. */
export interface SubmittingArgs {
    /** The Nimbus daemons. */
    nimbus: {
        /** All of them. */
        readonly daemons: readonly PlacedDaemon[];
        /** The containers of those whose machines can be used, in the same order. */
        readonly containers: pulumi.Output<NimbusContainer[]>;
    };
    /** The supervisors. */
    supervisors: readonly PlacedDaemon[];
    /** How daemons resolve services. */
    discovery: Discovery;
    /** Image of Storm. */
    image: string;
    /** Whether the cluster's scheduler goes by reserved memory and CPU, and not by a number of workers. */
    reserves: pulumi.Output<boolean>;
    /** Seconds that a topology has to be running. */
    seconds: number;
    /** What stops Nimbus when the cluster is removed. */
    shutdown: NimbusShutdown;
    /** Resources that must exist before topologies are submitted. */
    after: pulumi.Input<pulumi.Resource>[];
}

/** How topologies are submitted to a cluster. */
export class Submitting {
    readonly nimbuses: pulumi.Output<NimbusContainer[]>;
    readonly image: string;
    readonly reserves: pulumi.Output<boolean>;
    readonly seconds: number;
    readonly shutdown: NimbusShutdown;
    readonly after: pulumi.Input<pulumi.Resource>[];
    /** The Nimbus that keeps the jars, and beside which the client runs: the first whose machine can be used. */
    readonly client: pulumi.Output<ContainerAt>;
    /** Names or addresses by which the client connects to Nimbus. */
    readonly seeds: pulumi.Output<string[]>;
    /** TCP port at which the client connects to Nimbus. */
    readonly port: number;
    readonly supervisors: pulumi.Output<Inputs<"Submission">["supervisors"]>;
    private readonly clientMachine?: pulumi.Output<string>;
    private readonly jars = new Map<string, Jar>();

    /**
     * @param name First part of the names of resources.
     * @param parent Their parent.
     */
    constructor(
        private readonly name: string,
        private readonly parent: pulumi.Resource,
        private readonly args: SubmittingArgs,
    ) {
        const { nimbus, supervisors, discovery, image, reserves, seconds, shutdown, after } = args;
        this.nimbuses = nimbus.containers;
        this.image = image;
        this.reserves = reserves;
        this.seconds = seconds;
        this.shutdown = shutdown;
        this.after = after;
        const client = (nimbus.daemons.find(({ host }) => !host.machine?.unusable) ??
            nimbus.daemons[0]) as PlacedDaemon;
        this.clientMachine = client.host.docker.identity;
        const resolved = discovery.resolve(nimbus, client);
        this.seeds = resolved.servers;
        this.port = resolved.port;
        this.client = nimbus.containers.apply(([first]) => ({
            container: first?.container ?? "none",
            ssh: first?.ssh,
        }));
        this.supervisors = pulumi.all(
            supervisors.map((daemon) =>
                pulumi
                    .all([locationOf(daemon, discovery), daemon.host.docker.identity])
                    .apply(([{ container, ssh, address }, machine]) => ({ container, ssh, address, machine })),
            ),
        );
    }

    /**
     * The same where supervisors of a fleet run topologies too.
     * @param ready What exists once the fleet is ready.
     * @param seconds Seconds that a machine has to join, if topologies want more of them.
     */
    withFleet(ready: pulumi.Resource, seconds: number): Submitting {
        const { name, parent, args } = this;
        return new Submitting(name, parent, {
            ...args,
            after: [...args.after, ready],
            seconds: args.seconds + seconds,
        });
    }

    /** The jar of a content: the cluster has one copy of it. */
    jar(source: string, sha256: string): Jar {
        const existing = this.jars.get(sha256);
        if (existing) {
            return existing;
        }
        const created = new Jar(
            `${this.name}-jar-${sha256.slice(0, 12)}`,
            { source, sha256, nimbus: this.client, machine: this.clientMachine },
            { parent: this.parent, dependsOn: this.after },
        );
        this.jars.set(sha256, created);
        return created;
    }
}
