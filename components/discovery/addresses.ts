import * as pulumi from "@pulumi/pulumi";
import type { Discovery } from "./discovery";

/** Discovery by `addresses`: a daemon receives the addresses of the hosts that the service's daemons run on. */
export const addresses: Discovery = {
    advertise: ({ host: { address }, defaultPort }) => ({ host: address, port: defaultPort, bindAddress: address }),
    resolve: ({ daemons }) => ({
        servers: pulumi.all(daemons.map(({ host }) => host.address)),
        // A service has at least one daemon.
        port: daemons[0]?.defaultPort as number,
        peers: daemons,
    }),
    attach: ({ name, host }, published) => host.attach(name, [], published),
    source: ({ host }) => host,
    peers: () => [],
    jvmOptions: "",
    before: () => [],
};
