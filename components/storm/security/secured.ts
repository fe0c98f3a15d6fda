import * as pulumi from "@pulumi/pulumi";
import type { Tls } from "../../../provider/machines/connector";
import { stormPem } from "../../../provider/nimbus/tlsFiles";
import type { Discovery } from "../../discovery/discovery";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import type { Host } from "../../hosts/host";
import type { ExistingResource } from "../../stackState";
import { existingNimbuses } from "../rollout/existingNimbuses";
import { announce, begin, end, membersSteps, nextStep, nimbusSteps } from "../rollout/securitySteps";
import type { PagePorts } from "../spec/ports";
import type { Security, SecurityStep } from "../spec/security";
import type { StormConfig } from "../spec/stormConfig";
import { type Authority, firstEnd, type UsersAuthority } from "./authority";
import { type Credentials, together } from "./credentials";
import { warnOfEnds } from "./ends";
import { authorization, StormTls } from "./stormTls";
import { type ZooKeeperMember, ZooKeeperTls } from "./zooKeeperTls";

/** Arguments of {@link secured}. */
export interface SecuredArgs {
    /** The cluster's name. */
    clusterName: string;
    /** What is protected; default: nothing. */
    security?: Security | undefined;
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
    /** Says that all daemons are there: those that use ZooKeeper, and all of Storm. */
    end: (ready: { zookeeper: pulumi.Resource[]; storm: pulumi.Resource[] }) => void;
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
        return { credentials: () => undefined, begun: [], end: () => undefined, expires: () => undefined };
    }
    const before = { parent, dependsOn: first };
    const common = { clusterName, certificateDays, authority, discovery };
    const zookeeper = new ZooKeeperTls(`${name}-security`, common, { parent });
    const step = state.apply((existing) => nextStep(existing, name, membersSteps));
    const members = { member: (daemon: PlacedDaemon) => zookeeper.member(daemon), step };
    const forZooKeeper = (daemon: PlacedDaemon) =>
        daemon.kind === "nimbus" || daemon.kind === "supervisor" ? zookeeper.client(daemon) : undefined;
    if (security === "zookeeper") {
        const begun = begin(name, membersSteps, step, before);
        announce([{ steps: membersSteps, step }], begun);
        warnOfEnds(zookeeper.authorities, certificateDays, parent);
        return {
            members,
            credentials: forZooKeeper,
            begun: [begun],
            end: (ready) => end(name, membersSteps, step, { parent, dependsOn: ready.zookeeper }),
            expires: () => firstEnd([zookeeper.expires, ...ends(zookeeper.authorities)]),
        };
    }
    const storm = new StormTls(`${name}-tls`, { ...common, pagePorts, users }, { parent });
    const authorities = [...zookeeper.authorities, ...storm.authorities];
    warnOfEnds(authorities, certificateDays, parent);
    const nimbusStep = state.apply((existing) => nextStep(existing, name, nimbusSteps));
    // Workers of before and after the first step do not connect to each other.
    const withoutTopologies = pulumi
        .all([state, nimbusStep])
        .apply(([existing, at]) => (at === 1 ? existingNimbuses(existing, name) : undefined));
    const checked = begin(name, nimbusSteps, nimbusStep, before, withoutTopologies);
    const begun = begin(name, membersSteps, step, { parent, dependsOn: [...first, checked] });
    announce(
        [
            { steps: membersSteps, step },
            { steps: nimbusSteps, step: nimbusStep },
        ],
        begun,
    );
    return {
        members,
        storm,
        nimbusTls: stormPem,
        authorization: nimbusStep.apply((at) => (at > 1 ? authorization(users, args.nimbuses === 1) : {})),
        credentials: (daemon) => together([forZooKeeper(daemon), storm.daemon(daemon)]),
        begun: [checked, begun],
        end: (ready) => {
            end(name, membersSteps, step, { parent, dependsOn: ready.zookeeper });
            end(name, nimbusSteps, nimbusStep, { parent, dependsOn: ready.storm });
        },
        expires: () => firstEnd([zookeeper.expires, storm.expires, ...ends(authorities)]),
    };
}

function ends(authorities: readonly Authority[]): pulumi.Output<string>[] {
    return authorities.flatMap(({ end, crossEnd }) => [end, ...(crossEnd ? [crossEnd] : [])]);
}
