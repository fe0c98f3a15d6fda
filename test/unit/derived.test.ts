/** What of a cluster's configuration follows from settings that say something else. */
import { memoryShortage } from "../../settings/machineMemory";
import { parseSettings } from "../../settings";
import { onHosts } from "./hostsFixture";
import { defaultSettings, type Run, runProgram } from "./program";

jest.setTimeout(120_000);

const resourceAware = { "storm.scheduler": "org.apache.storm.scheduler.resource.ResourceAwareScheduler" };
const wordCount = { name: "count", jar: "package.json", mainClass: "a.Main", workers: 2 };

/** The storm.yaml of a daemon. */
function stormYaml(run: Run, daemon: string): string {
    const { uploads } = run.get(`storm-${daemon}-container`).inputs as { uploads: { content: string }[] };
    return uploads[0]?.content ?? "";
}

function zooCfg(run: Run): unknown {
    const { envs } = run.get("storm-zookeeper-1-container").inputs as { envs: string[] };
    return envs.find((each) => each.startsWith("ZOO_CFG_EXTRA="))?.replace(/clientPortAddress=\S+/, "");
}

describe("Java options", () => {
    test.each([
        [{ "worker.profiler.enabled": true }, "-XX:+IgnoreUnrecognizedVMOptions -Xmx768m"],
        [{ "worker.profiler.enabled": true, "worker.profiler.childopts": "-Da=b" }, "-Xmx768m"],
        [
            { "worker.childopts": "-XX:MaxPermSize=64m" },
            "-XX:+IgnoreUnrecognizedVMOptions -XX:MaxPermSize=64m -Xmx768m",
        ],
        [{ "worker.childopts": "-XX:+UseG1GC" }, "-XX:+UseG1GC -Xmx768m"],
        [resourceAware, "-Xmx%HEAP-MEM%m"],
    ])("of workers by %j are %s", async (entries, options) => {
        const run = await runProgram({ stormImage: "storm:2.8.9", stormYaml: entries });
        expect(stormYaml(run, "supervisor-1")).toMatch(new RegExp(`^worker.childopts: "?${escaped(options)}"?$`, "m"));
    });

    test("of an older Java do not keep a daemon or a worker from starting, by topology either", async () => {
        const old = "-XX:+UseConcMarkSweepGC";
        const run = await runProgram({
            stormImage: "storm:2.8.9",
            stormYaml: { "nimbus.childopts": old, "topology.worker.gc.childopts": old },
            topologies: [{ ...wordCount, configuration: { "topology.worker.childopts": old } }],
        });
        const tolerated = `-XX:+IgnoreUnrecognizedVMOptions ${old}`;
        expect(stormYaml(run, "nimbus-1")).toContain(`nimbus.childopts: ${tolerated} -Xmx1024m\n`);
        expect(stormYaml(run, "supervisor-1")).toContain(`topology.worker.gc.childopts: ${tolerated}\n`);
        expect(run.get("topology-count-submission").inputs.configuration).toEqual([
            "-c",
            `topology.worker.childopts="${tolerated}"`,
        ]);
    });

    test("have native access on Storm 3, in every JVM of Storm's, beside those of the cluster and of a topology", async () => {
        const key = "topology.worker.logwriter.childopts";
        const access = "--enable-native-access=ALL-UNNAMED";
        const settings = {
            stormImage: "storm:3.1.0",
            drpcs: 1,
            stormYaml: { "nimbus.childopts": "-Da=b" },
            topologies: [{ ...wordCount, configuration: { [key]: "-Xmx32m" } }],
        };
        const run = await runProgram(settings);
        expect(stormYaml(run, "nimbus-1")).toContain(`nimbus.childopts: ${access} -Da=b -Xmx1024m\n`);
        for (const [daemon, jvms] of Object.entries({
            "supervisor-1": ["supervisor", "worker", "logviewer"],
            "drpc-1": ["drpc"],
            ui: ["ui"],
        })) {
            for (const jvm of jvms) {
                expect(stormYaml(run, daemon)).toMatch(new RegExp(`^${jvm}.childopts: ${access} -Xmx\\d+m$`, "m"));
            }
            expect(stormYaml(run, daemon)).toContain(`${key}: ${access} -Xmx64m\n`);
        }
        expect(run.get("topology-count-submission").inputs.configuration).toEqual(["-c", `${key}="${access} -Xmx32m"`]);
        const own = await runProgram({ ...settings, stormYaml: { [key]: ["-Xmx16m"] } });
        expect(stormYaml(own, "supervisor-1")).toContain(`${key}: ${access} -Xmx16m\n`);
        const former = await runProgram({ ...settings, stormImage: "storm:2.8.9" });
        expect(stormYaml(former, "supervisor-1")).not.toMatch(/native-access|logwriter/);
        expect(former.get("topology-count-submission").inputs.configuration).toEqual(["-c", `${key}="-Xmx32m"`]);
    });

    test("are Storm 1's own in its image, whose Java knows them", async () => {
        const run = await runProgram({
            stormImage: "storm:1.2.4",
            stormYaml: { "nimbus.childopts": "-XX:+UseConcMarkSweepGC" },
        });
        expect(stormYaml(run, "nimbus-1")).toContain("nimbus.childopts: -XX:+UseConcMarkSweepGC -Xmx1024m\n");
    });
});

