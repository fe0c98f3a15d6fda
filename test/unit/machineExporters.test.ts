// Node exporter and cAdvisor: what `storm:monitoring` runs on each machine if it is asked to.
import { machineImages, monitoringLimits } from "../../components/monitoring/defaults";
import { edges } from "../../components/storm/spec/edges";
import { checkSettings } from "../../settings";
import { memoryShortage } from "../../settings/machineMemory";
import { stackFile } from "./awsFixture";
import { onHosts } from "./hostsFixture";
import { declaredSettings, defaultSettings, type Run, runProgram } from "./program";

// A program for AWS takes seconds, and more beside other tests.
jest.setTimeout(180_000);

const both = { nodeExporter: true, cadvisor: true };
const names = (run: Run, type: string) =>
    run.resources.filter((resource) => resource.type === `storm:monitoring:${type}`).map(({ name }) => name);
const container = (run: Run, name: string) => run.get(`monitoring-${name}-container`, "Container");
const targets = (run: Run, job: string) =>
    (run.outputs.prometheusTargets as { targets: string[]; labels: Record<string, string> }[]).filter(
        ({ labels }) => labels.job === job,
    );
const target = (job: string, machine: string, address: string) => ({
    targets: [address],
    labels: { job, cluster: "storm-test", daemon: job === "node" ? "node-exporter" : job, machine },
});
const defaults = defaultSettings();
const check = (settings: object) => checkSettings({ ...defaults, ...settings }, "storm-test");

test("without the settings there is none, and targets have no other labels", async () => {
    const run = await runProgram({ monitoring: true });
    expect([...names(run, "NodeExporter"), ...names(run, "CAdvisor")]).toEqual([]);
    expect(run.resources.filter(({ name }) => /node-|cadvisor/.test(name))).toEqual([]);
    const { prometheusTargets } = run.outputs;
    expect((prometheusTargets as { labels: object }[]).flatMap(({ labels }) => Object.keys(labels))).toEqual([
        ...["job", "cluster", "daemon"],
        ...["job", "cluster", "daemon"],
    ]);
});

