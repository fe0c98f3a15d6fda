import { type ClusterSummary, type NimbusAt, topologyConfiguration, topologyState } from "../../provider/nimbus/client";
import type { Cluster, Topology } from "./decisions";

/**
 * Asks the leader for what decisions need.
 * @param summary What it has said already.
 * @param withStates Whether it is asked how topologies run.
 * @throws Error when it does not answer, or a topology ends meanwhile.
 */
export async function describeCluster(
    nimbus: NimbusAt,
    { supervisors, topologies }: ClusterSummary,
    withStates: boolean,
): Promise<Cluster> {
    const described: Topology[] = [];
    for (const topology of topologies) {
        const { id, status } = topology;
        // One that is being killed wants what it has, and does not move.
        described.push(
            status === "KILLED"
                ? { ...topology, configuration: {} }
                : {
                      ...topology,
                      configuration: await topologyConfiguration(nimbus, id),
                      state: withStates ? await topologyState(nimbus, id) : undefined,
                  },
        );
    }
    return { supervisors, topologies: described };
}
