import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "../hosts/host";
import type { Service } from "./service";

/** How a daemon gets from a service to endpoints. */
export interface Discovery {
    /** What a daemon is dialled by, and says of itself: the address of its host, or a name. */
    nameOf(daemon: string, host: Host): pulumi.Output<string>;
    /** What the daemons of a service are dialled by. */
    namesOf(service: Pick<Service, "endpoints">): pulumi.Output<string[]>;
    /** Names, beside its own, that a daemon's container knows itself by. */
    aliasesOf(daemon: string): string[];
    /** How containers resolve names; empty: as their host does. */
    readonly resolver: Pick<docker.ContainerArgs, "dns" | "dnsOpts">;
    /** Options of each JVM; empty: none. */
    readonly jvmOptions: string;
    /** What has to be there before the first daemon is made. */
    readonly before: readonly pulumi.Resource[];
}
