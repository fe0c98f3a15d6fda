import * as pulumi from "@pulumi/pulumi";
import type { Discovery } from "./discovery";

/** Seconds for which a record, and what a JVM has found of it, may be kept. */
export const recordSeconds = 5;

/** The JVM does not go by what a record says, but keeps what it has found for 30 seconds, and that it found nothing for 10. */
const jvmOptions = `-Dsun.net.inetaddr.ttl=${recordSeconds} -Dsun.net.inetaddr.negative.ttl=${recordSeconds}`;

/** The domain of a cluster's names: `internal` is set aside for private use. */
export function zoneOf(clusterName: string): string {
    return `${clusterName}.internal`;
}

/** The name of a daemon in a zone. */
export function nameIn(zone: string, daemon: string): string {
    return `${daemon}.${zone}`;
}

/**
 * Discovery by `dns`: a daemon is told names, which follow the hosts.
 * @param zone Their domain.
 * @param given How containers resolve them, and what has to be there for that; default: their hosts resolve them.
 */
export function names(zone: string, given: Partial<Pick<Discovery, "resolver" | "before">> = {}): Discovery {
    return {
        nameOf: (daemon) => pulumi.output(nameIn(zone, daemon)),
        namesOf: ({ endpoints }) => pulumi.output(endpoints.map(({ daemon }) => nameIn(zone, daemon))),
        aliasesOf: (daemon) => [nameIn(zone, daemon)],
        resolver: {},
        jvmOptions,
        before: [],
        ...given,
    };
}
