/**
 * Memory and processor time of the exporter, and of the Prometheus server that scrapes it each 15 s and evaluates the alerts, against a
 * stand-in for Nimbus with 3, 30 and 300 supervisors: `scripts/bench monitoring`. A third as many topologies as supervisors run, each
 * with 12 workers and 12 components; answers are ready before they are asked for.
 */
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { setTimeout as after } from "timers/promises";
import { monitoringDefaults } from "../../components/monitoring/defaults";
import { paths, prometheusConfig, targetsFile } from "../../components/monitoring/prometheusConfig";
import { docker, machineSettings, until } from "../e2e/stack";
import { startExporter } from "../unit/exporterProcess";
import { type Answer, clusterSummary, framedAnswer, startStandIn, topologyPage } from "../unit/nimbusStandIn";
import { printTable } from "./report";

/** Minutes for which it is measured. */
const minutes = 10;
const image = (machineSettings("storm:prometheusImage")["storm:prometheusImage"] ?? monitoringDefaults.image) as string;

/** The answers of a Nimbus that leads a cluster of that size. */
async function startNimbus(supervisors: number): ReturnType<typeof startStandIn> {
    const hosts = Array.from({ length: supervisors }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    const ids = hosts.filter((_, index) => index % 3 === 0).map((_, index) => `topology-${index}-1-1764500000`);
    const counts = { emitted: 123456789, transferred: 123456789, acked: 123456789, failed: 12, executed: 123456789 };
    const names = ["spout-1", "spout-2", ...Array.from({ length: 9 }, (_, index) => `bolt-${index}`), "__acker"];
    const components = Object.fromEntries(
        names.map((name) => [
            name,
            { type: name.startsWith("spout") ? "spout" : "bolt", counts, latency: 1.25, capacity: 0.125 } as const,
        ]),
    );
    // As many keys as Storm's configuration has, and those that are read.
    const keys = Array.from({ length: 300 }, (_, index) => `storm.some.key.of.the.configuration.${index}`);
    const configuration = {
        ...Object.fromEntries(keys.map((key) => [key, 1])),
        "topology.workers": 12,
        "topology.message.timeout.secs": 30,
    };
    const pages = new Map(
        ids.flatMap((id, index) =>
            ["600", ":all-time"].map((window) => {
                const workers = Array.from({ length: 12 }, (_, slot) => ({
                    host: hosts[index * 3 + (slot % 3)] ?? "",
                    port: 6700 + Math.floor(slot / 3),
                    uptime: 1000,
                }));
                const state = { counts, components, workers, configuration, completeLatency: 12.5 };
                return [id + window, framedAnswer(topologyPage(id, window, state))];
            }),
        ),
    );
    let port = 0;
    const cluster = () =>
        clusterSummary({
            nimbuses: [{ host: "127.0.0.1", port, leader: true }],
            supervisors: hosts.map((host) => ({ host, used: 4 })),
            topologies: ids.map((id) => ({ id })),
        });
    const nimbus = await startStandIn(({ id = "", window = "" }): Answer => pages.get(id + window) ?? cluster());
    port = nimbus.port;
    return nimbus;
}

/** Processor time, in seconds, that a process and its threads have had, and the most memory, in MiB, that it has had resident. */
function usage(pid: number): { cpu: number; memory: number } {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    const status = fs.readFileSync(`/proc/${pid}/status`, "utf8");
    return {
        // utime and stime, in hundredths: proc_pid_stat(5).
        cpu: (Number(fields[11]) + Number(fields[12])) / 100,
        memory: Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024,
    };
}

/** Starts a Prometheus server that scrapes an exporter; returns its container, and its URL. */
async function startPrometheus(supervisors: number, scraped: string, folder: string) {
    const container = `storm-bench-prometheus-${supervisors}`;
    const listens = `127.0.0.1:${19300 + supervisors}`;
    const labels = { job: "storm", cluster: "storm-bench", daemon: "exporter" };
    const files = {
        [paths.config]: prometheusConfig({
            clusterName: "storm-bench",
            scrapeSeconds: monitoringDefaults.scrapeSeconds,
        }),
        [paths.targets]: targetsFile([{ targets: [scraped], labels }]),
        [paths.rules]: fs.readFileSync("components/monitoring/rules.yml", "utf8"),
    };
    const volumes = Object.entries(files).flatMap(([inContainer, content]) => {
        const file = path.join(folder, `${supervisors}-${path.basename(inContainer)}`);
        fs.writeFileSync(file, content);
        return ["--volume", `${file}:${inContainer}:ro`];
    });
    docker(
        ...["run", "--detach", "--rm", "--name", container, "--network", "host", ...volumes, image],
        ...[`--config.file=${paths.config}`, "--storage.tsdb.path=/prometheus", `--web.listen-address=${listens}`],
    );
    const url = `http://${listens}`;
    await until("Prometheus is ready", 60, () =>
        fetch(`${url}/-/ready`).then(
            ({ ok }) => ok,
            () => false,
        ),
    );
    return { container, url };
}

async function measure(supervisors: number, folder: string): Promise<string[]> {
    const nimbus = await startNimbus(supervisors);
    const exporter = await startExporter([`127.0.0.1:${nimbus.port}`]);
    try {
        const server = await startPrometheus(supervisors, new URL(exporter.url).host, folder);
        try {
            const processes = [exporter.pid, Number(docker("inspect", "--format", "{{.State.Pid}}", server.container))];
            const before = processes.map(usage);
            await after(minutes * 60_000);
            const figures = processes
                .map(usage)
                .flatMap(({ cpu, memory }, index) => [
                    `${memory.toFixed(0)} MiB`,
                    `${(((cpu - (before[index]?.cpu ?? NaN)) / (minutes * 60)) * 100).toFixed(2)} %`,
                ]);
            const text = await (await fetch(`${exporter.url}/metrics`)).text();
            const samples = text.split("\n").filter((line) => line && !line.startsWith("#")).length;
            const seconds = Number(/^storm_scrape_duration_seconds (\S+)/m.exec(text)?.[1]).toFixed(2);
            return [String(supervisors), String(samples), seconds, ...figures];
        } finally {
            docker("stop", server.container);
        }
    } finally {
        exporter.stop();
        nimbus.stop();
    }
}

async function main() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-bench-"));
    fs.chmodSync(folder, 0o755);
    console.log(`Monitoring: the figures come after ${minutes} minutes.`);
    try {
        const rows = await Promise.all([3, 30, 300].map((supervisors) => measure(supervisors, folder)));
        printTable(
            [
                "supervisors",
                "samples of a scrape",
                "seconds of a scrape",
                "exporter: memory",
                "of a core",
                "Prometheus: memory",
                "of a core",
            ],
            rows,
        );
    } finally {
        fs.rmSync(folder, { recursive: true });
    }
}

void main();
