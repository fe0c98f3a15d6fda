import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { addresses } from "./addresses";
import type { Discovery } from "./discovery";
import type { Peer } from "./wiring";

/** Seconds for which a record, and a JVM's answer from it, may be cached. */
export const recordSeconds = 5;

/** The JVM ignores a record's time to live: by default it keeps an answer for 30 seconds, and a failure for 10. */
const jvmOptions = `-Dsun.net.inetaddr.ttl=${recordSeconds} -Dsun.net.inetaddr.negative.ttl=${recordSeconds}`;

/** Names of the DNS servers that a stack runs on the target `hosts`: two, for availability. */
export const dnsServers = ["dns-1", "dns-2"] as const;

/** The domain of a cluster's names: `internal` is reserved for private use. */
export function zoneOf(clusterName: string): string {
    return `${clusterName}.internal`;
}

/** Whether a text is a valid domain: each part between dots has 1 to 63 characters, and no dash at an end. */
export function isZone(zone: string): boolean {
    return zone.split(".").every((part) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(part));
}

/** The name of a daemon in a zone. */
export function nameIn(zone: string, daemon: string): string {
    return `${daemon}.${zone}`;
}

/**
 * Discovery by `dns`: a daemon receives names, which follow the hosts.
 * @param zone Their domain.
 * @param before Resources that must exist before names resolve.
 * @param resolver How containers resolve names.
 * @default resolver as their hosts do
 * @param servers The DNS servers of the cluster's own that the resolver names.
 * @default servers none
 */
export function names(
    zone: string,
    before: readonly pulumi.Resource[] = [],
    resolver: Pick<docker.ContainerArgs, "dns" | "dnsOpts"> = {},
    servers: readonly Peer[] = [],
): Discovery {
    return {
        ...addresses,
        advertise: (daemon) => ({ ...addresses.advertise(daemon), host: pulumi.output(nameIn(zone, daemon.name)) }),
        resolve: (service, from) => ({
            ...addresses.resolve(service, from),
            servers: pulumi.output(service.daemons.map(({ name }) => nameIn(zone, name))),
        }),
        attach: ({ name, host }, published) => ({ ...host.attach(name, [nameIn(zone, name)], published), ...resolver }),
        peers: () => servers,
        jvmOptions,
        before: () => before,
    };
}