test("with ResourceAwareScheduler a supervisor offers the memory of its workers, and `workers` is not held against it", async () => {
    const run = await runProgram({ stormYaml: resourceAware, topologies: [wordCount] });
    expect(stormYaml(run, "supervisor-1")).toContain("supervisor.memory.capacity.mb: 1536\n");
    expect(run.get("topology-count-submission").inputs).not.toHaveProperty("workers");
    const other = await runProgram({ topologies: [wordCount] });
    expect(run.get("storm-supervisor-1-container").inputs.memory).toBe(
        other.get("storm-supervisor-1-container").inputs.memory,
    );
    expect(other.get("topology-count-submission").inputs.workers).toBe(2);
});

test.each([
    ["workers that reach ZooKeeper from an address each", { supervisors: 40, slots: 4 }, ""],
    ["59 workers behind one ambassador", { supervisors: 59, slots: 1, discovery: "ambassador" }, ""],
    // Twice 60, and 4 for each of 63 daemons.
    ["60 workers behind it", { supervisors: 60, slots: 1, discovery: "ambassador" }, " maxClientCnxns=372"],
    [
        "a setting over that",
        { supervisors: 60, slots: 1, discovery: "ambassador", zooCfg: { maxClientCnxns: 0, tickTime: 3000 } },
        " maxClientCnxns=0 tickTime=3000",
    ],
    ["30 workers on each of two machines", { ...onHosts, discovery: "ambassador", slots: 30 }, ""],
    [
        "the same with TLS, where all of them come from the ambassador beside ZooKeeper",
        { ...onHosts, discovery: "ambassador", ambassadorTls: true, slots: 30 },
        " maxClientCnxns=152",
    ],
])("ZooKeeper lets in as many connections from one address as there are: %s", async (_what, settings, entries) => {
    expect(zooCfg(await runProgram(settings))).toBe(`ZOO_CFG_EXTRA=clientPort=2181 ${entries}`);
});

describe("a machine whose memory is short for a cluster on `local`", () => {
    const defaults = defaultSettings();
    const settings = parseSettings(defaults, "storm-test");

    test("is not enough for the heaps, or for the limits, or is not known", () => {
        expect(memoryShortage(settings, 4000).mistake).toMatch(/heaps of the daemons need \d+ MiB.*has 4000 MiB/);
        expect(memoryShortage(settings, 8000).warning).toMatch(/may use \d+ MiB.*has 8000 MiB/);
        expect(memoryShortage(settings, 24000)).toEqual({});
        expect(memoryShortage(settings, undefined)).toEqual({});
    });

    test("fails an update before anything is created, and not a preview, which another machine may run", async () => {
        await expect(runProgram({}, { memory: 4000 })).rejects.toThrow("The heaps of the daemons need");
        const run = await runProgram({}, { memory: 4000, preview: true });
        expect(run.get("storm-nimbus-1-container")).toBeDefined();
    });
});

function escaped(text: string): string {
    return text.replace(/[+%]/g, "\\$&");
}
