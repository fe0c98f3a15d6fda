import * as pulumi from "@pulumi/pulumi";
import type { Discovery } from "./discovery";

/** Discovery by `addresses`: a daemon is told the addresses of the hosts that the service's daemons run on. */
export const addresses: Discovery = {
    nameOf: (_daemon, host) => host.address,
    portOf: (_daemon, usual) => usual,
    dialledAt: (usual) => usual,
    listensOn: (_daemon, host) => host.address,
    serversOf: (service) => pulumi.all(service.endpoints.map(({ host }) => host.address)),
    attach: ({ daemon, host }, published) => host.attach(daemon, [], published),
    jvmOptions: "",
    before: () => [],
};
