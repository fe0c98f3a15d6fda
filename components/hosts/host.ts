import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";

/** A container's place on its host's network, as arguments of docker.Container. */
export type Attachment = Pick<docker.ContainerArgs, "networkMode" | "networksAdvanced">;

/** An address and a Docker daemon behind it. */
export interface Host {
    /** The address at which daemons on other hosts dial those on this one. */
    readonly address: pulumi.Output<string>;
    /** The provider that makes containers, volumes and images on this host. */
    readonly provider: docker.Provider;
    /**
     * How a container joins this host's network.
     * @param alias A name by which other containers of the same Docker network find this one.
     */
    attach(alias: string): Attachment;
}
