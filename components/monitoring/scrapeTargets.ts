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
    /** What kind of metrics it serves: `storm`, `zookeeper`, `prometheus`, `node` or `cadvisor`. */
    job: string;
    /** The cluster's name. */
    cluster: string;
    /** The name of the daemon, or of the container beside the daemons. */
    daemon: string;
    /** The name of the machine that the metrics are of, `local` on the target `local`; absent if they are of no machine. */
    machine?: string;
}

/** A container that serves metrics. */
export interface Scraped {
    /** The label `job`. */
    job: string;
    /** Whose name is the label `daemon`. */
    peer: Peer;
    /** TCP port. */
    port: number;
    /**
     * Whether the metrics are of its machine, whose name is a label then.
     * @default false
     */
    ofMachine?: boolean;
}

/** The targets of a cluster, in the order given. */
export function scrapeTargets(clusterName: string, scraped: readonly Scraped[]): pulumi.Output<ScrapeTarget[]> {
    return pulumi.all(scraped.map(({ peer }) => peer.host.address)).apply((addresses) =>
        scraped.map(({ job, peer, port, ofMachine }, index) => ({
            targets: [`${addresses[index]}:${port}`],
            labels: {
                job,
                cluster: clusterName,
                daemon: peer.name,
                ...(ofMachine && { machine: peer.host.docker.name }),
            },
        })),
    );
}
