import * as pulumi from "@pulumi/pulumi";
import { addresses } from "../discovery/addresses";
import type { Discovery } from "../discovery/discovery";
import type { Endpoint } from "../discovery/service";
import type { Host } from "../hosts/host";
import { hostImage } from "../hosts/hostImage";
import type { ClusterArgs } from "./daemon";
import { type DaemonCounts, type DaemonNames, daemonNames } from "./daemonNames";
import { type Drain, drain } from "./drain";
import { Drpc, drpcServers } from "./drpc";
import { MajorVersion } from "./majorVersion";
import { heapSum, memoryLimit, type Heap, type Memory } from "./memory";
import { Nimbus } from "./nimbus";
import { Shutdown } from "./shutdown";
import { ports } from "./ports";
import type { StormConfig } from "./stormConfig";
import type { Delivery } from "./stormDaemon";
import { Supervisor } from "./supervisor";
import { Submitting } from "./topology/submitting";
import { Turn, type Turned } from "./turn";
import { Ui } from "./ui";
import { ZooKeeper } from "./zookeeper";

/** Arguments of {@link StormCluster}. */
export interface StormClusterArgs extends DaemonCounts {
    /** First part of the names that containers and volumes have in Docker, and the value of the label `storm.cluster`. */
    clusterName: string;
    /** The host of each daemon, by the names that {@link daemonNames} gives. */
    hosts: Record<string, Host>;
    /** Image of the Storm daemons, such as `storm:2.8.9`. */
    stormImage: string;
    /** Image of the ensemble, such as `zookeeper:3.9.5`. */
    zookeeperImage: string;
    /** Worker slots of each supervisor. */
    slots: number;
    /** Whether a logviewer runs beside each supervisor. */
    logviewers: boolean;
    /** Java heaps in MiB. */
    heap: Heap;
    /** Memory limits in MiB; default: what follows from the heaps. */
    memory: Memory;
    /** Entries of storm.yaml for every Storm daemon; may be secret. */
    stormYaml: pulumi.Input<StormConfig>;
    /** How a daemon gets from a service to endpoints; default: by `addresses`. */
    discovery?: Discovery;
    /** How containers get their configuration; default: `arguments`. */
    delivery?: Delivery;
    /** TCP port at which Storm UI is reached. */
    uiPort: number;
    /** Seconds that a daemon has to become ready; past it the update fails. */
    readySeconds: number;
    /** Names of daemons that may start on another machine than the one that has their data, without it; default: none. */
    startEmpty?: string[];
    /** Names of members that may leave the ensemble; default: none. */
    mayLeave?: string[];
    /** Supervisors that a change restarts at once; default: 1. */
    supervisorBatch?: number;
}

/** An Apache Storm cluster with its ZooKeeper ensemble, each daemon in a container. */
export class StormCluster extends pulumi.ComponentResource {
    /** Address and client port of each member of the ensemble. */
    readonly zookeeperServers: pulumi.Output<string[]>;
    /** By what a client on a Nimbus's host dials Nimbus. */
    readonly nimbusSeeds: pulumi.Output<string[]>;
    /** At which port. */
    readonly nimbusPort: number;
    /** Address of each supervisor. */
    readonly supervisors: pulumi.Output<string[]>;
    /** What topologies are submitted by. */
    readonly submitting: Submitting;

