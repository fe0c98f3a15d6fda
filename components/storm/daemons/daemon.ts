import { createHash } from "crypto";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { graceSeconds } from "../../../provider/machines/container";
import { ConfigFile, DataLocation, Ready } from "../../../provider/resources";
import type { Inputs, NimbusContainer, ReadyCheck } from "../../../provider/schema";
import type { Discovery } from "../../discovery/discovery";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import { type Peer, wiringOf } from "../../discovery/wiring";
import { type BareArgs, hostContainer } from "../../hosts/docker/hostContainer";

/** What all daemons of a cluster have in common. */
export interface ClusterArgs {
    /** First part of the names that containers and volumes have in Docker, and the value of the label `storm.cluster`. */
    clusterName: string;
    /** Seconds that a daemon has to become ready; past it the update fails. */
    readySeconds: number;
    /** Names of daemons that may start on another machine than the one that has their data, without it; default: none. */
    startEmpty?: string[];
    /** How a daemon gets from a service to endpoints. */
    discovery: Discovery;
    /** Resources that must exist before the first container on a host is created, by the name of its Docker Engine. */
    prerequisites: Record<string, readonly pulumi.Resource[]>;
}

/** Arguments of {@link Daemon}. */
export interface DaemonArgs extends ClusterArgs {
    /** The daemon, on its host: names of container and volumes follow from it. */
    daemon: PlacedDaemon;
    /** Image, by a name that the host's Docker Engine has already. */
    image: string;
    /** Arguments of the image's entrypoint; default: the image's own. */
    command?: pulumi.Input<string[]>;
    /** Environment variables; default: none. */
    environment?: Record<string, pulumi.Input<string>>;
    /** Files to put into the container, by absolute path; default: none. */
    files?: Record<string, pulumi.Input<string>>;
    /** The same, whose content is in base64; default: none. */
    encodedFiles?: Record<string, pulumi.Input<string>>;
    /** A file that is written to the host, and mounted with its directory; default: none. */
    mounted?: { directory: string; file: string; content: pulumi.Input<string> };
    /** Directories whose data outlives the container; default: none. */
    dataDirectories?: string[];
    /**
     * Nimbus daemons, one of which must have all of its data before it may start without, on another machine; none: it may
     * if `startEmpty` names it.
     * @default it may start without data at any time
     */
    replicas?: pulumi.Input<NimbusContainer[]>;
    /** Memory limit in MiB. */
    memory: pulumi.Input<number>;
    /** Ports that are published to the outside of the cluster; default: none. */
    published?: number[];
    /** Whose addresses it receives in its command, environment or files. */
    receives: readonly Peer[];
    /** What must hold before the dependents of this daemon are created. */
    check: pulumi.Input<ReadyCheck>;
    /** The log files that it writes within its container, beside standard output; default: none. */
    logFiles?: string[];
    /** Resources that must exist before the container is created. */
    after: readonly pulumi.Resource[];
    /** Gates that exist before this daemon's gate waits; default: none. */
    readyAfter?: readonly pulumi.Resource[];
}

/** Uid and gid of the official images' users. */
export const daemonUid = 1000;

/** What decides about a daemon's container, beside its volumes. */
export type DaemonContainer = Pick<
    DaemonArgs,
    "daemon" | "discovery" | "image" | "command" | "environment" | "files" | "encodedFiles" | "published"
>;

/** The arguments of a daemon's container alone. */
export function daemonContainerArgs(
    args: DaemonContainer,
    volumes: docker.types.input.ContainerVolume[],
): Omit<BareArgs, "readOnly"> {
    return {
        image: args.image,
        command: args.command,
        envs: Object.entries(args.environment ?? {}).map(([key, value]) => pulumi.interpolate`${key}=${value}`),
        uploads: [
            ...Object.entries(args.files ?? {}).map(([file, content]) => ({ file, content })),
            ...Object.entries(args.encodedFiles ?? {}).map(([file, contentBase64]) => ({ file, contentBase64 })),
        ],
        volumes,
        ...args.discovery.attach(args.daemon, args.published ?? []),
        // As PID 1 it reaps what a supervisor's workers leave behind.
        init: true,
        user: `${daemonUid}:${daemonUid}`,
        stopTimeout: graceSeconds,
        destroyGraceSeconds: graceSeconds,
    };
}

