import { type ContainerAt, dialFrom, run } from "./container";
import { type ClusterSummary, clusterSummary, type NimbusAt } from "./nimbusClient";

/** A Nimbus, and the container that it runs in. */
export interface NimbusContainer extends ContainerAt {
    /** The address at which it is dialled. */
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
            if (leading) {
                return { nimbus: { dial, address: leading.host, port }, summary };
            }
            failures.push(`${container}: no Nimbus leads`);
        } catch (error) {
            failures.push(`${container}: ${(error as Error).message}`);
        }
    }
    throw new Error(`No Nimbus takes orders. ${failures.join("; ")}`);
}

/**
 * As {@link leaderOf}; undefined where no Nimbus runs at all, as while the cluster is taken down.
 * @throws Error when one runs, and none takes orders.
 */
export async function leaderUnlessStopped(nimbuses: NimbusContainer[]): Promise<Leader | undefined> {
    try {
        return await leaderOf(nimbuses);
    } catch (error) {
        const running = ["docker", "inspect", "--format", "{{.State.Running}}"];
        const states = await Promise.all(nimbuses.map(({ container, ssh }) => run(ssh, [...running, container]).then(String, () => "")));
        if (states.some((state) => state.trim() === "true")) {
            throw error;
        }
        return undefined;
    }
}
