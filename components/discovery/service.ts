import type * as pulumi from "@pulumi/pulumi";

/** Address and port at which a service is reached. */
export interface Endpoint {
    /** The address of the host that the daemon runs on. */
    readonly address: pulumi.Output<string>;
    /** TCP port. */
    readonly port: number;
}

/** Daemons of one kind that others depend on. */
export interface Service {
    /** One for each daemon. */
    readonly endpoints: readonly Endpoint[];
    /** Resources that exist once the service is ready; what uses it is made after them. */
    readonly ready: readonly pulumi.Resource[];
}
