import * as pulumi from "@pulumi/pulumi";
import { Activation, NimbusShutdown, type RestartGate } from "../../provider/resources";
import { type DaemonKind, ofKind } from "../daemonRef";
import { addresses } from "../discovery/addresses";
import type { Discovery } from "../discovery/discovery";
import { locationOf, type PlacedDaemon } from "../discovery/placedDaemon";
import { stackState } from "../stackState";
import { Drpc } from "./daemons/drpc";
import { type Ensemble, existingEnsemble, ownRoots } from "./daemons/ensemble";
import { Nimbus } from "./daemons/nimbus";
import { type Supervising, Supervisor } from "./daemons/supervisor";
import { Ui } from "./daemons/ui";
import { ZooKeeper } from "./daemons/zookeeper";
import { drains } from "./rollout/drains";
import { prerequisites } from "./rollout/prerequisites";
import { restartGate } from "./rollout/restartGate";
import { requireSteps } from "./rollout/securityInUpdate";
import { revisionOf } from "./rollout/versionGuard";
import { type PlacedReverseProxy, pagePorts, placeReverseProxies, ReverseProxy } from "./security/reverseProxies";
import { type Secured, secured } from "./security/secured";
import type { StormTls } from "./security/stormTls";
import type { UserFiles } from "./security/users";
import { compositionProblem, placeDaemons } from "./spec/composition";
import { logWriterDefaults, tolerant } from "./spec/jvmOptions";
import { memoryLimit } from "./spec/memory";
import { ports } from "./spec/ports";
import { reservesResources } from "./spec/scheduler";
import type { StormConfig } from "./spec/stormConfig";
import { connectionLimit } from "./spec/zooCfg";
import { type CompleteArgs, complete, type StormClusterArgs } from "./stormClusterArgs";
import { Submitting } from "./topology/submitting";

/** What there is to watch of a cluster. */
export interface Watched {
    /** First part of the names of containers. */
    clusterName: string;
    /** Image of Storm. */
    image: string;
    nimbus: Nimbus;
    /** ZooKeeper members that serve metrics. */
    zookeepers: readonly PlacedDaemon[];
    supervisors: readonly PlacedDaemon[];
    /** Exist once Nimbus and supervisors are ready. */
    ready: readonly pulumi.Resource[];
    /** How Nimbus is resolved. */
    discovery: Discovery;
    /** Seconds that a container has to become ready. */
    readySeconds: number;
    /** Certificates of Storm's; undefined: Nimbus is asked in plain. */
    tls: StormTls | undefined;
}

/** An Apache Storm cluster, each daemon in a container, with its own ZooKeeper ensemble or on an existing one. */
export class StormCluster extends pulumi.ComponentResource {
    /** Address or name, and client port, of each server of the ensemble. */
    readonly zookeeperServers: pulumi.Output<string[]>;
    /** Names or addresses by which a client on a Nimbus's host connects to Nimbus. */
    readonly nimbusSeeds: pulumi.Output<string[]>;
    /** TCP port at which that client connects to Nimbus. */
    readonly nimbusPort: number;
    /** Address of each supervisor. */
    readonly supervisors: pulumi.Output<string[]>;
    /**
     * How topologies are submitted.
     * @internal
     */
    readonly submitting: Submitting;
    /**
     * What a `Monitoring` watches.
     * @internal
     */
    readonly watched: Watched;
    /**
     * What supervisors beside those of `hosts` are given: the machines of a `Fleet`.
     * @internal
     */
    readonly supervising: Supervising;
    private readonly security: Secured;

