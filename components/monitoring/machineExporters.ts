import * as pulumi from "@pulumi/pulumi";
import type * as docker from "@pulumi/docker";
import { Ready } from "../../provider/resources";
import { type Peer, wiringOf } from "../discovery/wiring";
import { hostContainer } from "../hosts/docker/hostContainer";
import { hostImage } from "../hosts/docker/hostImage";
import type { Host } from "../hosts/host";
import { ports } from "../storm/spec/ports";
import { monitoringMemory } from "./defaults";

/** Arguments of {@link NodeExporter} and {@link CAdvisor}. */
export interface MachineExporterArgs {
    /** First part of the container's name. */
    clusterName: string;
    /** The machine: one container watches all of it. */
    host: Host;
    /** Image, as the official one. */
    image: string;
    /** Seconds that it has to become ready. */
    readySeconds: number;
}

/** What differs between the two. */
interface MachineExporterKind {
    /** Last part of its container's name. */
    daemon: string;
    /** MiB. */
    memory: number;
    port: number;
    /** What answers once it is ready. */
    path: string;
    /** Its arguments, where it listens at an address of its host. */
    flags: (address: string) => string[];
    /** Directories of the machine that it reads, by their place in the container. */
    mounts: Record<string, string>;
    container: Pick<docker.ContainerArgs, "user" | "pidMode" | "securityOpts" | "healthcheck">;
}

/** A container that serves metrics of the machine that it is on. */
abstract class MachineExporter extends pulumi.ComponentResource {
    /** Its name and its host. */
    readonly peer: Peer;
    /** Exists once it answers. */
    readonly ready: pulumi.Resource;

    constructor(
        type: string,
        name: string,
        { clusterName, host, image, readySeconds }: MachineExporterArgs,
        { daemon, memory, port, path, flags, mounts, container: own }: MachineExporterKind,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        const peer = { name: daemon, host };
        super(type, name, { wiring: [wiringOf(peer, [])] }, opts);
        this.peer = peer;
        const options = { parent: this, ...host.docker.options };
        const pulled = hostImage(`${name}-image`, image, host, { parent: this });
        const container = hostContainer(
            `${name}-container`,
            { clusterName, daemon, host, memory },
            {
                image,
                command: host.address.apply(flags),
                // Without propagation, which Docker refuses where the machine's / is private: on Docker Desktop, and without systemd.
                mounts: Object.entries(mounts).map(([target, source]) => ({
                    type: "bind",
                    source,
                    target,
                    readOnly: true,
                })),
                // They write nothing.
                readOnly: true,
                // It resolves nothing, so that no way of discovery concerns it.
                ...host.attach(daemon, [], []),
                ...own,
            },
            { ...options, dependsOn: [pulled] },
        );
        this.ready = new Ready(
            `${name}-ready`,
            {
                daemon,
                container: container.name,
                containerId: container.id,
                check: host.address.apply((address) => ({
                    kind: "http" as const,
                    url: `http://${address}:${port}${path}`,
                })),
                seconds: readySeconds,
                logFiles: [],
                ssh: host.docker.ssh,
            },
            options,
        );
        this.registerOutputs({ address: host.address });
    }
}

/**
 * A node exporter: processor, memory, disks and network of the machine. It has no privileges and is no root, so that it reads what
 * everybody may read.
 */
export class NodeExporter extends MachineExporter {
    constructor(name: string, args: MachineExporterArgs, opts?: pulumi.ComponentResourceOptions) {
        super(
            "storm:monitoring:NodeExporter",
            name,
            args,
            {
                daemon: "node-exporter",
                memory: monitoringMemory.nodeExporter,
                port: ports.nodeExporter,
                path: "/",
                flags: (address) => ["--path.rootfs=/host", `--web.listen-address=${address}:${ports.nodeExporter}`],
                mounts: { "/host": "/" },
                // By the machine's first process it knows the machine's file systems, and not the container's.
                container: {
                    user: "65534:65534",
                    pidMode: "host",
                    // Docker itself adds the second to such a container, which a refresh would take for a change.
                    securityOpts: ["no-new-privileges:true", "label=disable"],
                },
            },
            opts,
        );
    }
}

/** Kinds of metrics that are left out: each has a series for each processor or connection, or reads all files of a container. */
const costly = [
    ...["advtcp", "cpu_topology", "disk", "hugetlb", "memory_numa", "percpu"],
    ...["process", "referenced_memory", "resctrl", "sched", "tcp", "udp"],
];

/**
 * A cAdvisor: processor, memory, disk transfers and network of each container on the machine. It needs Docker's socket, and so root: who
 * controls it controls the machine. It has no capabilities, and needs none, nor a device.
 */
export class CAdvisor extends MachineExporter {
    constructor(name: string, args: MachineExporterArgs, opts?: pulumi.ComponentResourceOptions) {
        super(
            "storm:monitoring:CAdvisor",
            name,
            args,
            {
                daemon: "cadvisor",
                memory: monitoringMemory.cadvisor,
                port: ports.cadvisor,
                path: "/healthz",
                // All of these are flags of 0.38 and of 0.60.
                flags: (address) => [
                    `-port=${ports.cadvisor}`,
                    `-listen_ip=${address}`,
                    "-docker_only=true",
                    "-store_container_labels=false",
                    "-whitelisted_container_labels=storm.cluster,storm.daemon",
                    `-disable_metrics=${costly.join()}`,
                    // The shortest time between two scrapes.
                    "-housekeeping_interval=10s",
                    "-allow_dynamic_housekeeping=false",
                ],
                // A socket alone would be the old one once Docker has started again; Docker's data may be anywhere below /.
                mounts: { "/rootfs": "/", "/sys": "/sys", "/var/run": "/var/run" },
                // Its image's own check asks localhost, where it does not listen.
                container: { user: "0:0", healthcheck: { tests: ["NONE"] } },
            },
            opts,
        );
    }
}
