import type * as pulumi from "@pulumi/pulumi";
import type { AmbassadorsArgs } from "../components/discovery/ambassador/ambassadors";
import type { Discovery } from "../components/discovery/discovery";
import type { Host } from "../components/hosts/host";

/** Where a stack's containers run. */
export interface Target {
    /** The host of each daemon, by the daemon's name. */
    hosts: Record<string, Host>;
    /** Discovery by `dns`: names that follow the hosts. */
    dns: () => Discovery;
    /** Where ambassadors, and the registry that they share, run with the discovery `ambassador`. */
    ambassadors: () => Pick<AmbassadorsArgs, "machines" | "registry">;
    /** The stack's outputs that are this target's. */
    outputs: {
        /** Where a browser finds Storm UI; absent where none runs. */
        uiUrl?: pulumi.Input<string>;
        /** The command line that brings Storm UI to the same port of 127.0.0.1; on `aws` alone. */
        uiTunnel?: pulumi.Output<string>;
        /** The command line that logs in on the bastion that the stack has made; on `aws` alone. */
        bastion?: pulumi.Output<string>;
        /** By name: a machine's address, its daemons, the command line that logs in on it, and whether it is lost; absent on `local`. */
        hosts?: Record<string, pulumi.Output<object>>;
    };
    /** Sees to it that the stack, with what runs on its hosts, is not destroyed by mistake, where the settings want that. */
    protect?: (running: pulumi.Resource[]) => void;
}
