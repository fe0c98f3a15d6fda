import * as pulumi from "@pulumi/pulumi";
import type { Peer } from "../discovery/wiring";

/** What Prometheus scrapes, as its `file_sd` reads it: addresses and ports, and the labels of their series. */
export interface ScrapeTarget {
    targets: string[];
    labels: Record<string, string>;
}

/** A container that serves metrics. */
export interface Scraped {
    /** The label `job`. */
    job: string;
    /** Whose name is the label `daemon`. */
    peer: Peer;
    /** TCP port. */
    port: number;
}

/** The targets of a cluster, in the order given. */
export function scrapeTargets(clusterName: string, scraped: readonly Scraped[]): pulumi.Output<ScrapeTarget[]> {
    return pulumi.all(
        scraped.map(({ job, peer, port }) =>
            pulumi.output(peer.host.address).apply((address) => ({
                targets: [`${address}:${port}`],
                labels: { job, cluster: clusterName, daemon: peer.name },
            })),
        ),
    );
}
