import * as pulumi from "@pulumi/pulumi";
import { fromRegistry } from "../../provider/image";
import type { Discovery } from "../discovery/discovery";
import type { Host } from "../hosts/host";
import type { ExistingZooKeeper } from "./daemons/ensemble";
import type { Delivery } from "./daemons/stormDaemon";
import { argumentProblems } from "./security/argumentProblems";
import type { UsersAuthority } from "./security/authority";
import { clusterDefaults } from "./spec/defaults";
import type { Heap, Memory, MonitoringMemory } from "./spec/memory";
import type { Security, SecurityInUpdate } from "./spec/security";
import type { StormConfig } from "./spec/stormConfig";
import type { ZooCfg } from "./spec/zooCfg";

/** Arguments of {@link StormCluster}. */
export interface StormClusterArgs {
    /** First part of the names that containers and volumes have in Docker, and the value of the label `storm.cluster`. */
    clusterName: string;
    /**
     * The host of each daemon, by the daemon's name: the cluster has these daemons. Names are `zookeeper-1` (1, 3 or 5 of these),
     * `nimbus-1`, `supervisor-1` and `drpc-1`, each kind numbered from 1, and `ui`. A daemon's data follows its name.
     */
    hosts: Record<string, Host>;
    /**
     * An existing ZooKeeper ensemble, in place of one of the cluster's own.
     * @default an ensemble of the cluster's own, on `hosts`
     */
    zookeeper?: ExistingZooKeeper;
    /**
     * Image of the Storm daemons.
     * @default `storm:3.1.0`
     */
    stormImage?: string;
    /**
     * The major version of Storm that an update may take the cluster to, from the one before or, back to a copy of its data, from the one
     * after: 3, from 2, and 2, from 3.
     * @default the cluster stays on its major version
     */
    allowMajorVersion?: number;
    /**
     * Image of the ensemble.
     * @default `zookeeper:3.9.5`
     */
    zookeeperImage?: string;
    /**
     * Image of the reverse proxies in front of pages, which run with the security `tls`; it needs `bash`.
     * @default `haproxy:3.2`
     */
    proxyImage?: string;
    /**
     * The registry, with a path if the images are below one, that images with a short name come from, such as
     * `public.ecr.aws/docker/library` for `storm:3.1.0`; the same as that of the target.
     * @default Docker Hub
     */
    imageRegistry?: string;
    /**
     * Worker slots of each supervisor.
     * @default 2
     */
    slots?: number;
    /**
     * Whether a logviewer runs beside each supervisor, and beside each Nimbus at whose address no supervisor is.
     * @default true
     */
    logviewers?: boolean;
    /**
     * Java heaps in MiB.
     * @default {@link defaultHeap}
     */
    heap?: Partial<Heap>;
    /**
     * Memory limits in MiB.
     * @default computed from the heaps
     */
    memory?: Memory;
    /**
     * MiB that the containers of a `Monitoring` may use, which the check of the machines' memory counts: {@link monitoringLimits}.
     * @default none
     */
    monitoringMemory?: MonitoringMemory;
    /**
     * Entries of storm.yaml for every Storm daemon; may be secret.
     * @default none
     */
    stormYaml?: pulumi.Input<StormConfig>;
    /**
     * Entries of zoo.cfg for the members of the cluster's own ensemble. Values have no spaces.
     * @default `maxClientCnxns`, if more connections come from one address than ZooKeeper's default of 60 lets in
     */
    zooCfg?: ZooCfg;
    /**
     * Whether the members of the cluster's own ensemble serve metrics for Prometheus, at TCP port 7000.
     * @default false
     */
    zooKeeperMetrics?: boolean;
    /**
     * What is protected by certificates, which the stack creates: with `zookeeper`, Storm's daemons and workers connect to the cluster's
     * own ensemble by mutual TLS, at TCP port 2281, and so do its members to each other. Needs Storm 2.7 and ZooKeeper 3.7 or newer, and
     * another discovery than `ambassador`. An ensemble that exists gets there in three updates. With `tls`, so do all that connect to
     * Nimbus, at TCP port 6629, to supervisors, to workers and, by https, to pages. Needs Storm 2.8.7 or newer. A cluster that gets less
     * than it has would be cut off: it, and its target, must get what {@link securityInUpdate} returns.
     * @default nothing is: ZooKeeper and Storm have no login
     */
    security?: Security | SecurityInUpdate;
    /**
     * Names of those who may submit topologies, and see pages, with the security `tls`: each has a certificate, and a password for pages. A
     * name has 1 to 64 letters, digits, `.`, `_` and `-`, and begins with a letter or digit. `storm`, `ui`, `drpc`,
     * `exporter`, `zookeeper`, `reverse-proxy` and `ANONYMOUS` are not for users.
     * @default none: the cluster's own daemons alone may
     */
    users?: string[];
    /**
     * Days for which certificates are valid that `security` has, 3 to 825. An update replaces those of which less than a third of the time
     * is left, and so do other days, which restarts their daemons.
     * @default 365
     */
    certificateDays?: number;
    /**
     * An authority of the user's own, as PEM, which signs the authorities that `security` creates: who trusts it, as browsers do,
     * accepts the cluster's certificates. Within the cluster nobody trusts it. Its pathLenConstraint is 1 or more, or there is none. It may
     * be given, changed and removed at any time, which replaces all certificates, and restarts their daemons.
     * @default none: who connects to the cluster has to trust its authorities
     */
    authority?: UsersAuthority;
    /**
     * Where the reverse proxy of Storm UI runs with the security `tls`, if containers have addresses of their own: the target's
     * `reverseProxy`.
     * @default none: it runs on UI's machine
     */
    reverseProxy?: Host;
    /**
     * How daemons resolve services.
     * @default `addresses`
     */
    discovery?: Discovery;
    /**
     * How containers get their configuration.
     * @default `arguments`
     */
    delivery?: Delivery;
    /**
     * TCP port at which Storm UI is reached.
     * @default 8080
     */
    uiPort?: number;
    /**
     * Seconds that a daemon has to become ready; past it the update fails.
     * @default 180
     */
    readySeconds?: number;
    /**
     * Names of daemons that may start on another machine than the one that has their data, without it.
     * @default none
     */
    startEmpty?: string[];
    /**
     * Names of members that may leave the ensemble.
     * @default none
     */
    mayLeave?: string[];
    /**
     * How many supervisors a change restarts at once.
     * @default 1
     */
    supervisorBatch?: number;
}

/** The arguments, with defaults. */
export type CompleteArgs = StormClusterArgs &
    Required<Pick<StormClusterArgs, keyof typeof clusterDefaults>> & { heap: Heap };

/**
 * Adds the defaults of arguments that are not given, and the registry to images.
 * @throws pulumi.InputPropertiesError that lists what is wrong with `users`, `certificateDays` and `authority`.
 */
export function complete(args: StormClusterArgs): CompleteArgs {
    const errors = argumentProblems(args);
    if (errors.length > 0) {
        const message = errors.map(({ propertyPath, reason }) => `${propertyPath} ${reason}`).join("\n");
        throw new pulumi.InputPropertiesError({ message, errors });
    }
    const given = Object.fromEntries(
        Object.entries(args).filter(([, value]) => value !== undefined),
    ) as unknown as StormClusterArgs;
    const whole = { ...clusterDefaults, ...given, heap: { ...clusterDefaults.heap, ...args.heap } };
    return {
        ...whole,
        stormImage: fromRegistry(args.imageRegistry, whole.stormImage),
        zookeeperImage: fromRegistry(args.imageRegistry, whole.zookeeperImage),
        proxyImage: fromRegistry(args.imageRegistry, whole.proxyImage),
    };
}
