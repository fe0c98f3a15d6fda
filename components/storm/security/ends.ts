import * as pulumi from "@pulumi/pulumi";
import { type Authority, firstEnd } from "./authority";

const day = 86_400_000;

/**
 * When the first of some authorities ends that would end before a certificate of today, or undefined. An update renews none of them, so
 * that it warns, as does its preview.
 * @param certificateDays Days for which certificates are valid.
 * @param parent Whose warning it is.
 */
export function soonEnding(
    authorities: readonly Authority[],
    certificateDays: number,
    parent: pulumi.Resource,
): pulumi.Output<string | undefined> {
    const users = authorities.flatMap(({ crossEnd }) => (crossEnd ? [crossEnd] : []));
    return pulumi.all([firstEnd(authorities.map(({ end }) => end)), firstEnd(users)]).apply(([own, users]) => {
        const isSoon = (end: string) => Date.parse(end) - Date.now() < certificateDays * day;
        const warn = (message: string) => void pulumi.log.warn(message, parent);
        if (isSoon(own)) {
            warn(
                `The stack's own authorities end on ${date(own)}, and all certificates with them, which no update renews any more: ` +
                    "docs/security.md says what to do before.",
            );
        }
        if (isSoon(users)) {
            warn(
                `storm:authority ends on ${date(users)}. From then on who trusts it refuses the cluster's pages, while daemons still ` +
                    "connect to each other: set it to its successor before.",
            );
        }
        return [own, users].filter(isSoon).sort()[0];
    });
}

function date(time: string): string {
    return time.slice(0, 10);
}
