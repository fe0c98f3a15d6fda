import * as pulumi from "@pulumi/pulumi";
import type { Tls } from "../../../provider/machines/connector";
import { stormPem } from "../../../provider/nimbus/tlsFiles";
import type { Discovery } from "../../discovery/discovery";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import type { Host } from "../../hosts/host";
import type { ExistingResource } from "../../stackState";
import { existingNimbuses } from "../rollout/existingNimbuses";
import { changesCalls, nextSecurity } from "../rollout/securityInUpdate";
import { announce, begin, end, membersSteps, nimbusSteps } from "../rollout/securitySteps";
import type { PagePorts } from "../spec/ports";
import {
    certifiedFor,
    connectionsBy,
    type NimbusStep,
    type Security,
    type SecurityInUpdate,
    type SecurityStep,
} from "../spec/security";
import type { StormConfig } from "../spec/stormConfig";
import { firstEnd, type UsersAuthority } from "./authority";
import { type Credentials, together } from "./credentials";
import { authorization, StormTls } from "./stormTls";
import { warnOfEnds } from "./warnOfEnds";
import { type ZooKeeperMember, ZooKeeperTls } from "./zooKeeperTls";

/** Arguments of {@link secured}. */
export interface SecuredArgs {
    /** The cluster's name. */
    clusterName: string;
    /** What is protected; default: nothing. */
    security?: Security | SecurityInUpdate | undefined;
    /** Days for which certificates are valid. */
    certificateDays: number;
    /** Signs the stack's authorities too; default: nobody does. */
    authority?: UsersAuthority | undefined;
    /** How daemons are reached. */
    discovery: Discovery;
    /** TCP ports at which servers of pages on a host listen. */
    pagePorts: (host: Host) => PagePorts;
    /** Who may submit topologies, beside the daemons. */
    users: readonly string[];
    /** How many Nimbus daemons there are. */
    nimbuses: number;
    /** The stack's resources, as of its last update. */
    state: pulumi.Output<ExistingResource[]>;
    /** What has to exist before the first change. */
    first: pulumi.Resource[];
}

/** A cluster's certificates, and how far its daemons use them. */
export interface Secured {
    /** What members of the ensemble serve by; undefined: in plain. */
    members?: { member: (daemon: PlacedDaemon) => ZooKeeperMember; step: pulumi.Output<SecurityStep> };
    /** Certificates of Storm's daemons and users; undefined: there are none. */
    storm?: StormTls;
    /** By which Nimbus is asked from within its container; undefined: in plain. */
    nimbusTls?: Tls;
    /** Entries of Nimbus's storm.yaml by which it looks at who calls. */
    authorization?: pulumi.Output<StormConfig>;
    /** What a daemon of Storm connects, and serves, by TLS with; undefined: nothing. */
    credentials: (daemon: PlacedDaemon) => Credentials | undefined;
    /** What exists once the update has said how far it goes: before the first container. */
    begun: pulumi.Resource[];
    /**
     * Says that all daemons are there: those that use ZooKeeper, and all of Storm. Returns what comes before reverse proxies and
     * topologies: in the first update of `tls`, which may be one that cannot succeed, they would keep the next from turning back.
     */
    end: (ready: { zookeeper: pulumi.Resource[]; storm: pulumi.Resource[] }) => pulumi.Input<pulumi.Resource>[];
    /** When the first of the certificates ends, those of authorities too; undefined: there are none. */
    expires: () => pulumi.Output<string> | undefined;
}

/**
 * What protects a cluster's connections.
 * @param name Name of the cluster's resource.
 */
export function secured(name: string, args: SecuredArgs, parent: pulumi.Resource): Secured {
    const { clusterName, security, certificateDays, authority, discovery, pagePorts, users, state, first } = args;
    if (security === undefined) {
        return { credentials: () => undefined, begun: [], end: () => [], expires: () => undefined };
    }
    const before = { parent, dependsOn: first };
    const common = { clusterName, certificateDays, authority, discovery };
    const connections = connectionsBy(security);
    const now = pulumi
        .all([state, security])
        .apply(([existing, given]) =>
            typeof given === "string" ? (nextSecurity(existing, name, given) as SecurityInUpdate) : given,
        );
    const zookeeper = new ZooKeeperTls(`${name}-security`, common, { parent });
    const step = now.apply(({ members }) => members);
    const members = { member: (daemon: PlacedDaemon) => zookeeper.member(daemon), step };
    const forZooKeeper = (daemon: PlacedDaemon) =>
        connections && (daemon.kind === "nimbus" || daemon.kind === "supervisor")
            ? zookeeper.client(daemon)
            : undefined;
    if (certifiedFor(security) === "zookeeper") {
        const begun = begin(name, membersSteps, step, before);
        announce(now, begun);
        warnOfEnds(zookeeper.authorities, certificateDays, parent);
        return {
            members,
            credentials: forZooKeeper,
            begun: [begun],
            end: (ready) => {
                end(name, membersSteps, step, { parent, dependsOn: ready.zookeeper });
                return [];
            },
            expires: () => zookeeper.expires,
        };
    }
    const storm = new StormTls(`${name}-tls`, { ...common, pagePorts, users }, { parent });
    const authorities = [...zookeeper.authorities, ...storm.authorities];
    warnOfEnds(authorities, certificateDays, parent);
    const nimbusStep = now.apply(({ nimbus }) => nimbus as NimbusStep);
    const withoutTopologies = pulumi
        .all([state, nimbusStep])
        .apply(([existing, at]) => (changesCalls(existing, name, at) ? existingNimbuses(existing, name) : undefined));
    const checked = begin(name, nimbusSteps, nimbusStep, before, withoutTopologies);
    const begun = begin(name, membersSteps, step, { parent, dependsOn: [...first, checked] });
    announce(now, begun);
    return {
        members,
        storm,
        ...(connections === "tls" && { nimbusTls: stormPem }),
        authorization: nimbusStep.apply((at) => (at > 1 ? authorization(users, args.nimbuses === 1) : {})),
        credentials: (daemon) =>
            together([forZooKeeper(daemon), connections === "tls" ? storm.daemon(daemon) : storm.server(daemon)]),
        begun: [checked, begun],
        end: (ready) => {
            end(name, membersSteps, step, { parent, dependsOn: ready.zookeeper });
            const done = end(name, nimbusSteps, nimbusStep, { parent, dependsOn: ready.storm });
            return [nimbusStep.apply((at) => (at === 1 ? done : checked))];
        },
        expires: () => firstEnd([zookeeper.expires, storm.expires]),
    };
}
