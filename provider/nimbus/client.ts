import type { Tls } from "../machines/connector";
import type { Connect } from "../machines/container";
import { fields } from "./fields";
import { type Argument, type Struct, structs, thriftCall, thriftResult } from "./thrift";

/** Bytes of a frame's length, which is before each message. */
const frameBytes = 4;

/** The state of a cluster, as Nimbus reports it; uptimes are in seconds. */
export interface ClusterSummary {
    /** The port is that of its TLS server where one has asked by TLS; 0: it has none. */
    nimbuses: { host: string; port: number; uptime: number; leader: boolean }[];
    /** Uptimes are those of the last heartbeat. */
    supervisors: { host: string; uptime: number; slots: number; usedSlots: number }[];
    /** Executors and workers are those that are assigned. */
    topologies: { id: string; name: string; uptime: number; status: string; executors: number; workers: number }[];
}

/** A topology as it runs. */
export interface TopologyState {
    /** `ACTIVE`, `INACTIVE`, `REBALANCING` or `KILLED`. */
    status: string;
    /** Executors that are assigned to a worker. */
    executors: Executor[];
    /** What the scheduler says of it, such as what it has too little of; empty: nothing. */
    scheduling: string;
    /** The last errors of its components, the newest first. */
    errors: { component: string; error: string; time: number }[];
}

/** A thread of a topology's, and where it runs. */
export interface Executor {
    component: string;
    /** Its first task, by which it is known. */
    task: number;
    /** How many tasks it runs. */
    tasks: number;
    /** Address and port of its worker. */
    host: string;
    port: number;
    /** Seconds for which its worker has run, as of its last heartbeat; 0 where none has come. */
    uptime: number;
}

/** Seconds that Storm's figures of a topology are of, as in Storm UI's capacity: the last so many, or as many as an executor has run. */
export const figureSeconds = 600;

/** What a topology's executors have measured in the last {@link figureSeconds}. */
export interface TopologyFigures {
    /** Names of its spouts that have sent heartbeats. */
    spouts: string[];
    /** Its bolts that have sent heartbeats, by name. */
    bolts: Record<
        string,
        {
            /** Executors that have sent one. */
            executors: number;
            /** The share of that time for which its busiest executor executed tuples, as in Storm UI: about 1 where it always did. */
            capacity: number;
        }
    >;
    /** Milliseconds from a spout's emit to the ack, on average; undefined: no tuple was acked. */
    completeLatencyMs?: number;
}

/** Options of a rebalance. */
export interface Rebalance {
    /** Seconds for which it is deactivated first; default: its message timeout. */
    waitSeconds?: number;
    /** Default: as many as before. */
    workers?: number;
    /** Executors by component; default: as many as before. */
    parallelism?: Record<string, number>;
}

/**
 * Calls a Nimbus's TLS port in the place of the other: Storm's TlsTransportPlugin takes messages without frames.
 * https://github.com/apache/storm/blob/v2.8.8/storm-client/src/jvm/org/apache/storm/security/auth/tls/TlsTransportPlugin.java
 * @param tls undefined: it calls the other.
 */
export function byTls(connect: Connect, tls: Tls | undefined): Connect {
    return tls ? (address, port, call) => connect(address, port, call.subarray(frameBytes), "message", tls) : connect;
}

/** A Nimbus, and a way to connect to it. */
export interface NimbusAt {
    connect: Connect;
    address: string;
    port: number;
}

/**
 * Asks a Nimbus for the state of its cluster, by Thrift: any Nimbus answers, in every version of Storm, with or without
 * a UI.
 * @param tls By which it is asked; default: without TLS.
 * @throws Error when it does not answer.
 */
