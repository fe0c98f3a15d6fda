import { isIP } from "net";
import * as pulumi from "@pulumi/pulumi";
import type { Discovery } from "../../discovery/discovery";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import type { Host } from "../../hosts/host";

/**
 * Names, beside its address, in the certificate of a server of pages: those of daemons, as others resolve them, and those of published
 * ports, of tunnels and of its host from outside.
 */
export function certificateNames(
    host: Host,
    daemons: readonly PlacedDaemon[],
    discovery: Discovery,
): pulumi.Output<string[]> {
    return pulumi
        .all([pulumi.all(daemons.map((daemon) => discovery.advertise(daemon).host)), host.outerAddress])
        .apply(([names, outer]) => [
            ...new Set(names.filter((name) => !isIP(name))),
            "localhost",
            "127.0.0.1",
            ...(outer === undefined ? [] : [outer]),
        ]);
}
