/** TCP ports of the daemons: ZooKeeper's and Storm's defaults, on every host. */
export const ports = {
    zookeeper: 2181,
    zookeeperPeers: 2888,
    zookeeperElection: 3888,
    nimbus: 6627,
    /** The first of a supervisor's worker slots. */
    firstSlot: 6700,
    ui: 8080,
    logviewer: 8000,
    drpc: 3772,
} as const;
