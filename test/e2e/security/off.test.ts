// Takes about two minutes.
import { ports } from "../../../components/storm/spec/ports";
import { connectFrom } from "../../../provider/machines/container";
import { clusterSummary } from "../../../provider/nimbus/client";
import { stormPem } from "../../../provider/nimbus/tlsFiles";
import { containersMade, docker, TestStack, until } from "../stack";
import { wordcount } from "../topologies/topologies";
import { untilCounting, wordsCounted, workerLogs } from "../wordcount";
import { stormWithTls } from "./stormWithTls";

const subnet = "172.30.98";
const topologies = [wordcount({ workers: 1 })];

let stack: TestStack;
beforeAll(async () => {
    stack = new TestStack("e2e-off", {
        ...{ stormImage: stormWithTls(), security: "tls", subnet: `${subnet}.0/24`, topologies },
        ...{ supervisors: 1, slots: 1, ui: false, logviewers: false },
        heap: { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 },
    });
    await stack.up();
    stack.set({ security: "none" });
});
afterAll(() => stack?.discard());

const counting = () =>
    untilCounting({
        "supervisor-1": () => wordsCounted(docker("exec", `${stack.cluster}-supervisor-1`, "bash", "-c", workerLogs)),
    });

/** How many Nimbus daemons, supervisors and topologies Nimbus knows. */
async function known(isByTls: boolean): Promise<string> {
    const connect = connectFrom({ container: `${stack.cluster}-nimbus-1` });
    const [port, tls] = isByTls ? [ports.nimbusTls, stormPem] : [ports.nimbus];
    const summary = await clusterSummary(connect, `${subnet}.33`, port, tls);
    return [summary.nimbuses, summary.supervisors, summary.topologies].map(({ length }) => length).join();
}

/** Without its only member, a Nimbus answers with an error; once that has restarted, it registers again. */
const untilKnown = (isByTls: boolean, counts: string) =>
    until(`Nimbus knows ${counts}`, 300, async () => (await known(isByTls).catch(String)) === counts);

/** Runs an update: the daemons that restart, and how many more are to follow, by what it says. */
async function update(): Promise<[string[], number]> {
    const output = await stack.up();
    return [containersMade(output), Number(/in (\d) more update/.exec(output)?.[1] ?? 0)];
}

test("members and Nimbus accept plain connections after two updates, and topologies run on", async () => {
    expect(await update()).toEqual([["zookeeper-1", "nimbus-1"], 3]);
    await untilKnown(true, "1,1,1");
    expect(await update()).toEqual([["zookeeper-1"], 2]);
    await untilKnown(true, "1,1,1");
    await counting();
});

test("topologies have to be killed before daemons connect in plain", async () => {
    const { code, output } = await stack.pulumi("preview");
    expect([code === 0, output]).toEqual([
        false,
        expect.stringContaining("would cut the workers of wordcount off from each other and from Nimbus"),
    ]);
    stack.set({ topologies: [] });
    expect(await update()).toEqual([[], 2]);
    await untilKnown(true, "1,1,0");
});

test("daemons connect in plain after the third, while Nimbus still serves by TLS, and topologies can be submitted again", async () => {
    stack.set({ topologies });
    expect(await update()).toEqual([["nimbus-1", "supervisor-1"], 1]);
    await untilKnown(true, "1,1,1");
    await untilKnown(false, "1,1,1");
});

test("nothing of TLS is left after the fourth", async () => {
    expect(await update()).toEqual([["zookeeper-1", "nimbus-1"], 0]);
    await untilKnown(false, "1,1,1");
    await expect(known(true)).rejects.toThrow();
    await counting();
    expect(await stack.changes()).toEqual([]);
    const { output } = await stack.pulumi("stack", "export");
    expect(output).not.toMatch(/storm:index:(Certificate|SecurityStep)/);
});
