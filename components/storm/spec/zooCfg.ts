import type { Discovery } from "../../discovery/discovery";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import type { Host } from "../../hosts/host";
import { ports } from "./ports";

/** Entries of zoo.cfg. */
export type ZooCfg = Record<string, unknown>;

/** Entries of zoo.cfg as the official image takes them: separated by spaces, and the last of a key counts. */
export function cfgExtra(entries: ZooCfg): string {
    return Object.entries(entries)
        .map(([key, value]) => `${key}=${String(value)}`)
        .join(" ");
}

/** Entries by which a member serves metrics for Prometheus, at an address; without them it serves none. */
export function metricsProvider(address: string): ZooCfg {
    return {
        "metricsProvider.className": "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider",
        "metricsProvider.httpHost": address,
        "metricsProvider.httpPort": ports.zookeeperMetrics,
    };
}

/** Connections from one address that a member of the official image lets in: its `ZOO_MAX_CLIENT_CNXNS`. */
const defaultLimit = 60;

/** Connections to ZooKeeper of a daemon. A supervisor's workers have one each beside, and those that they replace, theirs for a while. */
const perDaemon = 4;

/** `maxClientCnxns`, if as many connections come from one address as ZooKeeper's default lets in. */
export function connectionLimit(daemons: readonly PlacedDaemon[], discovery: Discovery, slots: number): ZooCfg {
    const workers = new Map<Host, number>();
    const others = new Map<Host, number>();
    for (const daemon of daemons) {
        const source = discovery.source(daemon);
        workers.set(source, (workers.get(source) ?? 0) + (daemon.kind === "supervisor" ? slots : 0));
        others.set(source, (others.get(source) ?? 0) + perDaemon);
    }
    const needed = [...workers].map(([source, count]) => 2 * count + (others.get(source) ?? 0));
    // What has run so far goes on as it is.
    const most = Math.max(0, ...workers.values());
    return most >= defaultLimit ? { maxClientCnxns: Math.max(...needed) } : {};
}
