import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { labels } from "./labels";
import { addressAt } from "./subnet";

/** Arguments of {@link LocalNetwork}. */
export interface LocalNetworkArgs {
    /** The network's name in Docker. */
    networkName: string;
    /** IPv4 subnet, at least a /24; no other Docker network of this machine may overlap it. */
    subnet: string;
    /** Docker labels of the network; default: none. */
    labels?: pulumi.Input<Record<string, string>>;
    /** Hooks of the network; default: none. */
    hooks?: pulumi.ResourceHookBinding;
}

/** A Docker network of this machine, for the containers of one stack. */
export class LocalNetwork extends pulumi.ComponentResource {
    /** The network's name in Docker, known once the network exists. */
    readonly networkName: pulumi.Output<string>;
    /** The provider for this machine's Docker daemon: DOCKER_HOST, or the default socket. */
    readonly provider: docker.Provider;

    constructor(name: string, args: LocalNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:network:LocalNetwork", name, {}, opts);
        // Without the check a preview needs no Docker daemon.
        this.provider = new docker.Provider(`${name}-docker`, { disableDockerDaemonCheck: true }, { parent: this });
        const network = new docker.Network(
            name,
            {
                name: args.networkName,
                driver: "bridge",
                // Containers without a fixed address (Storm's client) get one of the first 15, which no daemon has.
                ipamConfigs: [
                    {
                        subnet: args.subnet,
                        gateway: addressAt(args.subnet, 1),
                        ipRange: args.subnet.replace(/\d+$/, "28"),
                    },
                ],
                labels: pulumi.output(args.labels ?? {}).apply(labels),
            },
            { parent: this, provider: this.provider, deleteBeforeReplace: true, hooks: args.hooks },
        );
        this.networkName = network.name;
        this.registerOutputs({ networkName: this.networkName });
    }
}
