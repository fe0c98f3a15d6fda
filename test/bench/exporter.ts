/**
 * Memory and processor time of the exporter, against a stand-in for Nimbus with 3, 30 and 300 supervisors:
 * `node --require ./scripts/transpile.js test/bench/exporter.ts [scrapes]`, 20 by default, one each 15 s.
 * A third as many topologies as supervisors run, each with 12 workers and 12 components; answers are ready before they are asked for.
 */
import { type ChildProcess, spawn } from "child_process";
import * as fs from "fs";
import * as readline from "readline";
import { setTimeout as after } from "timers/promises";
import { type Answer, clusterSummary, framedAnswer, startStandIn, topologyPage } from "../unit/nimbusStandIn";

/** Seconds from one scrape to the next. */
const interval = 15;
const scrapes = Number(process.argv[2] ?? 20);

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

/** Seconds of processor time that a process and its threads have had, those that ended included. */
function processorSeconds({ pid }: ChildProcess): number {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    // utime and stime, in hundredths: proc_pid_stat(5).
    return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Most memory that a process has had resident, in MiB. */
function memory({ pid }: ChildProcess): number {
    return Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

async function measure(supervisors: number): Promise<string> {
    const nimbus = await startNimbus(supervisors);
    const exporter = spawn("python3", ["components/monitoring/exporter.py"], {
        env: {
            ...process.env,
            STORM_EXPORTER_NIMBUSES: `127.0.0.1:${nimbus.port}`,
            STORM_EXPORTER_LISTEN: "127.0.0.1:0",
        },
        stdio: ["ignore", "pipe", "inherit"],
    });
    try {
        const output = readline.createInterface(exporter.stdout);
        const line = await new Promise<string>((resolve) => output.once("line", resolve));
        const url = `http://${/127\.0\.0\.1:\d+/.exec(line)?.[0]}/metrics`;
        const scrape = async () => (await fetch(url)).text();
        const text = await scrape();
        const [began, before] = [performance.now(), processorSeconds(exporter)];
        for (let count = 0; count < scrapes; count++) {
            await scrape();
            await after(interval * 1000);
        }
        const share = (processorSeconds(exporter) - before) / ((performance.now() - began) / 1000);
        const lines = text.split("\n").filter((each) => each && !each.startsWith("#")).length;
        const seconds = /^storm_scrape_duration_seconds (\S+)/m.exec(text)?.[1];
        return `${supervisors} supervisors: ${memory(exporter).toFixed(1)} MiB, ${(share * 100).toFixed(2)} % of a core, ${lines} samples, a scrape of ${Number(seconds).toFixed(2)} s`;
    } finally {
        exporter.kill();
        nimbus.stop();
    }
}

void Promise.all([3, 30, 300].map(measure)).then((results) => console.log(results.join("\n")));
