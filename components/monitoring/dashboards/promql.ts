/** Expressions of PromQL that dashboards share. */

// Nimbus has new counts of an executor only every 60 s or so: a rate needs 3 minutes or more.
const window = "5m";
/** A rate for each second. */
export const rate = (series: string) => `rate(${series}[${window}])`;
/** A sum for each combination of labels. */
export const sum = (labels: string, expr: string) => `sum by (${labels}) (${expr})`;
/** The largest for each combination of labels. */
export const max = (labels: string, expr: string) => `max by (${labels}) (${expr})`;

/** Share of a topology's tuples that failed, among those whose outcome is known: as the alert StormTopologyFailures. */
export function failedShare(of: string): string {
    const failed = sum("topology", rate(`storm_topology_failed_total${of}`));
    const acked = sum("topology", rate(`storm_topology_acked_total${of}`));
    // Where there is neither, 0 / 0 would be NaN.
    return `${failed} / (${acked} + ${failed} > 0)`;
}

/** Complete latency as a share of the message timeout, beyond which a tuple has failed: as the alert StormTopologySlow. */
export function latencyShare(of: string): string {
    const [latency, timeout] = ["complete_latency", "message_timeout"].map((each) =>
        max("topology", `storm_topology_${each}_seconds${of}`),
    );
    return `${latency} / ${timeout}`;
}
