import * as pulumi from "@pulumi/pulumi";
import { GrafanaPassword, Password } from "../../provider/resources";
import type { Discovery } from "../discovery/discovery";
import { type Peer, wiringOf } from "../discovery/wiring";
import { hostContainer } from "../hosts/docker/hostContainer";
import { hostImage } from "../hosts/docker/hostImage";
import type { Host } from "../hosts/host";
import { grafanaDashboards } from "./dashboards/grafana";
import { monitoringMemory } from "./defaults";
import { dashboardProviders, dataSources, grafanaPaths, grafanaSettings } from "./grafanaConfig";
import type { Prometheus } from "./prometheus";

/** Arguments of {@link Grafana}. */
export interface GrafanaArgs {
    /** First part of the names of container and volume. */
    clusterName: string;
    /** Where it runs. */
    host: Host;
    /** Image, as the official `grafana/grafana` has it. */
    image: string;
    /** TCP port of its pages. */
    port: number;
    /**
     * URL at which browsers find it.
     * @default its host's address, and the port
     */
    url?: pulumi.Input<string>;
    /** The server that it shows. */
    prometheus: Pick<Prometheus, "peer" | "url">;
    /** Seconds between two scrapes of that server. */
    scrapeSeconds: number;
    /** Resources after which its container is created or replaced: where a Nimbus that moves is refused, it stays, too. */
    after: readonly pulumi.Resource[];
    /** How its container joins the network. */
    discovery: Discovery;
    /** Seconds that it has to become ready. */
    readySeconds: number;
}

/** Uid of the official image's user, whose group is root's. */
const uid = 472;
const data = "/var/lib/grafana";

/**
 * Grafana, with a data source and dashboards from files. Users' own dashboards are with its other data in a volume, which is never
 * deleted. Its user `admin` has a password that the stack has made.
 */
export class Grafana extends pulumi.ComponentResource {
    /** The password of `admin`, a secret. */
    readonly password: pulumi.Output<string>;
    /** Exists once it answers, and accepts the password. */
    readonly ready: pulumi.Resource;

    constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
        const { clusterName, host, image, port, prometheus, discovery } = args;
        const peer: Peer = { name: "grafana", host };
        super(
            "storm:monitoring:Grafana",
            name,
            { wiring: [wiringOf(peer, [prometheus.peer, ...discovery.peers(peer)])] },
            opts,
        );
        const options = { parent: this, ...host.docker.options };
        const url = pulumi.interpolate`http://${host.address}:${port}`;
        this.password = new Password(`${name}-password`, { parent: this }).value;
        const pulled = hostImage(`${name}-image`, image, host, { parent: this });
        const directory = host.dataDirectory(
            `${name}-data`,
            { clusterName, daemon: peer.name, containerPath: data, owner: uid },
            { ...options, dependsOn: [...args.after] },
        );
        const settings = pulumi
            .all([host.address, args.url ?? url])
            .apply(([address, root]) => grafanaSettings({ address, port, url: root }));
        const dashboards = Object.entries(grafanaDashboards()).map(([file, content]) => ({
            file: `${grafanaPaths.dashboards}/${file}`,
            content,
        }));
        const container = hostContainer(
            `${name}-container`,
            { clusterName, daemon: peer.name, host, memory: monitoringMemory.grafana },
            {
                image,
                uploads: [
                    { file: grafanaPaths.settings, content: settings },
                    { file: grafanaPaths.password, content: this.password },
                    {
                        file: grafanaPaths.dataSources,
                        content: prometheus.url.apply((server) => dataSources(server, args.scrapeSeconds)),
                    },
                    { file: grafanaPaths.providers, content: dashboardProviders() },
                    ...dashboards,
                ],
                volumes: [{ containerPath: data, ...directory.mount }],
                ...discovery.attach(peer, [port]),
                user: `${uid}:0`,
            },
            { ...options, dependsOn: [pulled, directory.resource, ...discovery.before(host), ...args.after] },
        );
        this.ready = new GrafanaPassword(
            `${name}-ready`,
            {
                container: container.name,
                containerId: container.id,
                url,
                password: this.password,
                seconds: args.readySeconds,
                ssh: host.docker.ssh,
            },
            options,
        );
        this.registerOutputs({ address: host.address });
    }
}
