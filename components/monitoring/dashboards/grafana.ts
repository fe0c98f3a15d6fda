import { dashboards } from "./dashboards";
import type * as json from "./grafanaJson";

/**
 * The dashboards for Grafana, as it provisions them: JSON by the name of a file, such as `cluster.json`. A dashboard has the uid
 * `storm-<name>`, such as `storm-cluster`, and takes its data from the data source with the uid `prometheus`.
 */
export function grafanaDashboards(): Record<string, string> {
    // Grafana's SDK takes some 80 ms to load, which programs without Grafana are spared.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { grafanaJson } = require("./grafanaJson") as typeof json;
    return Object.fromEntries(
        Object.entries(dashboards).map(([name, dashboard]) => [`${name}.json`, grafanaJson(name, dashboard)]),
    );
}
