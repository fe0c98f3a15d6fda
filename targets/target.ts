import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "../components/hosts/host";

/** Where a stack's containers run. */
export interface Target {
    /** The host of each daemon, by the daemon's name. */
    hosts: Record<string, Host>;
    /** The stack's outputs that are this target's. */
    outputs: {
        /** Where a browser finds Storm UI; absent where none runs. */
        uiUrl?: pulumi.Input<string>;
        /** By name: a machine's address, its daemons, the command line that logs in on it, and whether it is lost; absent on `local`. */
        hosts?: Record<string, pulumi.Output<object>>;
    };
}
