import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Logging } from "./docker/logging";

/** How a container joins its host's network, as arguments of docker.Container. */
export type Attachment = Pick<docker.ContainerArgs, "networkMode" | "networksAdvanced" | "hostname" | "ports"> & {
    /** Addresses of names that it resolves without a DNS server. */
    hosts?: docker.types.input.ContainerHost[];
};

/** A Docker Engine, and the machine that it runs on. */
export interface DockerEngine {
    /** Its name among the stack's engines, which the names of resources contain. */
    readonly name: string;
    /** The provider that creates containers and images on it. */
    readonly provider: docker.Provider;
    /** The key of the stack's {@link StackId}, by which its containers are known from others of the same names. */
    readonly owner: pulumi.Output<string>;
    /** Options of every resource on the machine: if the machine must not be changed, they leave the resource as it is. */
    readonly options: pulumi.CustomResourceOptions;
    /**
     * Where it sends the output of its containers.
     * @default the driver `json-file`, three files of 10 MB for each container
     */
    readonly logging?: Logging;
    /** The `ssh` command line that logs in to the machine; undefined: it is this machine. */
    readonly ssh?: pulumi.Output<string[]>;
    /** Identifies the machine: another at its address has none of its containers; undefined: it is this machine. */
    readonly identity?: pulumi.Output<string>;
}

/** A directory whose data outlives the container that it is mounted into. */
export interface DataDirectory {
    /** The source of the mount, as an argument of docker.Container. */
    readonly mount: Omit<docker.types.input.ContainerVolume, "containerPath">;
    /** The resource that creates it: the container is created after that. */
    readonly resource: pulumi.Resource;
}

/** Arguments of {@link Host.dataDirectory}. */
export interface DataDirectoryArgs {
    /** The cluster that the data belongs to. */
    clusterName: string;
    /** The daemon that the data belongs to. */
    daemon: string;
    /** The directory's path within the container. */
    containerPath: string;
    /** Uid and gid of its owner. */
    owner: number;
}

/** An address and a Docker Engine behind it. */
export interface Host {
    /** The address at which daemons on other hosts connect to the daemons on this one. */
    readonly address: pulumi.Output<string>;
    /**
     * The address at which those connect to it who are outside of the cluster's network.
     * @default the same
     */
    readonly outerAddress?: pulumi.Output<string>;
    /** Where its containers run. */
    readonly docker: DockerEngine;
    /**
     * The machine that keeps the data of its daemons; undefined if the data outlives the machine: there is only one
     * machine, or the data is on a volume of its own.
     */
    readonly machine?: Machine;
    /**
     * Whether its machine is created after daemons on other hosts are ready, so that these cannot wait for it.
     * @default false
     */
    readonly waits?: boolean;
    /**
     * Whether its machine is protected from deletion, so that nothing on it is stopped for one.
     * @default false
     */
    readonly isProtected?: boolean;
    /**
     * Receives the gates of the daemons on this host. The order of events: the host's machine is created, the daemons on it are declared,
     * each calls this with its gate, and the machine of the next host, which was declared with this one as its `after`, depends
     * on the first of them. So machines with data are replaced one after the other, each once that daemon on the one before is ready.
     */
    becomesReady?(ready: pulumi.Resource): void;
    /**
     * How a container joins this host's network.
     * @param daemon The daemon's name, by which the container resolves itself and, on a Docker network, others resolve it.
     * @param aliases Further such names.
     * @param published Ports that are to be reached from outside of the network.
     */
    attach(daemon: string, aliases: string[], published: number[]): Attachment;
    /**
     * How a container joins a network of its own, in which only this machine reaches it, at one port of 127.0.0.1; undefined
     * if the host cannot do that.
     */
    enclose?(daemon: string, port: number): Attachment;
    /**
     * The address at which enclosed containers connect to what listens on this machine.
     * @param name Name of the resource that finds it.
     * @param opts Parent of the resource.
     */
    bridgeAddress?(name: string, opts: pulumi.CustomResourceOptions): pulumi.Output<string>;
    /**
     * Creates a directory for a daemon's data. It is never deleted.
     * @param name Name of the resource.
     * @param opts Parent of the resource.
     */
    dataDirectory(name: string, args: DataDirectoryArgs, opts: pulumi.CustomResourceOptions): DataDirectory;
    /**
     * Makes sure that the machine has the memory for the daemons that are placed on it; undefined if the daemons are not
     * known in advance.
     * @param name Name of the resource.
     * @param needed MiB without which they cannot run.
     * @param wanted MiB that they may come to use.
     * @param opts Parent of the resource.
     */
    requireMemory?(name: string, needed: number, wanted: number, opts: pulumi.CustomResourceOptions): pulumi.Resource;
}

/** The identity of a machine. */
export interface Machine {
    /** Its name in the arguments. */
    readonly host: string;
    /** The key by which it proves to be the same. */
    readonly key: pulumi.Output<string>;
    /** Why nothing can be created on it now, such as `is lost`; undefined: it can be used. */
    readonly unusable?: string;
}
