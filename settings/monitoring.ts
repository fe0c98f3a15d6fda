/** The setting `monitoring`: what watches the cluster. */
import { z } from "zod";
import { monitoringDefaults } from "../components/monitoring/defaults";
import { ports } from "../components/storm/spec/ports";
import type { MonitoringPorts } from "../components/targets/target";
import { sharesMachines } from "./placement";
import type { Problem, Valid } from "./rules";
import { openedPorts } from "./stormYaml";
import { count, flag, port, serverName } from "./values";

const keys = z.strictObject({
    prometheus: flag.default(true),
    port: port.default(monitoringDefaults.port),
    scrapeSeconds: count(10, 120).default(monitoringDefaults.scrapeSeconds),
    retentionDays: count(1, 3650).default(monitoringDefaults.retentionDays),
    grafana: flag.default(false),
    grafanaPort: port.default(monitoringDefaults.grafanaPort),
    alertmanager: serverName.regex(/:\d+$/, "must have a port, such as alerts.example.com:9093").optional(),
    nodeExporter: flag.default(false),
    cadvisor: flag.default(false),
});

/** The setting by itself: `true` for the defaults, `false` for none, or a map; undefined: none. */
export const monitoring = z
    .union([flag, keys], {
        error: "must be true, false, or a map of prometheus, port, scrapeSeconds, retentionDays, grafana, grafanaPort, alertmanager, nodeExporter and cadvisor",
    })
    .transform((given) => (given === false ? undefined : given === true ? keys.parse({}) : given));

/** What the settings say of the monitoring. */
export type MonitoringSettings = NonNullable<z.infer<typeof monitoring>>;

/** What watches the cluster, as a target's arguments have it. */
export function monitoringPorts(settings: MonitoringSettings | undefined): MonitoringPorts | undefined {
    return (
        settings && {
            ...(settings.prometheus && { prometheus: settings.port }),
            ...(settings.grafana && { grafana: settings.grafanaPort }),
            nodeExporter: settings.nodeExporter,
            cadvisor: settings.cadvisor,
        }
    );
}

/** Tells what of the setting does not agree with itself, and with other settings. */
export function monitoringProblems(settings: Valid, problem: Problem): void {
    const { monitoring: given, zooCfg = {}, target, ui, uiPort, stormYaml = {} } = settings;
    if (given === undefined) {
        return;
    }
    for (const key of Object.keys(zooCfg).filter((each) => each.startsWith("metricsProvider."))) {
        problem(["zooCfg", key], "is set by storm:monitoring: remove it");
    }
    const opened: unknown[] = [
        ...(given.nodeExporter ? [ports.nodeExporter] : []),
        ...(given.cadvisor ? [ports.cadvisor] : []),
    ];
    const wanted: [string[], unknown][] = [
        [["uiPort"], ui === true && uiPort],
        [["monitoring", "port"], given.prometheus && given.port],
        [["monitoring", "grafanaPort"], given.grafana && given.grafanaPort],
        ...openedPorts.map((key): [string[], unknown] => [["stormYaml", key], stormYaml[key]]),
    ];
    for (const [path] of wanted.filter(([, value]) => target !== "local" && opened.includes(value))) {
        problem(path, "is a port that storm:monitoring opens on each machine: set another one");
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
        if (ui === true && uiPort === given[key] && (target !== "aws" || sharesMachines(settings))) {
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
