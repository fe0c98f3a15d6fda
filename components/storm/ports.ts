/** TCP ports of the daemons: ZooKeeper's and Storm's defaults, on every host. */
export const ports = {
    zookeeper: 2181,
    zookeeperPeers: 2888,
    zookeeperElection: 3888,
    nimbus: 6627,
    supervisor: 6628,
    /** The first of a supervisor's worker slots. */
    firstSlot: 6700,
    logviewer: 8000,
    drpc: 3772,
    drpcInvocations: 3773,
    drpcHttp: 3774,
} as const;
