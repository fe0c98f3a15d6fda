import * as pulumi from "@pulumi/pulumi";
import { Drain, MajorVersion, type RestartGate, Shutdown } from "../../provider/resources";
import { addresses } from "../discovery/addresses";
import type { Discovery } from "../discovery/discovery";
import type { Endpoint } from "../discovery/service";
import type { Host } from "../hosts/host";
import { hostImage } from "../hosts/hostImage";
import { type DaemonNames, placedNames } from "./daemonNames";
import { clusterDefaults } from "./defaults";
import { Drpc, drpcServers } from "./drpc";
import { type Ensemble, existingEnsemble, type ExistingZooKeeper, ownRoots } from "./ensemble";
import { heapSum, memoryLimit, type Heap, type Memory } from "./memory";
import { Nimbus } from "./nimbus";
import { ports } from "./ports";
import { restartGate } from "./restartGate";
import type { StormConfig } from "./stormConfig";
import type { Delivery } from "./stormDaemon";
import { Supervisor } from "./supervisor";
import { Submitting } from "./topology/submitting";
import { Ui } from "./ui";
import { ZooKeeper } from "./zookeeper";

/** Arguments of {@link StormCluster}. */
export interface StormClusterArgs {
    /** First part of the names that containers and volumes have in Docker, and the value of the label `storm.cluster`. */
    clusterName: string;
    /**
     * The host of each daemon, by the daemon's name: the cluster has these daemons. Names are `zookeeper-1` (1, 3 or 5 of these),
     * `nimbus-1`, `supervisor-1` and `drpc-1`, each kind numbered from 1, and `ui`. A daemon's data goes by its name.
     */
    hosts: Record<string, Host>;
    /** A ZooKeeper ensemble that is there already, in place of one of the cluster's own; default: `hosts` says where that runs. */
    zookeeper?: ExistingZooKeeper;
    /** Image of the Storm daemons; default: `storm:2.8.9`. */
    stormImage?: string;
    /** Image of the ensemble; default: `zookeeper:3.9.5`. */
    zookeeperImage?: string;
    /** Worker slots of each supervisor; default: 2. */
    slots?: number;
    /** Whether a logviewer runs beside each supervisor; default: it does. */
    logviewers?: boolean;
    /** Java heaps in MiB; default: Storm's and ZooKeeper's own, {@link defaultHeap}. */
    heap?: Partial<Heap>;
    /** Memory limits in MiB; default: what follows from the heaps. */
    memory?: Memory;
    /** Entries of storm.yaml for every Storm daemon; may be secret; default: none. */
    stormYaml?: pulumi.Input<StormConfig>;
    /** How a daemon gets from a service to endpoints; default: by `addresses`. */
    discovery?: Discovery;
    /** How containers get their configuration; default: `arguments`. */
    delivery?: Delivery;
    /** TCP port at which Storm UI is reached; default: 8080. */
    uiPort?: number;
    /** Seconds that a daemon has to become ready; past it the update fails; default: 180. */
    readySeconds?: number;
    /** Names of daemons that may start on another machine than the one that has their data, without it; default: none. */
    startEmpty?: string[];
    /** Names of members that may leave the ensemble; default: none. */
    mayLeave?: string[];
    /** Supervisors that a change restarts at once; default: 1. */
    supervisorBatch?: number;
}

/** The arguments, with the defaults of those that are not given. */
type CompleteArgs = StormClusterArgs & Required<Pick<StormClusterArgs, keyof typeof clusterDefaults>> & { heap: Heap };

function complete(args: StormClusterArgs): CompleteArgs {
    const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined)) as unknown as StormClusterArgs;
    return { ...clusterDefaults, ...given, heap: { ...clusterDefaults.heap, ...args.heap } };
}

/** An Apache Storm cluster, with a ZooKeeper ensemble of its own or on one that is there already; each daemon in a container. */
export class StormCluster extends pulumi.ComponentResource {
    /** Address or name, and client port, of each server of the ensemble. */
    readonly zookeeperServers: pulumi.Output<string[]>;
    /** By what a client on a Nimbus's host dials Nimbus. */
    readonly nimbusSeeds: pulumi.Output<string[]>;
    /** At which port. */
    readonly nimbusPort: number;
    /** Address of each supervisor. */
    readonly supervisors: pulumi.Output<string[]>;
    /**
     * What topologies are submitted by.
     * @internal
     */
    readonly submitting: Submitting;

