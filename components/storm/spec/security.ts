import { ports } from "./ports";

/**
 * What of a cluster is protected by certificates: `zookeeper`, connections to ZooKeeper and between its members; `tls`, also those to
 * Nimbus, supervisors and workers, and to pages.
 */
export type Security = "zookeeper" | "tls";

/** How far a cluster is, in one update, on its way to what is wanted; `securityInUpdate` gives it. */
export interface SecurityInUpdate {
    /** What is wanted to be protected; undefined: nothing. */
    wanted: Security | undefined;
    /** How far members are. */
    members: SecurityStep;
    /** How far Nimbus is; undefined: it has no TLS. */
    nimbus: NimbusStep | undefined;
    /** The stack's topologies that have to be killed before the next step. */
    topologies: string[];
}

/** What the connections of an update are protected by: those of daemons, clients and browsers. */
export function connectionsBy(security: Security | SecurityInUpdate | undefined): Security | undefined {
    if (security === undefined || typeof security === "string") {
        return security;
    }
    const { members, nimbus } = security;
    return nimbus ? "tls" : members ? "zookeeper" : undefined;
}

/** What there are certificates for in an update. On the way back, that is more than {@link connectionsBy}: servers still accept TLS. */
export function certifiedFor(security: Security | SecurityInUpdate | undefined): Security | undefined {
    if (security === undefined || typeof security === "string") {
        return security;
    }
    return security.nimbus === undefined ? "zookeeper" : "tls";
}

/**
 * Whether reverse proxies run in front of pages. On the way back they are deleted one update before pages take their ports: Pulumi deletes
 * after it has replaced.
 */
export function hasReverseProxies(security: Security | SecurityInUpdate | undefined): boolean {
    const wanted = typeof security === "object" ? security.wanted : security;
    return wanted === "tls" && connectionsBy(security) === "tls";
}

/** The TCP port at which clients connect to the cluster's own ZooKeeper members. */
export function clientPort(security: Security | SecurityInUpdate | undefined): number {
    return connectionsBy(security) === undefined ? ports.zookeeper : ports.zookeeperTls;
}

/** The TCP port at which others connect to a Nimbus. */
export function nimbusPort(security: Security | SecurityInUpdate | undefined): number {
    return connectionsBy(security) === "tls" ? ports.nimbusTls : ports.nimbus;
}

/** The scheme of the URLs of Storm's pages; undefined: nobody can reach them, as on the way back their ports are left for one update. */
export function pageScheme(security: Security | SecurityInUpdate | undefined): "http" | "https" | undefined {
    if (connectionsBy(security) !== "tls") {
        return "http";
    }
    return hasReverseProxies(security) ? "https" : undefined;
}

/**
 * How far members are: 0, as with 1, and clients connect in plain again; 1, clients may connect by TLS and in plain, and members accept
 * TLS from each other; 2, clients must use TLS, and members use it too; 3, members must. A member of one step works with those of the
 * one before, and with clients of that time.
 */
export type SecurityStep = 0 | 1 | 2 | 3;

/**
 * How far Nimbus is: 0, as with 1, and is called in plain again; 1, it may be called by TLS and in plain, by everybody; 2, by TLS alone,
 * and it looks at who calls.
 */
export type NimbusStep = 0 | 1 | 2;
