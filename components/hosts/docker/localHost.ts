import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { labels } from "../../network/labels";
import type { LocalNetwork } from "../../network/localNetwork";
import type { Logging } from "./logging";
import type { Attachment, DataDirectory, DataDirectoryArgs, DockerEngine, Host } from "../host";

/** Arguments of {@link LocalHost}. */
export interface LocalHostArgs {
    /** The Docker network that the address belongs to. */
    network: LocalNetwork;
    /**
     * IPv4 address within the network's subnet. It is fixed, as Docker would otherwise give containers that restart
     * in another order each other's addresses.
     */
    address: string;
    /** The key of the stack's {@link StackId}. */
    owner: pulumi.Output<string>;
    /**
     * Where Docker sends the output of its container.
     * @default the driver `json-file`, three files of 10 MB
     */
    logging?: Logging;
}

/** A host on this machine: a fixed address on one Docker network, for one container. */
export class LocalHost extends pulumi.ComponentResource implements Host {
    readonly address: pulumi.Output<string>;
    readonly docker: DockerEngine;
    private readonly network: LocalNetwork;

    constructor(name: string, args: LocalHostArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:hosts:LocalHost", name, {}, opts);
        this.address = pulumi.output(args.address);
        const { network, owner, logging } = args;
        this.docker = { name: "local", provider: network.provider, owner, options: {}, logging };
        this.network = network;
        this.registerOutputs({ address: this.address });
    }

    attach(daemon: string, aliases: string[], published: number[]): Attachment {
        return {
            hostname: daemon,
            // The provider connects containers of Docker's default network alone with the address that is asked for.
            networkMode: "bridge",
            networksAdvanced: [
                { name: this.network.networkName, ipv4Address: this.address, aliases: [daemon, ...aliases] },
            ],
            ports: published.map((port) => ({ ip: "127.0.0.1", external: port, internal: port })),
        };
    }

    /** A Docker volume. */
    dataDirectory(name: string, args: DataDirectoryArgs, opts: pulumi.CustomResourceOptions): DataDirectory {
        const volume = new docker.Volume(
            name,
            {
                name: `${args.clusterName}-${args.daemon}-${args.containerPath.slice(1).replaceAll("/", "-")}`,
                labels: labels({ "storm.cluster": args.clusterName, "storm.daemon": args.daemon }),
            },
            { ...opts, provider: this.docker.provider, retainOnDelete: true },
        );
        return { mount: { volumeName: volume.name }, resource: volume };
    }
}
