/**
 * Field numbers of Storm's structures: https://github.com/apache/storm/blob/v2.8.3/storm-client/src/storm.thrift. They are those of
 * every version, as Thrift demands.
 */
export const fields = {
    ClusterSummary: { supervisors: 1, topologies: 3, nimbuses: 4 },
    NimbusSummary: { host: 1, port: 2, uptimeSeconds: 3, isLeader: 4, tlsPort: 6 },
    SupervisorSummary: { host: 1, uptimeSeconds: 2, workers: 3, usedWorkers: 4 },
    TopologySummary: { id: 1, name: 2, executors: 4, workers: 5, uptimeSeconds: 6, status: 7 },
    ListBlobsResult: { keys: 1, session: 2 },
    TopologyInfo: { executors: 4, status: 5, errors: 6, schedulerStatus: 513 },
    ExecutorSummary: { executorInfo: 1, component: 2, host: 3, port: 4, uptimeSeconds: 5 },
    ExecutorInfo: { taskStart: 1, taskEnd: 2 },
    ErrorInfo: { error: 1, timeSeconds: 2 },
    TopologyPageInfo: { reportingWorkers: 6, spouts: 9, bolts: 10, stats: 12 },
    ComponentAggregateStats: { common: 2, specific: 3 },
    CommonAggregateStats: { executors: 1 },
    SpecificAggregateStats: { bolt: 1 },
    BoltAggregateStats: { capacity: 4 },
    TopologyStats: { completeLatencies: 3 },
    KillOptions: { waitSeconds: 1 },
    RebalanceOptions: { waitSeconds: 1, workers: 2, executors: 3 },
} as const;

/** Fields of every answer, and of the exceptions in it: https://github.com/apache/thrift/blob/master/doc/specs/thrift-rpc.md */
export const replyFields = { result: 0, exceptionMessage: 1 } as const;
