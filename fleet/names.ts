/** Names by which the group that the program declares, its machines and the controller know each other. */

/** The group's lifecycle hooks. */
export const hooks = {
    /** Of instances that are launched: they are in service once Nimbus lists their supervisors. */
    launching: "launching",
    /** Of instances that are terminated: they go once their work runs elsewhere. */
    terminating: "terminating",
} as const;

/**
 * The tag that tells a machine to stop its supervisor, and everybody that its drain has begun. The machine sees it in its instance
 * metadata, at `tags/instance/storm:drain`.
 */
export const drainTag = "storm:drain";

/** The metric that target tracking follows: wanted slots in percent of the slots that there are. */
export const demandMetric = { namespace: "Storm", name: "SlotDemand", dimension: "Cluster", unit: "Percent" } as const;
