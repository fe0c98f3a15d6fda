import * as pulumi from "@pulumi/pulumi";
import { LocalHost } from "./components/hosts/localHost";
import { LocalNetwork } from "./components/network/localNetwork";
import { StormCluster } from "./components/storm/stormCluster";
import { daemonsOf, imageVersion, localAddress, readSettings } from "./settings";

const settings = readSettings();
const clusterName = `${pulumi.getProject()}-${pulumi.getStack()}`;

const network = new LocalNetwork("network", {
    networkName: clusterName,
    subnet: settings.subnet,
    labels: { "storm.cluster": clusterName },
});
const hosts = Object.fromEntries(
    daemonsOf(settings).map((daemon) => [
        daemon,
        new LocalHost(`host-${daemon}`, { network, address: localAddress(settings.subnet, daemon) }),
    ]),
);
const cluster = new StormCluster("storm", { ...settings, clusterName, hosts });

export = {
    /** Address and client port of each ZooKeeper member. */
    zookeeperServers: cluster.zookeeperServers,
    /** Address of each Nimbus. */
    nimbusSeeds: cluster.nimbusSeeds,
    /** Address of each supervisor. */
    supervisors: cluster.supervisors,
    /** Where a browser finds Storm UI; absent where none runs. */
    ...(settings.ui && { uiUrl: `http://127.0.0.1:${settings.uiPort}` }),
    /** The version of Storm, as its image's tag says it. */
    stormVersion: imageVersion(settings.stormImage),
};
