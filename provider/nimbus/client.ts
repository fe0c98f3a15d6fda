import type { Connect } from "../machines/container";
import { type Argument, type Struct, structs, thriftCall, thriftResult } from "./thrift";

/** What Nimbus tells of its cluster; uptimes are in seconds. */
export interface ClusterSummary {
    nimbuses: { host: string; port: number; uptime: number; leader: boolean }[];
    /** Uptimes are those of the last heartbeat. */
    supervisors: { host: string; uptime: number; slots: number; usedSlots: number }[];
    topologies: { id: string; name: string; status: string; workers: number }[];
}

/** A topology as it runs. */
export interface TopologyState {
    /** `ACTIVE`, `INACTIVE`, `REBALANCING` or `KILLED`. */
    status: string;
    /** Those that have a place. */
    executors: Executor[];
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

/** How a topology is to be spread anew. */
export interface Rebalance {
    /** Seconds for which it is deactivated first; default: its message timeout. */
    waitSeconds?: number;
    /** Default: as many as before. */
    workers?: number;
    /** Executors by component; default: as many as before. */
    parallelism?: Record<string, number>;
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
 * @throws Error when it does not answer.
 */
export async function clusterSummary(connect: Connect, address: string, port: number): Promise<ClusterSummary> {
    // Field numbers are those of storm.thrift: ClusterSummary, NimbusSummary, SupervisorSummary, TopologySummary.
    const summary = (await ask(connect, address, port, "getClusterInfo")) as Struct;
    return {
        nimbuses: structs(summary[4]).map((nimbus) => ({
            host: String(nimbus[1]),
            port: Number(nimbus[2]),
            uptime: Number(nimbus[3]),
            leader: nimbus[4] === true,
        })),
        supervisors: structs(summary[1]).map((supervisor) => ({
            host: String(supervisor[1]),
            uptime: Number(supervisor[2]),
            slots: Number(supervisor[3]),
            usedSlots: Number(supervisor[4]),
        })),
        topologies: structs(summary[3]).map((topology) => ({
            id: String(topology[1]),
            name: String(topology[2]),
            status: String(topology[7]),
            workers: Number(topology[5]),
        })),
    };
}

/**
 * Keys of a Nimbus's blobs (jars, code and configuration of topologies) that fewer Nimbus daemons have than `count`.
 * @throws Error when it does not answer.
 */
export async function rareBlobs(connect: Connect, address: string, port: number, count: number): Promise<string[]> {
    const rare: string[] = [];
    // Field numbers are those of ListBlobsResult. The list comes in parts, of which an empty one is the last.
    let session = "";
    for (;;) {
        const listed = (await ask(connect, address, port, "listBlobs", session)) as Struct;
        const keys = (listed[1] ?? []) as string[];
        if (keys.length === 0) {
            return rare;
        }
        for (const key of keys) {
            if (Number(await ask(connect, address, port, "getBlobReplication", key)) < count) {
                rare.push(key);
            }
        }
        session = String(listed[2]);
    }
}

/**
 * How a topology runs. Field numbers are those of TopologyInfo, ExecutorSummary and ErrorInfo.
 * @throws Error when Nimbus does not answer, or has no topology of that id.
 */
export async function topologyState({ connect, address, port }: NimbusAt, id: string): Promise<TopologyState> {
    const info = (await ask(connect, address, port, "getTopologyInfo", id)) as Struct;
    const errors = ((info[6] ?? []) as [string, Struct[]][]).flatMap(([component, reported]) =>
        reported.map((each) => ({ component, error: String(each[1]), time: Number(each[2]) })),
    );
    return {
        status: String(info[5]),
        executors: structs(info[4]).map((executor) => {
            const { 1: first = 0, 2: last = 0 } = executor[1] as { 1?: number; 2?: number };
            return {
                component: String(executor[2]),
                task: first,
                tasks: last - first + 1,
                host: String(executor[3]),
                port: Number(executor[4]),
                uptime: Number(executor[5] ?? 0),
            };
        }),
        errors: errors.sort((one, other) => other.time - one.time),
    };
}

/** A topology's configuration, as it was submitted, over the cluster's. */
export async function topologyConfiguration({ connect, address, port }: NimbusAt, id: string): Promise<Record<string, unknown>> {
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
export async function killTopology({ connect, address, port }: NimbusAt, name: string, waitSeconds?: number): Promise<void> {
    await ask(connect, address, port, "killTopologyWithOpts", name, { 1: waitSeconds });
}

/** Spreads a topology, by its name, over the slots that there are. */
export async function rebalanceTopology(
    { connect, address, port }: NimbusAt,
    name: string,
    { waitSeconds, workers, parallelism = {} }: Rebalance,
): Promise<void> {
    await ask(connect, address, port, "rebalance", name, { 1: waitSeconds, 2: workers, 3: new Map(Object.entries(parallelism)) });
}

/** Activates a topology, by its name, that is not active. */
export async function activateTopology({ connect, address, port }: NimbusAt, name: string): Promise<void> {
    await ask(connect, address, port, "activate", name);
}

async function ask(connect: Connect, address: string, port: number, method: string, ...args: Argument[]): Promise<unknown> {
    return thriftResult(await connect(address, port, thriftCall(method, ...args), 4));
}
