import { edges } from "../../components/storm/spec/edges";
import { monitoringDefaults } from "../../components/monitoring/defaults";
import { expectedRules, prometheusConfig } from "../../components/monitoring/prometheusConfig";
import { parseAlerts } from "../../scripts/alerts";
import { checkSettings } from "../../settings";
import { stackFile } from "./awsFixture";
import { onHosts } from "./hostsFixture";
import { type Declared, declaredSettings, defaultSettings, type Run, runProgram } from "./program";

// A program for AWS takes seconds, and more beside other tests.
jest.setTimeout(180_000);

const container = (run: Run, daemon: string) => run.get(`monitoring-${daemon}-container`, "Container");
const environment = ({ inputs }: Declared): Record<string, string> =>
    Object.fromEntries((inputs.envs as string[]).map((entry) => entry.split(/=(.*)/).slice(0, 2) as [string, string]));
const files = (run: Run) => run.get("monitoring-prometheus-files").inputs.files as Record<string, string>;
const targets = (run: Run) => JSON.parse(files(run)["/etc/prometheus/targets.json"] ?? "") as unknown;
const target = (job: string, daemon: string, address: string, cluster = "storm-test") => ({
    targets: [address],
    labels: { job, cluster, daemon },
});
const zooCfg = (run: Run) => {
    const { envs } = run.get("storm-zookeeper-1-container").inputs;
    return (envs as string[]).find((entry) => entry.startsWith("ZOO_CFG_EXTRA=")) ?? "";
};

describe("without monitoring", () => {
    test("there is no container of it, and ZooKeeper serves no metrics", async () => {
        const run = await runProgram();
        expect(run.resources.filter(({ name }) => name.startsWith("monitoring"))).toEqual([]);
        expect(zooCfg(run)).toBe("ZOO_CFG_EXTRA=clientPort=2181 clientPortAddress=172.30.77.17");
        expect(Object.keys(run.outputs)).not.toContain("prometheusTargets");
    });
});

describe("on this machine", () => {
    test("an exporter asks Nimbus, and a Prometheus server scrapes it and the members", async () => {
        const run = await runProgram({ monitoring: true, zookeepers: 3 });
        expect(environment(container(run, "exporter"))).toEqual({
            STORM_EXPORTER_NIMBUSES: "172.30.77.33:6627",
            STORM_EXPORTER_LISTEN: "172.30.77.96:9101",
        });
        expect(targets(run)).toEqual([
            target("storm", "exporter", "172.30.77.96:9101"),
            ...[1, 2, 3].map((index) => target("zookeeper", `zookeeper-${index}`, `172.30.77.${16 + index}:7000`)),
            target("prometheus", "prometheus", "172.30.77.97:9090"),
        ]);
        expect(zooCfg(run)).toContain("metricsProvider.httpHost=172.30.77.17 metricsProvider.httpPort=7000");
        expect(run.outputs).toMatchObject({ prometheusUrl: "http://127.0.0.1:9090" });
        expect(container(run, "prometheus").inputs.ports).toEqual([
            { ip: "127.0.0.1", external: 9090, internal: 9090 },
        ]);
    });

    test("its data outlives it", async () => {
        const run = await runProgram({ monitoring: true });
        const volume = run.get("monitoring-prometheus-data");
        expect(volume.retainOnDelete).toBe(true);
        expect(container(run, "prometheus").inputs.volumes).toEqual([
            { containerPath: "/prometheus", volumeName: "storm-test-prometheus-prometheus" },
        ]);
    });

    test("its pages are where Prometheus looks for them, in the working directory of the official image", async () => {
        const pages = Object.keys(files(await runProgram({ monitoring: true }))).filter((file) => /html/.test(file));
        expect(pages.sort()).toEqual(
            ["cluster", "index", "machines", "topology", "zookeeper"].map(
                (name) => `/prometheus/consoles/${name}.html`,
            ),
        );
    });

    test("a supervisor more, or a member more, changes no container of it", async () => {
        const inputs = (run: Run) => ["exporter", "prometheus"].map((each) => container(run, each).inputs);
        const before = await runProgram({ monitoring: true });
        const after = await runProgram({ monitoring: true, supervisors: 3, zookeepers: 3 });
        expect(inputs(after)).toEqual(inputs(before));
        expect(files(after)).not.toEqual(files(before));
    });

    test.each([
        ["dns", "nimbus-1.storm-test.internal:6627"],
        ["ambassador", "172.30.77.81:6640"],
    ])("with the discovery %s it resolves Nimbus as daemons do", async (discovery, nimbus) => {
        const run = await runProgram({ monitoring: true, discovery });
        expect(environment(container(run, "exporter")).STORM_EXPORTER_NIMBUSES).toBe(nimbus);
    });

    test("on an existing ensemble there is nothing of ZooKeeper's to scrape", async () => {
        const run = await runProgram({ monitoring: true, zookeeperServers: ["zk.example.com"] });
        expect(JSON.stringify(targets(run))).not.toContain("zookeeper");
    });
});

