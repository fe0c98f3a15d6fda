import * as pulumi from "@pulumi/pulumi";
import type { Host } from "../hosts/host";
import { ports } from "../storm/spec/ports";
import type { StormCluster } from "../storm/stormCluster";
import type { MonitoringHosts } from "../targets/target";
import { machineImages, monitoringDefaults } from "./defaults";
import { Exporter } from "./exporter";
import { Grafana } from "./grafana";
import { CAdvisor, NodeExporter } from "./machineExporters";
import { Prometheus } from "./prometheus";
import { type Scraped, type ScrapeTarget, scrapeTargets } from "./scrapeTargets";

/** A Prometheus server, as {@link MonitoringArgs} has it. */
export interface PrometheusOptions {
    /**
     * Image, as the official one.
     * @default {@link monitoringDefaults}
     */
    image?: string;
    /**
     * TCP port of its pages; the same as that of the target.
     * @default 9090
     */
    port?: number;
    /**
     * Seconds between two scrapes of a target.
     * @default 15
     */
    scrapeSeconds?: number;
    /**
     * Days for which it keeps what it has scraped.
     * @default 15
     */
    retentionDays?: number;
    /**
     * Address and port of an Alertmanager that gets the alerts, such as `10.0.0.9:9093`.
     * @default none: the alerts are on Prometheus' own page
     */
    alertmanager?: string;
}

/** Grafana, as {@link MonitoringArgs} has it. */
export interface GrafanaOptions {
    /**
     * Image, as the official one.
     * @default {@link monitoringDefaults}
     */
    image?: string;
    /**
     * TCP port of its pages; the same as that of the target.
     * @default 3000
     */
    port?: number;
    /**
     * URL at which browsers find it, which links that it gives have.
     * @default its host's address, and the port
     */
    url?: pulumi.Input<string>;
}

/** Arguments of {@link Monitoring}. */
export interface MonitoringArgs {
    /** What is watched. Its ZooKeeper members serve metrics if it has `zooKeeperMetrics`. */
    cluster: StormCluster;
    /** Where the containers run: the target's `monitoring`. */
    hosts: MonitoringHosts;
    /**
     * The Prometheus server; `false` for none, as somebody else's scrapes the `targets`.
     * @default a server with the defaults
     */
    prometheus?: PrometheusOptions | false;
    /**
     * Grafana, with dashboards of what the Prometheus server has.
     * @default none
     */
    grafana?: GrafanaOptions;
    /**
     * Image of the node exporters, which run if the target has hosts for them.
     * @default {@link machineImages}
     */
    nodeExporterImage?: string;
    /**
     * Image of the cAdvisors, which run if the target has hosts for them.
     * @default {@link machineImages}
     */
    cadvisorImage?: string;
}

/**
 * Metrics of a cluster: an exporter of Storm's, a Prometheus server that scrapes it and ZooKeeper, with alerts, and Grafana; and what
 * serves metrics of machines, if the target has hosts for it.
 */
export class Monitoring extends pulumi.ComponentResource {
    /** What serves metrics, as Prometheus' `file_sd` reads it. */
    readonly targets: pulumi.Output<ScrapeTarget[]>;
    /** Password of Grafana's user `admin`, a secret; undefined: there is no Grafana. */
    readonly grafanaPassword: pulumi.Output<string> | undefined;

    /** @throws pulumi.InputPropertyError if there is to be a Grafana without a Prometheus server, or the target has no host for it. */
    constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:monitoring:Monitoring", name, {}, opts);
        if (args.grafana && (args.prometheus === false || !args.hosts.grafana)) {
            const reason =
                "needs a Prometheus server of this component's, and a target whose `monitoring` has a port for it";
            throw new pulumi.InputPropertyError({ propertyPath: "grafana", reason });
        }
        const { clusterName, nimbus, zookeepers, supervisors, ready, discovery, image, readySeconds, tls } =
            args.cluster.watched;
        const options = { parent: this };
        const common = { clusterName, discovery, readySeconds };
        const exporter = new Exporter(
            `${name}-exporter`,
            { ...common, host: args.hosts.exporter, image, nimbus, tls: tls && { files: tls.exporter() } },
            options,
        );
        const scraped: Scraped[] = [
            { job: "storm", peer: exporter.peer, port: ports.exporter },
            ...zookeepers.map((peer) => ({ job: "zookeeper", peer, port: ports.zookeeperMetrics })),
            ...this.ofMachines(name, args),
        ];
        if (args.prometheus !== false) {
            const { image: server, alertmanager, ...given } = args.prometheus ?? {};
            const scrapeSeconds = given.scrapeSeconds ?? monitoringDefaults.scrapeSeconds;
            const prometheus = new Prometheus(
                `${name}-prometheus`,
                {
                    ...common,
                    image: server ?? monitoringDefaults.image,
                    port: given.port ?? monitoringDefaults.port,
                    scrapeSeconds,
                    retentionDays: given.retentionDays ?? monitoringDefaults.retentionDays,
                    alertmanager,
                    host: args.hosts.prometheus,
                    scraped,
                    after: nimbus.restarted,
                    ready,
                    expected: { nimbuses: nimbus.daemons.length, supervisors: supervisors.length },
                },
                options,
            );
            if (args.grafana && args.hosts.grafana) {
                const { image: grafana, port = monitoringDefaults.grafanaPort, url } = args.grafana;
                this.grafanaPassword = new Grafana(
                    `${name}-grafana`,
                    {
                        ...common,
                        host: args.hosts.grafana,
                        image: grafana ?? monitoringDefaults.grafanaImage,
                        port,
                        url,
                        prometheus,
                        scrapeSeconds,
                        after: nimbus.restarted,
                    },
                    options,
                ).password;
            }
        }
        this.targets = scrapeTargets(clusterName, scraped);
        this.registerOutputs({ targets: this.targets });
    }

    /** Creates what serves metrics of machines. */
    private ofMachines(name: string, { cluster, hosts, nodeExporterImage, cadvisorImage }: MonitoringArgs): Scraped[] {
        const { clusterName, readySeconds } = cluster.watched;
        const each = (
            Kind: typeof NodeExporter | typeof CAdvisor,
            job: string,
            { on, image, port }: { on: readonly Host[]; image: string; port: number },
        ) =>
            on.map((host): Scraped => {
                const args = { clusterName, host, image, readySeconds };
                const { peer } = new Kind(`${name}-${job}-${host.docker.name}`, args, { parent: this });
                return { job, peer, port, ofMachine: true };
            });
        return [
            ...each(NodeExporter, "node", {
                on: hosts.nodeExporters,
                image: nodeExporterImage ?? machineImages.nodeExporter,
                port: ports.nodeExporter,
            }),
            ...each(CAdvisor, "cadvisor", {
                on: hosts.cadvisors,
                image: cadvisorImage ?? machineImages.cadvisor,
                port: ports.cadvisor,
            }),
        ];
    }
}