export async function clusterSummary(
    connect: Connect,
    address: string,
    port: number,
    tls?: Tls,
): Promise<ClusterSummary> {
    const { ClusterSummary, NimbusSummary, SupervisorSummary, TopologySummary } = fields;
    const summary = (await ask(byTls(connect, tls), address, port, "getClusterInfo")) as Struct;
    return {
        nimbuses: structs(summary[ClusterSummary.nimbuses]).map((nimbus) => ({
            host: String(nimbus[NimbusSummary.host]),
            port: Number(tls ? (nimbus[NimbusSummary.tlsPort] ?? 0) : nimbus[NimbusSummary.port]),
            uptime: Number(nimbus[NimbusSummary.uptimeSeconds]),
            leader: nimbus[NimbusSummary.isLeader] === true,
        })),
        supervisors: structs(summary[ClusterSummary.supervisors]).map((supervisor) => ({
            host: String(supervisor[SupervisorSummary.host]),
            uptime: Number(supervisor[SupervisorSummary.uptimeSeconds]),
            slots: Number(supervisor[SupervisorSummary.workers]),
            usedSlots: Number(supervisor[SupervisorSummary.usedWorkers]),
        })),
        topologies: structs(summary[ClusterSummary.topologies]).map((topology) => ({
            id: String(topology[TopologySummary.id]),
            name: String(topology[TopologySummary.name]),
            uptime: Number(topology[TopologySummary.uptimeSeconds]),
            status: String(topology[TopologySummary.status]),
            executors: Number(topology[TopologySummary.executors]),
            workers: Number(topology[TopologySummary.workers]),
        })),
    };
}

/**
 * Keys of a Nimbus's blobs (jars, code and configuration of topologies) that fewer Nimbus daemons have than `count`.
 * @throws Error when it does not answer.
 */
export async function rareBlobs(connect: Connect, address: string, port: number, count: number): Promise<string[]> {
    const rare: string[] = [];
    const { ListBlobsResult } = fields;
    // The list is sent in parts; an empty part is the last.
    let session = "";
    for (;;) {
        const listed = (await ask(connect, address, port, "listBlobs", session)) as Struct;
        const keys = (listed[ListBlobsResult.keys] ?? []) as string[];
        if (keys.length === 0) {
            return rare;
        }
        for (const key of keys) {
            if (Number(await ask(connect, address, port, "getBlobReplication", key)) < count) {
                rare.push(key);
            }
        }
        session = String(listed[ListBlobsResult.session]);
    }
}

/**
 * How a topology runs.
 * @throws Error when Nimbus does not answer, or has no topology of that id.
 */
export async function topologyState({ connect, address, port }: NimbusAt, id: string): Promise<TopologyState> {
    const info = (await ask(connect, address, port, "getTopologyInfo", id)) as Struct;
    const { TopologyInfo, ErrorInfo, ExecutorSummary, ExecutorInfo } = fields;
    const errors = ((info[TopologyInfo.errors] ?? []) as [string, Struct[]][]).flatMap(([component, reported]) =>
        reported.map((each) => ({
            component,
            error: String(each[ErrorInfo.error]),
            time: Number(each[ErrorInfo.timeSeconds]),
        })),
    );
    return {
        status: String(info[TopologyInfo.status]),
        scheduling: (info[TopologyInfo.schedulerStatus] as string | undefined) ?? "",
        executors: structs(info[TopologyInfo.executors]).map((executor) => {
            const tasks = executor[ExecutorSummary.executorInfo] as Struct;
            const first = Number(tasks[ExecutorInfo.taskStart] ?? 0);
            return {
                component: String(executor[ExecutorSummary.component]),
                task: first,
                tasks: Number(tasks[ExecutorInfo.taskEnd] ?? 0) - first + 1,
                host: String(executor[ExecutorSummary.host]),
                port: Number(executor[ExecutorSummary.port]),
                uptime: Number(executor[ExecutorSummary.uptimeSeconds] ?? 0),
            };
        }),
        errors: errors.sort((one, other) => other.time - one.time),
    };
}

/**
 * What a topology's executors have measured, as Storm UI shows it:
 * https://github.com/apache/storm/blob/v2.8.3/storm-server/src/main/java/org/apache/storm/stats/StatsUtil.java (computeAggCapacity).
 * @throws Error when Nimbus does not answer, or has no topology of that id.
 */