describe("on this machine", () => {
    const local = (monitoring: object = {}) => runProgram({ supervisors: 3, monitoring: { ...both, ...monitoring } });

    test("there is one of each, and Prometheus scrapes them", async () => {
        const run = await local();
        expect(names(run, "NodeExporter")).toEqual(["monitoring-node-local"]);
        expect(names(run, "CAdvisor")).toEqual(["monitoring-cadvisor-local"]);
        expect([...targets(run, "node"), ...targets(run, "cadvisor")]).toEqual([
            target("node", "local", "172.30.77.99:9100"),
            target("cadvisor", "local", "172.30.77.100:9102"),
        ]);
        const files = run.get("monitoring-prometheus-files").inputs.files as Record<string, string>;
        expect(files["/etc/prometheus/targets.json"]).toContain("172.30.77.100:9102");
    });

    test("another Prometheus server gets them as targets too", async () => {
        const run = await local({ prometheus: false });
        expect(targets(run, "node")).toEqual([target("node", "local", "172.30.77.99:9100")]);
    });

    test("either of them runs alone", async () => {
        const nodes = await runProgram({ monitoring: { nodeExporter: true } });
        expect([names(nodes, "NodeExporter").length, names(nodes, "CAdvisor").length]).toEqual([1, 0]);
        const cadvisors = await runProgram({ monitoring: { cadvisor: true } });
        expect([names(cadvisors, "NodeExporter").length, names(cadvisors, "CAdvisor").length]).toEqual([0, 1]);
    });

    test("a node exporter reads the machine as nobody, without a capability", async () => {
        const { inputs } = container(await local(), "node-local");
        expect(inputs).toMatchObject({
            name: "storm-test-node-exporter",
            image: machineImages.nodeExporter,
            command: ["--path.rootfs=/host", "--web.listen-address=172.30.77.99:9100"],
            mounts: [{ type: "bind", source: "/", target: "/host", readOnly: true }],
            pidMode: "host",
            user: "65534:65534",
            memory: 64,
            capabilities: { drops: ["ALL"] },
            securityOpts: ["no-new-privileges:true", "label=disable"],
        });
        expect(inputs.privileged).toBeUndefined();
    });

    test("a cAdvisor has Docker's socket, as root without a capability", async () => {
        const { inputs } = container(await local(), "cadvisor-local");
        expect(inputs).toMatchObject({
            name: "storm-test-cadvisor",
            image: machineImages.cadvisor,
            mounts: [
                { type: "bind", source: "/", target: "/rootfs", readOnly: true },
                { type: "bind", source: "/sys", target: "/sys", readOnly: true },
                { type: "bind", source: "/var/run", target: "/var/run", readOnly: true },
            ],
            healthcheck: { tests: ["NONE"] },
            user: "0:0",
            memory: 256,
            capabilities: { drops: ["ALL"] },
            securityOpts: ["no-new-privileges:true"],
        });
        expect(inputs.command).toEqual(
            expect.arrayContaining([
                "-port=9102",
                "-listen_ip=172.30.77.100",
                "-whitelisted_container_labels=storm.cluster,storm.daemon",
            ]),
        );
        expect(inputs.privileged).toBeUndefined();
    });

    test("their images are settings, whose short names come from storm:imageRegistry", async () => {
        const images = { nodeExporterImage: "r.example.com/node:v1", cadvisorImage: "cadvisor:v1" };
        const run = await runProgram({ ...images, imageRegistry: "registry.example.com/mirror", monitoring: both });
        expect(container(run, "node-local").inputs.image).toBe("r.example.com/node:v1");
        expect(container(run, "cadvisor-local").inputs.image).toBe("registry.example.com/mirror/cadvisor:v1");
    });

    test("they are waited for, by HTTP, as their images have no bash", async () => {
        const run = await local();
        expect(run.get("monitoring-node-local-ready").inputs.check).toEqual({
            kind: "http",
            url: "http://172.30.77.99:9100/",
        });
        expect(run.get("monitoring-cadvisor-local-ready").inputs.check).toEqual({
            kind: "http",
            url: "http://172.30.77.100:9102/healthz",
        });
    });

    test("a supervisor or a Nimbus more changes none of them, whatever the discovery", async () => {
        for (const discovery of ["addresses", "dns", "ambassador"]) {
            const inputs = (run: Run) => ["node-local", "cadvisor-local"].map((each) => container(run, each).inputs);
            const before = await runProgram({ discovery, monitoring: both });
            const after = await runProgram({ discovery, supervisors: 4, nimbuses: 2, monitoring: both });
            expect(inputs(after)).toEqual(inputs(before));
        }
    });
});

