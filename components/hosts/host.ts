import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";

/** How a container joins its host's network, as arguments of docker.Container. */
export type Attachment = Pick<docker.ContainerArgs, "networkMode" | "networksAdvanced" | "hostname" | "ports"> & {
    /** Addresses of names that it finds without asking. */
    hosts?: docker.types.input.ContainerHost[];
};

/** A Docker daemon, and the machine that it runs on. */
export interface DockerDaemon {
    /** Tells it from the stack's others, in the names of resources. */
    readonly name: string;
    /** The provider that makes containers and images on it. */
    readonly provider: docker.Provider;
    /** The key of the stack's {@link Owner}, which tells its containers from others of the same names. */
    readonly owner: pulumi.Output<string>;
    /** Options of every resource that stands on the machine: where it is not to be touched, they are left as they are. */
    readonly options: pulumi.CustomResourceOptions;
    /** The `ssh` command line that logs in on the machine; undefined: it is this one. */
    readonly ssh?: pulumi.Output<string[]>;
    /** Tells the machine from another in its place, which has none of its containers; undefined: it is this one. */
    readonly identity?: pulumi.Output<string>;
}

/** A directory whose data outlives the container that it is mounted into. */
export interface DataDirectory {
    /** Where it comes from, as an argument of docker.Container. */
    readonly mount: Omit<docker.types.input.ContainerVolume, "containerPath">;
    /** What makes it: the container is made after it. */
    readonly resource: pulumi.Resource;
}

/** What {@link Host.dataDirectory} is to make. */
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

/** An address and a Docker daemon behind it. */
export interface Host {
    /** The address at which daemons on other hosts dial those on this one. */
    readonly address: pulumi.Output<string>;
    /** Where its containers run. */
    readonly docker: DockerDaemon;
    /**
     * The machine that keeps the data of its daemons; undefined where that is kept whatever the machine: there is but
     * one, or the data is on a volume of its own.
     */
    readonly machine?: Machine;
    /** Whether its machine is made after daemons on others are ready, so that those cannot wait for it; default: it is not. */
    readonly waits?: boolean;
    /** Whether its machine may not be deleted, so that nothing on it is to be stopped for that; default: it may. */
    readonly isProtected?: boolean;
    /** Is told what exists once the daemon on it is ready. */
    becomesReady?(ready: pulumi.Resource): void;
    /**
     * How a container joins this host's network.
     * @param daemon The daemon's name, by which the container finds itself and, on one Docker network, others find it.
     * @param aliases Further such names.
     * @param published Ports that are to be reached from outside of the network.
     */
    attach(daemon: string, aliases: string[], published: number[]): Attachment;
    /**
     * How a container joins a network of its own, in which nobody but this machine reaches it, at one port of 127.0.0.1; undefined
     * where that cannot be.
     */
    enclose?(daemon: string, port: number): Attachment;
    /**
     * The address at which containers that are enclosed reach what listens on this machine.
     * @param name Name of the resource that finds it.
     * @param opts Parent of the resource.
     */
    bridgeAddress?(name: string, opts: pulumi.CustomResourceOptions): pulumi.Output<string>;
    /**
     * Makes a directory for a daemon's data. It is never deleted.
     * @param name Name of the resource.
     * @param opts Parent of the resource.
     */
    dataDirectory(name: string, args: DataDirectoryArgs, opts: pulumi.CustomResourceOptions): DataDirectory;
    /**
     * Makes sure that the machine has the memory for the daemons that are placed on it; undefined where nobody can
     * say in advance.
     * @param name Name of the resource.
     * @param needed MiB without which they cannot run.
     * @param wanted MiB that they may come to use.
     * @param opts Parent of the resource.
     */
    requireMemory?(name: string, needed: number, wanted: number, opts: pulumi.CustomResourceOptions): pulumi.Resource;
}

/** What tells one machine from another. */
export interface Machine {
    /** The name that it has in the settings. */
    readonly host: string;
    /** The key by which it proves to be the same. */
    readonly key: pulumi.Output<string>;
    /** Why nothing can be made on it now, such as `is lost`; undefined: it can. */
    readonly unusable?: string;
}