    /** @throws pulumi.InputPropertyError when `hosts` are not those of a cluster: what is missing, or too much. */
    constructor(name: string, given: StormClusterArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:storm:StormCluster", name, {}, opts);
        const args = complete(given);
        const names = namesOf(args);
        const host = (daemon: string) => args.hosts[daemon] as Host;
        const hostsOf = (daemons: string[]) => Object.fromEntries(daemons.map((daemon) => [daemon, host(daemon)]));
        const memory = (kind: keyof Memory) => memoryLimit(kind, args);

        const prepared = this.prepare(name, args, names);
        const { discovery = addresses } = args;
        const common = { ...args, discovery, prepared: prepared.byMachine };
        const zookeeper: Ensemble = args.zookeeper
            ? existingEnsemble(args.zookeeper, prepared.first)
            : new ZooKeeper(
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
        const roots = args.zookeeper ? ownRoots(args.clusterName) : {};
        const stormYaml = pulumi.output(args.stormYaml).apply((config): StormConfig => ({ ...roots, ...config }));
        const storm = { ...common, stormYaml, image: args.stormImage, zookeeper };
        const nimbus = new Nimbus(
            `${name}-nimbus`,
            { ...storm, hosts: hostsOf(names.nimbus), heap: args.heap.nimbus, memory: memory("nimbus") },
            { parent: this },
        );
        const drpc =
            names.drpc.length > 0
                ? new Drpc(
                      `${name}-drpc`,
                      { ...storm, nimbus, hosts: hostsOf(names.drpc), heap: args.heap.drpc, memory: memory("drpc") },
                      { parent: this },
                  )
                : undefined;
        const { supervisorBatch } = args;
        const supervisors: Supervisor[] = [];
        let gates: RestartGate[] = [];
        for (const [index, daemon] of names.supervisor.entries()) {
            if (index > 0 && index % supervisorBatch === 0) {
                const before = supervisors.slice(-supervisorBatch);
                const waiting = { nimbuses: nimbus.containers, readySeconds: args.readySeconds };
                const number = index / supervisorBatch;
                const former = { aliases: [{ name: `${name}-turn-${number}`, type: "pulumi-nodejs:dynamic/storm:Turn" }] };
                gates = [restartGate(`${name}-restart-gate-${number}`, before, waiting, { parent: this, ...former })];
            }
            const supervisor = new Supervisor(
                `${name}-${daemon}`,
                {
                    ...storm,
                    daemon,
                    host: host(daemon),
                    nimbus,
                    after: gates,
                    logviewer: args.logviewers,
                    heap: args.heap,
                    memory: memory("supervisor"),
                    launch: drpc ? drpcServers(drpc, discovery, { daemon, host: host(daemon) }) : {},
                },
                { parent: this },
            );
            supervisors.push(supervisor);
        }
        const drains = supervisors.reduce<Drain[]>((before, supervisor, index) => {
            const daemon = names.supervisor[index] as string;
            const { docker, isProtected } = host(daemon);
            const drain = new Drain(
                `${name}-${daemon}-drain`,
                {
                    daemon,
                    container: `${args.clusterName}-${daemon}`,
                    ssh: docker.ssh,
                    address: discovery.nameOf(daemon, host(daemon)),
                    nimbuses: nimbus.containers,
                    seconds: args.readySeconds,
                },
                {
                    ...docker.options,
                    // With its machine gone, there is still its work to wait for.
                    deletedWith: undefined,
                    protect: isProtected,
                    parent: this,
                    dependsOn: [supervisor.ready, ...before.slice(-1)],
                },
            );
            return [...before, drain];
        }, []);
        const shutdown = new Shutdown(
            `${name}-shutdown`,
            { nimbuses: nimbus.containers },
            { parent: this, dependsOn: [...nimbus.ready, ...drains] },
        );
        if (names.ui.length > 0) {
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

        this.zookeeperServers = zookeeper.servers;
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
    private prepare(name: string, args: CompleteArgs, names: DaemonNames): Prepared {
        const images = { zookeeper: args.zookeeperImage, storm: args.stormImage };
        const sum = (kinds: Kind[], of: (kind: Kind) => number) => kinds.reduce((total, kind) => total + of(kind), 0);
        const prepared: Prepared = { first: [new MajorVersion(`${name}-major-version`, { image: args.stormImage }, { parent: this })], byMachine: {} };
        for (const { host, kinds } of placedKinds(names, args.hosts)) {
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

function namesOf({ hosts, zookeeper }: StormClusterArgs): DaemonNames {
    try {
        return placedNames(Object.keys(hosts), zookeeper !== undefined);
    } catch (error) {
        throw new pulumi.InputPropertyError({ propertyPath: "hosts", reason: (error as Error).message });
    }
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
function placedKinds(names: DaemonNames, hosts: Record<string, Host>): { host: Host; kinds: Kind[] }[] {
    const placed = new Map<string, { host: Host; kinds: Kind[] }>();
    for (const [kind, daemons] of Object.entries(names) as [Kind, string[]][]) {
        for (const host of daemons.flatMap((daemon) => hosts[daemon] ?? [])) {
            const there = placed.get(host.docker.name) ?? { host, kinds: [] };
            there.kinds.push(kind);
            placed.set(host.docker.name, there);
        }
    }
    return [...placed.values()];
}
