import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { LocalNetwork } from "../network/localNetwork";
import type { Attachment, Host } from "./host";

/** Arguments of {@link LocalHost}. */
export interface LocalHostArgs {
    /** The Docker network that the address belongs to. */
    network: LocalNetwork;
    /**
     * IPv4 address within the network's subnet. It is fixed, as Docker would otherwise give containers that restart
     * in another order each other's addresses.
     */
    address: string;
}

/** A host on this machine: a fixed address on one Docker network, for one container. */
export class LocalHost extends pulumi.ComponentResource implements Host {
    readonly address: pulumi.Output<string>;
    readonly provider: docker.Provider;
    private readonly network: LocalNetwork;

    constructor(name: string, args: LocalHostArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:hosts:LocalHost", name, {}, opts);
        this.address = pulumi.output(args.address);
        this.provider = args.network.provider;
        this.network = args.network;
        this.registerOutputs({ address: this.address });
    }

    attach(alias: string): Attachment {
        return {
            // The provider connects containers of Docker's default network alone with the address that is asked for.
            networkMode: "bridge",
            networksAdvanced: [{ name: this.network.networkName, ipv4Address: this.address, aliases: [alias] }],
        };
    }
}
