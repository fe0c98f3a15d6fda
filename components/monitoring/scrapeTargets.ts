import * as pulumi from "@pulumi/pulumi";
import type { Peer } from "../discovery/wiring";

/** What Prometheus scrapes, as its `file_sd` reads it: addresses and ports, and the labels of their series. */
export interface ScrapeTarget {
    targets: string[];
    labels: { job: string; cluster: string; daemon: string };
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
    return pulumi.all(scraped.map(({ peer }) => peer.host.address)).apply((addresses) =>
        scraped.map(({ job, peer, port }, index) => ({
            targets: [`${addresses[index]}:${port}`],
            labels: { job, cluster: clusterName, daemon: peer.name },
        })),
    );
}