export async function topologyFigures({ connect, address, port }: NimbusAt, id: string): Promise<TopologyFigures> {
    const { TopologyPageInfo, TopologyStats, ComponentAggregateStats, CommonAggregateStats } = fields;
    const window = String(figureSeconds);
    // With Storm's own components, such as __acker.
    const page = (await ask(connect, address, port, "getTopologyPageInfo", id, window, true)) as Struct;
    const stats = (page[TopologyPageInfo.stats] ?? {}) as Struct;
    const latencies = Object.fromEntries((stats[TopologyStats.completeLatencies] ?? []) as [string, number][]);
    // Storm 2 has zeros in the place of figures until a worker has sent a heartbeat.
    const hasFigures = Number(page[TopologyPageInfo.reportingWorkers] ?? 0) > 0;
    const components = (field: number) => (hasFigures ? ((page[field] ?? []) as [string, Struct][]) : []);
    return {
        spouts: components(TopologyPageInfo.spouts).map(([name]) => name),
        bolts: Object.fromEntries(
            components(TopologyPageInfo.bolts).map(([name, component]) => {
                const common = (component[ComponentAggregateStats.common] ?? {}) as Struct;
                const specific = (component[ComponentAggregateStats.specific] ?? {}) as Struct;
                const bolt = (specific[fields.SpecificAggregateStats.bolt] ?? {}) as Struct;
                return [
                    name,
                    {
                        executors: Number(common[CommonAggregateStats.executors] ?? 0),
                        capacity: Number(bolt[fields.BoltAggregateStats.capacity] ?? NaN),
                    },
                ];
            }),
        ),
        completeLatencyMs: latencies[window],
    };
}

/** A topology's configuration, as it was submitted, over the cluster's. */
export async function topologyConfiguration(
    { connect, address, port }: NimbusAt,
    id: string,
): Promise<Record<string, unknown>> {
    return JSON.parse((await ask(connect, address, port, "getTopologyConf", id)) as string) as Record<string, unknown>;
}

/** Seconds after which a topology of this configuration takes a tuple for failed. */
export function messageTimeout(configuration: Record<string, unknown>): number {
    return Number(configuration["topology.message.timeout.secs"]);
}

/** The configuration that a Nimbus runs with. */
export async function clusterConfiguration({ connect, address, port }: NimbusAt): Promise<Record<string, unknown>> {
    return JSON.parse((await ask(connect, address, port, "getNimbusConf")) as string) as Record<string, unknown>;
}

/**
 * Kills a topology, by its name.
 * @param waitSeconds For which it is deactivated first, so that what is under way ends; default: its message timeout.
 */
export async function killTopology(
    { connect, address, port }: NimbusAt,
    name: string,
    waitSeconds?: number,
): Promise<void> {
    await ask(connect, address, port, "killTopologyWithOpts", name, { [fields.KillOptions.waitSeconds]: waitSeconds });
}

/** Spreads a topology, by its name, over the slots that there are. */
export async function rebalanceTopology(
    { connect, address, port }: NimbusAt,
    name: string,
    { waitSeconds, workers, parallelism = {} }: Rebalance,
): Promise<void> {
    const { RebalanceOptions } = fields;
    await ask(connect, address, port, "rebalance", name, {
        [RebalanceOptions.waitSeconds]: waitSeconds,
        [RebalanceOptions.workers]: workers,
        [RebalanceOptions.executors]: new Map(Object.entries(parallelism)),
    });
}

/** Activates a topology, by its name, that is not active. */
export async function activateTopology({ connect, address, port }: NimbusAt, name: string): Promise<void> {
    await ask(connect, address, port, "activate", name);
}

/** Deactivates a topology, by its name: its spouts emit nothing until it is activated. */
export async function deactivateTopology({ connect, address, port }: NimbusAt, name: string): Promise<void> {
    await ask(connect, address, port, "deactivate", name);
}

async function ask(
    connect: Connect,
    address: string,
    port: number,
    method: string,
    ...args: Argument[]
): Promise<unknown> {
    return thriftResult(await connect(address, port, thriftCall(method, ...args), frameBytes));
}
