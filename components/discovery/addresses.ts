import * as pulumi from "@pulumi/pulumi";
import type { Discovery } from "./discovery";

/** Discovery by `addresses`: a daemon is told the addresses of the hosts that the service's daemons run on. */
export const addresses: Discovery = {
    nameOf: (_daemon, host) => host.address,
    portOf: (_daemon, usual) => usual,
    serversOf: (service) => pulumi.all(service.endpoints.map(({ host }) => host.address)),
    aliasesOf: () => [],
    resolver: () => ({}),
    jvmOptions: "",
    before: () => [],
};
