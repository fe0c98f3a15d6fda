import * as pulumi from "@pulumi/pulumi";
import type { ContainerAt } from "../../../provider/machines/container";
import { Jar } from "../../../provider/resources";
import type { Inputs, NimbusContainer } from "../../../provider/schema";
import type { Discovery } from "../../discovery/discovery";
import type { Endpoint, Service } from "../../discovery/service";
import type { Host } from "../../hosts/host";
import { ports } from "../ports";

/** Arguments of {@link Submitting}. */
export interface SubmittingArgs {
    /** First part of the names of containers. */
    clusterName: string;
    /** The containers of the Nimbus daemons whose machines can be used. */
    nimbuses: pulumi.Output<NimbusContainer[]>;
    /** All Nimbus daemons, in the same order. */
    nimbus: Pick<Service, "endpoints">;
    /** The host of each supervisor, by the daemon's name. */
    supervisorHosts: Record<string, Host>;
    /** How daemons are dialled. */
    discovery: Discovery;
    /** Image of Storm. */
    image: string;
    /** Seconds that a topology has to be running. */
    seconds: number;
    /** What topologies are submitted after. */
    after: pulumi.Resource[];
}

/** What the topologies of a cluster are submitted by. */
export class Submitting {
    readonly nimbuses: pulumi.Output<NimbusContainer[]>;
    readonly image: string;
    readonly seconds: number;
    readonly after: pulumi.Resource[];
    /** The Nimbus that keeps the jars, and beside which the client runs: the first whose machine can be used. */
    readonly client: pulumi.Output<ContainerAt>;
    /** By what the client dials Nimbus. */
    readonly seeds: pulumi.Output<string[]>;
    /** At which port. */
    readonly port: number;
    readonly supervisors: pulumi.Output<Inputs<"Submission">["supervisors"]>;
    private readonly clientHost: Host;
    private readonly jars = new Map<string, Jar>();

    /**
     * @param name First part of the names of resources.
     * @param parent Their parent.
     */
    constructor(
        private readonly name: string,
        private readonly parent: pulumi.Resource,
        args: SubmittingArgs,
    ) {
        this.nimbuses = args.nimbuses;
        this.image = args.image;
        this.seconds = args.seconds;
        this.after = args.after;
        const { endpoints } = args.nimbus;
        const client: Endpoint = endpoints.find(({ host }) => !host.machine?.unusable) ?? (endpoints[0] as Endpoint);
        this.clientHost = client.host;
        this.seeds = args.discovery.serversOf(args.nimbus, client);
        this.port = args.discovery.dialledAt(ports.nimbus);
        this.client = args.nimbuses.apply(([first]) => ({ container: first?.container ?? "none", ssh: first?.ssh }));
        this.supervisors = pulumi.all(
            Object.entries(args.supervisorHosts).map(([daemon, host]) =>
                pulumi
                    .all([args.discovery.nameOf(daemon, host), host.docker.ssh, host.docker.identity])
                    .apply(([dialled, ssh, machine]) => ({ container: `${args.clusterName}-${daemon}`, ssh, address: dialled, machine })),
            ),
        );
    }

    /** The jar of a content, which lies on the cluster once. */
    jar(source: string, sha256: string): Jar {
        const there = this.jars.get(sha256);
        if (there) {
            return there;
        }
        const made = new Jar(
            `${this.name}-jar-${sha256.slice(0, 12)}`,
            { source, sha256, nimbus: this.client, machine: this.clientHost.docker.identity },
            { parent: this.parent, dependsOn: this.after },
        );
        this.jars.set(sha256, made);
        return made;
    }
}
