/** A machine of the user's, and what runs there. */
export interface PlacedHost {
    /** Its name within the stack. */
    name: string;
    /** The IP address at which the other hosts dial it. */
    address: string;
    /** Names of the daemons that run there. */
    daemons: string[];
    /** The key by which the machine is known, where it is given. */
    hostKey?: string | undefined;
}

/** A mistake: where it is in the list of hosts, and what it is. */
export interface Misplacement {
    path: (string | number)[];
    message: string;
}

/**
 * What is wrong with a placement.
 * @param hosts The machines.
 * @param wanted Names of all daemons, by kind. Each has to run on one host, and those of one kind on different ones:
 *     they share ports, and members of an ensemble that fall together are worth no more than one.
 */
export function misplacements(hosts: PlacedHost[], wanted: Record<string, string[]>): Misplacement[] {
    const mistakes: Misplacement[] = [];
    const kindOf = new Map(Object.entries(wanted).flatMap(([kind, daemons]) => daemons.map((daemon) => [daemon, kind])));
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
                mistakes.push({ path: at, message: `is no daemon of this cluster: ${suggestion(daemon, wanted)}` });
            } else if (elsewhere !== undefined) {
                mistakes.push({ path: at, message: `runs on ${elsewhere} already: take it out of one of the two` });
            } else if (kinds.has(kind)) {
                mistakes.push({ path: at, message: `would share ${host.name} with ${kinds.get(kind)}: two of a kind need a host each` });
            } else {
                kinds.set(kind, daemon);
            }
            placed.set(daemon, elsewhere ?? host.name);
        }
    }
    const missing = [...kindOf.keys()].filter((daemon) => !placed.has(daemon));
    if (missing.length > 0) {
        mistakes.push({ path: [], message: `has no place for ${missing.join(", ")}: add each to the daemons of one host` });
    }
    return mistakes;
}

const countSettings: Record<string, string> = {
    zookeeper: "zookeepers",
    nimbus: "nimbuses",
    supervisor: "supervisors",
    drpc: "drpcs",
};

/** What keeps a kind without a count, or of none, from being there. */
const unless: Record<string, string> = {
    zookeeper: "storm:zookeeperServers says where ZooKeeper is",
    ui: "storm:ui is false",
    dns: "dns-1 and dns-2 are there where storm:discovery is `dns`",
};

function suggestion(daemon: string, wanted: Record<string, string[]>): string {
    const [kind = "", number = ""] = daemon.split("-");
    const count = wanted[kind]?.length;
    if (/^[1-9]\d*$/.test(number) && countSettings[kind] && !(count === 0 && unless[kind])) {
        return `storm:${countSettings[kind]} is ${count}`;
    }
    return unless[kind] ?? "names are as in zookeeper-1, nimbus-1, supervisor-1, drpc-1, ui";
}
