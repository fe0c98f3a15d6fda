// What dashboards query is held against the exporter's real output, and against what was recorded of ZooKeeper, node exporter and cAdvisor.
import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { consolePages } from "../../components/monitoring/dashboards/consoles";
import type { Dashboard } from "../../components/monitoring/dashboards/dashboard";
import { dashboards } from "../../components/monitoring/dashboards/dashboards";
import { grafanaDashboards } from "../../components/monitoring/dashboards/grafana";
import { waitUntil } from "../../provider/waiting";
import { startExporter } from "./exporterProcess";
import { clusterSummary, startStandIn, topologyPage } from "./nimbusStandIn";

jest.setTimeout(120_000);

const all = Object.entries(dashboards).map(([name, dashboard]): [string, Dashboard] => [name, dashboard]);
const panels = all.flatMap(([name, dashboard]) =>
    dashboard.panels.map((panel) => ({ ...panel, of: `${name}, ${panel.title}` })),
);
/** Queries of all topologies. */
const queries = panels.flatMap(({ of, labels, kind, queries }) =>
    queries.map(({ name, expr }) => ({ of: `${of}, ${name}`, labels, kind, expr: expr.replaceAll("$topology", ".+") })),
);

interface Series {
    name: string;
    labels: Record<string, string>;
}
const parsed = (line: string): Series => {
    const [, name = "", labels = ""] = /^([a-zA-Z_:][\w:]*)(?:\{(.*?)\})?/.exec(line) ?? [];
    return {
        name,
        labels: Object.fromEntries(
            [...labels.matchAll(/(\w+)="(.*?)"/g)].map(([, key = "", value = ""]) => [key, value]),
        ),
    };
};
const recorded = (file: string, labels: object): Series[] =>
    fs
        .readFileSync(`test/unit/metrics/${file}.txt`, "utf8")
        .trim()
        .split("\n")
        .filter((line) => !line.startsWith("#"))
        .map(parsed)
        .map((series) => ({ ...series, labels: { ...series.labels, cluster: "storm-test", ...labels } }));

/** All series that there can be, with the labels of their targets. */
let known: Series[];
beforeAll(async () => {
    const id = "word-count-1-1764400000";
    const counts = { emitted: 600, transferred: 600, acked: 600, failed: null, executed: 600 };
    let port = 0;
    const nimbus = await startStandIn(({ method, window = "" }) =>
        method === "getClusterInfo"
            ? clusterSummary({
                  nimbuses: [{ host: "127.0.0.1", port, leader: true }],
                  supervisors: [{ host: "10.0.0.4", used: 1 }],
                  topologies: [{ id, name: "word-count" }],
              })
            : topologyPage(id, window, {
                  counts,
                  components: {
                      words: { type: "spout", counts, latency: 12.5 },
                      count: { type: "bolt", counts, latency: 1.5, capacity: 0.75, errorAt: 1 },
                  },
                  workers: [{ host: "10.0.0.4", port: 6700, uptime: 55 }],
                  configuration: { "topology.workers": 3, "topology.message.timeout.secs": 30 },
                  completeLatency: 12.5,
              }),
    );
    port = nimbus.port;
    const exporter = await startExporter([`127.0.0.1:${port}`]);
    const answer = await (await fetch(`${exporter.url}/metrics`)).text();
    exporter.stop();
    nimbus.stop();
    const storm = { job: "storm", cluster: "storm-test", daemon: "exporter" };
    const targets = [
        storm,
        { job: "zookeeper", cluster: "storm-test", daemon: "zookeeper-1" },
        { job: "node", cluster: "storm-test", daemon: "node-exporter-1", machine: "10.0.0.4" },
        { job: "cadvisor", cluster: "storm-test", daemon: "cadvisor-1", machine: "10.0.0.4" },
    ];
    const alert = {
        ...storm,
        alertname: "StormComponentErrors",
        severity: "warning",
        topology: "word-count",
        component: "count",
    };
    known = [
        ...answer
            .trim()
            .split("\n")
            .filter((line) => !line.startsWith("#"))
            .map(parsed)
            .map(({ name, labels }) => ({ name, labels: { ...labels, ...storm } })),
        ...["zookeeper", "node", "cadvisor"].flatMap((job, index) => recorded(job, targets[index + 1] ?? {})),
        ...targets.map((labels) => ({ name: "up", labels })),
        { name: "ALERTS", labels: { ...alert, alertstate: "firing" } },
        { name: "ALERTS_FOR_STATE", labels: alert },
        ...["nimbuses", "supervisors"].map((each) => ({
            name: `storm:${each}:expected`,
            labels: { cluster: "storm-test" },
        })),
    ];
});

