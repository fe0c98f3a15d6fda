import type { Output } from "@pulumi/pulumi";
import * as yaml from "yaml";
import { grafanaDashboards } from "../../components/monitoring/dashboards/grafana";
import { monitoringDefaults, monitoringLimits } from "../../components/monitoring/defaults";
import { Monitoring } from "../../components/monitoring/monitoring";
import { edges } from "../../components/storm/spec/edges";
import type { StormCluster } from "../../components/storm/stormCluster";
import { report } from "../../scripts/statusReport";
import { checkSettings } from "../../settings";
import { noPlainSecrets } from "../../policy/containers";
import { stackFile } from "./awsFixture";
import { onHosts } from "./hostsFixture";
import { type Declared, declaredSettings, defaultSettings, mocked, revealed, type Run, runProgram } from "./program";

// A program for AWS takes seconds, and more beside other tests.
jest.setTimeout(180_000);

const asked = { monitoring: { grafana: true } };
const container = (run: Run) => run.get("monitoring-grafana-container", "Container");
/** The files that are put into the container, as they are given: secrets are marked. */
const uploads = ({ inputs }: Declared) =>
    Object.fromEntries(
        (inputs.uploads as { file: string; content: unknown }[]).map((each) => [each.file, each.content]),
    );
const file = (run: Run, name: string) => revealed(uploads(container(run))[name]) as string;
const settings = (run: Run) => file(run, "/etc/grafana/grafana.ini");
const dataSource = (run: Run) =>
    (yaml.parse(file(run, "/etc/grafana/provisioning/datasources/storm.yaml")) as { datasources: object[] })
        .datasources[0];

test.each([[{}], [{ monitoring: true }], [{ monitoring: { prometheus: false } }]])(
    "with %j there is nothing of it",
    async (given) => {
        const run = await runProgram(given);
        expect(run.resources.filter(({ name }) => name.includes("grafana"))).toEqual([]);
        expect(Object.keys(run.outputs).filter((name) => name.startsWith("grafana"))).toEqual([]);
    },
);

describe("on this machine", () => {
    test("it listens at an address of its own, and is reached at 127.0.0.1", async () => {
        const run = await runProgram(asked);
        expect(settings(run)).toContain(
            "[server]\nhttp_addr = 172.30.77.98\nhttp_port = 3000\nroot_url = http://127.0.0.1:3000\n",
        );
        expect(container(run).inputs).toMatchObject({
            name: "storm-test-grafana",
            image: monitoringDefaults.grafanaImage,
            user: "472:0",
            memory: 512,
            capabilities: { drops: ["ALL"] },
            securityOpts: ["no-new-privileges:true"],
            ports: [{ ip: "127.0.0.1", external: 3000, internal: 3000 }],
            networksAdvanced: [expect.objectContaining({ ipv4Address: "172.30.77.98" })],
        });
        expect(run.outputs).toMatchObject({ grafanaUrl: "http://127.0.0.1:3000" });
    });

    test("another port, and another image, are taken", async () => {
        const run = await runProgram({
            monitoring: { grafana: true, grafanaPort: 3001 },
            grafanaImage: "example.com/grafana:13.2.3",
        });
        expect(settings(run)).toContain("http_port = 3001\n");
        expect(container(run).inputs).toMatchObject({
            image: "example.com/grafana:13.2.3",
            ports: [{ ip: "127.0.0.1", external: 3001, internal: 3001 }],
        });
        expect(run.outputs).toMatchObject({ grafanaUrl: "http://127.0.0.1:3001" });
    });

    test("its data outlives it", async () => {
        const run = await runProgram(asked);
        expect(run.get("monitoring-grafana-data").retainOnDelete).toBe(true);
        expect(container(run).inputs.volumes).toEqual([
            { containerPath: "/var/lib/grafana", volumeName: "storm-test-grafana-var-lib-grafana" },
        ]);
    });

    test("a change of what is watched leaves it alone, and it leaves the others alone", async () => {
        const run = await runProgram(asked);
        const more = await runProgram({ ...asked, supervisors: 3, zookeepers: 3 });
        expect(container(more).inputs).toEqual(container(run).inputs);
        const without = await runProgram({ monitoring: true });
        const others = ({ resources }: Run) => resources.filter(({ name }) => !name.includes("grafana"));
        expect(others(run).map(({ urn, inputs }) => ({ urn, inputs }))).toEqual(
            others(without).map(({ urn, inputs }) => ({ urn, inputs })),
        );
    });
});

