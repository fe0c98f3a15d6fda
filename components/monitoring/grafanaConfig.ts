/** The files of Grafana: its settings, and what it is provisioned with. JSON is YAML, which it reads. */

/** Where its files are, in its container. */
export const grafanaPaths = {
    settings: "/etc/grafana/grafana.ini",
    password: "/etc/grafana/admin-password",
    dataSources: "/etc/grafana/provisioning/datasources/storm.yaml",
    providers: "/etc/grafana/provisioning/dashboards/storm.yaml",
    dashboards: "/etc/grafana/dashboards",
} as const;

/** The file of the dashboard that is shown first. */
const home = "cluster.json";

/** Arguments of {@link grafanaSettings}. */
export interface SettingsArgs {
    /** The address that it listens at. */
    address: string;
    /** TCP port. */
    port: number;
    /** URL at which browsers find it. */
    url: string;
}

/**
 * Its settings. The password is in a file of its own, which Grafana reads itself: the official image's `GF_SECURITY_ADMIN_PASSWORD__FILE`
 * would put it into the environment of its process. Nothing leaves for grafana.com: no usage counters, no checks for updates, no plugins,
 * keys of plugins or news. Its own metrics would be there without a login.
 * Sources: conf/defaults.ini, pkg/setting and packaging/docker/run.sh of Grafana.
 */
export function grafanaSettings({ address, port, url }: SettingsArgs): string {
    const sections: Record<string, Record<string, string | number | boolean>> = {
        server: { http_addr: address, http_port: port, root_url: url },
        security: { admin_password: `$__file{${grafanaPaths.password}}`, disable_gravatar: true },
        users: { allow_sign_up: false },
        "auth.anonymous": { enabled: false },
        dashboards: { default_home_dashboard_path: `${grafanaPaths.dashboards}/${home}` },
        analytics: {
            reporting_enabled: false,
            check_for_updates: false,
            check_for_plugin_updates: false,
            feedback_links_enabled: false,
        },
        plugins: { preinstall_disabled: true, public_key_retrieval_disabled: true },
        snapshots: { external_enabled: false },
        news: { news_feed_enabled: false },
        metrics: { enabled: false },
    };
    return Object.entries(sections)
        .map(([section, keys]) => {
            const lines = Object.entries(keys).map(([key, value]) => `${key} = ${value}\n`);
            return `[${section}]\n${lines.join("")}`;
        })
        .join("\n");
}

/** Its data source: the stack's Prometheus server, with the seconds between two of its scrapes. */
export function dataSources(url: string, scrapeSeconds: number): string {
    return yaml({
        apiVersion: 1,
        datasources: [
            {
                name: "Prometheus",
                uid: "prometheus",
                type: "prometheus",
                access: "proxy",
                url,
                isDefault: true,
                jsonData: { httpMethod: "POST", timeInterval: `${scrapeSeconds}s` },
            },
        ],
    });
}

/** Where it reads dashboards from, and in which folder it shows them. They are changed here, and not on its pages. */
export function dashboardProviders(): string {
    return yaml({
        apiVersion: 1,
        providers: [
            {
                name: "storm",
                folder: "Storm",
                type: "file",
                allowUiUpdates: false,
                updateIntervalSeconds: 60,
                options: { path: grafanaPaths.dashboards },
            },
        ],
    });
}

function yaml(value: object): string {
    return JSON.stringify(value, undefined, 2);
}