/** Selectors in a query: names, and the names of the labels that they select by. */
function selectors(expr: string): { name: string; labels: string[] }[] {
    const modifiers = /\b(?:by|on|ignoring|group_left|group_right) ?\([^)]*\)/g;
    // Strings first, as they may have any of the rest.
    const bare = expr
        .replace(/"[^"]*"/g, '""')
        .replace(modifiers, "")
        .replace(/\[\w+\]/g, "");
    return [...bare.matchAll(/\b([a-zA-Z_:][\w:]*)\b(?!\s*\()(?:\{([^}]*)\})?/g)]
        .map(([, name = "", matchers = ""]) => ({
            name,
            labels: [...matchers.matchAll(/(\w+)[=!]/g)].map(([, label = ""]) => label),
        }))
        .filter(({ name }) => !["and", "or", "unless"].includes(name));
}

test.each(queries)("$of: its metrics exist, with the labels that it selects and sorts by", ({ expr, labels }) => {
    const used = selectors(expr);
    expect(used).not.toEqual([]);
    for (const { name, labels: selected } of used) {
        const has = new Set(known.filter((each) => each.name === name).flatMap((each) => Object.keys(each.labels)));
        expect([name, has.size > 0]).toEqual([name, true]);
        expect(selected.filter((label) => !has.has(label))).toEqual([]);
    }
    // Aggregated by what the legend says, so that two series never have the same, and rows of a table are joined.
    const aggregated = [...expr.matchAll(/ by \(([^)]*)\)/g)].map(([, by = ""]) => by.split(", "));
    expect(labels.length === 0 ? [[]] : aggregated).toContainEqual(labels);
});

