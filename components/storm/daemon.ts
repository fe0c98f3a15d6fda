import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Host } from "../hosts/host";
import type { ReadyCheck } from "./ready/check";
import { Ready } from "./ready/ready";

/** What all daemons of a cluster have in common. */
export interface ClusterArgs {
    /** First part of the names that containers and volumes have in Docker, and the value of the label `storm.cluster`. */
    clusterName: string;
    /** Seconds that a daemon has to become ready; past it the update fails. */
    readySeconds: number;
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
    /** Directories whose data outlives the container, each in a volume of its own; default: none. */
    dataDirectories?: string[];
    /** Memory limit in MiB. */
    memory: number;
    /** Ports of the container by the port of 127.0.0.1 at which each is published; default: none. */
    publish?: Record<number, number>;
    /** What has to hold before those that depend on this daemon are made. */
    check: pulumi.Input<ReadyCheck>;
    /** The log files that it writes within its container, beside standard output; default: none. */
    logFiles?: string[];
    /** What has to be there before the container is made. */
    after: readonly pulumi.Resource[];
}

/** Uid and gid of the official images' users. */
const uid = "1000:1000";

/** Seconds between SIGTERM and SIGKILL: ZooKeeper and Nimbus close their files, a supervisor its workers. */
const graceSeconds = 30;

/** One Storm or ZooKeeper process in one container, on one host. */
export class Daemon extends pulumi.ComponentResource {
    /** The address at which others dial this daemon. */
    readonly address: pulumi.Output<string>;
    /** Exists once the daemon is ready. */
    readonly ready: pulumi.Resource;

    constructor(name: string, args: DaemonArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:storm:Daemon", name, {}, opts);
        const options = { parent: this, provider: args.host.provider };
        const containerName = `${args.clusterName}-${args.daemon}`;
        const labels = Object.entries({ "storm.cluster": args.clusterName, "storm.daemon": args.daemon }).map(
            ([label, value]) => ({ label, value }),
        );

        const volumes = (args.dataDirectories ?? []).map((containerPath) => {
            const suffix = containerPath.slice(1);
            const volume = new docker.Volume(
                `${name}-${suffix}`,
                { name: `${containerName}-${suffix}`, labels },
                // Data is never deleted by an update; a daemon that comes back under its name finds it.
                { ...options, retainOnDelete: true },
            );
            return { containerPath, volumeName: volume.name };
        });

        const container = new docker.Container(
            `${name}-container`,
            {
                name: containerName,
                hostname: args.daemon,
                image: args.image,
                command: args.command,
                envs: Object.entries(args.environment ?? {}).map(([key, value]) => pulumi.interpolate`${key}=${value}`),
                uploads: Object.entries(args.files ?? {}).map(([file, content]) => ({ file, content })),
                volumes,
                labels,
                ...args.host.attach(args.daemon),
                ports: Object.entries(args.publish ?? {}).map(([external, internal]) => ({
                    ip: "127.0.0.1",
                    external: Number(external),
                    internal,
                })),
                // As PID 1 it reaps what a supervisor's workers leave behind.
                init: true,
                restart: "unless-stopped",
                memory: args.memory,
                memorySwap: args.memory,
                logDriver: "json-file",
                logOpts: { "max-size": "10m", "max-file": "3" },
                user: uid,
                capabilities: { drops: ["ALL"] },
                securityOpts: ["no-new-privileges:true"],
                stopTimeout: graceSeconds,
                destroyGraceSeconds: graceSeconds,
            },
            {
                ...options,
                dependsOn: [...args.after],
                deleteBeforeReplace: true,
                // The provider neither updates nor replaces for it.
                replaceOnChanges: ["init"],
            },
        );

        this.address = args.host.address;
        this.ready = new Ready(
            `${name}-ready`,
            {
                daemon: args.daemon,
                container: containerName,
                containerId: container.id,
                check: args.check,
                seconds: args.readySeconds,
                logFiles: args.logFiles ?? [],
            },
            { parent: this },
        );
        this.registerOutputs({ address: this.address });
    }
}
