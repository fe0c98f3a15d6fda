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
