/** The files of a Prometheus server. JSON is YAML, which it reads. */
import type { ScrapeTarget } from "./scrapeTargets";

/** Where its files and its data are, in its container. */
export const paths = {
    data: "/prometheus",
    /** Prometheus' default, in the working directory of the official image. */
    consoles: "/prometheus/consoles",
    config: "/etc/prometheus/prometheus.yml",
    rules: "/etc/prometheus/rules.yml",
    targets: "/etc/prometheus/targets.json",
    expected: "/etc/prometheus/expected.yml",
} as const;

/** Arguments of {@link prometheusConfig}. */
export interface ConfigArgs {
    /** The label `cluster` of alerts that are sent. */
    clusterName: string;
    /** Seconds between two scrapes of a target, and between two evaluations of rules. */
    scrapeSeconds: number;
    /** Address and port of an Alertmanager; default: none. */
    alertmanager?: string;
}

/** Its configuration. Targets, and how many daemons there should be, are in files of their own, which change while it runs. */
export function prometheusConfig({ clusterName, scrapeSeconds, alertmanager }: ConfigArgs): string {
    const interval = `${scrapeSeconds}s`;
    return JSON.stringify(
        {
            global: {
                scrape_interval: interval,
                evaluation_interval: interval,
                external_labels: { cluster: clusterName },
            },
            rule_files: [paths.rules, paths.expected],
            scrape_configs: [{ job_name: "stack", file_sd_configs: [{ files: [paths.targets] }] }],
            ...(alertmanager !== undefined && {
                alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
            }),
        },
        undefined,
        2,
    );
}

/** How many daemons of a kind there should be: rules compare what Nimbus knows with it. */
export interface Expected {
    nimbuses: number;
    supervisors: number;
}

/** Rules that record how many daemons there should be, with the label `cluster` that all targets have. */
export function expectedRules(cluster: string, expected: Expected): string {
    const rules = Object.entries(expected).map(([kind, count]) => ({
        record: `storm:${kind}:expected`,
        expr: `vector(${count})`,
        labels: { cluster },
    }));
    return JSON.stringify({ groups: [{ name: "expected", rules }] }, undefined, 2);
}

/** The targets, as `file_sd` reads them. */
export function targetsFile(targets: ScrapeTarget[]): string {
    return JSON.stringify(targets, undefined, 2);
}
