// Long, as a topology is submitted, moved, replaced or interrupted some twenty-five times, each by an update of its own.
import { createHash } from "crypto";
import { once } from "events";
import * as fs from "fs";
import * as http from "http";
import type { AddressInfo } from "net";
import * as path from "path";
import { ports } from "../../../components/storm/spec/ports";
import { docker, TestStack, until } from "../stack";
import {
    folderOfFiles,
    jar,
    otherJar,
    running,
    type Running,
    sentences,
    sentencesInTheEnd,
    wordcount,
} from "./topologies";

const heap = { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 };
const nimbus = "172.30.82.33";
const address = (supervisor: number) => `172.30.82.${127 + supervisor}`;

let stack: TestStack;
beforeAll(async () => {
    stack = new TestStack("e2e-topologies", {
        subnet: "172.30.82.0/24",
        supervisors: 2,
        slots: 2,
        ui: false,
        logviewers: false,
        heap,
        // So many that some are under way when a supervisor is taken away.
        stormYaml: { "wordcount.sentences.per.second": 20 },
    });
    stack.set({ topologies: [wordcount()] });
    await stack.up();
});
afterAll(() => stack.discard());

const onCluster = () => running([{ container: `${stack.cluster}-nimbus-1`, address: nimbus, port: ports.nimbus }]);
const only = async (): Promise<Running> => {
    const found = await onCluster();
    expect(found.map(({ name }) => name)).toEqual(["wordcount"]);
    return found[0] as Running;
};
/** Java 17 does not have them: workers start without. */
const oldOptions = { "topology.worker.gc.childopts": "-XX:+UseConcMarkSweepGC -XX:+PrintGCDateStamps" };
const jars = () => docker("exec", `${stack.cluster}-nimbus-1`, "ls", "/data/jars").split("\n");
/** Storm's command line, as by hand. */
const storm = (...args: string[]) => stack.storm([nimbus], ...args);
/** `pulumi up`, which has to fail; what it said. */
async function failure(): Promise<string> {
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    expect([code === 0, output]).toEqual([false, expect.any(String)]);
    return output;
}

describe("a topology in the settings", () => {
    test("runs when `pulumi up` has returned, on workers of both supervisors", async () => {
        const { status, workers, executors } = await only();
        expect([status, workers]).toEqual(["ACTIVE", { [address(1)]: 1, [address(2)]: 1 }]);
        expect(executors.every(({ uptime }) => uptime >= 10)).toBe(true);
    });

    test("gets work to a supervisor that comes, and more workers", async () => {
        const { id } = await only();
        stack.set({ supervisors: 3, topologies: [wordcount({ workers: 3 })] });
        expect((await stack.changes()).filter((change) => /Submission|submission/.test(change))).toEqual([
            "update topology-wordcount-submission",
        ]);
        await stack.up();
        const after = await only();
        expect([after.id, after.workers]).toEqual([id, { [address(1)]: 1, [address(2)]: 1, [address(3)]: 1 }]);
    });

    test("has the parallelism that is set, and a component that it has not is told with those that it has", async () => {
        const { id } = await only();
        stack.set({ topologies: [wordcount({ workers: 3, parallelism: { count: 2, split: 1 } })] });
        await stack.up();
        const { id: now, executors } = await only();
        const number = (component: string) => executors.filter((executor) => executor.component === component).length;
        expect([now, number("count"), number("split"), number("sentences")]).toEqual([id, 2, 1, 2]);

        stack.set({ topologies: [wordcount({ workers: 3, parallelism: { counts: 2 } })] });
        expect(await failure()).toContain(
            "topology wordcount has no component counts: there are __acker, count, sentences, split",
        );
        stack.set({ topologies: [wordcount({ workers: 3 })] });
        await stack.up();
        expect((await only()).id).toBe(id);
    });

    test("with more workers than slots has as many as there are, with a warning, and that is no change from then on", async () => {
        stack.set({ topologies: [wordcount({ workers: 9 })] });
        expect(await stack.up()).toContain("topology wordcount: it has 6 of 9 workers");
        expect(Object.values((await only()).workers)).toEqual([2, 2, 2]);
        await stack.up("--refresh", "--expect-no-changes");
        stack.set({ topologies: [wordcount({ workers: 3 })] });
        await stack.up();
    });
});

