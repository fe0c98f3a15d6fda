import type * as pulumi from "@pulumi/pulumi";
import { fromRegistry } from "../../provider/image";
import { addresses } from "../discovery/addresses";
import type { AmbassadorMachine } from "../discovery/ambassador/ambassador";
import { Ambassadors } from "../discovery/ambassador/ambassadors";
import { hostOfEachEngine, machinesOf, registryHosts } from "../discovery/ambassador/machines";
import type { Discovery } from "../discovery/discovery";
import type { PlacedDaemon } from "../discovery/placedDaemon";
import type { Logging } from "../hosts/docker/logging";
import type { FleetMachines } from "../hosts/ec2/fleetMachines";
import type { Host } from "../hosts/host";
import { clusterDefaults } from "../storm/spec/defaults";
import type { Security, SecurityInUpdate } from "../storm/spec/security";

/** A way in which daemons resolve services. */
export type DiscoveryKind = "addresses" | "dns" | "ambassador";

/** Arguments of all targets. */
export interface TargetArgs {
    /** First part of the names of containers, and of the cluster's domain; the same as that of the cluster. */
    clusterName: string;
    /**
     * How daemons resolve services.
     * @default "addresses"
     */
    discovery?: DiscoveryKind;
    /**
     * Whether connections between ambassadors are encrypted, with a certificate on both sides; on machines, with the discovery
     * `ambassador`.
     * @default false
     */
    ambassadorTls?: boolean;
    /**
     * Images of what the discovery runs.
     * @default {@link discoveryImages}
     */
    images?: Partial<DiscoveryImages>;
    /**
     * The registry, with a path if the images are below one, that images with a short name come from, such as
     * `public.ecr.aws/docker/library` for `haproxy:3.2`; the same as that of the cluster.
     * @default Docker Hub
     */
    imageRegistry?: string;
    /**
     * Where Docker sends the output of all containers on the hosts. If it is given, Storm's daemons and workers write their logs to that
     * output too, beside their files.
     * @default the driver `json-file`, three files of 10 MB for each container; Storm's logs are in files only
     */
    logging?: Logging;
    /**
     * What of the cluster is protected by certificates; the same as that of the cluster.
     * @default nothing is
     */
    security?: Security | SecurityInUpdate;
    /**
     * TCP port at which Storm UI is reached; the same as that of the cluster.
     * @default 8080
     */
    uiPort?: number;
    /**
     * What watches the cluster; the target has hosts for it then, and lets it in.
     * @default nothing does
     */
    monitoring?: MonitoringPorts;
    /**
     * Seconds that what the discovery runs has to become ready.
     * @default 180
     */
    readySeconds?: number;
}

/** What watches a cluster. */
export interface MonitoringPorts {
    /**
     * TCP port at which the Prometheus server is reached.
     * @default no server runs: somebody else's scrapes the exporters
     */
    prometheus?: number;
    /**
     * TCP port at which Grafana is reached, which shows what that server has.
     * @default no Grafana runs
     */
    grafana?: number;
    /**
     * Whether each machine with daemons has a node exporter.
     * @default false
     */
    nodeExporter?: boolean;
    /**
     * Whether each machine with daemons has a cAdvisor.
     * @default false
     */
    cadvisor?: boolean;
}

/** Where what watches a cluster runs. */
export interface MonitoringHosts {
    /** The exporter of Storm's metrics. */
    exporter: Host;
    /** The Prometheus server. */
    prometheus: Host;
    /** Grafana; absent if none runs. */
    grafana?: Host;
    /** Node exporters, one for each machine; none unless they are asked for. */
    nodeExporters: readonly Host[];
    /** cAdvisors, one for each machine; none unless they are asked for. */
    cadvisors: readonly Host[];
}

/** Images of what a discovery runs. */
export interface DiscoveryImages {
    /** Image of the registrar, which takes Python: any image of Storm. */
    storm: string;
    /** Image of the DNS servers, as the official `coredns/coredns`. */
    dns: string;
    /** Image of the registry, as the official `quay.io/coreos/etcd`. */
    etcd: string;
    /** Image of the proxies, as the official `haproxy`. */
    proxy: string;
}

/** Images of what a discovery runs, by default. Pulumi.yaml declares the same, which a test checks. */
export const discoveryImages: DiscoveryImages = {
    storm: clusterDefaults.stormImage,
    dns: "coredns/coredns:1.15.0",
    etcd: "quay.io/coreos/etcd:v3.6.16",
    proxy: clusterDefaults.proxyImage,
};