describe("what it is provisioned with", () => {
    test("is the stack's Prometheus server, by the address of its host", async () => {
        const run = await runProgram({ monitoring: { grafana: true, port: 9091, scrapeSeconds: 30 } });
        expect(dataSource(run)).toMatchObject({
            uid: "prometheus",
            type: "prometheus",
            url: "http://172.30.77.97:9091",
            isDefault: true,
            jsonData: { timeInterval: "30s" },
        });
        expect(run.get("monitoring-grafana").inputs.wiring).toMatchObject([
            { name: "grafana", address: "172.30.77.98", receives: [{ name: "prometheus" }] },
        ]);
    });

    test("are the dashboards, which are changed in the program alone", async () => {
        const run = await runProgram(asked);
        const { providers } = yaml.parse(file(run, "/etc/grafana/provisioning/dashboards/storm.yaml")) as {
            providers: { options: { path: string } }[];
        };
        expect(providers).toMatchObject([{ folder: "Storm", type: "file", allowUiUpdates: false }]);
        const names = Object.keys(uploads(container(run))).filter((name) =>
            name.startsWith(`${providers[0]?.options.path}/`),
        );
        expect(names.map((name) => name.slice("/etc/grafana/dashboards/".length))).toEqual(
            Object.keys(grafanaDashboards()),
        );
        for (const name of names) {
            expect(JSON.parse(file(run, name))).toHaveProperty("title");
        }
        const home = /^default_home_dashboard_path = (.*)$/m.exec(settings(run))?.[1];
        expect(names).toContain(home);
    });
});

describe("who logs in", () => {
    const value = "a-password_of-the-stack";
    const created = { "storm:index:Password": { value } };

    test("has a password that is secret everywhere, and in no environment and no argument", async () => {
        const run = await runProgram(asked, { created });
        const { inputs } = container(run);
        expect(uploads(container(run))["/etc/grafana/admin-password"]).not.toBe(value);
        expect(file(run, "/etc/grafana/admin-password")).toBe(value);
        expect(settings(run)).toContain("admin_password = $__file{/etc/grafana/admin-password}\n");
        expect({ envs: inputs.envs, command: inputs.command }).toEqual({ envs: undefined, command: undefined });
        // What is marked is left out: the rest must not have it.
        const unmarked = JSON.stringify(
            run.resources.map((resource) => resource.inputs),
            (_, each: unknown) =>
                typeof each === "object" && each !== null && "4dabf18193072939515e22adb298388d" in each
                    ? "secret"
                    : each,
        );
        expect(unmarked).not.toContain(value);
        expect(run.outputs).toMatchObject({ grafanaPassword: value });
    });

    test("finds the password in a secret output", async () => {
        const pulumi = await mocked(asked, { created });
        const program = (await import("../../index")) as unknown as () => Promise<Record<string, Output<unknown>>>;
        const { grafanaPassword, prometheusTargets } = await program();
        expect(await pulumi.isSecret(grafanaPassword as Output<unknown>)).toBe(true);
        expect(await pulumi.isSecret(prometheusTargets as Output<unknown>)).toBe(false);
        await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
    });

    test("is let in by the stack's password once the update is over, whatever a database from before says", async () => {
        const run = await runProgram(asked, { created });
        expect(revealed(run.get("monitoring-grafana-ready").inputs)).toMatchObject({
            container: "storm-test-grafana",
            containerId: "monitoring-grafana-container-id",
            url: "http://172.30.77.98:3000",
            password: value,
            seconds: 180,
        });
    });

    test("is nobody without it, and nothing is sent to Grafana's makers", async () => {
        const run = await runProgram(asked);
        for (const line of [
            "[users]\nallow_sign_up = false",
            "[auth.anonymous]\nenabled = false",
            "disable_gravatar = true",
            "reporting_enabled = false",
            "check_for_updates = false",
            "check_for_plugin_updates = false",
            "preinstall_disabled = true",
            "public_key_retrieval_disabled = true",
            "external_enabled = false",
            "news_feed_enabled = false",
            "[metrics]\nenabled = false",
        ]) {
            expect(settings(run)).toContain(`${line}\n`);
        }
    });

    test("finds nothing that the policies refuse", async () => {
        const { inputs, type } = container(await runProgram(asked));
        const found: string[] = [];
        const validate = noPlainSecrets.validateResource as unknown as (
            args: object,
            report: (text: string) => void,
        ) => void;
        validate({ type, props: inputs }, (text) => found.push(text));
        expect(found).toEqual([]);
    });
});

describe("on machines", () => {
    test("it is beside the first Nimbus", async () => {
        const run = await runProgram({ ...onHosts, ...asked });
        expect(container(run).provider).toBe(run.get("storm-nimbus-1-container").provider);
        expect(container(run).inputs).toMatchObject({ networkMode: "host" });
        expect(container(run).inputs.volumes).toEqual([
            { containerPath: "/var/lib/grafana", hostPath: "/var/lib/storm/storm-test/grafana/var/lib/grafana" },
        ]);
        expect(settings(run)).toContain("http_addr = 10.0.0.1\nhttp_port = 3000\nroot_url = http://10.0.0.1:3000\n");
        expect(dataSource(run)).toMatchObject({ url: "http://10.0.0.1:9090" });
        expect(run.outputs).toMatchObject({ grafanaUrl: "http://10.0.0.1:3000" });
    });

    test("on EC2, browsers are let in where they are let in to UI, and a tunnel leads there", async () => {
        const rules = ({ resources }: Run) =>
            resources
                .filter(({ type }) => type.endsWith(":SecurityGroupIngressRule"))
                .map(({ name }) => name)
                .sort();
        const without = await runProgram({ ...stackFile("dev"), monitoring: true });
        const run = await runProgram({ ...stackFile("dev"), ...asked });
        expect(rules(run).filter((rule) => !rules(without).includes(rule))).toEqual([
            "host-firewall-nimbus-3000-from-browser-198.51.100.0/24",
        ]);
        expect(run.outputs).toMatchObject({
            grafanaUrl: expect.stringMatching(/^http:\/\/.*:3000$/) as string,
            grafanaTunnel: expect.stringMatching(/ -N -L '3000:.*:3000'$/) as string,
        });
        const from = { ssh: ["203.0.113.7/32"] };
        const closed = await runProgram({ ...stackFile("dev", { from }), ...asked });
        expect(rules(closed).filter((rule) => rule.includes("3000"))).toEqual([]);
        expect(Object.keys(closed.outputs)).toEqual(expect.arrayContaining(["grafanaTunnel", "grafanaPassword"]));
        expect(Object.keys(closed.outputs)).not.toContain("grafanaUrl");
    });
});

