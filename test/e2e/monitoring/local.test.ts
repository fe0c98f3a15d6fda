import { spawnSync } from "child_process";
import { createSocket } from "dgram";
import { once } from "events";
import * as os from "os";
import { type ClusterSummary, clusterSummary } from "../../../provider/nimbus/client";
import { connectOn } from "../../../provider/machines/container";
import { ports } from "../../../components/storm/spec/ports";
import { firingAlerts } from "../../../scripts/alerts";
import { machinesOf, type Outputs } from "../../../scripts/containers";
import { docker, machineSettings, TestStack, until } from "../stack";
import { wordcount } from "../topologies/topologies";

const subnet = "172.30.83.0/24";
const at = (last: number) => `172.30.83.${last}`;
const port = 19090;

const images = machineSettings("storm:prometheusImage", "storm:nodeExporterImage", "storm:cadvisorImage");
const cadvisor = String(images["storm:cadvisorImage"]);
const hasCadvisor = spawnSync("docker", ["image", "inspect", cadvisor]).status === 0;
if (!hasCadvisor) {
    console.log(`Skipped: cAdvisor. ${cadvisor} is not here: Debian's mirrors do not serve what airgap/ builds it on.`);
}

describe("a cluster that is watched", () => {
    let stack: TestStack;
    /** A syslog server, and what it has received. */
    const syslog = createSocket("udp4");
    const received: string[] = [];
    beforeAll(async () => {
        syslog.on("message", (message) => received.push(String(message))).bind(0, "127.0.0.1");
        await once(syslog, "listening");
        stack = new TestStack("e2e-monitoring", {
            ...images,
            subnet,
            nimbuses: 2,
            supervisors: 2,
            slots: 1,
            ui: false,
            logviewers: false,
            heap: { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 },
            monitoring: { port, scrapeSeconds: 10, nodeExporter: true, cadvisor: hasCadvisor },
            logging: {
                driver: "syslog",
                options: {
                    "syslog-address": `udp://127.0.0.1:${syslog.address().port}`,
                    tag: "{{.Name}}",
                    mode: "non-blocking",
                },
            },
        });
        stack.set({ topologies: [wordcount()] });
        await stack.up();
    });
    afterAll(() => {
        stack.discard();
        syslog.close();
    });

    const targets = [
        ["storm", "exporter"],
        ["zookeeper", "zookeeper-1"],
        ["prometheus", "prometheus"],
        ["node", "node-exporter"],
        ...(hasCadvisor ? [["cadvisor", "cadvisor"]] : []),
    ];
    const prometheus = () => `${stack.cluster}-prometheus`;
    const api = async <T>(path: string): Promise<T> => {
        const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
        return ((await response.json()) as { data: T }).data;
    };
    type Series = { metric: Record<string, string>; value: [number, string] };
    const query = async (expression: string): Promise<Record<string, string | number>[]> =>
        (await api<{ result: Series[] }>(`query?query=${encodeURIComponent(expression)}`)).result.map(
            ({ metric, value: [, value] }) => ({ ...metric, value: Number(value) }),
        );
    const value = async (expression: string) => (await query(expression))[0]?.value;
    const startedAt = () => docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", prometheus());
    const summary = async (): Promise<ClusterSummary> => {
        for (const address of [at(33), at(34)]) {
            const answer = await clusterSummary(connectOn(undefined), address, ports.nimbus).catch(() => undefined);
            if (answer) {
                return answer;
            }
        }
        throw new Error("no Nimbus answers");
    };
    const firing = async () => {
        const machines = await machinesOf(stack.cluster, {} as Outputs);
        const inputs = { container: prometheus(), url: `http://${at(97)}:${port}` };
        return (await firingAlerts(machines, [{ type: "storm:index:PrometheusFiles", inputs }]))?.map(
            ({ name }) => name,
        );
    };

    test("answers Prometheus, each part of it", async () => {
        await until("all targets are up", 300, async () => (await value("count(up == 1)")) === targets.length);
        expect((await query("up")).map(({ job, daemon, cluster }) => ({ job, daemon, cluster }))).toEqual(
            expect.arrayContaining(targets.map(([job, daemon]) => ({ job, daemon, cluster: stack.cluster }))),
        );
        expect(await value("avg_latency")).toBeGreaterThanOrEqual(0);
    });

    test("knows this machine's memory", async () => {
        expect(await value("node_memory_MemTotal_bytes")).toBe(os.totalmem());
        expect(await value('node_filesystem_size_bytes{mountpoint="/"}')).toBeGreaterThan(0);
    });

    (hasCadvisor ? test : test.skip)("knows the containers' memory, and its limits", async () => {
        const ofNimbus = `container_label_storm_cluster="${stack.cluster}",container_label_storm_daemon="nimbus-1"`;
        const limit = docker("inspect", "--format", "{{.HostConfig.Memory}}", `${stack.cluster}-nimbus-1`);
        const memory = async () => Number(await value(`container_memory_working_set_bytes{${ofNimbus}}`));
        await until("cAdvisor has looked at it", 300, async () => (await memory()) > 10 << 20);
        expect(await value(`container_spec_memory_limit_bytes{${ofNimbus}}`)).toBe(Number(limit));
    });

    test("has pages that show it", async () => {
        const page = async (name: string) => {
            const response = await fetch(`http://127.0.0.1:${port}/consoles/${name}.html`);
            return [response.status, await response.text()] as const;
        };
        for (const name of ["index", "cluster", "topology", "zookeeper", "machines"]) {
            expect(await page(name)).toEqual([200, expect.stringContaining(`<b>${stack.cluster}</b>`) as string]);
        }
        expect((await page("topology"))[1]).toContain("topology.html?topology=wordcount");
        expect((await page("machines"))[1]).toContain(hasCadvisor ? `${stack.cluster}-nimbus-1` : "<td>local</td>");
    });

    test("gives the numbers that Nimbus gives", async () => {
        const { nimbuses, supervisors } = await summary();
        const leader = nimbuses.find((nimbus) => nimbus.leader)?.host;
        expect(await query("storm_nimbus_leader == 1")).toMatchObject([{ host: leader }]);
        expect((await query("storm_supervisor_slots")).map(({ host }) => host).sort()).toEqual(
            supervisors.map(({ host }) => host).sort(),
        );
        // Prometheus has that of its last scrape.
        await until("it knows as many workers, in all slots", 300, async () => {
            const { topologies } = await summary();
            const workers = await value('storm_topology_workers{topology="wordcount"}');
            return workers === topologies[0]?.workers && (await value("storm_slots_free")) === 0;
        });
        const acked = async () => Number(await value('storm_topology_acked_total{topology="wordcount"}'));
        await until("tuples are acked", 300, async () => (await acked()) > 0);
        const before = await acked();
        await until("more tuples are acked", 300, async () => (await acked()) > before);
        // Of the few calls that Storm measures at first, one that a busy machine has held up counts for many.
        await until("bolts have a capacity, of which they use a part", 300, async () => {
            const capacities = (await query('storm_component_capacity_ratio{type="bolt"}')).map(({ value }) =>
                Number(value),
            );
            return capacities.length > 0 && capacities.every((capacity) => capacity >= 0 && capacity <= 1);
        });
    });

    test.each([
        ["nimbus-1", /\]: nimbus\.log /],
        ["supervisor-1", /\]: supervisor\.log /],
        ["supervisor-1", /\]: wordcount-\d+-\d+:6700 .*counted \d+ words/],
        ["zookeeper-1", /\]: .*ZooKeeper/i],
    ])("sends the logs of %s to syslog: %s", async (daemon, line) => {
        const ofIt = () => received.filter((each) => each.includes(`${stack.cluster}-${daemon}[`));
        await until("the line has come", 300, () => Promise.resolve(ofIt().some((each) => line.test(each))));
        expect(ofIt().filter((each) => /unable to locate appender/i.test(each))).toEqual([]);
        expect(docker("logs", "--tail", "5", `${stack.cluster}-${daemon}`)).not.toBe("");
    });

    test("has alerts that all can be evaluated", async () => {
        type Rule = { name: string; health: string; lastError?: string };
        await until("all rules were evaluated", 300, async () => {
            const { groups } = await api<{ groups: { rules: Rule[] }[] }>("rules");
            const rules = groups.flatMap((group) => group.rules);
            expect(rules.filter(({ health }) => health === "err")).toEqual([]);
            return rules.length > 2 && rules.every(({ health }) => health === "ok");
        });
    });

    test("a supervisor that is gone is an alert, until it is back", async () => {
        // As the rules are, but for their times.
        docker(
            "exec",
            "--user",
            "0",
            prometheus(),
            "sed",
            "-i",
            "s/for: .*m$/for: 0s/; s/\\[5m\\]/[30s]/",
            "/etc/prometheus/rules.yml",
        );
        docker("kill", "--signal", "HUP", prometheus());
        docker("stop", `${stack.cluster}-supervisor-2`);
        await until("the alert fires", 300, async () => (await firing())?.includes("StormSupervisorMissing"));
        docker("start", `${stack.cluster}-supervisor-2`);
        await until(
            "the alert is over",
            300,
            async () => (await firing())?.includes("StormSupervisorMissing") === false,
        );
    });

    test("a supervisor more reaches Prometheus while it runs", async () => {
        const before = startedAt();
        expect(await value("storm:supervisors:expected")).toBe(2);
        stack.set({ supervisors: 3 });
        await stack.up();
        await until("it knows of the third", 300, async () => (await value("storm:supervisors:expected")) === 3);
        await until("it sees the third", 300, async () => (await value("storm_supervisors")) === 3);
        expect(startedAt()).toBe(before);
    });

    test("goes on when the Nimbus that leads is stopped", async () => {
        const { nimbuses } = await summary();
        const leader = nimbuses.find((nimbus) => nimbus.leader)?.host;
        docker("stop", `${stack.cluster}-nimbus-${leader === at(33) ? 1 : 2}`);
        const other = leader === at(33) ? at(34) : at(33);
        await until(
            "the other one leads, as the exporter says",
            300,
            async () => (await value(`storm_nimbus_leader{host="${other}"} == 1 and on () storm_up == 1`)) === 1,
        );
    });

    test("a refresh and an update find nothing but what was stopped, and Prometheus keeps what it has", async () => {
        const samples = async () => Number(await value("count_over_time(storm_up[1h])"));
        const before = await samples();
        expect(before).toBeGreaterThan(3);
        docker("stop", prometheus());
        await stack.up("--refresh");
        await until("it answers again", 300, async () => (await value("count(up)")) === targets.length);
        expect(await samples()).toBeGreaterThanOrEqual(before);
    });
});
