/** The alerts of a stack's Prometheus server. */
import { httpGet } from "../provider/machines/container";
import type { Machine } from "./containers";

/** An alert that fires. */
export interface Alert {
    name: string;
    /** What is wrong, with its values. */
    summary: string;
    /** What to do. */
    runbook: string;
}

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
    return httpGet({ container, ssh: machine.ssh }, `${url}/api/v1/alerts`).then(parseAlerts, () => undefined);
}

/** The alerts that fire, of an answer of Prometheus' API. */
export function parseAlerts(printed: string): Alert[] {
    const { data } = JSON.parse(printed) as {
        data: {
            alerts: { state: string; labels: { alertname: string }; annotations: Omit<Alert, "name"> }[];
        };
    };
    return data.alerts
        .filter(({ state }) => state === "firing")
        .map(({ labels: { alertname: name }, annotations: { summary, runbook } }) => ({ name, summary, runbook }))
        .sort((one, other) => (one.name < other.name ? -1 : 1));
}
