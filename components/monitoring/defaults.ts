import type { MonitoringMemory } from "../storm/spec/memory";
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
 * Memory limits of the containers, in MiB: test/bench/exporter.ts measures the exporter; Prometheus holds some thousand series. A node
 * exporter used 8 of them, and a cAdvisor 13, on a machine with 10 containers.
 */
export const monitoringMemory = { exporter: 128, prometheus: 512, nodeExporter: 64, cadvisor: 256 } as const;

/** MiB that the containers may use. */
export function monitoringLimits(
    monitoring: { prometheus: boolean; nodeExporter?: boolean; cadvisor?: boolean } | undefined,
): MonitoringMemory {
    const { exporter, prometheus, nodeExporter, cadvisor } = monitoringMemory;
    return {
        besideNimbus: monitoring === undefined ? 0 : exporter + (monitoring.prometheus ? prometheus : 0),
        onEachMachine: (monitoring?.nodeExporter ? nodeExporter : 0) + (monitoring?.cadvisor ? cadvisor : 0),
    };
}
