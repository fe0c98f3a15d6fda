import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "../hosts/host";
import type { Service } from "./service";

/** How a daemon gets from a service to endpoints. */
export interface Discovery {
    /** What a daemon is dialled by, and says of itself: the address of its host, or a name. */
    nameOf(daemon: string, host: Host): pulumi.Output<string>;
    /**
     * The TCP port that a daemon listens on, and says of itself.
     * @param usual The one that its kind has, at which {@link serversOf} are dialled too.
     */
    portOf(daemon: string, usual: number): number;
    /** What a daemon on a host dials a service by: those of its daemons, or what leads to them. */
    serversOf(service: Pick<Service, "endpoints">, from: Host): pulumi.Output<string[]>;
    /** Names, beside its own, that a daemon's container knows itself by. */
    aliasesOf(daemon: string): string[];
    /** How a daemon's container finds what a name leads to; empty: as its host does. */
    resolver(daemon: string, host: Host): Resolver;
    /** Options of each JVM; empty: none. */
    readonly jvmOptions: string;
    /** What has to be there before the first daemon on a host is made. */
    before(host: Host): readonly pulumi.Resource[];
}

/** Arguments of a container: DNS servers to ask, and addresses of names that it need not ask for. */
export type Resolver = Pick<docker.ContainerArgs, "dns" | "dnsOpts"> & { hosts?: docker.types.input.ContainerHost[] };