describe("on machines", () => {
    test("each has one of each, however many daemons it has", async () => {
        const run = await runProgram({ ...onHosts, monitoring: both });
        const machines = ["a", "b", "c", "d", "e"];
        const each = (job: string, port: number) =>
            machines.map((machine, index) => target(job, machine, `10.0.0.${index + 1}:${port}`));
        expect(targets(run, "node")).toEqual(each("node", 9100));
        expect(targets(run, "cadvisor")).toEqual(each("cadvisor", 9102));
        for (const [index, machine] of machines.entries()) {
            const { inputs, provider } = container(run, `node-${machine}`);
            expect(provider).toBe(container(run, `cadvisor-${machine}`).provider);
            expect(provider).toContain(`host-${machine}-provider`);
            expect(inputs).toMatchObject({ networkMode: "host" });
            expect(inputs.command).toContain(`--web.listen-address=10.0.0.${index + 1}:9100`);
        }
    });

    test("a machine more is a target more, and replaces no container", async () => {
        const more = { name: "f", address: "10.0.0.6", daemons: ["supervisor-3"] };
        const before = await runProgram({ ...onHosts, monitoring: both });
        const after = await runProgram({
            ...onHosts,
            supervisors: 3,
            hosts: [...onHosts.hosts, more],
            monitoring: both,
        });
        expect(targets(after, "node")).toEqual([...targets(before, "node"), target("node", "f", "10.0.0.6:9100")]);
        for (const name of ["prometheus", "exporter", "node-a", "cadvisor-e"]) {
            expect(container(after, name).inputs).toEqual(container(before, name).inputs);
        }
    });

    test("on one that does not answer, they are left as they are", async () => {
        const { exitCode } = process;
        const run = await runProgram({ ...onHosts, monitoring: both }, { silent: ["10.0.0.5"] });
        process.exitCode = exitCode;
        const onE = run.resources.filter(({ name, custom }) => custom && /^monitoring-(node|cadvisor)-e-/.test(name));
        expect(onE.map(({ name }) => name).sort()).toEqual(
            ["cadvisor", "node"].flatMap((job) =>
                ["container", "image", "ready"].map((part) => `monitoring-${job}-e-${part}`),
            ),
        );
        expect(onE.filter(({ ignoreChanges }) => ignoreChanges.join() !== "*")).toEqual([]);
        expect(container(run, "node-d").ignoreChanges).toEqual([]);
    });

    test("on EC2 each instance has one of each, and security groups let in who scrapes", async () => {
        const rules = (run: Run) =>
            run.resources
                .filter(({ type, name }) => type.endsWith(":SecurityGroupIngressRule") && /-(9100|9102)-/.test(name))
                .map(({ name }) => name.replace("host-firewall-", ""))
                .sort();
        const kinds = ["nimbus", "supervisor", "ui", "zookeeper"];
        const run = await runProgram({ ...stackFile("dev"), monitoring: both });
        const machines = ["zookeeper-1", "nimbus-1"];
        expect(targets(run, "node").map(({ labels }) => labels.machine)).toEqual(machines);
        expect(names(run, "CAdvisor").sort()).toEqual(machines.map((name) => `monitoring-cadvisor-${name}`).sort());
        expect(rules(run)).toEqual(
            kinds.flatMap((kind) => [9100, 9102].map((port) => `${kind}-${port}-from-nimbus`)).sort(),
        );
        const from = { ssh: ["203.0.113.7/32"], prometheus: ["192.0.2.7/32"] };
        const other = { prometheus: false, nodeExporter: true };
        const scraped = await runProgram({ ...stackFile("dev", { from }), monitoring: other });
        expect(names(scraped, "CAdvisor")).toEqual([]);
        expect(rules(scraped)).toEqual(kinds.map((kind) => `${kind}-9100-from-prometheus-192.0.2.7/32`));
    });
});

test("nobody is let in for what is not there", () => {
    const args = { slots: 2, uiPort: 8080 };
    const added = (monitoring: object) =>
        edges({ ...args, monitoring })
            .slice(edges({ ...args, monitoring: { prometheus: 9090 } }).length)
            .map(({ from, to, ports: [port] }) => `${from} ${to} ${port}`);
    const kinds = ["zookeeper", "nimbus", "supervisor", "drpc", "ui"];
    expect(added({ prometheus: 9090, nodeExporter: false, cadvisor: false })).toEqual([]);
    expect(added({ prometheus: 9090, nodeExporter: true })).toEqual(kinds.map((kind) => `nimbus ${kind} 9100`));
    expect(added({ prometheus: 9090, cadvisor: true })).toEqual(kinds.map((kind) => `nimbus ${kind} 9102`));
    expect(added({ cadvisor: true })).toEqual(kinds.map((kind) => `prometheus ${kind} 9102`));
});