    /**
     * @throws pulumi.InputPropertyError if `hosts` are not those of a cluster: what is missing, or too much; or if `security` is given with
     * an existing ensemble, or without the `reverseProxy` that it needs.
     * @throws pulumi.InputPropertiesError that lists what is wrong with `users`, `certificateDays` and `authority`.
     */
    constructor(name: string, given: StormClusterArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:storm:StormCluster", name, {}, opts);
        const args = complete(given);
        const daemons = daemonsOf(args);
        const { discovery = addresses, readySeconds } = args;
        const memory = (kind: DaemonKind) => memoryLimit(kind, args);
        const options = { parent: this };

        const state = pulumi.output(
            stackState().then((existing) => {
                requireSteps(existing, name, args.security);
                return existing;
            }),
        );
        const reverseProxies = proxiesOf(daemons, args);
        const revision = state.apply((existing) => revisionOf(existing, name, args.stormImage, reverseProxies));
        const { first, byEngine } = prerequisites(name, args, daemons, reverseProxies, { state, revision }, this);
        const common = {
            clusterName: args.clusterName,
            readySeconds,
            startEmpty: args.startEmpty,
            discovery,
            prerequisites: byEngine,
        };
        const nimbuses = ofKind(daemons, "nimbus");
        const security = (this.security = secured(
            name,
            {
                ...args,
                discovery,
                users: args.users ?? [],
                pagePorts: (host) => pagePorts(host, args),
                nimbuses: nimbuses.length,
                state,
                first,
            },
            this,
        ));
        const zookeeper: Ensemble = args.zookeeper
            ? existingEnsemble(args.zookeeper, first)
            : new ZooKeeper(
                  `${name}-zookeeper`,
                  {
                      ...common,
                      daemons: ofKind(daemons, "zookeeper"),
                      image: args.zookeeperImage,
                      heap: args.heap.zookeeper,
                      memory: memory("zookeeper"),
                      zooCfg: { ...connectionLimit(daemons, discovery, args.slots), ...args.zooCfg },
                      metrics: args.zooKeeperMetrics ?? false,
                      mayLeave: args.mayLeave,
                      tls: security.members,
                      after: [...first, ...security.begun],
                  },
                  options,
              );
        const roots = args.zookeeper ? ownRoots(args.clusterName) : {};
        const stormYaml = pulumi.all([args.stormYaml, revision]).apply(([config, at]): StormConfig => {
            const own = at > 1 ? logWriterDefaults(args.stormImage) : {};
            return tolerant({ ...own, ...roots, ...config }, args.stormImage);
        });
        const storm = {
            ...common,
            stormYaml,
            image: args.stormImage,
            zookeeper,
            delivery: args.delivery,
            revision,
            credentials: security.credentials,
            nimbusTls: security.nimbusTls,
        };
        const placed = ofKind(daemons, "supervisor");
        const nimbus = new Nimbus(
            `${name}-nimbus`,
            {
                ...storm,
                authorization: security.authorization,
                daemons: nimbuses,
                heap: args.heap,
                memory: (nimbusLogviewer) => memoryLimit("nimbus", { ...args, nimbusLogviewer }),
                logviewer: ({ host }) => args.logviewers && !placed.some((supervisor) => supervisor.host === host),
            },
            options,
        );
        const drpcs = ofKind(daemons, "drpc");
        const drpc =
            drpcs.length > 0
                ? new Drpc(
                      `${name}-drpc`,
                      {
                          ...storm,
                          nimbus,
                          daemons: drpcs,
                          heap: args.heap.drpc,
                          memory: memory("drpc"),
                      },
                      options,
                  )
                : undefined;
        const supervising = {
            ...storm,
            nimbus,
            slots: args.slots,
            logviewer: args.logviewers,
            logviewerPort: ports.logviewer,
            heap: args.heap,
            memory: memory("supervisor"),
            drpc,
        };
        const supervisors: Supervisor[] = [];
        let gates: RestartGate[] = [];
        for (const [position, daemon] of placed.entries()) {
            if (position > 0 && position % args.supervisorBatch === 0) {
                gates = [this.supervisorGate(name, position / args.supervisorBatch, supervisors, nimbus, args)];
            }
            const supervisor = new Supervisor(
                `${name}-${daemon.name}`,
                {
                    ...supervising,
                    daemon,
                    after: gates,
                    logviewerPort: pagePorts(daemon.host, args).logviewer,
                },
                options,
            );
            supervisors.push(supervisor);
        }
        const ready = supervisors.map((supervisor) => supervisor.ready);
        const drained = drains(name, placed, ready, { nimbus, discovery, seconds: readySeconds }, this);
        const shutdown = new NimbusShutdown(
            `${name}-shutdown`,
            { nimbuses: nimbus.containers },
            { parent: this, dependsOn: [...nimbus.ready, ...drained] },
        );
        const uis = ofKind(daemons, "ui").map(
            (daemon) =>
                new Ui(
                    `${name}-ui`,
                    {
                        ...storm,
                        daemon,
                        nimbus,
                        port: pagePorts(daemon.host, args).ui,
                        heap: args.heap.ui,
                        memory: memory("ui"),
                    },
                    options,
                ),
        );
        const ofDaemons = [...nimbus.ready, ...(drpc?.ready ?? []), ...ready, ...uis.map((ui) => ui.ready)];
        const withGates = [...nimbuses, ...drpcs, ...placed, ...ofKind(daemons, "ui")];
        const settled = security.end({
            zookeeper: [...zookeeper.ready, ...nimbus.ready, ...ready],
            storm: ofDaemons,
        });
        const proxies = reverseProxies.map(
            (proxy) =>
                new ReverseProxy(
                    `${name}-reverse-proxy-${proxy.host.docker.name}`,
                    {
                        clusterName: args.clusterName,
                        image: args.proxyImage,
                        placed: proxy,
                        discovery,
                        ...(security.storm as StormTls).reverseProxy(proxy),
                        readySeconds,
                        after: [
                            ...(byEngine[proxy.host.docker.name] ?? []),
                            ...settled,
                            ...ofDaemons.filter((_, index) =>
                                proxy.backends.some(({ daemon }) => daemon === withGates[index]),
                            ),
                        ],
                    },
                    options,
                ),
        );
        const all = [...ofDaemons, ...proxies.map((proxy) => proxy.ready)];
        new Activation(
            `${name}-activation`,
            {
                image: args.stormImage,
                nimbuses: nimbus.containers,
                supervisors: pulumi.all(
                    placed.map((daemon) =>
                        locationOf(daemon, discovery).apply(({ container, ssh, address }) => ({
                            container,
                            ssh,
                            address,
                        })),
                    ),
                ),
                seconds: readySeconds,
            },
            { parent: this, dependsOn: all },
        );

        const client = discovery.resolve(nimbus, nimbus.daemons[0] as PlacedDaemon);
        this.zookeeperServers = zookeeper.servers;
        this.nimbusSeeds = client.servers;
        this.nimbusPort = client.port;
        this.supervisors = pulumi.all(placed.map(({ host }) => host.address));
        this.submitting = new Submitting(name, this, {
            nimbus,
            supervisors: placed,
            discovery,
            image: args.stormImage,
            reserves: pulumi.unsecret(stormYaml.apply(reservesResources)),
            seconds: readySeconds,
            shutdown,
            after: [shutdown, ...ready, ...settled],
        });
        this.supervising = supervising;
        this.watched = {
            clusterName: args.clusterName,
            image: args.stormImage,
            nimbus,
            zookeepers: args.zooKeeperMetrics ? ofKind(daemons, "zookeeper") : [],
            supervisors: placed,
            ready: [...nimbus.ready, ...ready],
            discovery,
            readySeconds,
            tls: security.nimbusTls && security.storm,
        };
        this.registerOutputs({
            zookeeperServers: this.zookeeperServers,
            nimbusSeeds: this.nimbusSeeds,
            supervisors: this.supervisors,
        });
    }

