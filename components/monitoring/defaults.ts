import { ports } from "../storm/spec/ports";

/** Defaults of a Prometheus server. Pulumi.yaml declares the same image, which a test checks. */
export const monitoringDefaults = {
    /** Its image. */
    image: "prom/prometheus:v3.5.0",
    /** TCP port of its pages. */
    port: ports.prometheus,
    /** Seconds between two scrapes of a target. */
    scrapeSeconds: 15,
    /** Days for which it keeps what it has scraped. */
    retentionDays: 15,
} as const;

/** Memory limits of the containers, in MiB: docs/benchmarks.md has what they use. */
export const monitoringMemory = { exporter: 128, prometheus: 512 } as const;

/** MiB that the containers may use on the machine of the first Nimbus. */
export function monitoringLimit(monitoring: { prometheus: boolean } | undefined): number {
    const { exporter, prometheus } = monitoringMemory;
    return monitoring === undefined ? 0 : exporter + (monitoring.prometheus ? prometheus : 0);
}
