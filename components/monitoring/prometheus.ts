import * as fs from "fs";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { PrometheusFiles } from "../../provider/resources";
import type { Discovery } from "../discovery/discovery";
import { type Peer, wiringOf } from "../discovery/wiring";
import { hostContainer } from "../hosts/docker/hostContainer";
import { hostImage } from "../hosts/docker/hostImage";
import type { Host } from "../hosts/host";
import { consolePages } from "./dashboards/consoles";
import { monitoringMemory } from "./defaults";
import { type Expected, expectedRules, paths, prometheusConfig, targetsFile } from "./prometheusConfig";
import { type Scraped, scrapeTargets } from "./scrapeTargets";

/** Arguments of {@link Prometheus}. */
export interface PrometheusArgs {
    /** First part of the names of container and volume. */
    clusterName: string;
    /** Where it runs. */
    host: Host;
    /** Image, as the official `prom/prometheus` has it. */
    image: string;
    /** TCP port of its pages. */
    port: number;
    /** Seconds between two scrapes of a target. */
    scrapeSeconds: number;
    /** Days for which it keeps what it has scraped. */
    retentionDays: number;
    /** Address and port of an Alertmanager; default: none. */
    alertmanager?: string;
    /** What it scrapes. */
    scraped: readonly Scraped[];
    /** How many daemons there should be. */
    expected: Expected;
    /** Resources after which its container is created or replaced: where a Nimbus that moves is refused, it stays, too. */
    after: readonly pulumi.Resource[];
    /** What exists once they are there: until then, that they are missing is no alert. */
    ready: readonly pulumi.Resource[];
    /** How its container joins the network. */
    discovery: Discovery;
    /** Seconds that it has to become ready. */
    readySeconds: number;
}

/** Uid and gid of the official image's user. */
const uid = 65534;
const rules = fs.readFileSync(path.join(__dirname, "rules.yml"), "utf8");

/**
 * A Prometheus server. What it has scraped is in a volume, which is never deleted. Other targets, and other numbers of daemons, reach it
 * while it runs.
 */
export class Prometheus extends pulumi.ComponentResource {
    /** Its name and its host. */
    readonly peer: Peer;
    /** URL of its pages and of its API. */
    readonly url: pulumi.Output<string>;
    /** Exists once it answers, and has the targets. */
    readonly ready: pulumi.Resource;

    constructor(name: string, args: PrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
        const { clusterName, host, image, port, discovery } = args;
        const peer: Peer = { name: "prometheus", host };
        super(
            "storm:monitoring:Prometheus",
            name,
            { wiring: [wiringOf(peer, [...args.scraped.map((each) => each.peer), ...discovery.peers(peer)])] },
            opts,
        );
        this.peer = peer;
        this.url = pulumi.interpolate`http://${host.address}:${port}`;
        const options = { parent: this, ...host.docker.options };
        const pulled = hostImage(`${name}-image`, image, host, { parent: this });
        const directory = host.dataDirectory(
            `${name}-data`,
            { clusterName, daemon: peer.name, containerPath: paths.data, owner: uid },
            { ...options, dependsOn: [...args.after] },
        );
        const container = hostContainer(
            `${name}-container`,
            { clusterName, daemon: peer.name, host, memory: monitoringMemory.prometheus },
            {
                image,
                command: host.address.apply((address) => [
                    `--config.file=${paths.config}`,
                    `--storage.tsdb.path=${paths.data}`,
                    `--storage.tsdb.retention.time=${args.retentionDays}d`,
                    `--web.listen-address=${address}:${port}`,
                ]),
                uploads: [
                    { file: paths.config, content: prometheusConfig(args) },
                    { file: paths.rules, content: rules },
                ],
                volumes: [{ containerPath: paths.data, ...directory.mount }],
                ...discovery.attach(peer, [port]),
                user: `${uid}:${uid}`,
            },
            { ...options, dependsOn: [pulled, directory.resource, ...discovery.before(host), ...args.after] },
        );
        // Pages of its own, which show what Grafana would.
        const consoles = Object.fromEntries(
            Object.entries(consolePages()).map(([page, content]) => [`${paths.consoles}/${page}`, content]),
        );
        const own: Scraped = { job: "prometheus", peer, port };
        this.ready = new PrometheusFiles(
            `${name}-files`,
            {
                container: container.name,
                containerId: container.id,
                files: scrapeTargets(clusterName, [...args.scraped, own]).apply((targets) => ({
                    [paths.targets]: targetsFile(targets),
                    [paths.expected]: expectedRules(clusterName, args.expected),
                    ...consoles,
                })),
                url: this.url,
                seconds: args.readySeconds,
                ssh: host.docker.ssh,
            },
            { ...options, dependsOn: [...args.ready] },
        );
        this.registerOutputs({ address: host.address });
    }
}
