/** How many daemons of each kind a cluster has. */
export interface DaemonCounts {
    /** Members of the ZooKeeper ensemble. */
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
    zookeeper: string[];
    nimbus: string[];
    supervisor: string[];
    drpc: string[];
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

function numbered(kind: string, count: number): string[] {
    return Array.from({ length: count }, (_, index) => `${kind}-${index + 1}`);
}
