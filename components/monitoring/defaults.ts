import { ports } from "../storm/spec/ports";

/** Defaults of a Prometheus server, and of Grafana. Pulumi.yaml declares the same images, which a test checks. */
export const monitoringDefaults = {
    /** Its image. */
    image: "prom/prometheus:v3.5.0",
    /** TCP port of its pages. */
    port: ports.prometheus,
    /** Seconds between two scrapes of a target. */
    scrapeSeconds: 15,
    /** Days for which it keeps what it has scraped. */
    retentionDays: 15,
    /** Grafana's image. */
    grafanaImage: "grafana/grafana:12.4.10",
    /** TCP port of Grafana's pages. */
    grafanaPort: ports.grafana,
} as const;

/**
 * Memory limits of the containers, in MiB: docs/benchmarks.md has what the exporter and Prometheus use; Grafana's documentation
 * recommends at least 512 MB (https://grafana.com/docs/grafana/latest/setup-grafana/installation/).
 */
export const monitoringMemory = { exporter: 128, prometheus: 512, grafana: 512 } as const;

/** MiB that the containers may use on the machine of the first Nimbus. */
export function monitoringLimit(monitoring: { prometheus: boolean; grafana?: boolean } | undefined): number {
    const { exporter, prometheus, grafana } = monitoringMemory;
    return monitoring === undefined
        ? 0
        : exporter + (monitoring.prometheus ? prometheus : 0) + (monitoring.grafana ? grafana : 0);
}
