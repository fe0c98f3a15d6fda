import type * as pulumi from "@pulumi/pulumi";
import type { PlacedDaemon } from "./placedDaemon";

/** Daemons of one kind that others depend on. */
export interface Service {
    /** At least one. */
    readonly daemons: readonly PlacedDaemon[];
    /** Resources that exist once the service is ready. */
    readonly ready: readonly pulumi.Resource[];
    /**
     * Resources after which containers that use the service are created. On a first start they start beside it; after a change that
     * restarts it, they wait until it is ready again.
     */
    readonly restarted: readonly pulumi.Resource[];
}
