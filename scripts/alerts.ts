/** The alerts of a stack's Prometheus server. */
import * as fs from "fs";
import * as path from "path";
import * as yaml from "yaml";
import { run } from "../provider/machines/command";
import type { Machine } from "./containers";

/** An alert that fires. */
export interface Alert {
    name: string;
    /** What it is about: the values of its labels, such as the name of a topology. */
    about: string[];
    /** What to do. */
    runbook: string;
}

/** Labels that say nothing of what an alert is about. */
const common = ["__name__", "alertname", "alertstate", "severity", "cluster", "job", "instance"];

/** The alerts that fire, as Prometheus says; undefined: there is no Prometheus server, or it does not answer. */
export async function firingAlerts(
    machines: Machine[],
    resources: { type: string; inputs?: unknown }[],
): Promise<Alert[] | undefined> {
    const files = resources.find(({ type }) => type.endsWith(":PrometheusFiles"))?.inputs;
    const { container, url } = (files ?? {}) as { container?: string; url?: string };
    const machine = machines.find(({ containers }) => containers.some((each) => each.container === container));
    if (container === undefined || url === undefined || machine === undefined) {
        return undefined;
    }
    const query = ["promtool", "query", "instant", "--format=json", url, 'ALERTS{alertstate="firing"}'];
    return run(machine.ssh, ["docker", "exec", container, ...query]).then(
        (printed) => parseAlerts(String(printed), runbooks()),
        () => undefined,
    );
}

/**
 * The alerts of an answer of Prometheus'.
 * @param printed An instant vector, as promtool prints it as JSON.
 * @param advice What to do, by the alert's name.
 */
export function parseAlerts(printed: string, advice: Record<string, string>): Alert[] {
    const series = JSON.parse(printed) as { metric: Record<string, string> }[];
    return series
        .map(({ metric }) => ({
            name: metric.alertname ?? "",
            about: Object.entries(metric)
                .filter(([label]) => !common.includes(label))
                .map(([label, value]) => `${label} ${value}`),
            runbook: advice[metric.alertname ?? ""] ?? "",
        }))
        .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** What to do at each alert. */
function runbooks(): Record<string, string> {
    const file = path.join(__dirname, "../components/monitoring/rules.yml");
    const { groups } = yaml.parse(fs.readFileSync(file, "utf8")) as {
        groups: { rules: { alert?: string; annotations?: { runbook?: string } }[] }[];
    };
    return Object.fromEntries(
        groups.flatMap(({ rules }) =>
            rules.map(({ alert = "", annotations }) => [alert, annotations?.runbook ?? ""] as const),
        ),
    );
}
