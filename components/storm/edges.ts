import type { DaemonNames } from "./daemonNames";
import { ports } from "./ports";

/** Who dials daemons from outside of the cluster. */
export type Outsider = "browser" | "client";

/** Who dials whom, on which ports. */
export interface Edge {
    /** Who dials: all daemons of a kind, or an outsider. Workers count as the supervisor that runs them. */
    from: keyof DaemonNames | Outsider;
    /** Who is dialled: all daemons of a kind. */
    to: keyof DaemonNames;
    /** First and last TCP port. */
    ports: readonly [number, number];
    /** What for. */
    purpose: string;
}

/** What the edges of a cluster depend on. */
export interface EdgesArgs {
    /** Worker slots of each supervisor. */
    slots: number;
    /** TCP port at which Storm UI is reached. */
    uiPort: number;
}

/** Who dials whom in a cluster that has daemons of every kind: a firewall that allows these and no others suffices. */
export function edges({ slots, uiPort }: EdgesArgs): Edge[] {
    const one = (port: number) => [port, port] as const;
    return [
        { from: "zookeeper", to: "zookeeper", ports: one(ports.zookeeperPeers), purpose: "followers and leader" },
        { from: "zookeeper", to: "zookeeper", ports: one(ports.zookeeperElection), purpose: "election of the leader" },
        { from: "nimbus", to: "zookeeper", ports: one(ports.zookeeper), purpose: "the cluster's state" },
        { from: "supervisor", to: "zookeeper", ports: one(ports.zookeeper), purpose: "the cluster's state; workers' errors" },
        { from: "nimbus", to: "nimbus", ports: one(ports.nimbus), purpose: "copies of topologies' jars and code" },
        { from: "supervisor", to: "nimbus", ports: one(ports.nimbus), purpose: "heartbeats, topologies' jars and code" },
        { from: "nimbus", to: "supervisor", ports: one(ports.supervisor), purpose: "assignments" },
        { from: "supervisor", to: "supervisor", ports: [ports.firstSlot, ports.firstSlot + slots - 1], purpose: "tuples between workers" },
        { from: "supervisor", to: "drpc", ports: one(ports.drpcInvocations), purpose: "DRPC requests and results" },
        { from: "ui", to: "nimbus", ports: one(ports.nimbus), purpose: "what it shows" },
        { from: "client", to: "nimbus", ports: one(ports.nimbus), purpose: "`storm jar`, `list`, `kill`..." },
        { from: "client", to: "drpc", ports: one(ports.drpc), purpose: "DRPC calls by Thrift" },
        { from: "client", to: "drpc", ports: one(ports.drpcHttp), purpose: "DRPC calls by HTTP" },
        { from: "browser", to: "ui", ports: one(uiPort), purpose: "Storm UI" },
        { from: "browser", to: "supervisor", ports: one(ports.logviewer), purpose: "logs" },
    ];
}
