import * as pulumi from "@pulumi/pulumi";
import { monitoringLimits } from "./components/monitoring/defaults";
import { Monitoring } from "./components/monitoring/monitoring";
import { connectionsBy } from "./components/storm/spec/security";
import { StormCluster } from "./components/storm/stormCluster";
import { Topology } from "./components/storm/topology/topology";
import type { Target } from "./components/targets/target";
import { fromRegistry, imageVersion } from "./provider/image";
import { readSettings, type StackSettings } from "./settings";
import { clusterResource } from "./settings/security";

/** Loaded when it is used: AWS's SDK alone takes seconds. */
const targets: Record<
    StackSettings["target"],
    (settings: StackSettings, clusterName: string) => Target | Promise<Target>
> = {
    local: async (...args) => (await import("./targets/local")).localTarget(...args),
    hosts: async (...args) => (await import("./targets/hosts")).sshTarget(...args),
    aws: async (...args) => (await import("./targets/aws")).ec2Target(...args),
};

export = async () => {
    const clusterName = `${pulumi.getProject()}-${pulumi.getStack()}`;
    const settings = await readSettings(clusterName);
    const target = await targets[settings.target](settings, clusterName);
    const cluster = new StormCluster(clusterResource, {
        clusterName,
        hosts: target.hosts,
        discovery: target.discovery,
        zookeeper: settings.zookeeperServers,
        security: settings.security,
        users: settings.users,
        certificateDays: settings.certificateDays,
        authority: settings.authority,
        reverseProxy: target.reverseProxy,
        stormImage: settings.stormImage,
        allowMajorVersion: settings.allowMajorVersion || undefined,
        zookeeperImage: settings.zookeeperImage,
        proxyImage: settings.proxyImage,
        imageRegistry: settings.imageRegistry || undefined,
        slots: settings.slots,
        logviewers: settings.logviewers,
        heap: settings.heap,
        memory: settings.memory,
        monitoringMemory: monitoringLimits(settings.monitoring),
        stormYaml: settings.stormYaml,
        zooCfg: settings.zooCfg,
        zooKeeperMetrics: settings.monitoring !== undefined,
        delivery: settings.delivery,
        uiPort: settings.uiPort,
        readySeconds: settings.readySeconds,
        startEmpty: settings.startEmpty,
        mayLeave: settings.mayLeave,
        supervisorBatch: settings.supervisorBatch,
    });
    const fleet =
        settings.fleet &&
        target.fleetMachines &&
        new (await import("./components/fleet/fleet")).Fleet("fleet", {
            ...settings.fleet,
            cluster,
            machines: target.fleetMachines,
            image: fromRegistry(settings.imageRegistry || undefined, settings.fleetImage),
            batch: settings.supervisorBatch,
        });
    const topologies = settings.topologies.map(
        (topology) => new Topology(`topology-${topology.name}`, { cluster: fleet ?? cluster, ...topology }),
    );
    const { monitoring: asked } = settings;
    const monitoring =
        asked &&
        target.monitoring &&
        new Monitoring("monitoring", {
            cluster,
            hosts: target.monitoring,
            prometheus: asked.prometheus && { ...asked, image: settings.prometheusImage },
            grafana: asked.grafana
                ? { image: settings.grafanaImage, port: asked.grafanaPort, url: target.outputs.grafanaUrl }
                : undefined,
            nodeExporterImage: fromRegistry(settings.imageRegistry || undefined, settings.nodeExporterImage),
            cadvisorImage: fromRegistry(settings.imageRegistry || undefined, settings.cadvisorImage),
        });
    target.protect?.([cluster, ...(fleet ? [fleet] : []), ...topologies, ...(monitoring ? [monitoring] : [])]);
    return {
        /** Address or name, and client port, of each ZooKeeper server. */
        zookeeperServers: cluster.zookeeperServers,
        /** Names or addresses by which a client on a Nimbus's host connects to Nimbus. */
        nimbusSeeds: cluster.nimbusSeeds,
        /** TCP port at which that client connects to Nimbus. */
        nimbusPort: cluster.nimbusPort,
        /** Address of each supervisor. */
        supervisors: cluster.supervisors,
        /** The version of Storm that the tag of its image names; if it names none, the image. */
        stormVersion: imageVersion(settings.stormImage) ?? settings.stormImage,
        /** `tls`: Nimbus and pages are reached by TLS. */
        ...(connectionsBy(settings.security) === "tls" && { security: "tls" }),
        /** What each user connects with, by name, a secret: `make client` writes it to files. */
        ...(settings.users.length > 0 && { users: cluster.users }),
        /** When the first of the certificates ends, those of authorities too. */
        ...(cluster.certificatesExpire && { certificatesExpire: cluster.certificatesExpire }),
        ...target.outputs,
        /** Name of the auto scaling group of the fleet. */
        ...(fleet && { fleet: fleet.groupName }),
        /** What serves metrics, as Prometheus' `file_sd` reads it. */
        ...(monitoring && { prometheusTargets: monitoring.targets }),
        /** Password of Grafana's user `admin`, a secret. */
        ...(monitoring?.grafanaPassword && { grafanaPassword: monitoring.grafanaPassword }),
    };
};
