import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "../hosts/host";

/** Where a service is reached. */
export interface Endpoint {
    /** Name of the daemon that answers there. */
    readonly daemon: string;
    /** The host that it runs on. */
    readonly host: Host;
    /** TCP port. */
    readonly port: number;
}

/** Daemons of one kind that others depend on. */
export interface Service {
    /** One for each daemon. */
    readonly endpoints: readonly Endpoint[];
    /** Resources that exist once the service is ready. */
    readonly ready: readonly pulumi.Resource[];
    /**
     * Resources after which containers that use the service are created: at first they start beside it, and once a change has restarted
     * it, after it is ready again.
     */
    readonly restarted: readonly pulumi.Resource[];
}
