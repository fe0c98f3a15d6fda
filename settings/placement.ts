import { daemonRef, parseDaemonName } from "../components/daemonRef";
import type { ExistingResource } from "../components/stackState";
import type { Valid } from "./rules";

/** A machine, and what runs on it. */
export interface PlacedHost {
    /** Its name within the stack. */
    name: string;
    /** Names of the daemons that run on it. */
    daemons: string[];
    /** The IP address at which other hosts connect to it, if it is given. */
    address?: string | undefined;
    /** Whether it gets a supervisor that no machine lists; default: it does not. */
    spare?: boolean;
    /** The machine's host key, if it is given. */
    hostKey?: string | undefined;
}

/**
 * Gives spare machines the supervisors that no machine lists: one each, in the order of their numbers and of the machines. So the last
 * supervisor is on the last machine that is used, and goes first.
 * @param supervisors How many there are.
 */
export function withSpares<T extends PlacedHost>(hosts: readonly T[], supervisors: number): T[] {
    const listed = new Set(hosts.flatMap(({ daemons }) => daemons));
    const others = Array.from({ length: supervisors }, (_, index) => daemonRef("supervisor", index + 1).name).filter(
        (name) => !listed.has(name),
    );
    return hosts.map((host) => (host.spare ? { ...host, daemons: others.splice(0, 1) } : host));
}

/**
 * Why supervisors cannot move to spare machines, as the list of hosts wants it: one that starts while another one still runs on its machine
 * finds its ports taken, and would never be ready.
 * @param hosts The machines, with what spare ones have: {@link withSpares}.
 * @param state The stack's resources, as of its last update.
 */
export function spareProblems(hosts: readonly PlacedHost[], state: readonly ExistingResource[]): string[] {
    const stack = state.find(({ type }) => type === "pulumi:pulumi:Stack");
    const { hosts: before = {} } = (stack?.outputs ?? {}) as { hosts?: Record<string, { daemons: string[] }> };
    return hosts.flatMap(({ name, spare, daemons: [supervisor] }) => {
        const former = before[name]?.daemons.find((daemon) => parseDaemonName(daemon)?.kind === "supervisor");
        return spare && supervisor !== undefined && former !== undefined && former !== supervisor
            ? [
                  `would put ${supervisor} on the spare machine ${name}, which still has ${former}: set the list back, or first lower ` +
                      "storm:supervisors so that no spare machine has one, and run `make up`",
              ]
            : [];
    });
}

/** What must run on a host: a daemon, or a DNS server. */
export interface Wanted {
    kind: string;
    name: string;
}

/** A mistake: where it is in the list of machines, and what it is. */
export interface Misplacement {
    path: (string | number)[];
    message: string;
}

/**
 * What is wrong with a placement.
 * @param hosts The machines.
 * @param wanted All daemons and DNS servers. Each must run on one host, and those of one kind on different ones: they use the same
 *     ports, and members of an ensemble that fail together are worth no more than one.
 * @param machine What messages call a machine.
 */
export function misplacements(
    hosts: PlacedHost[],
    wanted: readonly Wanted[],
    machine: "host" | "instance",
): Misplacement[] {
    const mistakes: Misplacement[] = [];
    const kindOf = new Map(wanted.map(({ kind, name }) => [name, kind]));
    const placed = new Map<string, string>();

    for (const [index, host] of hosts.entries()) {
        for (const property of ["name", "address", "hostKey"] as const) {
            const first = hosts.findIndex((other) => other[property] === host[property]);
            if (first < index && host[property] !== undefined) {
                mistakes.push({ path: [index, property], message: `is that of ${hosts[first]?.name} too` });
            }
        }
        const kinds = new Map<string, string>();
        for (const [place, daemon] of host.daemons.entries()) {
            const at = [index, "daemons", place];
            const kind = kindOf.get(daemon);
            const elsewhere = placed.get(daemon);
            if (kind === undefined) {
                mistakes.push({ path: at, message: `is not a daemon of this cluster: ${suggestion(daemon, wanted)}` });
            } else if (elsewhere !== undefined) {
                mistakes.push({ path: at, message: `runs on ${elsewhere} already: remove it from one of the two` });
            } else if (kinds.has(kind)) {
                mistakes.push({
                    path: at,
                    message: `would share ${host.name} with ${kinds.get(kind)}: two daemons of a kind must be on different ${machine}s`,
                });
            } else {
                kinds.set(kind, daemon);
            }
            placed.set(daemon, elsewhere ?? host.name);
        }
    }
    const missing = [...kindOf.keys()].filter((daemon) => !placed.has(daemon));
    if (missing.length > 0) {
        const isForSpares = missing.every((daemon) => kindOf.get(daemon) === "supervisor");
        mistakes.push({
            path: [],
            message:
                `has no place for ${missing.join(", ")}: add each to the daemons of one ${machine}` +
                (isForSpares && machine === "host" ? ", or a machine with `spare: true` for each" : ""),
        });
    }
    return mistakes;
}

/** Whether daemons of different kinds may be on one machine, whose ports they then share. */
export function sharesMachines({ target, aws }: Pick<Valid, "target" | "aws">): boolean {
    return target === "hosts" || (target === "aws" && (aws?.instances ?? []).length > 0);
}

const countSettings: Record<string, string> = {
    zookeeper: "zookeepers",
    nimbus: "nimbuses",
    supervisor: "supervisors",
    drpc: "drpcs",
};

/** Why a stack has no daemon of a kind. */
const unless: Record<string, string> = {
    zookeeper: "storm:zookeeperServers says where ZooKeeper is",
    ui: "storm:ui is false",
    dns: "dns-1 and dns-2 are for storm:discovery `dns`",
};

/** What would be right where a name is not that of a daemon of the cluster. */
export function suggestion(daemon: string, wanted: readonly Wanted[]): string {
    const kind = /^dns-[12]$/.test(daemon) ? "dns" : parseDaemonName(daemon)?.kind;
    if (kind === undefined) {
        return "names must be as in zookeeper-1, nimbus-1, supervisor-1, drpc-1, ui";
    }
    const count = wanted.filter((each) => each.kind === kind).length;
    const reason = count === 0 ? unless[kind] : undefined;
    return reason ?? `storm:${countSettings[kind]} is ${count}`;
}