describe("the check of memory counts them", () => {
    test("once for each machine, and what is beside Nimbus once", () => {
        expect(monitoringLimits(undefined)).toEqual({ besideNimbus: 0, onEachMachine: 0 });
        expect(monitoringLimits({ prometheus: true })).toEqual({ besideNimbus: 640, onEachMachine: 0 });
        expect(monitoringLimits({ prometheus: false, ...both })).toEqual({ besideNimbus: 128, onEachMachine: 320 });
    });

    test("on this machine", () => {
        const warning = (monitoring: unknown) => {
            const { settings } = check({ monitoring });
            const told = settings && memoryShortage(settings, 8000).warning;
            return Number(/may use (\d+) MiB/.exec(told ?? "")?.[1]);
        };
        expect(warning(true)).toBeGreaterThan(8000);
        expect(warning(both)).toBe(warning(true) + 320);
    });

    test("on each machine", async () => {
        const wanted = async (monitoring: unknown) => {
            const run = await runProgram({ ...onHosts, monitoring });
            return ["a", "e"].map((machine) =>
                Number(/wanted=\D*(\d+)/.exec(run.get(`storm-memory-${machine}`).inputs.stdin as string)?.[1]),
            );
        };
        const [nimbus = 0, supervisor = 0] = await wanted(false);
        expect(supervisor).toBeGreaterThan(1000);
        expect(await wanted(true)).toEqual([nimbus + 640, supervisor]);
        expect(await wanted(both)).toEqual([nimbus + 640 + 320, supervisor + 320]);
    });

    test("on EC2, for each kind of instances", () => {
        const aws = { zones: ["eu-central-1a"], instanceTypes: { ui: "t3.micro", nimbus: "t3.small" } };
        const wrong = (monitoring: unknown) =>
            check({ target: "aws", aws, heap: { ui: 512, nimbus: 768 }, logviewers: false, monitoring }).mistakes;
        expect(wrong(false)).toEqual([]);
        expect(wrong(both)).toEqual([
            expect.stringMatching(/^ {2}storm:aws\.instanceTypes\.nimbus .*storm:monitoring 960 MiB/),
            expect.stringMatching(/^ {2}storm:aws\.instanceTypes\.ui .*storm:monitoring 320 MiB/),
        ]);
    });
});

describe("settings", () => {
    const mistakes = (settings: object) => check(settings).mistakes;

    test("that are no flags are refused", () => {
        expect(mistakes({ monitoring: { nodeExporter: "yes" } })).toEqual([
            expect.stringMatching(/must be true, false, or a map of .*nodeExporter and cadvisor$/),
        ]);
        expect(mistakes({ monitoring: both, cadvisorImage: "cadvisor" })).toEqual([
            expect.stringContaining("storm:cadvisorImage"),
        ]);
    });

    test("that have another port where they listen are refused on machines, and not on local", () => {
        const message = "is a port that storm:monitoring opens on each machine: set another one";
        const settings = { uiPort: 9100, monitoring: both, stormYaml: { "drpc.https.port": 9102 } };
        expect(mistakes({ ...onHosts, ...settings })).toEqual([
            `  storm:uiPort (9100) ${message}`,
            `  storm:stormYaml.drpc.https.port (9102) ${message}`,
        ]);
        const prometheus = { monitoring: { ...both, port: 9102 } };
        expect(mistakes({ ...onHosts, ...prometheus })).toEqual([`  storm:monitoring.port (9102) ${message}`]);
        const grafana = { monitoring: { ...both, grafana: true, grafanaPort: 9100 } };
        expect(mistakes({ ...onHosts, ...grafana })).toEqual([`  storm:monitoring.grafanaPort (9100) ${message}`]);
        expect(mistakes({ ...onHosts, ...settings, monitoring: true })).toEqual([]);
        expect([settings, prometheus, grafana].flatMap(mistakes)).toEqual([]);
    });
});

test("the library's default images are Pulumi.yaml's", () => {
    const { nodeExporter, cadvisor } = machineImages;
    const declared = declaredSettings();
    expect([declared["storm:nodeExporterImage"], declared["storm:cadvisorImage"]].map((each) => each?.default)).toEqual(
        [nodeExporter, cadvisor],
    );
});
