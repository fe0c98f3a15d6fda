import * as pulumi from "@pulumi/pulumi";
import { StormCluster } from "./components/storm/stormCluster";
import { imageVersion, readSettings } from "./settings";
import { sshHosts } from "./targets/hosts";
import { localHosts } from "./targets/local";

export = async () => {
    const { sshKey, ...settings } = readSettings();
    const clusterName = `${pulumi.getProject()}-${pulumi.getStack()}`;

    const target = settings.target === "local" ? localHosts : sshHosts;
    const { hosts, outputs } = await target({ ...settings, sshKey }, clusterName);
    const cluster = new StormCluster("storm", { ...settings, clusterName, hosts });
    return {
        /** Address and client port of each ZooKeeper member. */
        zookeeperServers: cluster.zookeeperServers,
        /** Address of each Nimbus. */
        nimbusSeeds: cluster.nimbusSeeds,
        /** Address of each supervisor. */
        supervisors: cluster.supervisors,
        /** The version of Storm, as its image's tag says it. */
        stormVersion: imageVersion(settings.stormImage),
        ...outputs,
    };
};
