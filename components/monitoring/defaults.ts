import type { MonitoringMemory } from "../storm/spec/memory";
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

/** Images of what serves metrics of machines, by default. Pulumi.yaml declares the same, which a test checks. */
export const machineImages = {
    /**
     * Not 1.12, which reports writable file systems as read-only if it runs in a container:
     * https://github.com/prometheus/node_exporter/issues/3755
     */
    nodeExporter: "prom/node-exporter:v1.11.1",
    /** For x86 and ARM. Of 0.53 and later, ghcr.io alone has images: https://github.com/google/cadvisor/blob/master/docs/running.md */
    cadvisor: "ghcr.io/google/cadvisor:v0.60.5",
} as const;

/**
 * Memory limits of the containers, in MiB: docs/benchmarks.md has what the exporter and Prometheus use; Grafana's documentation
 * recommends at least 512 MB (https://grafana.com/docs/grafana/latest/setup-grafana/installation/); a node exporter used 8, and a
 * cAdvisor 13, on a machine with 10 containers.
 */
export const monitoringMemory = {
    exporter: 128,
    prometheus: 512,
    grafana: 512,
    nodeExporter: 64,
    cadvisor: 256,
} as const;

/** MiB that the containers may use. */
export function monitoringLimits(
    monitoring: Partial<Record<keyof typeof monitoringMemory, boolean>> | undefined,
): MonitoringMemory {
    const of = (kind: keyof typeof monitoringMemory) => (monitoring?.[kind] ? monitoringMemory[kind] : 0);
    return {
        besideNimbus: (monitoring ? monitoringMemory.exporter : 0) + of("prometheus") + of("grafana"),
        onEachMachine: of("nodeExporter") + of("cadvisor"),
    };
}
