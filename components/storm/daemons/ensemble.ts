import * as pulumi from "@pulumi/pulumi";
import type { Resolved } from "../../discovery/discovery";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import { ports } from "../spec/ports";
import type { StormConfig } from "../spec/stormConfig";

/** A ZooKeeper ensemble, as the Storm daemons see it whose state it keeps. */
export interface Ensemble {
    /** Address or name, and client port, of each server. */
    readonly servers: pulumi.Output<string[]>;
    /** Resources that exist once it is ready. */
    readonly ready: readonly pulumi.Resource[];
    /** Resources after which containers that use it are created; as a service has them. */
    readonly restarted: readonly pulumi.Resource[];
    /** What a daemon connects to when it uses the ensemble. */
    resolve(from: PlacedDaemon): Resolved;
}

/** An existing ZooKeeper ensemble. The cluster uses it, and creates, changes and deletes nothing of it but its own nodes. */
export interface ExistingZooKeeper {
    /** IP addresses or names of its servers: every daemon and every worker connects to them, and must be able to resolve the names. */
    servers: pulumi.Input<string[]>;
    /**
     * TCP port at which all of them serve clients.
     * @default 2181
     */
    port?: number;
}

/**
 * An existing ensemble, as daemons use it.
 * @param ready Resources that must exist before the first daemon that uses it is created.
 */
export function existingEnsemble(
    { servers, port = ports.zookeeper }: ExistingZooKeeper,
    ready: readonly pulumi.Resource[],
): Ensemble {
    const names = pulumi.output(servers);
    return {
        ready,
        restarted: ready,
        servers: names.apply((all) => all.map((name) => `${name}:${port}`)),
        resolve: () => ({ servers: names, port, peers: [] }),
    };
}

/**
 * Where a cluster keeps its state in an ensemble that others may use too: below its own name, with Trident's state. With Storm's
 * defaults, clusters on one ensemble would mistake each other's topologies for their own.
 */
export function ownRoots(clusterName: string): StormConfig {
    return {
        "storm.zookeeper.root": `/${clusterName}`,
        "transactional.zookeeper.root": `/${clusterName}/transactional`,
    };
}