test.each(queries.filter(({ expr }) => /\[/.test(expr)))("$of: is computed over 3 minutes or more", ({ expr }) => {
    for (const [, count, unit] of expr.matchAll(/\[(\d+)([mh])\]/g)) {
        expect(Number(count) * (unit === "h" ? 60 : 1)).toBeGreaterThanOrEqual(3);
    }
});

test.each(panels)("$of: asks a question", ({ question, queries, labels }) => {
    expect(question).toMatch(/^[A-Z][^.]*\?.*/);
    const names = queries.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    // Go sorts arg10 before arg2.
    expect(Math.max(names.length, labels.length)).toBeLessThanOrEqual(10);
    // The only characters that would end what they are in, of a template or of PromQL in it.
    expect(JSON.stringify(queries)).not.toContain("`");
    expect(names.join("")).not.toMatch(/["\\]/);
});

/** Prometheus' image has promtool. */
const listed = spawnSync("docker", ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "prom/prometheus"], {
    encoding: "utf8",
});
const [image = ""] = (listed.stdout ?? "").split("\n");
if (image === "") {
    console.log("Skipped: Prometheus' evaluation of dashboards. prom/prometheus is not in this machine's Docker.");
}

(image === "" ? describe.skip : describe)("Prometheus", () => {
    let folder: string;
    beforeAll(() => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-dashboards-"));
        fs.chmodSync(folder, 0o755);
    });
    const containers: string[] = [];
    afterAll(() => {
        containers.forEach((container) => docker("rm", "--force", container));
        fs.rmSync(folder, { recursive: true });
    });
    const docker = (...args: string[]) => {
        const { status, stdout, stderr } = spawnSync("docker", args, { encoding: "utf8" });
        return { status, output: stdout + stderr };
    };
    const write = (name: string, content: object) => fs.writeFileSync(path.join(folder, name), JSON.stringify(content));
    const inImage = () => ["--network", "none", "--volume", `${folder}:/files:ro`, "--workdir", "/files"];
    const promtool = (...args: string[]) =>
        docker("run", "--rm", ...inImage(), "--entrypoint", "promtool", image, ...args);

    test("parses each query", () => {
        const rules = queries.map(({ expr }, index) => ({ record: `q:${index}`, expr }));
        write("rules.yml", { groups: [{ name: "queries", rules }] });
        expect(promtool("check", "rules", "rules.yml")).toMatchObject({ status: 0 });
    });

    test("has a result for each query, where all series are there", () => {
        const series = known.map(({ name, labels }) => ({
            series: `${name}{${Object.entries(labels)
                .map(([key, value]) => `${key}="${value}"`)
                .join()}}`,
            // What counts rises; of states only the one that is has a 1.
            values: name === "storm_topology_status" ? (labels.status === "ACTIVE" ? "1x90" : "0x90") : "1+60x90",
        }));
        // promtool says what it got where that is not nothing.
        const promql_expr_test = queries.map(({ expr }) => ({ expr, eval_time: "80m", exp_samples: [] }));
        write("tests.yml", {
            evaluation_interval: "1m",
            tests: [{ interval: "1m", input_series: series, promql_expr_test }],
        });
        const { output } = promtool("test", "rules", "tests.yml");
        const results = new Map(
            [...output.matchAll(/expr: ("(?:[^"\\]|\\.)*"), time: .*\n\s*exp: nil\n\s*got: (?!nil)(.*)/g)].map(
                ([, expr = "", got = ""]) => [JSON.parse(expr) as string, got.match(/\{[^}]*\}/g) ?? []],
            ),
        );
        expect([...results.keys()].sort()).toEqual([...new Set(queries.map(({ expr }) => expr))].sort());
        // Rows are those of a panel's first query.
        const resultOf = ({ expr }: { expr: string }) => results.get(expr.replaceAll("$topology", ".+")) ?? [];
        for (const { of, queries: columns } of panels) {
            const rows = columns.slice(0, 1).flatMap(resultOf);
            expect([of, columns.flatMap(resultOf).filter((row) => !rows.includes(row))]).toEqual([of, []]);
        }
        expect(output).not.toContain("err:");
    });

    test("shows the console pages", async () => {
        const name = 'it\'s <b> "x" (+)';
        const labels = { topology: name, status: "ACTIVE", component: "c", cluster: "storm-test" };
        write("prometheus.yml", {
            global: { scrape_interval: "1s", evaluation_interval: "1s", external_labels: { cluster: "storm-test" } },
            rule_files: ["recorded.yml"],
            scrape_configs: [
                {
                    job_name: "zookeeper",
                    static_configs: [{ targets: ["localhost:9090"], labels: { daemon: "zookeeper-1" } }],
                },
            ],
        });
        const record = (metric: string, value: number) => ({ record: metric, expr: `vector(${value})`, labels });
        const other = { ...record("storm_topology_status", 1), labels: { ...labels, topology: "other" } };
        const rules = [
            record("storm_topology_status", 1),
            other,
            record("storm_component_capacity_ratio", 0.97),
            record("storm_topology_workers", 2),
            record("storm_worker_uptime_seconds", 10),
        ];
        write("recorded.yml", { groups: [{ name: "recorded", rules }] });
        const pages = consolePages();
        fs.mkdirSync(path.join(folder, "consoles"));
        for (const [file, content] of Object.entries(pages)) {
            fs.writeFileSync(path.join(folder, "consoles", file), content);
        }
        const flags = ["--config.file=/files/prometheus.yml", "--storage.tsdb.path=/prometheus"];
        const consoles = ["--web.console.templates=/files/consoles", "--web.console.libraries=/none"];
        const started = docker(
            "run",
            "--detach",
            ...inImage(),
            "--entrypoint",
            "prometheus",
            image,
            ...flags,
            ...consoles,
        );
        expect(started).toMatchObject({ status: 0 });
        const container = started.output.trim();
        containers.push(container);
        const page = (address: string) =>
            docker("exec", container, "wget", "-q", "-O", "-", `http://localhost:9090/consoles/${address}`);
        const shows = (address: string, ...texts: string[]) =>
            waitUntil(
                address,
                async () => {
                    const { status, output } = page(address);
                    const missing = texts.filter((text) => !output.includes(text));
                    return status === 0 && missing.length === 0 ? undefined : `${missing.join()} is not in ${output}`;
                },
                { seconds: 30 },
            );
        const shown = "it&#39;s &lt;b&gt; &#34;x&#34; (&#43;)";
        const address = "topology.html?topology=it%27s%20%3cb%3e%20%22x%22%20%28%2b%29";
        expect(
            await shows("zookeeper.html", "<td>zookeeper-1</td>", '<td class="value">1</td>', "no data"),
        ).toBeUndefined();
        expect(
            await shows("cluster.html", `<a href="${address}">${shown}</a>`, '<td class="value">2</td>'),
        ).toBeUndefined();
        const graph = "../graph?g0.expr=max%20by%20%28topology%2c%20component%29%20%28storm_component_capacity_ratio";
        expect(
            await shows("topology.html", shown, '<td class="value bad">97%</td>', graph, ">other</a>"),
        ).toBeUndefined();
        // One topology: the others are links alone.
        expect(await shows(address, `class="here">${shown}</a>`, '<td class="value bad">97%</td>')).toBeUndefined();
        expect(await shows("topology.html?topology=other", 'class="here">other</a>', "no data")).toBeUndefined();
        expect(page("topology.html?topology=other").output).not.toContain("97%");
        expect(await shows("index.html", "No alert fires.", "storm-test")).toBeUndefined();
        expect(await shows("machines.html", "no data")).toBeUndefined();
        for (const file of Object.keys(pages)) {
            const { output } = page(file);
            expect(output).not.toMatch(/ZgotmplZ|no value|NaN|%!/);
            // Navigation to all pages.
            for (const to of Object.keys(pages)) {
                expect(output).toContain(`<a href="${to}"`);
            }
        }
    });
});

