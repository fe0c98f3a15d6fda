import { ports } from "../storm/spec/ports";

/** Defaults of a Prometheus server. Pulumi.yaml declares the same image, which a test checks. */
export const monitoringDefaults = {
    image: "prom/prometheus:v3.5.0",
    port: ports.prometheus,
    scrapeSeconds: 15,
    retentionDays: 15,
} as const;
