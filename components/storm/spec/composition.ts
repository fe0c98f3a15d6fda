import { type DaemonKind, type DaemonRef, daemonKinds, daemonRef, ofKind, parseDaemonName } from "../../daemonRef";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import type { Host } from "../../hosts/host";
import { ports } from "./ports";
import { clientPort, nimbusPort, type Security, type SecurityInUpdate } from "./security";

/** How many daemons of each kind a cluster has. */
export interface DaemonCounts {
    /** Members of the ZooKeeper ensemble; 0 if the cluster uses an existing one. */
    zookeepers: number;
    /** Nimbus daemons. */
    nimbuses: number;
    /** Supervisors. */
    supervisors: number;
    /** DRPC servers. */
    drpcs: number;
    /** Whether Storm UI runs. */
    ui: boolean;
}

/** The daemons of a cluster, by kind, each kind in the order of its numbers. */
export function daemonRefs({ zookeepers, nimbuses, supervisors, drpcs, ui }: DaemonCounts): DaemonRef[] {
    const counts: Record<DaemonKind, number> = {
        zookeeper: zookeepers,
        nimbus: nimbuses,
        supervisor: supervisors,
        drpc: drpcs,
        ui: ui ? 1 : 0,
    };
    return daemonKinds.flatMap((kind) =>
        Array.from({ length: counts[kind] }, (_, index) => daemonRef(kind, index + 1)),
    );
}

/** The port of each kind's main server. Storm UI's is an argument of the cluster. */
const defaultPorts: Record<DaemonKind, number> = { ...ports, ui: 8080 };

/**
 * The daemons of a cluster on their hosts, by kind, each kind in the order of its numbers.
 * @param clusterName First part of the names of containers.
 * @param hosts The host of each daemon, by the daemon's name.
 * @param security What is protected by certificates; default: nothing.
 * @throws RangeError if a name is not one of a daemon, or a number is left out.
 */
export function placeDaemons(
    clusterName: string,
    hosts: Readonly<Record<string, Host>>,
    security?: Security | SecurityInUpdate,
): PlacedDaemon[] {
    const unknown = Object.keys(hosts).filter((name) => parseDaemonName(name) === undefined);
    if (unknown.length > 0) {
        throw new RangeError(
            `has ${unknown.join(", ")}: names must be as in zookeeper-1, nimbus-1, supervisor-1, drpc-1, ui`,
        );
    }
    const refs = Object.keys(hosts).flatMap((name) => parseDaemonName(name) ?? []);
    const placed = daemonKinds.flatMap((kind) => ofKind(refs, kind));
    const wanted = daemonKinds.flatMap((kind) => ofKind(refs, kind).map((_, index) => daemonRef(kind, index + 1).name));
    const missing = wanted.filter((name) => hosts[name] === undefined);
    if (missing.length > 0) {
        const extra = placed.filter(({ name }) => !wanted.includes(name)).map(({ name }) => name);
        throw new RangeError(
            `has ${extra.join(", ")}, and not ${missing.join(", ")}: the daemons of a kind must be numbered from 1`,
        );
    }
    const portOf = { ...defaultPorts, zookeeper: clientPort(security), nimbus: nimbusPort(security) };
    return placed.map((ref) => ({
        ...ref,
        host: hosts[ref.name] as Host,
        container: `${clusterName}-${ref.name}`,
        defaultPort: portOf[ref.kind],
    }));
}

/**
 * What keeps daemons from making up a cluster; undefined: nothing.
 * @param hasZooKeeper Whether the cluster uses an existing ZooKeeper ensemble.
 */
export function compositionProblem(daemons: readonly DaemonRef[], hasZooKeeper: boolean): string | undefined {
    const members = ofKind(daemons, "zookeeper").map(({ name }) => name);
    if (![0, 1, 3, 5].includes(members.length)) {
        return `has ${members.length} ZooKeeper members: an ensemble must have 1, 3 or 5`;
    }
    if (ofKind(daemons, "nimbus").length === 0) {
        return "has no host for nimbus-1";
    }
    if (hasZooKeeper && members.length > 0) {
        return `has ${members.join(", ")}, and \`zookeeper\` names an existing ensemble: remove one of the two`;
    }
    if (!hasZooKeeper && members.length === 0) {
        return "has no host for zookeeper-1, and `zookeeper` names no existing ensemble";
    }
    return undefined;
}
