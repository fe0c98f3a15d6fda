import type { schema } from "./schema";

/** Names that kinds of resources had before. A stack's state has them until its next update. */
export const formerKinds: Partial<Record<keyof typeof schema, readonly string[]>> = {
    RestartGate: ["Turn"],
    NimbusShutdown: ["Shutdown"],
    EnsembleMembership: ["Membership"],
    StormVersionGuard: ["MajorVersion"],
    DataLocation: ["Place", "DataZone"],
    DeletionProtection: ["Protection"],
    StackKey: ["OwnerKey"],
    SshConnection: ["SshContact"],
};

/** The types that resources of a kind have in a stack's state: the one of today, then those of earlier versions. */
export function typesOf(kind: keyof typeof schema): string[] {
    const former = formerKinds[kind] ?? [];
    return [
        `storm:index:${kind}`,
        // At first it was a dynamic resource, with its code in the state.
        ...[kind, ...former].map((each) => `pulumi-nodejs:dynamic/storm:${each}`),
        ...former.map((each) => `storm:index:${each}`),
    ];
}
