import * as pulumi from "@pulumi/pulumi";
import type { NimbusContainer } from "../../provider/schema";
import type { DaemonRef } from "../daemonRef";
import type { Host } from "../hosts/host";
import type { Discovery } from "./discovery";

/** A daemon, and where it runs. */
export interface PlacedDaemon extends DaemonRef {
    /** The host that it runs on. */
    readonly host: Host;
    /** Name of its container: `<cluster name>-<daemon name>`. */
    readonly container: string;
    /** TCP port that daemons of its kind listen on by default. */
    readonly defaultPort: number;
}

/** Daemons by the name of the Docker Engine that they run on. */
export function byDockerEngine(daemons: readonly PlacedDaemon[]): Map<string, PlacedDaemon[]> {
    const grouped = new Map<string, PlacedDaemon[]>();
    for (const daemon of daemons) {
        const { name } = daemon.host.docker;
        grouped.set(name, [...(grouped.get(name) ?? []), daemon]);
    }
    return grouped;
}

/** Where the provider's resources find a daemon: its container, the way to its machine, and the address and port that it advertises. */
export function locationOf(daemon: PlacedDaemon, discovery: Discovery): pulumi.Output<NimbusContainer> {
    const { container, host } = daemon;
    const advertised = discovery.advertise(daemon);
    return pulumi
        .all([advertised.host, host.docker.ssh])
        .apply(([address, ssh]) => ({ container, ssh, address, port: advertised.port }));
}
