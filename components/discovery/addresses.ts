import * as pulumi from "@pulumi/pulumi";
import type { Service } from "./service";

/** Discovery by `addresses`: a daemon is told the addresses of the hosts that the service's daemons run on. */
export function addresses(service: Service): pulumi.Output<string[]> {
    return pulumi.all(service.endpoints.map((endpoint) => endpoint.address));
}
