import * as pulumi from "@pulumi/pulumi";
import { type Authority, firstEnd } from "./authority";

const day = 86_400_000;

/**
 * Warns, in updates and previews, of authorities that end before a certificate of today would: no update renews them.
 * @param certificateDays Days for which certificates are valid.
 * @param parent Whose warning it is.
 */
export function warnOfEnds(authorities: readonly Authority[], certificateDays: number, parent: pulumi.Resource): void {
    const isSoon = (end: string) => Date.parse(end) - Date.now() < certificateDays * day;
    firstEnd(authorities.map(({ end }) => end)).apply((end) => {
        if (isSoon(end)) {
            void pulumi.log.warn(
                `The stack's own authorities end on ${date(end)}, and all certificates with them, which no update renews any more: ` +
                    "docs/security.md says what to do before.",
                parent,
            );
        }
    });
    firstEnd(authorities.flatMap(({ crossEnds }) => crossEnds)).apply((end) => {
        if (isSoon(end)) {
            void pulumi.log.warn(
                `storm:authority ends on ${date(end)}. From then on who trusts it refuses the cluster's pages, while daemons still ` +
                    "connect to each other: set it to its successor before.",
                parent,
            );
        }
    });
}

function date(time: string): string {
    return time.slice(0, 10);
}
