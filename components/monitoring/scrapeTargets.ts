import * as pulumi from "@pulumi/pulumi";
import type { Peer } from "../discovery/wiring";

/** What Prometheus scrapes, as its `file_sd` reads it: addresses and ports, and the labels of their series. */
export interface ScrapeTarget {
    /** Address and port. */
    targets: string[];
    /** Labels of its series. */
    labels: ScrapeLabels;
}

/** Labels of the series of a target. */
export interface ScrapeLabels {
    /** What kind of metrics it serves: `storm`, `zookeeper` or `prometheus`. */
    job: string;
    /** The cluster's name. */
    cluster: string;
    /** The name of the daemon, or of the container beside the daemons. */
    daemon: string;
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
