import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Attachment, Host } from "../hosts/host";
import type { PlacedDaemon } from "./placedDaemon";
import type { Service } from "./service";
import type { Peer } from "./wiring";

/** Where a daemon listens, and where others connect to it. */
export interface Advertised {
    /** The name or IP address that others connect to. */
    readonly host: pulumi.Output<string>;
    /** The TCP port that it listens on, and that others connect to. */
    readonly port: number;
    /** The IP address that it listens on, if its kind can choose. */
    readonly bindAddress: pulumi.Output<string>;
}

/** What a daemon connects to when it uses a service. */
export interface Resolved {
    /** Names or IP addresses of the service's daemons, or of a proxy. */
    readonly servers: pulumi.Output<string[]>;
    /** TCP port of all of them. */
    readonly port: number;
    /** Whose names or addresses these are; empty: of nobody in the cluster. */
    readonly peers: readonly Peer[];
}

/** How a daemon resolves a service. */
export interface Discovery {
    /** What a daemon listens on and advertises. */
    advertise(daemon: PlacedDaemon): Advertised;
    /** What a daemon, or another container on a host of the cluster, connects to when it uses a service. */
    resolve(service: Pick<Service, "daemons">, from: Peer): Resolved;
    /**
     * How a container joins its host's network, and resolves names.
     * @param published Ports that must be reachable from outside of the cluster.
     */
    attach(from: Peer, published: number[]): Attachment & Pick<docker.ContainerArgs, "dns" | "dnsOpts">;
    /** The host whose address a daemon's connections to a service come from. */
    source(daemon: Peer): Host;
    /** Whose addresses a container receives by the way it joins the network. */
    peers(from: Peer): readonly Peer[];
    /** Options of each JVM; empty: none. */
    readonly jvmOptions: string;
    /** Resources that must exist before the first daemon on a host is created. */
    before(host: Host): readonly pulumi.Resource[];
}