describe("for a Prometheus server of somebody else's", () => {
    test("there are the exporters alone, and the output for its file_sd", async () => {
        const run = await runProgram({ monitoring: { prometheus: false } });
        expect(run.resources.filter(({ name }) => name.startsWith("monitoring-prometheus"))).toEqual([]);
        expect(run.outputs).toMatchObject({
            prometheusTargets: [
                target("storm", "exporter", "172.30.77.96:9101"),
                target("zookeeper", "zookeeper-1", "172.30.77.17:7000"),
            ],
        });
        expect(Object.keys(run.outputs)).not.toContain("prometheusUrl");
    });
});

describe("on machines", () => {
    test("all of it is beside the first Nimbus", async () => {
        const run = await runProgram({ ...onHosts, monitoring: true });
        const { provider } = run.get("storm-nimbus-1-container");
        for (const daemon of ["exporter", "prometheus"]) {
            expect(container(run, daemon).provider).toBe(provider);
            expect(container(run, daemon).inputs).toMatchObject({ networkMode: "host" });
        }
        expect(environment(container(run, "exporter"))).toEqual({
            STORM_EXPORTER_NIMBUSES: "10.0.0.1:6627,10.0.0.2:6627",
            STORM_EXPORTER_LISTEN: "10.0.0.1:9101",
        });
        expect(container(run, "prometheus").inputs.command).toContain("--web.listen-address=10.0.0.1:9090");
        expect(run.outputs).toMatchObject({ prometheusUrl: "http://10.0.0.1:9090" });
    });

    test("on EC2, security groups let in who scrapes, and browsers where they are let in", async () => {
        const rules = (run: Run) =>
            run.resources
                .filter(({ type }) => type.endsWith(":SecurityGroupIngressRule"))
                .map(({ name }) => name)
                .sort();
        const without = rules(await runProgram(stackFile("dev")));
        const added = async (monitoring: unknown, changes: object = {}) =>
            rules(await runProgram({ ...stackFile("dev", changes), monitoring })).filter(
                (rule) => !without.includes(rule),
            );
        expect(await added(true)).toEqual([
            "host-firewall-nimbus-9090-from-browser-198.51.100.0/24",
            "host-firewall-zookeeper-7000-from-nimbus",
        ]);
        expect(await added({ prometheus: false })).toEqual([]);
        const from = { ssh: ["203.0.113.7/32"], ui: ["198.51.100.0/24"], prometheus: ["192.0.2.7/32"] };
        expect(await added({ prometheus: false }, { from })).toEqual([
            "host-firewall-nimbus-9101-from-prometheus-192.0.2.7/32",
            "host-firewall-zookeeper-7000-from-prometheus-192.0.2.7/32",
        ]);
    });
});

test("the library's default image of Prometheus is Pulumi.yaml's", () => {
    expect(declaredSettings()["storm:prometheusImage"]?.default).toBe(monitoringDefaults.image);
});

