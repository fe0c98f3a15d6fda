import * as pulumi from "@pulumi/pulumi";
import { EnsembleMembership } from "../../../provider/resources";
import type { Inputs } from "../../../provider/schema";
import type { Discovery, Resolved } from "../../discovery/discovery";
import { locationOf, type PlacedDaemon } from "../../discovery/placedDaemon";
import type { Service } from "../../discovery/service";
import { type ClusterArgs, Daemon } from "./daemon";
import type { Ensemble } from "./ensemble";
import type { ZooKeeperMember } from "../security/zooKeeperTls";
import { ports } from "../spec/ports";
import type { SecurityStep } from "../spec/security";
import { cfgExtra, metricsProvider, type ZooCfg } from "../spec/zooCfg";
import { restartGate } from "../rollout/restartGate";

/** Arguments of {@link ZooKeeper}. */
export interface ZooKeeperArgs extends ClusterArgs {
    /** The members, on their hosts. A member's `myid` is its index. */
    daemons: readonly PlacedDaemon[];
    /** Image, as the official `zookeeper` has it. */
    image: string;
    /** Java heap of a member in MiB. */
    heap: number;
    /** Memory limit of a member in MiB. */
    memory: number;
    /** Entries of zoo.cfg. */
    zooCfg: ZooCfg;
    /** Whether members serve metrics for Prometheus. */
    metrics: boolean;
    /** Names of members that may leave; default: none. */
    mayLeave?: string[];
    /**
     * What members have for TLS, and how far they are on the way to it.
     * @default nothing: they are reached in plain
     */
    tls?: { member(daemon: PlacedDaemon): ZooKeeperMember; step: pulumi.Output<SecurityStep> } | undefined;
    /** What has to be there before the first member is made. */
    after: readonly pulumi.Resource[];
}

/** Where a member answers `srvr` to what runs in its container, if clients must use TLS. */
const loopback = "127.0.0.1";

/**
 * A ZooKeeper ensemble of the cluster's own. Members of a new one start together; they are changed, and new ones come to one that has
 * data, one after the other.
 */
export class ZooKeeper extends pulumi.ComponentResource implements Service, Ensemble {
    readonly daemons: readonly PlacedDaemon[];
    readonly ready: readonly pulumi.Resource[];
    readonly restarted: readonly pulumi.Resource[];
    readonly servers: pulumi.Output<string[]>;
    private readonly discovery: Discovery;

    constructor(name: string, args: ZooKeeperArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:storm:ZooKeeper", name, {}, opts);
        const { daemons: members, discovery } = args;
        // A member announces itself by its own entry: that is an address, as others may not resolve names yet.
        const servers = (own: PlacedDaemon) =>
            pulumi
                .all(
                    members.map((member) =>
                        server(member, member === own ? member.host.address : discovery.advertise(member).host),
                    ),
                )
                .apply((lines) => lines.join(" "));

        const plainAddress = (member: PlacedDaemon): pulumi.Output<string> => {
            const { bindAddress } = discovery.advertise(member);
            return args.tls
                ? pulumi.all([args.tls.step, bindAddress]).apply(([step, bound]) => (step < 2 ? bound : loopback))
                : bindAddress;
        };
        const advertised = pulumi.all(members.map((member) => discovery.advertise(member).host));
        const membership = new EnsembleMembership(
            `${name}-membership`,
            {
                daemons: members.map(({ name: member }) => member),
                // A machine that waits for the members before it, or will in the next update, cannot be asked before them:
                // such an ensemble does not shrink.
                members: pulumi.all(
                    members
                        .filter(({ host }) => host.waits === undefined)
                        .map((member) => membershipOf(member, plainAddress(member), discovery)),
                ),
                mayLeave: args.mayLeave ?? [],
                seconds: args.readySeconds,
            },
            { parent: this, dependsOn: [...args.after] },
        );
        const created: Daemon[] = [];
        const [limit, options] = [{ readySeconds: args.readySeconds }, { parent: this }];
        for (const [position, daemon] of members.entries()) {
            const bindAddress = plainAddress(daemon);
            const tls = args.tls?.member(daemon);
            // All members before this one: members with data must not be outvoted by members that start without.
            const gate =
                position === 0 ? [] : [restartGate(`${name}-restart-gate-${position}`, created, limit, options)];
            const member = new Daemon(
                `${name}-${daemon.index}`,
                {
                    ...args,
                    daemon,
                    environment: {
                        ZOO_MY_ID: String(daemon.index),
                        ZOO_SERVERS: servers(daemon),
                        // Not in the list of servers: Storm's client would read addresses there, and use them instead of its own.
                        ZOO_CFG_EXTRA: pulumi
                            .all([bindAddress, daemon.host.address, args.tls?.step])
                            .apply(([clientPortAddress, address, step]) =>
                                cfgExtra({
                                    clientPort: ports.zookeeper,
                                    clientPortAddress,
                                    ...(step !== undefined && tls?.zooCfg(step, address)),
                                    ...(args.metrics && metricsProvider(address)),
                                    ...args.zooCfg,
                                }),
                            ),
                        // An ensemble of one is one that can grow.
                        ZOO_STANDALONE_ENABLED: "false",
                        ZOO_4LW_COMMANDS_WHITELIST: "srvr,ruok,mntr",
                        ZOO_ADMINSERVER_ENABLED: "false",
                        // Hours; the images' default of 0 keeps every snapshot.
                        ZOO_AUTOPURGE_PURGEINTERVAL: "1",
                        ZK_SERVER_HEAP: String(args.heap),
                        ...(discovery.jvmOptions && { JVMFLAGS: discovery.jvmOptions }),
                    },
                    ...(tls && { files: tls.files }),
                    receives: members,
                    dataDirectories: ["/data", "/datalog"],
                    // A member that starts empty copies from the others, and becomes ready when it has.
                    replicas: [],
                    check: pulumi
                        .all([advertised, bindAddress, daemon.host.address])
                        .apply(([all, bound, address]) => ({
                            kind: "zookeeper" as const,
                            port: ports.zookeeper,
                            member: position,
                            members: all,
                            ...(bound !== address && {
                                closed: { address: bound, peersPort: ports.zookeeperElection },
                            }),
                        })),
                    after: [...args.after, membership, ...gate],
                },
                options,
            );
            created.push(member);
        }

        this.daemons = members;
        this.discovery = discovery;
        this.ready = created.map(({ ready }) => ready);
        this.restarted = [restartGate(`${name}-restart-gate`, created, limit, options)];
        this.servers = pulumi.all(
            members.map(({ host: { address }, defaultPort }) => pulumi.interpolate`${address}:${defaultPort}`),
        );
        this.registerOutputs({ addresses: members.map(({ host }) => host.address) });
    }

    resolve(from: PlacedDaemon): Resolved {
        return this.discovery.resolve(this, from);
    }
}

function membershipOf(
    member: PlacedDaemon,
    plainAddress: pulumi.Output<string>,
    discovery: Discovery,
): pulumi.Output<Inputs<"EnsembleMembership">["members"][number]> {
    const { name: daemon, host } = member;
    return pulumi.all([locationOf(member, discovery), plainAddress]).apply(([{ container, ssh }, address]) => ({
        daemon,
        container,
        ssh,
        address,
        port: ports.zookeeper,
        isLost: host.machine?.unusable !== undefined,
    }));
}

function server({ index }: PlacedDaemon, name: pulumi.Output<string>): pulumi.Output<string> {
    return pulumi.interpolate`server.${index}=${name}:${ports.zookeeperPeers}:${ports.zookeeperElection}`;
}
