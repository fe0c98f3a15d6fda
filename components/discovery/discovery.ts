import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Attachment, Host } from "../hosts/host";
import type { Service } from "./service";

/** A daemon, and where it runs. */
export interface Placed {
    /** Its name. */
    daemon: string;
    /** Where it runs. */
    host: Host;
}

/** How a daemon gets from a service to endpoints. */
export interface Discovery {
    /** What a daemon is dialled by, and says of itself: the address of its host, or a name. */
    nameOf(daemon: string, host: Host): pulumi.Output<string>;
    /**
     * The TCP port that a daemon listens on, and says of itself.
     * @param usual The one that its kind has.
     */
    portOf(daemon: string, usual: number): number;
    /** The TCP port at which {@link serversOf} are dialled, where that of the service is the usual one. */
    dialledAt(usual: number): number;
    /** The address that a daemon listens on for those that it serves, where it can choose. */
    listensOn(daemon: string, host: Host): pulumi.Output<string>;
    /** What a daemon dials a service by: those of its daemons, or what leads to them. */
    serversOf(service: Pick<Service, "endpoints">, from: Placed): pulumi.Output<string[]>;
    /**
     * How a daemon's container joins its host's network, and finds what a name leads to.
     * @param published Ports that are to be reached from outside of the cluster.
     */
    attach(placed: Placed, published: number[]): Attachment & Pick<docker.ContainerArgs, "dns" | "dnsOpts">;
    /** Options of each JVM; empty: none. */
    readonly jvmOptions: string;
    /** What has to be there before the first daemon on a host is made. */
    before(host: Host): readonly pulumi.Resource[];
}
