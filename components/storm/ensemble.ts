import * as pulumi from "@pulumi/pulumi";
import type { Placed } from "../discovery/discovery";
import { ports } from "./ports";
import type { StormConfig } from "./stormConfig";

/** A ZooKeeper ensemble, as the Storm daemons see it whose state it keeps. */
export interface Ensemble {
    /** Address or name, and client port, of each server. */
    readonly servers: pulumi.Output<string[]>;
    /** TCP port at which all of them are dialled. */
    readonly port: number;
    /** Resources that exist once it is ready. */
    readonly ready: readonly pulumi.Resource[];
    /** Resources after which containers that use it are created; as a service has them. */
    readonly restarted: readonly pulumi.Resource[];
    /** What a daemon dials it by. */
    serversFor(from: Placed): pulumi.Output<string[]>;
}

/** A ZooKeeper ensemble that is there already. It is used as it is: nothing is made, changed or removed of it. */
export interface ExistingZooKeeper {
    /** IP addresses or names of its servers: every daemon and every worker dials them, and knows the names. */
    servers: pulumi.Input<string[]>;
    /** TCP port at which all of them serve clients; default: 2181. */
    port?: number;
}

/**
 * An ensemble that is there already.
 * @param ready What has to be there before the first daemon that uses it is made.
 */
export function existingEnsemble({ servers, port = ports.zookeeper }: ExistingZooKeeper, ready: readonly pulumi.Resource[]): Ensemble {
    const names = pulumi.output(servers);
    return { port, ready, restarted: ready, servers: names.apply((all) => all.map((name) => `${name}:${port}`)), serversFor: () => names };
}

/**
 * Where a cluster keeps its state in an ensemble that others may use too: below its own name, Trident's with it. By Storm's own
 * defaults all clusters there would take each other's topologies for theirs.
 */
export function ownRoots(clusterName: string): StormConfig {
    return { "storm.zookeeper.root": `/${clusterName}`, "transactional.zookeeper.root": `/${clusterName}/transactional` };
}
