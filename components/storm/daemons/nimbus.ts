import * as pulumi from "@pulumi/pulumi";
import type { NimbusContainer } from "../../../provider/schema";
import { locationOf, type PlacedDaemon } from "../../discovery/placedDaemon";
import type { Service } from "../../discovery/service";
import { ports } from "../spec/ports";
import type { StormConfig } from "../spec/stormConfig";
import { restartGate } from "../rollout/restartGate";
import { nimbusWithLogviewer } from "./logviewer";
import { runs, type StormArgs, StormDaemon } from "./stormDaemon";

/** Arguments of {@link Nimbus}. */
export interface NimbusArgs extends StormArgs {
    /** The Nimbus daemons, on their hosts. */
    daemons: readonly PlacedDaemon[];
    /** Java heap of Nimbus, and of the logviewer beside it, in MiB. */
    heap: { nimbus: number; logviewer: number };
    /** Memory limit in MiB, with or without a logviewer. */
    memory: (logviewer: boolean) => number;
    /**
     * Whether a logviewer runs beside a daemon, from the second revision on: Storm UI links to Nimbus's log at its address. Where a
     * supervisor has the same address, its logviewer has the port.
     */
    logviewer: (daemon: PlacedDaemon) => boolean;
    /** Entries of its storm.yaml by which it looks at who calls; default: it does not. */
    authorization?: pulumi.Input<StormConfig>;
}

/**
 * By Storm's default, a Nimbus that starts while a supervisor is missing waits 10 minutes for it before it assigns any work. The
 * supervisors that run report their workers within seconds.
 */
const nimbusDefaults = { "supervisor.worker.heartbeats.max.timeout.secs": 60 };

/** The Nimbus daemons, one of which leads. They start together, and are updated one after the other. */
export class Nimbus extends pulumi.ComponentResource implements Service {
    readonly daemons: readonly PlacedDaemon[];
    readonly ready: readonly pulumi.Resource[];
    readonly restarted: readonly pulumi.Resource[];
    /** The container of each whose machine can be used. */
    readonly containers: pulumi.Output<NimbusContainer[]>;

    constructor(name: string, args: NimbusArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:storm:Nimbus", name, {}, opts);
        const { discovery } = args;
        this.daemons = args.daemons;
        const containers = args.daemons.map((daemon) =>
            locationOf(daemon, discovery).apply((location) => ({ ...location, tls: args.nimbusTls })),
        );

        const created: StormDaemon[] = [];
        const [limit, options] = [{ readySeconds: args.readySeconds }, { parent: this }];
        for (const [index, daemon] of args.daemons.entries()) {
            const { host: address, port } = discovery.advertise(daemon);
            const gate =
                index === 0 ? [] : [restartGate(`${name}-restart-gate-${index}`, created.slice(-1), limit, options)];
            const logviewer = args.revision.apply((revision) => revision > 1 && args.logviewer(daemon));
            const nimbus = new StormDaemon(
                `${name}-${daemon.index}`,
                {
                    ...args,
                    daemon,
                    run: "nimbus",
                    nimbus: this,
                    script: logviewer.apply((beside) => (beside ? nimbusWithLogviewer : runs("nimbus"))),
                    heaps: logviewer.apply((beside) => ({
                        nimbus: args.heap.nimbus,
                        ...(beside && { logviewer: args.heap.logviewer }),
                    })),
                    memory: logviewer.apply(args.memory),
                    stormYaml: pulumi
                        .all([args.stormYaml ?? {}, args.authorization ?? {}])
                        .apply(([config, authorization]) => ({ ...nimbusDefaults, ...config, ...authorization })),
                    launch: {
                        // With blobs on one Nimbus alone, no other could lead without it.
                        ...(args.daemons.length > 1 && { "topology.min.replication.count": 2 }),
                        ...(port !== ports.nimbus && !args.nimbusTls && { "nimbus.thrift.port": port }),
                    },
                    dataDirectories: ["/data"],
                    // They copy each other's blobs.
                    replicas: pulumi.all(containers.filter((_, other) => other !== index)),
                    check: address.apply((at) => ({
                        kind: "nimbus" as const,
                        address: at,
                        port,
                        tls: args.nimbusTls,
                    })),
                    after: [...args.zookeeper.restarted, ...gate],
                    readyAfter: args.zookeeper.ready,
                },
                options,
            );
            created.push(nimbus);
        }

        this.ready = created.map(({ ready }) => ready);
        this.restarted = [restartGate(`${name}-restart-gate`, created, limit, options)];
        this.containers = pulumi.all(containers.filter((_, index) => created[index]?.isUsable));
        this.registerOutputs({ addresses: args.daemons.map(({ host }) => host.address) });
    }
}