describe("under load", () => {
    test("a supervisor that is taken away gives its work up first, and every sentence is counted in the end", async () => {
        const before = await only();
        stack.set({ supervisors: 2 });
        const output = await stack.up();
        expect(output).toMatch(
            /Drain storm-supervisor-3-drain deleted[^]*Container storm-supervisor-3-container deleted/,
        );
        const after = await only();
        expect([after.id, Object.keys(after.workers).sort()]).toEqual([before.id, [address(1), address(2)]]);
        expect(Object.keys(stack.containers())).not.toContain("supervisor-3");

        const spouts = after.executors.filter(({ component }) => component === "sentences");
        const stayed = spouts.filter(({ task, host, port }) =>
            before.executors.some(
                (executor) => executor.task === task && executor.host === host && executor.port === port,
            ),
        );
        expect(stayed.length).toBeGreaterThan(0);
        const logs = () =>
            stayed.map(({ task, host, port }) => {
                const supervisor = host === address(1) ? "supervisor-1" : "supervisor-2";
                return {
                    task,
                    log: docker(
                        "exec",
                        `${stack.cluster}-${supervisor}`,
                        "cat",
                        `/logs/workers-artifacts/${after.id}/${port}/worker.log`,
                    ),
                };
            });
        const { emitted, acked, replays } = await sentencesInTheEnd(
            (command) => storm(command, "wordcount"),
            () => sentences(logs()),
        );
        expect(acked).toBe(emitted);
        expect(replays).toBeGreaterThan(0);
    });

    test("one that somebody has deactivated is active again after a refresh", async () => {
        await stack.up("--refresh");
        expect((await only()).status).toBe("ACTIVE");
    });
});

describe("a topology that is changed outside", () => {
    test("is submitted again where it was killed", async () => {
        const { id } = await only();
        storm("kill", "wordcount", "-w", "1");
        await until("it is gone", 300, async () => (await onCluster()).length === 0);
        await stack.up("--refresh");
        expect((await only()).id).not.toBe(id);
    });

    test("is spread again where it was rebalanced", async () => {
        const { id } = await only();
        storm("rebalance", "wordcount", "-w", "1", "-n", "1");
        await until("it has one worker", 300, async () => {
            const [{ status, workers } = { status: "", workers: {} }] = await onCluster();
            return status === "ACTIVE" && Object.values(workers).join() === "1";
        });
        await stack.up("--refresh");
        const after = await only();
        expect([after.id, Object.values(after.workers).reduce((sum, each) => sum + each, 0)]).toEqual([id, 3]);
    });

    test("is left alone where it is not ours", async () => {
        storm("jar", jar, "wordcount.WordCountTopology", "theirs", "1");
        stack.set({ topologies: [wordcount(), wordcount({ name: "theirs" })] });
        expect(await failure()).toContain("A topology theirs exists which was submitted by hand; it is left alone.");
        stack.set({ topologies: [wordcount()] });
        await stack.up();
        expect((await onCluster()).map(({ name, status }) => `${name} ${status}`).sort()).toEqual([
            "theirs ACTIVE",
            "wordcount ACTIVE",
        ]);
        storm("kill", "theirs", "-w", "0");
        await until("theirs is gone", 300, async () => (await onCluster()).length === 1);
    });
});

