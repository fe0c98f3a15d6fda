/** The dashboards of Grafana, by file name. */
export const grafanaDashboards = (): Record<string, string> => ({
    "cluster.json": JSON.stringify({ uid: "storm-cluster", title: "Cluster", schemaVersion: 39, panels: [] }),
});