    constructor(name: string, args: StormClusterArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:storm:StormCluster", name, {}, opts);
        const names = daemonNames(args);
        const host = (daemon: string): Host => {
            const found = args.hosts[daemon];
            if (!found) {
                throw new pulumi.InputPropertyError({ propertyPath: "hosts", reason: `has no host for ${daemon}` });
            }
            return found;
        };
        const hostsOf = (daemons: string[]) => Object.fromEntries(daemons.map((daemon) => [daemon, host(daemon)]));
        const memory = (kind: keyof Memory) => memoryLimit(kind, args);

        const prepared = this.prepare(name, args);
        const { discovery = addresses } = args;
        const common = { ...args, discovery, prepared: prepared.byMachine };
        const zookeeper = new ZooKeeper(
            `${name}-zookeeper`,
            {
                ...common,
                image: args.zookeeperImage,
                hosts: hostsOf(names.zookeeper),
                heap: args.heap.zookeeper,
                memory: memory("zookeeper"),
                after: prepared.first,
            },
            { parent: this },
        );
        const storm = { ...common, image: args.stormImage, zookeeper };
        const nimbus = new Nimbus(
            `${name}-nimbus`,
            { ...storm, hosts: hostsOf(names.nimbus), heap: args.heap.nimbus, memory: memory("nimbus") },
            { parent: this },
        );
        const drpc =
            args.drpcs > 0
                ? new Drpc(
                      `${name}-drpc`,
                      { ...storm, nimbus, hosts: hostsOf(names.drpc), heap: args.heap.drpc, memory: memory("drpc") },
                      { parent: this },
                  )
                : undefined;
        const { supervisorBatch = 1 } = args;
        const supervisors: Supervisor[] = [];
        const restarts: pulumi.Output<Turned>[] = [];
        let turns: Turn[] = [];
        for (const [index, daemon] of names.supervisor.entries()) {
            if (index > 0 && index % supervisorBatch === 0) {
                const before = pulumi.all(restarts.slice(-supervisorBatch));
                const waiting = { before, nimbuses: nimbus.containers, seconds: args.readySeconds };
                turns = [new Turn(`${name}-turn-${index / supervisorBatch}`, waiting, { parent: this })];
            }
            const supervisor = new Supervisor(
                `${name}-${daemon}`,
                {
                    ...storm,
                    daemon,
                    host: host(daemon),
                    nimbus,
                    after: turns,
                    logviewer: args.logviewers,
                    heap: args.heap,
                    memory: memory("supervisor"),
                    launch: drpc ? drpcServers(drpc, discovery, { daemon, host: host(daemon) }) : {},
                },
                { parent: this },
            );
            supervisors.push(supervisor);
            restarts.push(turned(daemon, host(daemon), supervisor, common));
        }
        const drains = supervisors.reduce<Drain[]>((before, supervisor, index) => {
            const daemon = names.supervisor[index] as string;
            const drained = { ...common, daemon, host: host(daemon), nimbuses: nimbus.containers };
            return [...before, drain(`${name}-${daemon}-drain`, drained, { parent: this, dependsOn: [supervisor.ready, ...before.slice(-1)] })];
        }, []);
        const shutdown = new Shutdown(
            `${name}-shutdown`,
            { nimbuses: nimbus.containers },
            { parent: this, dependsOn: [...nimbus.ready, ...drains] },
        );
        if (args.ui) {
            new Ui(
                `${name}-ui`,
                {
                    ...storm,
                    host: host("ui"),
                    nimbus,
                    port: args.uiPort,
                    heap: args.heap.ui,
                    memory: memory("ui"),
                },
                { parent: this },
            );
        }

        this.zookeeperServers = pulumi.all(
            zookeeper.endpoints.map(({ host: { address }, port }) => pulumi.interpolate`${address}:${port}`),
        );
        this.nimbusSeeds = discovery.serversOf(nimbus, nimbus.endpoints[0] as Endpoint);
        this.nimbusPort = discovery.dialledAt(ports.nimbus);
        this.supervisors = pulumi.all(supervisors.map(({ address }) => address));
        this.submitting = new Submitting(name, this, {
            clusterName: args.clusterName,
            nimbuses: nimbus.containers,
            nimbus,
            supervisorHosts: hostsOf(names.supervisor),
            discovery,
            image: args.stormImage,
            seconds: args.readySeconds,
            after: [shutdown, ...supervisors.map(({ ready }) => ready)],
        });
        this.registerOutputs({
            zookeeperServers: this.zookeeperServers,
            nimbusSeeds: this.nimbusSeeds,
            supervisors: this.supervisors,
        });
    }

    /**
     * Images on all machines, and their memory asked for: a tag that does not exist, or a machine that is too small,
     * fails the update before the first container is made; on a machine that waits for others, before its own.
     */
    private prepare(name: string, args: StormClusterArgs): Prepared {
        const images = { zookeeper: args.zookeeperImage, storm: args.stormImage };
        const sum = (kinds: Kind[], of: (kind: Kind) => number) => kinds.reduce((total, kind) => total + of(kind), 0);
        const prepared: Prepared = { first: [new MajorVersion(`${name}-major-version`, { image: args.stormImage }, { parent: this })], byMachine: {} };
        for (const { host, kinds } of placedKinds(args)) {
            const { docker: daemon } = host;
            const pulled = [...new Set(kinds.map((kind) => (kind === "zookeeper" ? kind : "storm")))].map(
                (role) => hostImage(`${name}-image-${daemon.name}-${role}`, images[role], host, { parent: this }),
            );
            const memory = host.requireMemory?.(
                `${name}-memory-${daemon.name}`,
                sum(kinds, (kind) => heapSum(kind, args)),
                sum(kinds, (kind) => memoryLimit(kind, args)),
                { parent: this },
            );
            const resources = [...pulled, ...(memory ? [memory] : [])];
            prepared.byMachine[daemon.name] = resources;
            if (!host.waits) {
                prepared.first.push(...resources);
            }
        }
        return prepared;
    }
}

function turned(daemon: string, host: Host, { containerId }: Supervisor, { clusterName, discovery }: ClusterArgs): pulumi.Output<Turned> {
    return pulumi
        .all([containerId, host.docker.ssh, discovery.nameOf(daemon, host)])
        .apply(([id, ssh, address]) => ({ daemon, container: `${clusterName}-${daemon}`, containerId: id, ssh, address }));
}

/** What has to be there before containers are made. */
interface Prepared {
    /** Before the first one of the cluster. */
    first: pulumi.Resource[];
    /** Before the first one on a machine, by the name of its Docker daemon. */
    byMachine: Record<string, pulumi.Resource[]>;
}

type Kind = keyof Memory & keyof DaemonNames;

/** The kind of each daemon that runs on a Docker daemon, and one of the hosts there. */
function placedKinds(args: StormClusterArgs): { host: Host; kinds: Kind[] }[] {
    const placed = new Map<string, { host: Host; kinds: Kind[] }>();
    for (const [kind, daemons] of Object.entries(daemonNames(args)) as [Kind, string[]][]) {
        for (const host of daemons.flatMap((daemon) => args.hosts[daemon] ?? [])) {
            const there = placed.get(host.docker.name) ?? { host, kinds: [] };
            there.kinds.push(kind);
            placed.set(host.docker.name, there);
        }
    }
    return [...placed.values()];
}
