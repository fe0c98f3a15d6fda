import * as pulumi from "@pulumi/pulumi";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import type { Service } from "../../discovery/service";
import { type StormArgs, StormDaemon } from "./stormDaemon";

/** Arguments of {@link Drpc}. */
export interface DrpcArgs extends StormArgs {
    /** The servers, on their hosts. */
    daemons: readonly PlacedDaemon[];
    /** The Nimbus daemons. */
    nimbus: Service;
    /** Java heap in MiB. */
    heap: number;
    /** Memory limit in MiB. */
    memory: number;
}

/** The DRPC servers: they hand calls to topologies and results back to callers. */
export class Drpc extends pulumi.ComponentResource implements Pick<Service, "daemons"> {
    readonly daemons: readonly PlacedDaemon[];
    /** Resources that exist once the servers are ready. */
    readonly ready: readonly pulumi.Resource[];

    constructor(name: string, args: DrpcArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:storm:Drpc", name, {}, opts);
        this.daemons = args.daemons;
        this.ready = args.daemons.map((daemon) => {
            const { host: address, port } = args.discovery.advertise(daemon);
            const server = new StormDaemon(
                `${name}-${daemon.index}`,
                {
                    ...args,
                    daemon,
                    run: "drpc",
                    drpc: this,
                    heaps: { drpc: args.heap },
                    check: address.apply((at) => ({ kind: "port" as const, address: at, port })),
                    after: args.nimbus.restarted,
                    readyAfter: args.nimbus.ready,
                },
                { parent: this },
            );
            return server.ready;
        });
        this.registerOutputs({ addresses: args.daemons.map(({ host }) => host.address) });
    }
}
