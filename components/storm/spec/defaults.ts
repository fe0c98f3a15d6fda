import { defaultHeap } from "./memory";

/** What a cluster has where nothing else is said. A unit test compares Pulumi.yaml with it. */
export const clusterDefaults = {
    stormImage: "storm:3.1.0",
    zookeeperImage: "zookeeper:3.9.5",
    proxyImage: "haproxy:3.2",
    slots: 2,
    logviewers: true,
    heap: defaultHeap,
    memory: {},
    stormYaml: {},
    zooCfg: {},
    delivery: "arguments",
    uiPort: 8080,
    readySeconds: 180,
    supervisorBatch: 1,
    certificateDays: 365,
} as const;
