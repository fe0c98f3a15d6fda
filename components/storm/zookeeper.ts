import * as pulumi from "@pulumi/pulumi";
import { Membership } from "../../provider/resources";
import type { Inputs } from "../../provider/schema";
import type { Placed } from "../discovery/discovery";
import type { Endpoint, Service } from "../discovery/service";
import type { Host } from "../hosts/host";
import { type ClusterArgs, Daemon } from "./daemon";
import type { Ensemble } from "./ensemble";
import { ports } from "./ports";
import { restartGate } from "./restartGate";

/** Arguments of {@link ZooKeeper}. */
export interface ZooKeeperArgs extends ClusterArgs {
    /** The host of each member, by the member's name: `zookeeper-<id>`, where the id is its `myid` for ever. */
    hosts: Record<string, Host>;
    /** Image, as the official `zookeeper` has it. */
    image: string;
    /** Java heap of a member in MiB. */
    heap: number;
    /** Memory limit of a member in MiB. */
    memory: number;
    /** Names of members that may leave; default: none. */
    mayLeave?: string[];
    /** What has to be there before the first member is made. */
    after: readonly pulumi.Resource[];
}

/**
 * A ZooKeeper ensemble of the cluster's own. Members of a new one start together; they are changed, and new ones come to one that has
 * data, one after the other.
 */
export class ZooKeeper extends pulumi.ComponentResource implements Service, Ensemble {
    readonly endpoints: readonly Endpoint[];
    readonly ready: readonly pulumi.Resource[];
    readonly restarted: readonly pulumi.Resource[];
    readonly servers: pulumi.Output<string[]>;
    readonly port = ports.zookeeper;
    readonly serversFor: (from: Placed) => pulumi.Output<string[]>;

    constructor(name: string, args: ZooKeeperArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:storm:ZooKeeper", name, {}, opts);
        const members = Object.entries(args.hosts).map(([daemon, host]) => ({
            daemon,
            host,
            id: Number(daemon.replace("zookeeper-", "")),
        }));
        // A member tells the others where it is by its own entry: that is its address, as some may know no names yet.
        const servers = (own: number) =>
            pulumi
                .all(members.map(({ daemon, id, host }) => server(id, id === own ? host.address : args.discovery.nameOf(daemon, host))))
                .apply((lines) => lines.join(" "));

        const names = pulumi.all(members.map(({ daemon, host }) => args.discovery.nameOf(daemon, host)));
        const membership = new Membership(
            `${name}-membership`,
            {
                daemons: Object.keys(args.hosts),
                // A machine that waits for members before it, or will once there is a cluster, cannot be asked before them:
                // such an ensemble does not shrink.
                members: pulumi.all(
                    members.filter(({ host }) => host.waits === undefined).map(({ daemon, host }) => memberOf(daemon, host, args)),
                ),
                mayLeave: args.mayLeave ?? [],
                seconds: args.readySeconds,
            },
            { parent: this, dependsOn: [...args.after] },
        );
        const daemons: Daemon[] = [];
        const [limit, options] = [{ readySeconds: args.readySeconds }, { parent: this }];
        for (const { daemon, host, id } of members) {
            const listensOn = args.discovery.listensOn(daemon, host);
            // All before it: one that has data is not to be outvoted by those that start without.
            const gate = daemons.length === 0 ? [] : [restartGate(`${name}-restart-gate-${daemons.length}`, daemons, limit, options)];
            const member = new Daemon(
                `${name}-${id}`,
                {
                    ...args,
                    daemon,
                    host,
                    environment: {
                        ZOO_MY_ID: String(id),
                        ZOO_SERVERS: servers(id),
                        // Not among the servers: Storm's client would learn addresses from there, and forget how it was told to dial.
                        ZOO_CFG_EXTRA: pulumi.interpolate`clientPort=${ports.zookeeper} clientPortAddress=${listensOn}`,
                        // An ensemble of one is one that can grow.
                        ZOO_STANDALONE_ENABLED: "false",
                        ZOO_4LW_COMMANDS_WHITELIST: "srvr,ruok,mntr",
                        ZOO_ADMINSERVER_ENABLED: "false",
                        // Hours; the images' default of 0 keeps every snapshot.
                        ZOO_AUTOPURGE_PURGEINTERVAL: "1",
                        ZK_SERVER_HEAP: String(args.heap),
                        ...(args.discovery.jvmOptions && { JVMFLAGS: args.discovery.jvmOptions }),
                    },
                    dataDirectories: ["/data", "/datalog"],
                    // A member that starts empty copies from the others, and becomes ready when it has.
                    replicas: [],
                    check: pulumi
                        .all([names, listensOn, host.address])
                        .apply(([dialled, listens, address]) => ({
                            kind: "zookeeper" as const,
                            port: ports.zookeeper,
                            member: members.findIndex((member) => member.id === id),
                            members: dialled,
                            ...(listens !== address && { closed: { address: listens, peersPort: ports.zookeeperElection } }),
                        })),
                    after: [...args.after, membership, ...gate],
                },
                options,
            );
            daemons.push(member);
        }

        this.endpoints = members.map(({ daemon, host }) => ({ daemon, host, port: ports.zookeeper }));
        this.ready = daemons.map(({ ready }) => ready);
        this.restarted = [restartGate(`${name}-restart-gate`, daemons, limit, options)];
        this.servers = pulumi.all(members.map(({ host: { address } }) => pulumi.interpolate`${address}:${ports.zookeeper}`));
        this.serversFor = (from) => args.discovery.serversOf(this, from);
        this.registerOutputs({ addresses: members.map(({ host }) => host.address) });
    }
}

function memberOf(daemon: string, host: Host, { clusterName, discovery }: ZooKeeperArgs): pulumi.Output<Inputs<"Membership">["members"][number]> {
    return pulumi.all([discovery.listensOn(daemon, host), host.docker.ssh]).apply(([address, ssh]) => ({
        ...{ daemon, container: `${clusterName}-${daemon}`, ssh, address, port: ports.zookeeper },
        isLost: host.machine?.unusable !== undefined,
    }));
}

function server(id: number, name: pulumi.Output<string>): pulumi.Output<string> {
    return pulumi.interpolate`server.${id}=${name}:${ports.zookeeperPeers}:${ports.zookeeperElection}`;
}
