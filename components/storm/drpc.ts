import * as pulumi from "@pulumi/pulumi";
import type { Discovery, Placed } from "../discovery/discovery";
import type { Endpoint, Service } from "../discovery/service";
import type { Host } from "../hosts/host";
import { ports } from "./ports";
import { type StormArgs, StormDaemon } from "./stormDaemon";

/** Arguments of {@link Drpc}. */
export interface DrpcArgs extends StormArgs {
    /** The host of each server, by the daemon's name: `drpc-<number>`. */
    hosts: Record<string, Host>;
    /** The Nimbus daemons. */
    nimbus: Service;
    /** Java heap in MiB. */
    heap: number;
    /** Memory limit in MiB. */
    memory: number;
}

/** The DRPC servers: they hand calls to topologies and results back to callers. */
export class Drpc extends pulumi.ComponentResource implements Pick<Service, "endpoints"> {
    readonly endpoints: readonly Endpoint[];

    constructor(name: string, args: DrpcArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:storm:Drpc", name, {}, opts);
        const hosts = Object.entries(args.hosts);
        this.endpoints = hosts.map(([daemon, host]) => ({ daemon, host, port: ports.drpc }));
        for (const [daemon, host] of hosts) {
            new StormDaemon(
                daemon.replace("drpc", name),
                {
                    ...args,
                    daemon,
                    host,
                    run: "drpc",
                    launch: drpcServers(this, args.discovery, { daemon, host }),
                    heaps: { drpc: args.heap },
                    check: args.discovery.nameOf(daemon, host).apply((address) => ({ kind: "port" as const, address, port: ports.drpc })),
                    after: args.nimbus.restarted,
                    readyAfter: args.nimbus.ready,
                },
                { parent: this },
            );
        }
        this.registerOutputs({ addresses: hosts.map(([, host]) => host.address) });
    }
}

/** Configuration by which workers and DRPC servers find the DRPC servers. */
export function drpcServers(drpc: Pick<Service, "endpoints">, discovery: Discovery, from: Placed): pulumi.Output<{ "drpc.servers": string[] }> {
    return discovery.serversOf(drpc, from).apply((servers) => ({ "drpc.servers": servers }));
}
