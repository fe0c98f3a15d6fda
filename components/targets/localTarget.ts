import * as pulumi from "@pulumi/pulumi";
import { registryHosts } from "../discovery/ambassador/machines";
import type { Discovery } from "../discovery/discovery";
import { names, zoneOf } from "../discovery/names";
import { LocalHost } from "../hosts/docker/localHost";
import { ownerLabel, removeOrphan } from "../hosts/docker/orphan";
import type { Host } from "../hosts/host";
import { StackId } from "../hosts/stackId";
import { LocalNetwork } from "../network/localNetwork";
import { type DaemonCounts, daemonRefs, placeDaemons } from "../storm/spec/composition";
import { hasReverseProxies, pageScheme } from "../storm/spec/security";
import { clusterDefaults } from "../storm/spec/defaults";
import { localAddress, type LocalKind } from "./localAddresses";
import { type MonitoringHosts, type Target, type TargetArgs, targetDiscovery, type TargetOutputs } from "./target";

/** Arguments of {@link LocalTarget}. */
export interface LocalTargetArgs extends TargetArgs {
    /** How many daemons of each kind the cluster has. */
    daemons: DaemonCounts;
    /**
     * IPv4 subnet of the cluster's Docker network, at least a /24; no other Docker network of this machine may overlap it.
     * @default "172.30.77.0/24"
     */
    subnet?: string;
}

/** This machine's Docker: a host for each daemon, on a Docker network of the cluster's own. */
export class LocalTarget extends pulumi.ComponentResource implements Target {
    readonly hosts: Readonly<Record<string, Host>>;
    readonly discovery: Discovery;
    readonly outputs: TargetOutputs;
    readonly monitoring?: MonitoringHosts;
    readonly reverseProxy?: Host;

    constructor(name: string, args: LocalTargetArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:targets:LocalTarget", name, {}, opts);
        const { clusterName, subnet = "172.30.77.0/24", uiPort = clusterDefaults.uiPort, logging } = args;
        const options = { parent: this };
        const { key: owner } = new StackId(`${name}-owner`, options);
        const network = new LocalNetwork(
            `${name}-network`,
            {
                networkName: clusterName,
                subnet,
                labels: owner.apply((key) => ({ "storm.cluster": clusterName, [ownerLabel]: key })),
                hooks: removeOrphan({ kind: "network", named: clusterName, owner }),
            },
            options,
        );
        const host = (container: string, kind: LocalKind, index?: number) =>
            new LocalHost(
                `${name}-${container}`,
                { network, owner, address: localAddress(subnet, kind, index), logging },
                options,
            );
        this.hosts = Object.fromEntries(
            daemonRefs(args.daemons).map(({ kind, index, name: daemon }) => [daemon, host(daemon, kind, index)]),
        );
        const daemons = placeDaemons(clusterName, this.hosts, args.security);
        this.discovery = targetDiscovery(
            name,
            args,
            daemons,
            {
                // Docker itself resolves the network's names.
                dns: () => names(zoneOf(clusterName)),
                // One ambassador for all of this machine.
                ambassadors: () => {
                    const proxy = host("proxy", "proxy");
                    return {
                        machines: [{ registrar: host("registrar", "registrar"), proxy, address: proxy.address }],
                        registry: registryHosts(daemons).map((_, index) =>
                            host(`etcd-${index + 1}`, "etcd", index + 1),
                        ),
                    };
                },
            },
            this,
        );
        const { monitoring } = args;
        this.monitoring = monitoring && {
            exporter: host("exporter", "exporter"),
            prometheus: host("prometheus", "prometheus"),
            ...(monitoring.grafana !== undefined && { grafana: host("grafana", "grafana") }),
            nodeExporters: monitoring.nodeExporter ? [host("node-exporter", "nodeExporter")] : [],
            cadvisors: monitoring.cadvisor ? [host("cadvisor", "cadvisor")] : [],
        };
        if (hasReverseProxies(args.security) && args.daemons.ui) {
            this.reverseProxy = host("reverse-proxy", "reverseProxy");
        }
        const scheme = pageScheme(args.security);
        this.outputs = {
            ...(args.daemons.ui && scheme && { uiUrl: `${scheme}://127.0.0.1:${uiPort}` }),
            ...(monitoring?.prometheus !== undefined && {
                prometheusUrl: `http://127.0.0.1:${monitoring.prometheus}`,
            }),
            ...(monitoring?.grafana !== undefined && { grafanaUrl: `http://127.0.0.1:${monitoring.grafana}` }),
        };
        this.registerOutputs(this.outputs);
    }
}
