import { type Leader, leaderOf } from "../../../provider/nimbus/leader";
import { ports } from "../../../components/storm/spec/ports";
import { running, sentences, sentencesInTheEnd, wordcount } from "../topologies/topologies";
import { answered, containersMade, docker, TestStack, until } from "../stack";
import { untilCounting, wordsCounted, workerLogs } from "../wordcount";
import { type Written, ZooKeeperWriter } from "../zookeeperWriter";

const heap = { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 };
const member = (id: number) => `172.30.84.${16 + id}`;
const nimbus = (id: number) => `172.30.84.${32 + id}`;

let stack: TestStack;
beforeAll(async () => {
    stack = new TestStack("e2e-ensemble", {
        subnet: "172.30.84.0/24",
        nimbuses: 2,
        slots: 1,
        supervisorBatch: 1,
        ui: false,
        logviewers: false,
        heap,
    });
    stack.set({ topologies: [wordcount()] });
    await stack.up();
});
afterAll(() => stack.discard());

const nimbuses = () =>
    [1, 2].map((id) => ({ container: `${stack.cluster}-nimbus-${id}`, address: nimbus(id), port: ports.nimbus }));
const leader = (): Promise<Leader> => leaderOf(nimbuses());
/** The same, once one leads and answers. */
const nextLeader = () => answered(leader);
const nameOf = (address: string) => nimbuses().find((each) => each.address === address)?.container as string;
const writing = (members: number) =>
    ZooKeeperWriter.start(Array.from({ length: members }, (_, index) => `${member(index + 1)}:${ports.zookeeper}`));
const counting = (...supervisors: number[]) =>
    untilCounting(
        Object.fromEntries(
            supervisors.map((id) => {
                const supervisor = `supervisor-${id}`;
                return [
                    supervisor,
                    () => wordsCounted(docker("exec", `${stack.cluster}-${supervisor}`, "bash", "-c", workerLogs)),
                ];
            }),
        ),
    );

