/** TCP ports of the daemons: ZooKeeper's and Storm's defaults, on every host. */
export const ports = {
    /** A ZooKeeper member's, for clients. */
    zookeeper: 2181,
    /** A ZooKeeper member's, for clients by TLS. */
    zookeeperTls: 2281,
    /** The leader's, for followers. */
    zookeeperPeers: 2888,
    /** A member's, for the election of a leader. */
    zookeeperElection: 3888,
    /** A Nimbus's Thrift server. */
    nimbus: 6627,
    /** A Nimbus's Thrift server, by TLS; Storm has no default. */
    nimbusTls: 6629,
    /** A supervisor's Thrift server, for Nimbus. */
    supervisor: 6628,
    /** The first of a supervisor's worker slots. */
    firstSlot: 6700,
    /** A logviewer's pages. */
    logviewer: 8000,
    /** A DRPC server's, for callers by Thrift. */
    drpc: 3772,
    /** A DRPC server's, for workers. */
    drpcInvocations: 3773,
    /** A DRPC server's, for callers by HTTP. */
    drpcHttp: 3774,
    /** A ZooKeeper member's metrics, for Prometheus. */
    zookeeperMetrics: 7000,
    /** The exporter of Storm's metrics, for Prometheus. */
    exporter: 9101,
    /** The node exporter of a machine, for Prometheus: its default. */
    nodeExporter: 9100,
    /** The cAdvisor of a machine, for Prometheus; its default, 8080, is Storm UI's. */
    cadvisor: 9102,
    /** A Prometheus server's pages, by default. */
    prometheus: 9090,
    /** Grafana's pages, by default. */
    grafana: 3000,
} as const;

/** TCP ports at which Storm's servers of pages listen, by server. */
export interface PagePorts {
    /** Storm UI's. */
    ui: number;
    /** Those of logviewers. */
    logviewer: number;
    /** Those of DRPC servers, for callers by HTTP. */
    drpc: number;
}

/** On a machine with a reverse proxy, which has the ports at which others connect: these are between it and Storm alone. */
export const portsBehindProxy: PagePorts = { ui: 18080, logviewer: 18000, drpc: 13774 };