/** One Storm or ZooKeeper process in one container, on one host. */
export class Daemon extends pulumi.ComponentResource {
    /** The address of its host. */
    readonly address: pulumi.Output<string>;
    /** The id of its container. */
    readonly containerId: pulumi.Output<string>;
    /** Exists once the daemon is ready. */
    readonly ready: pulumi.Resource;
    /** Whether its machine can be used now. */
    readonly isUsable: boolean;
    /** What a restart gate checks of it. */
    readonly restarted: pulumi.Output<Inputs<"RestartGate">["before"][number]>;

    constructor(name: string, args: DaemonArgs, opts?: pulumi.ComponentResourceOptions) {
        const { clusterName, discovery, readySeconds } = args;
        const wiring = [wiringOf(args.daemon, [...args.receives, ...discovery.peers(args.daemon)])];
        super("storm:storm:Daemon", name, { wiring }, opts);
        const { name: daemon, host, container: containerName } = args.daemon;
        const options = { parent: this, ...host.docker.options };

        const locations: DataLocation[] = [];
        if (host.machine) {
            const { host: machineName, key, unusable } = host.machine;
            const location = new DataLocation(
                `${name}-place`,
                {
                    daemon,
                    kind: "machine",
                    location: machineName,
                    identity: key,
                    unusable,
                    address: discovery.advertise(args.daemon).host,
                    mayStartEmpty: !args.replicas || (args.startEmpty?.includes(daemon) ?? false),
                    replicas: args.replicas ?? [],
                    seconds: readySeconds,
                },
                { parent: this, dependsOn: [...args.after] },
            );
            locations.push(location);
        }
        const prerequisites = args.prerequisites[host.docker.name] ?? [];
        const after = [...args.after, ...prerequisites, ...discovery.before(host), ...locations];
        const volumes = (args.dataDirectories ?? []).map((containerPath) => {
            const directory = host.dataDirectory(
                `${name}-${containerPath.slice(1)}`,
                { clusterName, daemon, containerPath, owner: daemonUid },
                { parent: this, dependsOn: locations },
            );
            after.push(directory.resource);
            return { containerPath, ...directory.mount };
        });

        const mounts = args.mounted ? [this.mount(name, args.mounted, args, after)] : [];
        const container = hostContainer(
            `${name}-container`,
            { clusterName, daemon, host, memory: args.memory },
            daemonContainerArgs(args, [...volumes, ...mounts]),
            {
                ...options,
                dependsOn: after,
                // The provider neither updates nor replaces for it.
                replaceOnChanges: ["init"],
            },
        );

        this.address = host.address;
        this.containerId = container.id;
        const subject = {
            daemon,
            container: containerName,
            containerId: this.containerId,
            check: args.check,
            ssh: host.docker.ssh,
        };
        this.ready = new Ready(
            `${name}-ready`,
            { ...subject, seconds: readySeconds, logFiles: args.logFiles ?? [] },
            { ...options, dependsOn: [...(args.readyAfter ?? [])] },
        );
        this.isUsable = host.machine?.unusable === undefined;
        this.restarted = pulumi.output(subject);
        host.becomesReady?.(this.ready);
        this.registerOutputs({ address: this.address });
    }

    /** Declares a file on the host, and adds its resource to `after`. */
    private mount(
        name: string,
        { directory, file, content }: NonNullable<DaemonArgs["mounted"]>,
        { daemon: { container, host, name: daemon }, image, clusterName }: DaemonArgs,
        after: pulumi.Resource[],
    ): docker.types.input.ContainerVolume {
        const hash = pulumi.unsecret(
            pulumi.output(content).apply((text) => createHash("sha256").update(text).digest("hex").slice(0, 12)),
        );
        const volume = pulumi.interpolate`${container}-conf-${hash}`;
        const configFile = new ConfigFile(
            `${name}-conf`,
            {
                volume,
                directory,
                file,
                content,
                image,
                owner: daemonUid,
                labels: { "storm.cluster": clusterName, "storm.daemon": daemon },
                ssh: host.docker.ssh,
                machine: host.docker.identity,
            },
            { parent: this, dependsOn: [...after], ...host.docker.options },
        );
        after.push(configFile);
        return { containerPath: directory, volumeName: volume, readOnly: true };
    }
}
