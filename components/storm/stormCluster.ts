import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { addresses } from "../discovery/addresses";
import type { Host } from "../hosts/host";
import { type DaemonCounts, daemonNames } from "./daemonNames";
import { Drpc, drpcServers } from "./drpc";
import { memoryLimit, type Heap, type Memory } from "./memory";
import { Nimbus } from "./nimbus";
import type { StormConfig } from "./stormConfig";
import { Supervisor } from "./supervisor";
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
    /** Port of 127.0.0.1 at which Storm UI is published; default: it is not. */
    uiPort?: number;
    /** Seconds that a daemon has to become ready; past it the update fails. */
    readySeconds: number;
}

/** An Apache Storm cluster with its ZooKeeper ensemble, each daemon in a container. */
export class StormCluster extends pulumi.ComponentResource {
    /** Address and client port of each member of the ensemble. */
    readonly zookeeperServers: pulumi.Output<string[]>;
    /** Address of each Nimbus. */
    readonly nimbusSeeds: pulumi.Output<string[]>;
    /** Address of each supervisor. */
    readonly supervisors: pulumi.Output<string[]>;

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

        const images = this.pullImages(name, args);
        const zookeeper = new ZooKeeper(
            `${name}-zookeeper`,
            {
                ...args,
                image: args.zookeeperImage,
                hosts: hostsOf(names.zookeeper),
                heap: args.heap.zookeeper,
                memory: memory("zookeeper"),
                after: images,
            },
            { parent: this },
        );
        const storm = { ...args, image: args.stormImage, zookeeper };
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
        const supervisors = names.supervisor.map(
            (daemon) =>
                new Supervisor(
                    `${name}-${daemon}`,
                    {
                        ...storm,
                        daemon,
                        host: host(daemon),
                        nimbus,
                        logviewer: args.logviewers,
                        heap: args.heap,
                        memory: memory("supervisor"),
                        launch: drpc ? drpcServers(drpc) : {},
                    },
                    { parent: this },
                ),
        );
        if (args.ui) {
            new Ui(
                `${name}-ui`,
                {
                    ...storm,
                    host: host("ui"),
                    nimbus,
                    publishedPort: args.uiPort,
                    heap: args.heap.ui,
                    memory: memory("ui"),
                },
                { parent: this },
            );
        }

        this.zookeeperServers = pulumi.all(
            zookeeper.endpoints.map(({ address, port }) => pulumi.interpolate`${address}:${port}`),
        );
        this.nimbusSeeds = addresses(nimbus);
        this.supervisors = pulumi.all(supervisors.map(({ address }) => address));
        this.registerOutputs({
            zookeeperServers: this.zookeeperServers,
            nimbusSeeds: this.nimbusSeeds,
            supervisors: this.supervisors,
        });
    }

    /** All images on all hosts: a tag that does not exist fails the update before the first container is made. */
    private pullImages(name: string, args: StormClusterArgs): docker.RemoteImage[] {
        const providers = new Set(Object.values(args.hosts).map(({ provider }) => provider));
        return [...providers].flatMap((provider) =>
            Object.entries({ zookeeper: args.zookeeperImage, storm: args.stormImage }).map(
                ([role, image]) =>
                    new docker.RemoteImage(
                        `${name}-image-${role}`,
                        { name: image, keepLocally: true },
                        { parent: this, provider },
                    ),
            ),
        );
    }
}
