import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Bundle } from "../../fleet/bundle";
import type { Configuration } from "../../fleet/controller/configuration";
import { ConfigFile } from "../../provider/resources";
import type { Discovery } from "../discovery/discovery";
import type { PlacedDaemon } from "../discovery/placedDaemon";
import { type Peer, wiringOf } from "../discovery/wiring";
import { hostContainer } from "../hosts/docker/hostContainer";
import { hostImage } from "../hosts/docker/hostImage";
import type { Host } from "../hosts/host";
import type { Nimbus } from "../storm/daemons/nimbus";
import { controllerMemory, cooldownSeconds, roundSeconds } from "./spec";

/** Arguments of {@link Controller}. */
export interface ControllerArgs extends Pick<Configuration, "region" | "group" | "owner" | "target" | "batch"> {
    /** First part of the container's name, and the value of the metric's dimension. */
    clusterName: string;
    /** The host of the Nimbus beside it. */
    host: Host;
    /** The Nimbus beside it. */
    beside: PlacedDaemon;
    /** The Nimbus daemons. */
    nimbus: Nimbus;
    /** How they are resolved. */
    discovery: Discovery;
    /** Image, as the official `node`. */
    image: string;
    /** What it runs. */
    program: Bundle;
    /**
     * The URL at which it calls AWS.
     * @default AWS's own
     */
    endpointUrl: string | undefined;
}

/** Where the official image has a directory of uid 1000's, as which a volume that is mounted there begins. */
const directory = "/home/node";
const file = "controller.js";

/**
 * A container beside a Nimbus that controls a fleet while that Nimbus leads: it publishes the demand for slots, has machines join, drains
 * those that leave, and rebalances topologies. It asks AWS by the role of its machine.
 */
export class Controller extends pulumi.ComponentResource {
    /** Exists once it runs. */
    readonly container: docker.Container;
    /** Where the container is. */
    readonly location: pulumi.Output<{ container: string; ssh?: string[] }>;

    constructor(name: string, args: ControllerArgs, opts?: pulumi.ComponentResourceOptions) {
        const { clusterName, host, nimbus, discovery, image, program } = args;
        const peer: Peer = { name: "fleet-controller", host };
        super(
            "storm:fleet:Controller",
            name,
            { wiring: [wiringOf(peer, [...nimbus.daemons, ...discovery.peers(peer)])] },
            opts,
        );
        const pulled = hostImage(`${name}-image`, image, host, { parent: this });
        const volume = `${clusterName}-${peer.name}-program-${program.sha256.slice(0, 12)}`;
        const written = new ConfigFile(
            `${name}-program`,
            {
                volume,
                directory,
                file,
                source: program.path,
                sha256: program.sha256,
                image,
                owner: 1000,
                labels: { "storm.cluster": clusterName, "storm.daemon": peer.name },
                ssh: host.docker.ssh,
                machine: host.docker.identity,
            },
            { parent: this, dependsOn: [pulled], ...host.docker.options },
        );
        const configuration = pulumi
            .all([nimbus.containers, discovery.advertise(args.beside).host])
            .apply(([containers, own]): string => {
                const { region, group, owner, target, batch } = args;
                const nimbuses = containers.map(({ address, port }) => ({ address, port }));
                const config: Configuration = {
                    ...{ cluster: clusterName, region, group, nimbuses, own, owner, target, batch, cooldownSeconds },
                    seconds: roundSeconds,
                };
                return JSON.stringify(config);
            });
        this.container = hostContainer(
            `${name}-container`,
            { clusterName, daemon: peer.name, host, memory: controllerMemory },
            {
                image,
                command: configuration.apply((text) => ["node", `${directory}/${file}`, text]),
                ...(args.endpointUrl && { envs: [`AWS_ENDPOINT_URL=${args.endpointUrl}`] }),
                volumes: [{ volumeName: volume, containerPath: directory, readOnly: true }],
                ...discovery.attach(peer, []),
                init: true,
                user: "1000:1000",
                readOnly: true,
            },
            {
                parent: this,
                ...host.docker.options,
                dependsOn: [written, ...discovery.before(host), ...nimbus.restarted],
            },
        );
        this.location = pulumi
            .all([this.container.name, host.docker.ssh])
            .apply(([container, ssh]) => ({ container, ...(ssh && { ssh }) }));
        this.registerOutputs({});
    }
}
