import { createHash } from "crypto";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { graceSeconds } from "../../provider/machines/container";
import { ConfigFile, Place, Ready } from "../../provider/resources";
import type { Inputs, NimbusContainer, ReadyCheck } from "../../provider/schema";
import type { Discovery } from "../discovery/discovery";
import { hostContainer } from "../hosts/hostContainer";
import type { Host } from "../hosts/host";

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
    /** What has to be there before the first container on a host is made, by the name of its Docker daemon. */
    prepared: Record<string, readonly pulumi.Resource[]>;
}

/** Arguments of {@link Daemon}. */
export interface DaemonArgs extends ClusterArgs {
    /** The daemon's identity, such as `nimbus-1`: names of container and volumes follow from it. */
    daemon: string;
    /** Where it runs. */
    host: Host;
    /** Image, by a name that the host's Docker daemon has already. */
    image: string;
    /** Arguments of the image's entrypoint; default: the image's own. */
    command?: pulumi.Input<string[]>;
    /** Environment variables; default: none. */
    environment?: Record<string, pulumi.Input<string>>;
    /** Files to put into the container, by absolute path; default: none. */
    files?: Record<string, pulumi.Input<string>>;
    /** A file that is put on the host, and mounted with the directory that it is in; default: none. */
    mounted?: { directory: string; file: string; content: pulumi.Input<string> };
    /** Directories whose data outlives the container; default: none. */
    dataDirectories?: string[];
    /**
     * Daemons of which one has to have all of its data before it may start without, on another machine; none: it may
     * when the user says so. Default: it may at any time.
     */
    replicas?: pulumi.Input<NimbusContainer[]>;
    /** Memory limit in MiB. */
    memory: number;
    /** Ports that are to be reached from outside of the cluster; default: none. */
    published?: number[];
    /** What has to hold before those that depend on this daemon are made. */
    check: pulumi.Input<ReadyCheck>;
    /** The log files that it writes within its container, beside standard output; default: none. */
    logFiles?: string[];
    /** What has to exist before the container is created. */
    after: readonly pulumi.Resource[];
    /** What is ready before one waits for this daemon; default: nothing. */
    readyAfter?: readonly pulumi.Resource[];
}

/** Uid and gid of the official images' users. */
const uid = 1000;

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
    /** What a restart gate has to know of it. */
    readonly restarted: pulumi.Output<Inputs<"RestartGate">["before"][number]>;

    constructor(name: string, args: DaemonArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:storm:Daemon", name, {}, opts);
        const options = { parent: this, ...args.host.docker.options };
        const containerName = `${args.clusterName}-${args.daemon}`;

        const places: Place[] = [];
        if (args.host.machine) {
            const { host, key, unusable } = args.host.machine;
            const place = new Place(
                `${name}-place`,
                {
                    daemon: args.daemon,
                    address: args.discovery.nameOf(args.daemon, args.host),
                    host,
                    machine: key,
                    unusable,
                    mayStartEmpty: !args.replicas || (args.startEmpty?.includes(args.daemon) ?? false),
                    replicas: args.replicas ?? [],
                    seconds: args.readySeconds,
                },
                { parent: this, dependsOn: [...args.after] },
            );
            places.push(place);
        }
        const prepared = args.prepared[args.host.docker.name] ?? [];
        const after = [...args.after, ...prepared, ...args.discovery.before(args.host), ...places];
        const volumes = (args.dataDirectories ?? []).map((containerPath) => {
            const directory = args.host.dataDirectory(
                `${name}-${containerPath.slice(1)}`,
                { clusterName: args.clusterName, daemon: args.daemon, containerPath, owner: uid },
                { parent: this, dependsOn: places },
            );
            after.push(directory.resource);
            return { containerPath, ...directory.mount };
        });

        const mounts = args.mounted ? [this.mount(name, args.mounted, args, after)] : [];
        const container = hostContainer(
            `${name}-container`,
            args,
            {
                image: args.image,
                command: args.command,
                envs: Object.entries(args.environment ?? {}).map(([key, value]) => pulumi.interpolate`${key}=${value}`),
                uploads: Object.entries(args.files ?? {}).map(([file, content]) => ({ file, content })),
                volumes: [...volumes, ...mounts],
                ...args.discovery.attach(args, args.published ?? []),
                // As PID 1 it reaps what a supervisor's workers leave behind.
                init: true,
                user: `${uid}:${uid}`,
                stopTimeout: graceSeconds,
                destroyGraceSeconds: graceSeconds,
            },
            {
                ...options,
                dependsOn: after,
                // The provider neither updates nor replaces for it.
                replaceOnChanges: ["init"],
            },
        );

        this.address = args.host.address;
        this.containerId = container.id;
        const { daemon, check } = args;
        const subject = { daemon, container: containerName, containerId: this.containerId, check, ssh: args.host.docker.ssh };
        this.ready = new Ready(
            `${name}-ready`,
            { ...subject, seconds: args.readySeconds, logFiles: args.logFiles ?? [] },
            { ...options, dependsOn: [...(args.readyAfter ?? [])] },
        );
        this.isUsable = args.host.machine?.unusable === undefined;
        this.restarted = pulumi.output(subject);
        args.host.becomesReady?.(this.ready);
        this.registerOutputs({ address: this.address });
    }

    /** Puts a file on the host, which `after` is told of. */
    private mount(
        name: string,
        { directory, file, content }: NonNullable<DaemonArgs["mounted"]>,
        { host, image, clusterName, daemon }: DaemonArgs,
        after: pulumi.Resource[],
    ): docker.types.input.ContainerVolume {
        const hash = pulumi.unsecret(pulumi.output(content).apply((text) => createHash("sha256").update(text).digest("hex").slice(0, 12)));
        const volume = pulumi.interpolate`${clusterName}-${daemon}-conf-${hash}`;
        const made = new ConfigFile(
            `${name}-conf`,
            {
                ...{ volume, directory, file, content, image, owner: uid },
                labels: { "storm.cluster": clusterName, "storm.daemon": daemon },
                ssh: host.docker.ssh,
                machine: host.docker.identity,
            },
            { parent: this, dependsOn: [...after], ...host.docker.options },
        );
        after.push(made);
        return { containerPath: directory, volumeName: volume, readOnly: true };
    }
}