describe("Grafana's dashboards", () => {
    interface GrafanaPanel {
        id: number;
        title: string;
        description: string;
        datasource: object;
        gridPos: { x: number; y: number; w: number; h: number };
        targets: { datasource: object; refId: string; expr: string }[];
    }
    interface GrafanaDashboard {
        uid: string;
        title: string;
        panels: GrafanaPanel[];
        tags: string[];
        links: { type: string; tags: string[]; placement?: string }[];
        templating?: { list?: { name: string; query: string; datasource: object; allValue: string }[] };
    }
    const datasource = { type: "prometheus", uid: "prometheus" };
    const read = Object.entries(grafanaDashboards()).map(([file, content]): [string, GrafanaDashboard] => [
        file,
        JSON.parse(content) as GrafanaDashboard,
    ]);

    test.each(read)(
        "%s has a stable uid, links to the others, and all panels, each with its question",
        (file, given) => {
            const [, dashboard] = all.find(([name]) => file === `${name}.json`) ?? [];
            expect(given).toMatchObject({ uid: `storm-${file.replace(".json", "")}`, tags: ["storm"] });
            expect(given.links).toMatchObject([{ type: "dashboards", tags: ["storm"] }]);
            expect(given.panels.map(({ title, description }) => [title, description])).toEqual(
                dashboard?.panels.map(({ title, question }) => [title, question]),
            );
            expect(given.panels.map(({ targets }) => targets.map(({ expr }) => expr))).toEqual(
                dashboard?.panels.map(({ queries }) => queries.map(({ expr }) => expr)),
            );
        },
    );

    test.each(read)("%s: panels have a number each, their data source, and a place of their own", (_, { panels }) => {
        expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
        const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
            expect(x + w).toBeLessThanOrEqual(24);
            return Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`);
        });
        expect(new Set(cells).size).toBe(cells.length);
        for (const { datasource: of, targets } of panels) {
            expect([of, ...targets.map((target) => target.datasource)]).toEqual(
                Array.from({ length: targets.length + 1 }, () => datasource),
            );
            expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
        }
    });

    test("a topology is chosen where queries have it", () => {
        for (const [file, { templating, panels }] of read) {
            const has = JSON.stringify(panels.map(({ targets }) => targets)).includes("$topology");
            expect([file, templating?.list?.map(({ name }) => name) ?? []]).toEqual([file, has ? ["topology"] : []]);
        }
        const [, chosen] = read.find(([file]) => file === "topology.json") ?? [];
        expect(chosen?.templating?.list).toMatchObject([
            { query: "label_values(storm_topology_status, topology)", datasource, allValue: ".+" },
        ]);
    });
});
