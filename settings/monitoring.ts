/** The setting `monitoring`: what watches the cluster. */
import { z } from "zod";
import { monitoringDefaults } from "../components/monitoring/defaults";
import type { Problem, Valid } from "./rules";
import { count, flag, port, serverName } from "./values";

const keys = z.strictObject({
    prometheus: flag.default(true),
    port: port.default(monitoringDefaults.port),
    scrapeSeconds: count(10, 120).default(monitoringDefaults.scrapeSeconds),
    retentionDays: count(1, 3650).default(monitoringDefaults.retentionDays),
    grafana: flag.default(false),
    grafanaPort: port.default(monitoringDefaults.grafanaPort),
    alertmanager: serverName.regex(/:\d+$/, "must have a port, such as alerts.example.com:9093").optional(),
});

/** The setting by itself: `true` for the defaults, `false` for none, or a map; undefined: none. */
export const monitoring = z
    .union([flag, keys], {
        error: "must be true, false, or a map of prometheus, port, scrapeSeconds, retentionDays, grafana, grafanaPort and alertmanager",
    })
    .transform((given) => (given === false ? undefined : keys.parse(given === true ? {} : given)));

/** What the settings say of the monitoring. */
export type MonitoringSettings = NonNullable<z.infer<typeof monitoring>>;

/** The ports of the monitoring, as a target's arguments have them. */
export function monitoringPorts(
    settings: MonitoringSettings | undefined,
): { prometheus?: number; grafana?: number } | undefined {
    return (
        settings && {
            ...(settings.prometheus && { prometheus: settings.port }),
            ...(settings.grafana && { grafana: settings.grafanaPort }),
        }
    );
}

/** Tells what of the setting does not agree with itself, and with other settings. */
export function monitoringProblems(
    { monitoring: given, zooCfg = {}, target, ui, uiPort }: Valid,
    problem: Problem,
): void {
    if (given === undefined) {
        return;
    }
    for (const key of Object.keys(zooCfg).filter((each) => each.startsWith("metricsProvider."))) {
        problem(["zooCfg", key], "is set by storm:monitoring: remove it");
    }
    if (!given.prometheus) {
        if (given.alertmanager !== undefined) {
            problem(
                ["monitoring", "alertmanager"],
                "is for a Prometheus server of the stack's own: remove it, or set prometheus to true",
            );
        }
        if (given.grafana) {
            problem(
                ["monitoring", "grafana"],
                "shows what a Prometheus server of the stack's own has: remove it, or set prometheus to true",
            );
        }
        return;
    }
    const pages = given.grafana ? (["port", "grafanaPort"] as const) : (["port"] as const);
    for (const key of pages) {
        if (ui === true && uiPort === given[key] && target !== "aws") {
            problem(["monitoring", key], "is storm:uiPort: set one of the two to another port");
        }
        if (target !== "local" && given[key] < 1024) {
            problem(["monitoring", key], "is below 1024, which a container without privileges cannot open on a host");
        }
    }
    if (given.grafana && given.grafanaPort === given.port) {
        problem(["monitoring", "grafanaPort"], "is storm:monitoring.port: set one of the two to another port");
    }
}