/** How many containers of each kind ran at the least, while something was done. */
async function leastRunning(kinds: string[], action: Promise<unknown>): Promise<Record<string, number>> {
    const least: Record<string, number> = {};
    let isDone = false;
    void action.finally(() => (isDone = true)).catch(() => undefined);
    while (!isDone) {
        const names = docker(
            "ps",
            "--filter",
            `label=storm.cluster=${stack.cluster}`,
            "--format",
            '{{.Label "storm.daemon"}}',
        ).split("\n");
        for (const kind of kinds) {
            const number = names.filter((name) => name.startsWith(kind)).length;
            least[kind] = Math.min(number, least[kind] ?? number);
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await action;
    return least;
}

test("an ensemble that grows keeps its data, and the topology runs on", async () => {
    const writer = await writing(1);
    const [{ id } = { id: "" }] = await running(nimbuses());
    stack.set({ zookeepers: 3 });
    await stack.up();
    const written = await writer.stop();
    expect([written.lost, written.acknowledged > 20]).toEqual([[], true]);
    expect((await running(nimbuses())).map((topology) => topology.id)).toEqual([id]);
    await counting(1, 2);
});

describe("with three members and two Nimbus daemons,", () => {
    test("topologies are kept on both Nimbus daemons", async () => {
        const blobs = (id: number) => docker("exec", `${stack.cluster}-nimbus-${id}`, "ls", "/data/blobs");
        await until("they have the same", 300, () => blobs(1) === blobs(2));
        const [{ configuration } = { configuration: {} as Record<string, unknown> }] = await running(nimbuses());
        expect(configuration["topology.min.replication.count"]).toBe(2);
    });

    test("another Nimbus leads when the one that leads is killed, and the word count goes on; an update mends it", async () => {
        const { nimbus: before } = await nextLeader();
        docker("kill", nameOf(before.address));
        await until(
            "the other leads",
            300,
            // For a while none leads: that is an error, and not yet the other.
            async () => (await nextLeader()).nimbus.address !== before.address,
        );
        await counting(1, 2);
        await stack.up("--refresh");
        expect((await nextLeader()).summary.nimbuses).toHaveLength(2);
    });

    test("nothing stops when a member of the ensemble is killed", async () => {
        const writer = await writing(3);
        docker("kill", `${stack.cluster}-zookeeper-3`);
        const another = await writing(3);
        // A Nimbus that was connected to that member connects to another.
        const { nimbus: before } = await nextLeader();
        await counting(1, 2);
        await until("writes are acknowledged", 300, () => another.acknowledged > 20);
        const [written, since] = [await writer.stop(), await another.stop()];
        expect([written.lost, since.lost]).toEqual([[], []]);
        expect((await nextLeader()).nimbus.address).toBe(before.address);
        await stack.up("--refresh");
    });
});

describe("a change that restarts everything", () => {
    let least: Record<string, number>;
    let output: string;
    let written: Written;
    let led: boolean[];
    beforeAll(async () => {
        const writer = await writing(3);
        stack.set({ heap: { ...heap, zookeeper: 144 }, stormYaml: { "nimbus.task.timeout.secs": 31 } });
        const update = stack.up();
        led = [];
        const asking = setInterval(
            () =>
                void leader().then(
                    () => led.push(true),
                    () => led.push(false),
                ),
            1000,
        );
        least = await leastRunning(["zookeeper", "nimbus", "supervisor"], update);
        clearInterval(asking);
        output = await update;
        written = await writer.stop();
    });

    test("restarts one after the other: ZooKeeper, then Nimbus, then supervisors", () => {
        const restarted = [
            "zookeeper-1",
            "zookeeper-2",
            "zookeeper-3",
            "nimbus-1",
            "nimbus-2",
            "supervisor-1",
            "supervisor-2",
        ];
        expect(containersMade(output)).toEqual(restarted);
        expect(least).toEqual({ zookeeper: 2, nimbus: 1, supervisor: 1 });
    });

    test("loses no write that was acknowledged", () => {
        console.log(
            `writes to ZooKeeper during the change: ${JSON.stringify(written)}; a Nimbus led ${led.filter(Boolean).length} of ${led.length} times`,
        );
        expect(written.lost).toEqual([]);
        expect(written.acknowledged).toBeGreaterThan(100);
    });

    test("has every sentence counted in the end", async () => {
        const seeds = [nimbus(1), nimbus(2)];
        const logs = async () => {
            const [topology] = await running(nimbuses());
            return (topology?.executors ?? [])
                .filter(({ component }) => component === "sentences")
                .map(({ task, host, port }) => {
                    const supervisor = host === "172.30.84.128" ? "supervisor-1" : "supervisor-2";
                    const log = `/logs/workers-artifacts/${topology?.id}/${port}/worker.log`;
                    return { task, log: docker("exec", `${stack.cluster}-${supervisor}`, "cat", log) };
                });
        };
        const { emitted, acked } = await sentencesInTheEnd(
            (command) => stack.storm(seeds, command, "wordcount"),
            async () => sentences(await logs()),
        );
        expect([acked, emitted > 0]).toEqual([emitted, true]);
        stack.storm(seeds, "activate", "wordcount");
    });
});

describe("an ensemble that is to shrink", () => {
    test("is refused, in the preview too, and nothing is touched", async () => {
        const before = stack.containers();
        stack.set({ zookeepers: 1 });
        const { code, output } = await stack.pulumi("preview");
        expect([code === 0, output]).toEqual([
            false,
            expect.stringContaining("add zookeeper-2, zookeeper-3 to mayLeave") as string,
        ]);
        expect((await stack.pulumi("up", "--yes", "--skip-preview")).code).not.toBe(0);
        expect(stack.containers()).toEqual(before);
    });

    test("does when that is said, and keeps what was written; the topology runs on", async () => {
        const writer = await writing(3);
        const [{ id } = { id: "" }] = await running(nimbuses());
        stack.set({ mayLeave: ["zookeeper-2", "zookeeper-3"] });
        await stack.up();
        const written = await writer.stop();
        expect(written.lost).toEqual([]);
        expect(Object.keys(stack.containers()).filter((daemon) => daemon.startsWith("zookeeper"))).toEqual([
            "zookeeper-1",
        ]);
        expect((await running(nimbuses())).map((topology) => topology.id)).toEqual([id]);
        await counting(1, 2);
    });
});
