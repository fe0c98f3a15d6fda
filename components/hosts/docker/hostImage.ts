import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "../host";
import { refuseOtherPlatform } from "./imagePlatform";

/**
 * An image on a host's Docker daemon. It stays there when nothing uses it any more. One that the host's processor cannot run is refused.
 * @param name Name of the resource.
 * @param image Such as `storm:3.1.0`.
 * @param opts Parent of the resource.
 */
export function hostImage(
    name: string,
    image: string,
    host: Host,
    opts: pulumi.CustomResourceOptions,
): docker.RemoteImage {
    const { provider, identity, options } = host.docker;
    return new docker.RemoteImage(
        name,
        // Another machine in the place of this one does not have it.
        { name: image, keepLocally: true, triggers: identity && { machine: identity } },
        { ...options, provider, hooks: refuseOtherPlatform(image, host.docker), ...opts },
    );
}