describe("another version", () => {
    let other: string;
    beforeAll(() => {
        other = otherJar();
    });
    afterAll(() => fs.rmSync(other));

    test("is a replacement: the one before is killed first, and its jar goes", async () => {
        const { id } = await only();
        const [before] = jars();
        stack.set({ topologies: [wordcount({ jar: other })] });
        expect(await stack.changes()).toContain("replace topology-wordcount-submission");
        const up = stack.up();
        let isDone = false;
        void up.finally(() => (isDone = true)).catch(() => undefined);
        const most: string[][] = [];
        while (!isDone) {
            const now = (await onCluster()).map((topology) => topology.id);
            if (now.length > 1) {
                most.push(now);
            }
            await new Promise((resolve) => setTimeout(resolve, 500));
        }
        await up;
        expect(most).toEqual([]);
        expect((await only()).id).not.toBe(id);
        expect([jars().length, jars()[0] === before]).toEqual([1, false]);
    });

    test("two topologies of one jar have it on the cluster once", async () => {
        stack.set({
            topologies: [
                wordcount({ jar: other, workers: 1 }),
                wordcount({ name: "second", jar: other, workers: 1, configuration: oldOptions }),
            ],
        });
        await stack.up();
        expect((await onCluster()).map(({ name }) => name).sort()).toEqual(["second", "wordcount"]);
        expect(jars()).toHaveLength(1);
        stack.set({ topologies: [wordcount({ jar: other, workers: 1 })] });
        await stack.up();
        expect((await only()).status).toBe("ACTIVE");
    });

    test("from a URL has to have the content that was promised; the same content is no change", async () => {
        const server = http
            .createServer((_request, response) => fs.createReadStream(other).pipe(response))
            .listen(0, "127.0.0.1");
        await once(server, "listening");
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/wordcount.jar`;
        const sha256 = createHash("sha256").update(fs.readFileSync(other)).digest("hex");
        try {
            const { id } = await only();
            stack.set({ topologies: [wordcount({ jar: url, sha256, workers: 1 })] });
            await stack.up();
            expect((await only()).id).toBe(id);
            stack.set({ topologies: [wordcount({ jar: url, sha256: "0".repeat(64), workers: 1 })] });
            expect(await failure()).toContain(`${url} has another content than the one whose SHA-256 is 0000`);
            expect((await only()).id).toBe(id);
        } finally {
            server.close();
        }
    });

    /** The container of Storm's command line, which submits. */
    const submitting = () =>
        docker("ps", "--quiet", "--filter", `volume=${stack.cluster}-nimbus-1-data`).split("\n").length > 1;
    /** What is there; one that goes between two questions is an error, and no longer there. */
    const now = () => onCluster().catch(() => []);
    const newOne = async (id: string) => (await now()).find((topology) => topology.id !== id);
    const isActive = async (id: string) =>
        (await now()).some((topology) => topology.id === id && topology.status === "ACTIVE");
    const moments: [string, (output: string, before: string) => boolean | Promise<boolean>][] = [
        [
            "while the one before is being killed",
            async (output, before) => /submission deleting/.test(output) && !(await isActive(before)),
        ],
        ["while it is submitted", async (_output, before) => submitting() || (await newOne(before)) !== undefined],
    ];
    test.each(moments)("is there once after an update that was killed: %s", async (when, isMoment) => {
        const { id } = await only();
        // A new value each time, so that there is something to do.
        const content = { "test.moment": when };
        stack.set({ topologies: [wordcount({ configuration: content })] });
        const update = stack.start("up", "--yes", "--skip-preview");
        await until(when, 300, () => isMoment(update.output(), id));
        update.kill("SIGKILL");
        await update.done;
        stack.removeEmptyChecksums();
        await stack.pulumi("cancel", "--yes");
        await stack.up();
        const { status, configuration } = await only();
        expect([status, configuration["test.moment"]]).toEqual(["ACTIVE", content["test.moment"]]);
        expect(jars()).toHaveLength(1);
    });
});

describe("files that the arguments name", () => {
    let folder: string;
    beforeAll(() => {
        folder = folderOfFiles();
    });
    afterAll(() => fs.rmSync(folder, { recursive: true }));

    test("are where the topology is submitted; another content is a replacement", async () => {
        const file = path.join(folder, "sentences.txt");
        const words = ["wordcount", 2, `./${file}`];
        fs.writeFileSync(file, "to be heard\n");
        stack.set({ topologies: [wordcount({ arguments: words, files: [file] })] });
        await stack.up();
        const before = await only();
        expect(before.configuration["wordcount.sentences"]).toEqual(["to be heard"]);

        fs.appendFileSync(file, "and to be seen\n");
        expect(await stack.changes()).toContain("replace topology-wordcount-submission");
        await stack.up();
        const after = await only();
        expect(after.id).not.toBe(before.id);
        expect(after.configuration["wordcount.sentences"]).toEqual(["to be heard", "and to be seen"]);
        expect(jars()).toHaveLength(1);
    });
});

describe("a mistake is told with Storm's own words:", () => {
    test("a class that is not there", async () => {
        stack.set({ topologies: [wordcount({ mainClass: "wordcount.Nothing", arguments: ["-x", "wordcount"] })] });
        const output = await failure();
        expect(output).toContain("wordcount.Nothing has not submitted topology wordcount");
        expect(output).toContain("Could not find or load main class wordcount.Nothing");
    });

    test("a name that the class does not submit", async () => {
        stack.set({ topologies: [wordcount({ arguments: ["other"] })] });
        expect(await failure()).toContain(
            "it submitted other instead, which was killed. Is the name among its arguments",
        );
        await until("nothing is there", 300, async () => (await onCluster()).length === 0);
    });

    test("a spout that throws when it is opened; mended settings mend it", async () => {
        stack.set({
            // Enough for a worker to start, to fail and to say so.
            topologies: [wordcount({ readySeconds: 120, configuration: { "wordcount.sentences.per.second": "many" } })],
        });
        const output = await failure();
        expect(output).toMatch(/topology wordcount was not running within 120 s: these are not up: .*sentences on 172/);
        expect(output).toMatch(/Error of sentences:\s+java.lang.RuntimeException: java.lang.ClassCastException/);
        expect(output).toMatch(
            /Last lines of \/logs\/workers-artifacts\/wordcount-\S+\/worker.log in storm-e2e-topologies-supervisor/,
        );
        stack.set({ topologies: [wordcount()] });
        await stack.up();
        expect((await only()).status).toBe("ACTIVE");
    });

    test("workers whose JVM ends at its start, before it writes a log; repaired settings repair it", async () => {
        const configuration = { "topology.worker.childopts": "-javaagent:/no/such.jar" };
        stack.set({ topologies: [wordcount({ readySeconds: 60, configuration })] });
        expect(await failure()).toMatch(
            /Last lines of \/logs\/workers-artifacts\/wordcount-\S+\/worker\.log\.err in storm-e2e-topologies-supervisor-\d:\s[^]*\/no\/such\.jar/,
        );
        stack.set({ topologies: [wordcount()] });
        await stack.up();
        expect((await only()).status).toBe("ACTIVE");
    });
});

test("a topology that is taken out is killed, and its jar goes", async () => {
    stack.set({ topologies: [] });
    await stack.up();
    expect(await onCluster()).toEqual([]);
    expect(jars()).toEqual([""]);
});

test("what runs is no hindrance to destroying all, and comes back with the data", async () => {
    storm("jar", jar, "wordcount.WordCountTopology", "theirs", "1");
    const { code, output } = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect([code, output]).toEqual([
        0,
        expect.stringMatching(/Shutdown storm-shutdown deleted[^]*Drain storm-supervisor-2-drain deleted/),
    ]);
    // For the topology of the next test: its default options are those of an older Java.
    stack.set({ stormYaml: { "worker.profiler.enabled": true } });
    await stack.up();
    expect((await onCluster()).map(({ name }) => name)).toEqual(["theirs"]);
});

test("a cluster whose Nimbus ends again and again is destroyed all the same, with a warning", async () => {
    stack.set({ topologies: [wordcount()] });
    await stack.up();
    expect(await onCluster()).toHaveLength(2);
    stack.set({ stormYaml: { "nimbus.childopts": "-XX:NoSuchOption" } });
    expect(await failure()).toContain("nimbus-1 ends again and again");
    const { code, output } = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect([code, output]).toEqual([
        0,
        expect.stringMatching(
            /warning: topology wordcount is not killed, and runs again[^]*Shutdown storm-shutdown deleted/,
        ),
    ]);
    expect(stack.containers()).toEqual({});
});
