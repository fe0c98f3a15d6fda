import * as pulumi from "@pulumi/pulumi";
import { StormCluster } from "storm-on-docker";
import { Ec2Target, existingResources } from "storm-on-docker/aws";

export = async () => {
    const config = new pulumi.Config();
    const clusterName = `${pulumi.getProject()}-${pulumi.getStack()}`;
    const target = new Ec2Target("ec2", {
        clusterName,
        daemons: { zookeepers: 3, nimbuses: 2, supervisors: 3, drpcs: 0, ui: true },
        ami: config.require("ami"),
        publicKey: config.require("publicKey"),
        login: {},
        from: { ssh: config.requireObject("from"), ui: config.requireObject("from") },
        zones: config.requireObject("zones"),
        existing: await existingResources(),
    });
    const cluster = new StormCluster("storm", {
        clusterName,
        hosts: target.hosts,
        discovery: target.discovery,
        slots: 2,
    });
    return { nimbusSeeds: cluster.nimbusSeeds, supervisors: cluster.supervisors, ...target.outputs };
};
