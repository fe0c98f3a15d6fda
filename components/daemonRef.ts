/** Kinds of daemons, in the order in which a cluster lists them. */
export const daemonKinds = ["zookeeper", "nimbus", "supervisor", "drpc", "ui"] as const;

/** A kind of daemon. */
export type DaemonKind = (typeof daemonKinds)[number];

/** The identity of a daemon within its cluster. Names of its container, its data and its resources follow from it. */
export interface DaemonRef {
    /** What kind of daemon it is. */
    readonly kind: DaemonKind;
    /** Its number among those of its kind, from 1. */
    readonly index: number;
    /** `nimbus-1` for the first Nimbus; `ui` for Storm UI, of which a cluster has one. */
    readonly name: string;
}

/** The identity of a daemon. */
export function daemonRef(kind: DaemonKind, index = 1): DaemonRef {
    return { kind, index, name: kind === "ui" ? kind : `${kind}-${index}` };
}

/** The identity that a name stands for; undefined: it is not the name of a daemon. */
export function parseDaemonName(name: string): DaemonRef | undefined {
    const [, kind, index] = /^([a-z]+)(?:-([1-9]\d*))?$/.exec(name) ?? [];
    const known = daemonKinds.find((each) => each === kind);
    const ref = known && daemonRef(known, Number(index ?? 1));
    return ref?.name === name ? ref : undefined;
}

/** The daemons of one kind, in the order of their numbers. */
export function ofKind<T extends DaemonRef>(daemons: readonly T[], kind: DaemonKind): T[] {
    return daemons.filter((daemon) => daemon.kind === kind).sort((one, other) => one.index - other.index);
}