/** The images of what a target's discovery runs. */
export function imagesOf({ images, imageRegistry }: TargetArgs): DiscoveryImages {
    const { storm, dns, etcd, proxy } = { ...discoveryImages, ...images };
    const from = (image: string) => fromRegistry(imageRegistry, image);
    return { storm: from(storm), dns: from(dns), etcd: from(etcd), proxy: from(proxy) };
}

/** Where a stack's containers run. */
export interface Target {
    /** The host of each daemon, by the daemon's name. */
    readonly hosts: Readonly<Record<string, Host>>;
    /** How daemons on these hosts resolve services. */
    readonly discovery: Discovery;
    /** What users need to know of it: outputs of the stack. */
    readonly outputs: TargetOutputs;
    /** Where what watches the cluster runs; absent if nothing does. */
    readonly monitoring?: MonitoringHosts;
    /** What the machines of a fleet are launched with; absent unless it was asked for, on EC2. */
    readonly fleetMachines?: FleetMachines;
    /** Where the reverse proxy of Storm UI runs; absent if there is none, or it is on UI's own machine. */
    readonly reverseProxy?: Host;
    /**
     * Prevents `pulumi destroy` while deletion protection is on.
     * @param running Resources that run on the hosts.
     */
    protect?(running: pulumi.Resource[]): void;
}

/** What users need to know of a target. */
export interface TargetOutputs {
    /** Where a browser finds Storm UI; absent if none runs. */
    uiUrl?: pulumi.Input<string>;
    /** The command that forwards Storm UI to the same port of 127.0.0.1; on EC2 only. */
    uiTunnel?: pulumi.Output<string>;
    /** Where a browser finds Prometheus; absent if none runs. */
    prometheusUrl?: pulumi.Input<string>;
    /** The command that forwards Prometheus to the same port of 127.0.0.1; on EC2 only. */
    prometheusTunnel?: pulumi.Output<string>;
    /** Where a browser finds Grafana; absent if none runs. */
    grafanaUrl?: pulumi.Input<string>;
    /** The command that forwards Grafana to the same port of 127.0.0.1; on EC2 only. */
    grafanaTunnel?: pulumi.Output<string>;
    /** The command that logs in on the bastion that the stack has created; on EC2 only. */
    bastion?: pulumi.Output<string>;
    /** By name: a machine's address, its daemons, the command that logs in on it, and whether it is lost. Absent on `local`. */
    hosts?: Record<string, pulumi.Output<object>>;
}

/** What differs between targets in how daemons resolve services. */
export interface Ways {
    /** Names that follow the hosts. */
    dns: () => Discovery;
    /**
     * The machines with ambassadors, and the hosts of their registry.
     * @default an ambassador on each machine of a daemon
     */
    ambassadors?: () => { machines: readonly AmbassadorMachine[]; registry: readonly Host[] };
}

/** The discovery that a target's arguments ask for. */
export function targetDiscovery(
    name: string,
    args: TargetArgs,
    daemons: readonly PlacedDaemon[],
    { dns, ambassadors = () => ({ machines: machinesOf(daemons), registry: registryHosts(daemons) }) }: Ways,
    parent: pulumi.Resource,
): Discovery {
    switch (args.discovery ?? "addresses") {
        case "addresses":
            return addresses;
        case "dns":
            return dns();
        case "ambassador": {
            const images = imagesOf(args);
            const { machines, registry } = ambassadors();
            return new Ambassadors(
                `${name}-ambassador`,
                {
                    clusterName: args.clusterName,
                    stormImage: images.storm,
                    etcdImage: images.etcd,
                    proxyImage: images.proxy,
                    daemons,
                    machines,
                    registry,
                    seconds: args.readySeconds ?? clusterDefaults.readySeconds,
                    ambassadorTls: args.ambassadorTls,
                },
                { parent },
            ).discovery;
        }
    }
}

/** Where what watches a cluster runs, on machines. */
export function monitoringHosts(
    hosts: Readonly<Record<string, Host>>,
    monitoring: MonitoringPorts | undefined,
): MonitoringHosts | undefined {
    const nimbus = nimbusHost(hosts);
    const machines = hostOfEachEngine(Object.values(hosts));
    return (
        monitoring && {
            exporter: nimbus,
            prometheus: nimbus,
            ...(monitoring.grafana !== undefined && { grafana: nimbus }),
            nodeExporters: monitoring.nodeExporter ? machines : [],
            cadvisors: monitoring.cadvisor ? machines : [],
        }
    );
}

/** Where the exporter, Prometheus and Grafana run, on machines: on that of the first Nimbus, which keeps Prometheus' data. */
export function nimbusHost<H extends Host>(hosts: Readonly<Record<string, H>>): H {
    // A cluster has one.
    return hosts["nimbus-1"] as H;
}
