import * as pulumi from "@pulumi/pulumi";
import { addresses } from "./components/discovery/addresses";
import type { Discovery } from "./components/discovery/discovery";
import { ports } from "./components/storm/ports";
import { StormCluster } from "./components/storm/stormCluster";
import { Topology } from "./components/storm/topology/topology";
import { imageVersion, readSettings, type StackSettings } from "./settings";
import type { Target } from "./targets/target";

/** Loaded when it is used, as is the discovery below: AWS's SDK alone takes seconds. */
const targets: Record<StackSettings["target"], (settings: StackSettings, clusterName: string) => Promise<Target>> = {
    local: async (...args) => (await import("./targets/local")).localHosts(...args),
    hosts: async (...args) => (await import("./targets/hosts")).sshHosts(...args),
    aws: async (...args) => (await import("./targets/aws")).awsHosts(...args),
};

export = async () => {
    const clusterName = `${pulumi.getProject()}-${pulumi.getStack()}`;
    const { sshKey, ...settings } = readSettings(clusterName);

    const { hosts, dns, ambassadors, outputs, protect } = await targets[settings.target]({ ...settings, sshKey }, clusterName);
    const ways: Record<StackSettings["discovery"], () => Discovery | Promise<Discovery>> = {
        addresses: () => addresses,
        dns,
        ambassador: async () => {
            const { Ambassadors } = await import("./components/discovery/ambassador/ambassadors");
            return new Ambassadors("ambassador", {
                ...{ ...settings, clusterName, hosts, seconds: settings.readySeconds },
                ...{ ...ambassadors(), zookeeperPort: ports.zookeeper, nimbusPort: ports.nimbus },
            }).discovery;
        },
    };
    const discovery = await ways[settings.discovery]();
    const { zookeeperServers: zookeeper } = settings;
    const cluster = new StormCluster("storm", { ...settings, clusterName, hosts, discovery, zookeeper });
    const topologies = settings.topologies.map((topology) => new Topology(`topology-${topology.name}`, { cluster, ...topology }));
    protect?.([cluster, ...topologies]);
    return {
        /** Address or name, and client port, of each ZooKeeper server. */
        zookeeperServers: cluster.zookeeperServers,
        /** By what a client on a Nimbus's host dials Nimbus. */
        nimbusSeeds: cluster.nimbusSeeds,
        /** At which port. */
        nimbusPort: cluster.nimbusPort,
        /** Address of each supervisor. */
        supervisors: cluster.supervisors,
        /** The version of Storm, as its image's tag says it. */
        stormVersion: imageVersion(settings.stormImage),
        ...outputs,
    };
};
