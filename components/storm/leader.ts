import { type ContainerAt, dialFrom, run } from "../hosts/container";
import { type ClusterSummary, clusterSummary, type NimbusAt } from "./nimbusClient";

/** A Nimbus, and the container that it runs in. */
export interface NimbusContainer extends ContainerAt {
    /** The address or name by which it is dialled. */
    address: string;
    /** TCP port of its Thrift server. */
    port: number;
}

/** The Nimbus that leads, and what it says of the cluster. */
export interface Leader {
    nimbus: NimbusAt;
    summary: ClusterSummary;
}

/**
 * Asks each Nimbus until one answers and says who leads: that one alone takes orders.
 * @throws Error with what each has said when none does.
 */
export async function leaderOf(nimbuses: NimbusContainer[]): Promise<Leader> {
    const failures: string[] = [];
    for (const { container, ssh, address, port } of nimbuses) {
        const dial = dialFrom({ container, ssh });
        try {
            const summary = await clusterSummary(dial, address, port);
            const leading = summary.nimbuses.find(({ leader }) => leader);
            if (leading && nimbuses.some((each) => each.address === leading.host && each.port === leading.port)) {
                return { nimbus: { dial, address: leading.host, port: leading.port }, summary };
            }
            // One that goes by another name now is said to lead under the old one until ZooKeeper has forgotten that.
            failures.push(leading ? `${container}: ${leading.host}:${leading.port} leads, and is none of them` : `${container}: no Nimbus leads`);
        } catch (error) {
            failures.push(`${container}: ${(error as Error).message}`);
        }
    }
    throw new Error(`No Nimbus takes orders. ${failures.join("; ")}`);
}

/** Seconds that a cluster has to choose a leader, as when the one before was killed. */
const electionSeconds = 60;

/**
 * As {@link leaderOf}, in time for a leader to be chosen; undefined where all Nimbus daemons have stopped, as while the cluster
 * is taken down.
 * @throws Error when one runs, or its machine cannot be asked, and none takes orders.
 */
export async function leaderUnlessStopped(nimbuses: NimbusContainer[]): Promise<Leader | undefined> {
    const started = Date.now();
    for (;;) {
        try {
            return await leaderOf(nimbuses);
        } catch (error) {
            const states = await Promise.all(nimbuses.map(stateOf));
            if (states.every((state) => state === "stopped")) {
                return undefined;
            }
            if (!states.includes("running") || Date.now() - started >= electionSeconds * 1000) {
                throw error;
            }
        }
        await new Promise((resolve) => setTimeout(resolve, 2000));
    }
}

/**
 * As {@link leaderOf}, in time for a leader to be chosen.
 * @throws Error when none takes orders.
 */
export async function leaderInTime(nimbuses: NimbusContainer[]): Promise<Leader> {
    return (await leaderUnlessStopped(nimbuses)) ?? leaderOf(nimbuses);
}

/** Whether a container runs; `unknown` where its machine cannot be asked. */
export async function stateOf({ container, ssh }: ContainerAt): Promise<"running" | "stopped" | "unknown"> {
    try {
        const isRunning = await run(ssh, ["docker", "inspect", "--format", "{{.State.Running}}", container]);
        return String(isRunning).trim() === "true" ? "running" : "stopped";
    } catch (error) {
        return /No such (object|container)/i.test((error as Error).message) ? "stopped" : "unknown";
    }
}
