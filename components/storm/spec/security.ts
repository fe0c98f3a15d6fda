import { ports } from "./ports";

/** What of a cluster is protected by certificates: `zookeeper`, connections to ZooKeeper and between its members. */
export type Security = "zookeeper";

/** The TCP port at which clients connect to the cluster's own ZooKeeper members. */
export function clientPort(security: Security | undefined): number {
    return security === undefined ? ports.zookeeper : ports.zookeeperTls;
}

/**
 * How far members are: 1, clients may connect by TLS and in plain, and members accept TLS from each other; 2, clients must use TLS, and
 * members use it too; 3, members must. A member of one step works with those of the one before, and with clients of that time.
 */
export type SecurityStep = 1 | 2 | 3;
