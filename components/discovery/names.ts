import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { addresses } from "./addresses";
import type { Discovery } from "./discovery";

/** Seconds for which a record, and what a JVM has found of it, may be kept. */
export const recordSeconds = 5;

/** The JVM does not go by what a record says, but keeps what it has found for 30 seconds, and that it found nothing for 10. */
const jvmOptions = `-Dsun.net.inetaddr.ttl=${recordSeconds} -Dsun.net.inetaddr.negative.ttl=${recordSeconds}`;

/** Names of the DNS servers that a stack runs where nobody else answers for its names: two, for availability. */
export const dnsServers = ["dns-1", "dns-2"];

/** The domain of a cluster's names: `internal` is set aside for private use. */
export function zoneOf(clusterName: string): string {
    return `${clusterName}.internal`;
}

/** Whether the DNS takes it for a domain: of the parts between its dots, each has 1 to 63 characters and no dash at an end. */
export function isZone(zone: string): boolean {
    return zone.split(".").every((part) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(part));
}

/** The name of a daemon in a zone. */
export function nameIn(zone: string, daemon: string): string {
    return `${daemon}.${zone}`;
}

/**
 * Discovery by `dns`: a daemon is told names, which follow the hosts.
 * @param zone Their domain.
 * @param before What has to be there for them to be found.
 * @param resolver How containers find them; default: as their hosts do.
 */
export function names(zone: string, before: readonly pulumi.Resource[] = [], resolver: Pick<docker.ContainerArgs, "dns" | "dnsOpts"> = {}): Discovery {
    return {
        ...addresses,
        nameOf: (daemon) => pulumi.output(nameIn(zone, daemon)),
        serversOf: ({ endpoints }) => pulumi.output(endpoints.map(({ daemon }) => nameIn(zone, daemon))),
        attach: ({ daemon, host }, published) => ({ ...host.attach(daemon, [nameIn(zone, daemon)], published), ...resolver }),
        jvmOptions,
        before: () => before,
    };
}