    /** When the first of the certificates ends, those of authorities too: `2027-11-30T15:00:00.000Z`; undefined: there are none. */
    get certificatesExpire(): pulumi.Output<string> | undefined {
        return this.security.expires();
    }

    /** What each of the `users` connects to the cluster with, by name; a secret. Undefined: it has no users. */
    get users(): pulumi.Output<Record<string, UserFiles>> | undefined {
        return this.security.storm?.users;
    }

    /** The gate after a batch of supervisors, before the next. */
    private supervisorGate(
        name: string,
        batch: number,
        supervisors: Supervisor[],
        nimbus: Nimbus,
        { supervisorBatch, readySeconds }: CompleteArgs,
    ): RestartGate {
        return restartGate(
            `${name}-restart-gate-${batch}`,
            supervisors.slice(-supervisorBatch),
            { nimbuses: nimbus.containers, readySeconds },
            { parent: this, aliases: [{ name: `${name}-turn-${batch}`, type: "pulumi-nodejs:dynamic/storm:Turn" }] },
        );
    }
}

function proxiesOf(daemons: readonly PlacedDaemon[], args: CompleteArgs): PlacedReverseProxy[] {
    try {
        return placeReverseProxies(daemons, args);
    } catch (error) {
        throw new pulumi.InputPropertyError({ propertyPath: "reverseProxy", reason: (error as Error).message });
    }
}

function daemonsOf({ clusterName, hosts, zookeeper, security }: StormClusterArgs): PlacedDaemon[] {
    const fail = (reason: string) => new pulumi.InputPropertyError({ propertyPath: "hosts", reason });
    const daemons = (() => {
        try {
            return placeDaemons(clusterName, hosts, security);
        } catch (error) {
            throw fail((error as Error).message);
        }
    })();
    if (security && zookeeper) {
        const reason =
            "is for an ensemble of the cluster's own, and `zookeeper` names an existing one: remove one of the two";
        throw new pulumi.InputPropertyError({ propertyPath: "security", reason });
    }
    const problem = compositionProblem(daemons, zookeeper !== undefined);
    if (problem !== undefined) {
        throw fail(problem);
    }
    return daemons;
}