describe("settings", () => {
    const defaults = defaultSettings();
    const mistakes = (settings: object) => checkSettings({ ...defaults, ...settings }, "storm-test").mistakes;

    test("that are wrong are refused, all at once", () => {
        expect(
            mistakes({ monitoring: { port: 0, scrapeSeconds: 5, retentionDays: 0, alertmanager: "alerts" } }),
        ).toEqual([
            "  storm:monitoring.port (0) must be a whole number from 1 to 65535",
            "  storm:monitoring.scrapeSeconds (5) must be a whole number from 10 to 120",
            "  storm:monitoring.retentionDays (0) must be a whole number from 1 to 3650",
            '  storm:monitoring.alertmanager ("alerts") must have a port, such as alerts.example.com:9093',
        ]);
        expect(mistakes({ monitoring: { loki: true } })).toEqual(["  storm:monitoring.loki is not a setting"]);
        expect(mistakes({ monitoring: "yes" })).toEqual([
            '  storm:monitoring ("yes") must be true, false, or a map of prometheus, port, scrapeSeconds, retentionDays, grafana, grafanaPort, alertmanager, nodeExporter and cadvisor',
        ]);
    });

    test("that contradict others are refused", () => {
        expect(mistakes({ monitoring: true, uiPort: 9090 })).toEqual([
            "  storm:monitoring.port is storm:uiPort: set one of the two to another port",
        ]);
        expect(mistakes({ monitoring: true, zooCfg: { "metricsProvider.httpPort": 7001 } })).toEqual([
            "  storm:zooCfg.metricsProvider.httpPort (7001) is set by storm:monitoring: remove it",
        ]);
        expect(mistakes({ monitoring: { prometheus: false, alertmanager: "a:9093" } })).toEqual([
            '  storm:monitoring.alertmanager ("a:9093") is for a Prometheus server of the stack\'s own: remove it, or set prometheus to true',
        ]);
        const from = { prometheus: ["192.0.2.7/32"] };
        expect(mistakes({ target: "aws", aws: { zones: ["eu-central-1a"], from }, monitoring: true })).toEqual([
            '  storm:aws.from.prometheus (["192.0.2.7/32"]) is for a Prometheus server of your own: set storm:monitoring to { prometheus: false }, or remove this',
        ]);
    });
});

test("the configuration names the cluster, the files, and an Alertmanager where there is one", () => {
    const args = { clusterName: "storm-test", scrapeSeconds: 20 };
    expect(JSON.parse(prometheusConfig(args))).toEqual({
        global: { scrape_interval: "20s", evaluation_interval: "20s", external_labels: { cluster: "storm-test" } },
        rule_files: ["/etc/prometheus/rules.yml", "/etc/prometheus/expected.yml"],
        scrape_configs: [{ job_name: "stack", file_sd_configs: [{ files: ["/etc/prometheus/targets.json"] }] }],
    });
    expect(JSON.parse(prometheusConfig({ ...args, alertmanager: "a:9093" }))).toMatchObject({
        alerting: { alertmanagers: [{ static_configs: [{ targets: ["a:9093"] }] }] },
    });
    expect(JSON.parse(expectedRules("storm-test", { nimbuses: 1, supervisors: 2 }))).toMatchObject({
        groups: [{ rules: [{ record: "storm:nimbuses:expected", expr: "vector(1)" }, { expr: "vector(2)" }] }],
    });
});

test("nobody is let in for what is not there", () => {
    const args = { slots: 2, uiPort: 8080 };
    const added = (monitoring: object) =>
        edges({ ...args, monitoring })
            .slice(edges(args).length)
            .map(({ from, to, ports: [port] }) => `${from} ${to} ${port}`);
    expect(added({ prometheus: 9090 })).toEqual(["nimbus zookeeper 7000", "browser nimbus 9090"]);
    expect(added({})).toEqual(["prometheus nimbus 9101", "prometheus zookeeper 7000"]);
});

test("alerts that fire are shown by name", () => {
    const alert = (alertname: string, state: string) => ({
        labels: { alertname, severity: "warning" },
        annotations: { summary: `${alertname} is wrong.`, runbook: "Run `make status`." },
        state,
    });
    const printed = JSON.stringify({
        status: "success",
        data: { alerts: [alert("B", "firing"), alert("C", "pending"), alert("A", "firing")] },
    });
    expect(parseAlerts(printed)).toEqual(
        ["A", "B"].map((name) => ({ name, summary: `${name} is wrong.`, runbook: "Run `make status`." })),
    );
});
