import * as pulumi from "@pulumi/pulumi";
import { type SshMachine, SshTarget, StormCluster } from "storm-on-docker";

const config = new pulumi.Config();
const endpoint = { user: config.require("user") };
const machines = config.requireObject<SshMachine[]>("machines").map((machine) => ({ ...machine, endpoint }));

const clusterName = `${pulumi.getProject()}-${pulumi.getStack()}`;
const target = new SshTarget("machine", { clusterName, machines });
const cluster = new StormCluster("storm", {
    clusterName,
    hosts: target.hosts,
    discovery: target.discovery,
    heap: { nimbus: 512, worker: 512 },
});

export const { nimbusSeeds, supervisors } = cluster;
export const { uiUrl } = target.outputs;
