import * as pulumi from "@pulumi/pulumi";
import type { NimbusContainer } from "../../provider/schema";
import type { Endpoint, Service } from "../discovery/service";
import type { Host } from "../hosts/host";
import { ports } from "./ports";
import { restartGate } from "./restartGate";
import { type StormArgs, StormDaemon } from "./stormDaemon";

/** Arguments of {@link Nimbus}. */
export interface NimbusArgs extends StormArgs {
    /** The host of each Nimbus, by the daemon's name: `nimbus-<number>`. */
    hosts: Record<string, Host>;
    /** Java heap in MiB. */
    heap: number;
    /** Memory limit in MiB. */
    memory: number;
}

/**
 * Storm's default has a Nimbus that starts while a supervisor is gone wait 10 minutes for it before it gives out any work; those
 * that are there tell it of their workers within seconds.
 */
const nimbusDefaults = { "supervisor.worker.heartbeats.max.timeout.secs": 60 };

/** The Nimbus daemons, one of which leads. They start together, and are changed one after the other. */
export class Nimbus extends pulumi.ComponentResource implements Service {
    readonly endpoints: readonly Endpoint[];
    readonly ready: readonly pulumi.Resource[];
    readonly restarted: readonly pulumi.Resource[];
    /** The container of each whose machine can be used. */
    readonly containers: pulumi.Output<NimbusContainer[]>;

    constructor(name: string, args: NimbusArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:storm:Nimbus", name, {}, opts);
        const hosts = Object.entries(args.hosts);
        this.endpoints = hosts.map(([daemon, host]) => ({ daemon, host, port: args.discovery.portOf(daemon, ports.nimbus) }));
        const containers = hosts.map(([daemon, host]) => containerOf(daemon, host, args));

        const daemons: StormDaemon[] = [];
        const [limit, options] = [{ readySeconds: args.readySeconds }, { parent: this }];
        for (const [index, [daemon, host]] of hosts.entries()) {
            const port = args.discovery.portOf(daemon, ports.nimbus);
            const gate = index === 0 ? [] : [restartGate(`${name}-restart-gate-${index}`, daemons.slice(-1), limit, options)];
            const nimbus = new StormDaemon(
                daemon.replace("nimbus", name),
                {
                    ...args,
                    daemon,
                    host,
                    run: "nimbus",
                    nimbus: this,
                    heaps: { nimbus: args.heap },
                    stormYaml: pulumi.output(args.stormYaml ?? {}).apply((config) => ({ ...nimbusDefaults, ...config })),
                    launch: {
                        // With blobs on one Nimbus alone, no other could lead without it.
                        ...(hosts.length > 1 && { "topology.min.replication.count": 2 }),
                        ...(port !== ports.nimbus && { "nimbus.thrift.port": port }),
                    },
                    dataDirectories: ["/data"],
                    // They copy each other's blobs.
                    replicas: pulumi.all(containers.filter((_, other) => other !== index)),
                    check: args.discovery.nameOf(daemon, host).apply((address) => ({ kind: "nimbus" as const, address, port })),
                    after: [...args.zookeeper.restarted, ...gate],
                    readyAfter: args.zookeeper.ready,
                },
                options,
            );
            daemons.push(nimbus);
        }

        this.ready = daemons.map(({ ready }) => ready);
        this.restarted = [restartGate(`${name}-restart-gate`, daemons, limit, options)];
        this.containers = pulumi.all(containers.filter((_, index) => daemons[index]?.isUsable));
        this.registerOutputs({ addresses: hosts.map(([, host]) => host.address) });
    }
}

function containerOf(daemon: string, host: Host, { clusterName, discovery }: NimbusArgs): pulumi.Output<NimbusContainer> {
    return pulumi
        .all([discovery.nameOf(daemon, host), host.docker.ssh])
        .apply(([address, ssh]) => ({ container: `${clusterName}-${daemon}`, ssh, address, port: discovery.portOf(daemon, ports.nimbus) }));
}