test("the library's default image is Pulumi.yaml's", () => {
    expect(declaredSettings()["storm:grafanaImage"]?.default).toBe(monitoringDefaults.grafanaImage);
});

test("it counts where memory is summed up", () => {
    const limits = [{ prometheus: true }, { prometheus: true, grafana: true }].map(
        (monitoring) => monitoringLimits(monitoring).besideNimbus,
    );
    expect(limits).toEqual([640, 1152]);
});

test("browsers are let in to it, and nobody else is", () => {
    const args = { slots: 2, uiPort: 8080 };
    const added = edges({ ...args, monitoring: { prometheus: 9090, grafana: 3000 } }).slice(
        edges({ ...args, monitoring: { prometheus: 9090 } }).length,
    );
    expect(added).toEqual([{ from: "browser", to: "nimbus", ports: [3000, 3000], purpose: "Grafana" }]);
});

test("settings that do not agree are refused, all at once", () => {
    const defaults = defaultSettings();
    const mistakes = (given: object) => checkSettings({ ...defaults, ...given }, "storm-test").mistakes;
    expect(mistakes({ monitoring: { grafanaPort: 0 } })).toEqual([
        "  storm:monitoring.grafanaPort (0) must be a whole number from 1 to 65535",
    ]);
    expect(mistakes({ monitoring: { prometheus: false, grafana: true } })).toEqual([
        "  storm:monitoring.grafana (true) shows what a Prometheus server of the stack's own has: remove it, or set prometheus to true",
    ]);
    const taken = { monitoring: { grafana: true, grafanaPort: 9090, port: 9090 } };
    expect(mistakes({ ...taken, uiPort: 9090 })).toEqual([
        "  storm:monitoring.port (9090) is storm:uiPort: set one of the two to another port",
        "  storm:monitoring.grafanaPort (9090) is storm:uiPort: set one of the two to another port",
        "  storm:monitoring.grafanaPort (9090) is storm:monitoring.port: set one of the two to another port",
    ]);
    expect(mistakes({ monitoring: { grafanaPort: 9090, port: 9090 } })).toEqual([]);
    const onAws = { target: "aws", aws: { zones: ["eu-central-1a"] } };
    expect(mistakes({ ...onAws, ...taken })).toEqual([
        "  storm:monitoring.grafanaPort (9090) is storm:monitoring.port: set one of the two to another port",
    ]);
    expect(mistakes({ ...onAws, monitoring: { grafana: true, grafanaPort: 80 }, uiPort: 3000 })).toEqual([
        "  storm:monitoring.grafanaPort (80) is below 1024, which a container without privileges cannot open on a host",
    ]);
    expect(mistakes({ monitoring: { grafana: true, grafanaPort: 80 } })).toEqual([]);
});

test("make status shows where it is", () => {
    const outputs = { zookeeperServers: [], nimbusSeeds: [], nimbusPort: 6627, supervisors: [], stormVersion: "3.1.0" };
    const lines = (more: object) =>
        report({
            ...{ cluster: "storm-test", machines: [], expected: [], logs: {}, summary: undefined },
            outputs: { ...outputs, ...more },
        }).lines.filter((line) => line.includes("Grafana"));
    expect(lines({})).toEqual([]);
    expect(lines({ grafanaUrl: "http://127.0.0.1:3000" })).toEqual(["  Grafana      http://127.0.0.1:3000"]);
    expect(lines({ grafanaTunnel: "ssh -N" })).toEqual([
        "  Grafana      on this machine, as long as this runs: ssh -N",
    ]);
});

test("a program that asks for it without a Prometheus server, or on a target without a port for it, is refused", () => {
    const cluster = {} as StormCluster;
    const host = {} as never;
    const hosts = { exporter: host, prometheus: host, nodeExporters: [], cadvisors: [] };
    expect(
        () =>
            new Monitoring("m", {
                cluster,
                hosts: { ...hosts, grafana: host },
                prometheus: false,
                grafana: {},
            }),
    ).toThrow("needs a Prometheus server");
    expect(() => new Monitoring("m", { cluster, hosts, grafana: {} })).toThrow("needs a Prometheus server");
});
