import { ports } from "./ports";

/**
 * What of a cluster is protected by certificates: `zookeeper`, connections to ZooKeeper and between its members; `tls`, also those to
 * Nimbus, supervisors and workers, and to pages.
 */
export type Security = "zookeeper" | "tls";

/** The TCP port at which clients connect to the cluster's own ZooKeeper members. */
export function clientPort(security: Security | undefined): number {
    return security === undefined ? ports.zookeeper : ports.zookeeperTls;
}

/** The TCP port at which others connect to a Nimbus. */
export function nimbusPort(security: Security | undefined): number {
    return security === "tls" ? ports.nimbusTls : ports.nimbus;
}

/** The scheme of the URLs of Storm's pages. */
export function pageScheme(security: Security | undefined): "http" | "https" {
    return security === "tls" ? "https" : "http";
}

/**
 * How far members are: 1, clients may connect by TLS and in plain, and members accept TLS from each other; 2, clients must use TLS, and
 * members use it too; 3, members must. A member of one step works with those of the one before, and with clients of that time.
 */
export type SecurityStep = 1 | 2 | 3;

/** How far Nimbus is: 1, it may be called by TLS and in plain, by everybody; 2, by TLS alone, and it looks at who calls. */
export type NimbusStep = 1 | 2;
