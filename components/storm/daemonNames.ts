import { dnsServers } from "../discovery/names";

/** How many daemons of each kind a cluster has. */
export interface DaemonCounts {
    /** Members of the ZooKeeper ensemble; 0: it has one that is there already. */
    zookeepers: number;
    /** Nimbus daemons. */
    nimbuses: number;
    /** Supervisors. */
    supervisors: number;
    /** DRPC servers. */
    drpcs: number;
    /** Whether Storm UI runs. */
    ui: boolean;
}

/** The names of a cluster's daemons by kind. A name is a daemon's identity: its data and its address go with it. */
export interface DaemonNames {
    /** `zookeeper-1` and so on. */
    zookeeper: string[];
    /** `nimbus-1` and so on. */
    nimbus: string[];
    /** `supervisor-1` and so on. */
    supervisor: string[];
    /** `drpc-1` and so on. */
    drpc: string[];
    /** `ui`, or none. */
    ui: string[];
}

/** The names of a cluster's daemons, such as `zookeeper-1` and `ui`. */
export function daemonNames(counts: DaemonCounts): DaemonNames {
    return {
        zookeeper: numbered("zookeeper", counts.zookeepers),
        nimbus: numbered("nimbus", counts.nimbuses),
        supervisor: numbered("supervisor", counts.supervisors),
        drpc: numbered("drpc", counts.drpcs),
        ui: counts.ui ? ["ui"] : [],
    };
}

/**
 * The names of the daemons that a cluster's hosts are for, each kind in the order of its numbers.
 * @param placed Names, DNS servers' among them, which are no daemons of the cluster's.
 * @param hasZooKeeper Whether there is an ensemble already.
 * @throws RangeError when they are not those of a cluster.
 */
export function placedNames(placed: string[], hasZooKeeper: boolean): DaemonNames {
    const count = (kind: string) => placed.filter((name) => name.startsWith(`${kind}-`)).length;
    const names = daemonNames({
        zookeepers: count("zookeeper"),
        nimbuses: count("nimbus"),
        supervisors: count("supervisor"),
        drpcs: count("drpc"),
        ui: placed.includes("ui"),
    });
    const wanted = Object.values(names).flat() as string[];
    const unknown = placed.filter((name) => ![...wanted, ...dnsServers].includes(name));
    const missing = wanted.filter((name) => !placed.includes(name));
    if (unknown.length > 0) {
        throw new RangeError(
            missing.length > 0
                ? `has ${unknown.join(", ")}, and not ${missing.join(", ")}: the daemons of a kind are numbered from 1`
                : `has ${unknown.join(", ")}: names are as in zookeeper-1, nimbus-1, supervisor-1, drpc-1, ui`,
        );
    }
    if (names.nimbus.length === 0) {
        throw new RangeError("has no host for nimbus-1");
    }
    if (hasZooKeeper && names.zookeeper.length > 0) {
        throw new RangeError(`has ${names.zookeeper.join(", ")}, and \`zookeeper\` says where ZooKeeper is already: take one of the two out`);
    }
    if (!hasZooKeeper && names.zookeeper.length === 0) {
        throw new RangeError("has no host for zookeeper-1, and no `zookeeper` says where there is one already");
    }
    return names;
}

function numbered(kind: string, count: number): string[] {
    return Array.from({ length: count }, (_, index) => `${kind}-${index + 1}`);
}
