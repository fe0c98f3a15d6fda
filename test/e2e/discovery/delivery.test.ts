import { ports } from "../../../components/storm/ports";
import { dialFrom } from "../../../components/hosts/container";
import { clusterConfiguration, clusterSummary } from "../../../components/storm/nimbusClient";
import { docker, TestStack } from "../stack";
import { wordcount } from "../topologies/topologies";
import { untilCounting, wordsCounted, workerLogs } from "../wordcount";

jest.setTimeout(300_000);

const heap = { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 };
const address = "172.30.81.33";

let stack: TestStack;
beforeAll(async () => {
    stack = new TestStack("e2e-delivery", { subnet: "172.30.81.0/24", supervisors: 2, slots: 1, ui: false, logviewers: false, heap });
    stack.set({ topologies: [wordcount()] });
    await stack.up();
});
afterAll(() => stack.remove());

const nimbus = () => ({ dial: dialFrom({ container: `${stack.cluster}-nimbus-1` }), address, port: ports.nimbus });
/** What Nimbus says of its configuration and of the supervisors: what has come to the daemons. */
const effective = async () => ({
    configuration: await clusterConfiguration(nimbus()),
    supervisors: (await clusterSummary(nimbus().dial, address, ports.nimbus)).supervisors.map(({ host, slots }) => `${host} ${slots}`).sort(),
});
const volumes = () => stack.volumes().filter((name) => name.includes("-conf-"));
const counted = (supervisor: string) => wordsCounted(docker("exec", `${stack.cluster}-${supervisor}`, "bash", "-c", workerLogs));
const words = () =>
    untilCounting(Object.fromEntries(["supervisor-1", "supervisor-2"].map((supervisor) => [supervisor, () => counted(supervisor)])));
const changed = (before: Record<string, string>) => {
    const after = stack.containers();
    return Object.keys(after).filter((daemon) => after[daemon] !== before[daemon]).sort();
};

test("by file, daemons have the configuration that they have by arguments", async () => {
    const before = { effective: await effective(), containers: stack.containers() };
    expect(volumes()).toEqual([]);
    stack.set({ delivery: "file" });
    await stack.up();
    expect(changed(before.containers)).toEqual(["nimbus-1", "supervisor-1", "supervisor-2"]);
    expect(await effective()).toEqual(before.effective);
    expect(docker("inspect", "--format", "{{json .Config.Cmd}}", `${stack.cluster}-nimbus-1`)).toBe('["storm","nimbus"]');
    await words();
});

test("the file is its reader's alone, and cannot be written to", () => {
    const run = (...command: string[]) => docker("exec", `${stack.cluster}-nimbus-1`, ...command);
    expect(run("stat", "--format", "%a %u:%g", "/conf/storm.yaml")).toBe("600 1000:1000");
    expect(() => run("touch", "/conf/storm.yaml")).toThrow(/Read-only file system/);
});

test("a second update changes nothing, and nothing has changed outside", async () => {
    await stack.up("--expect-no-changes");
    await stack.up("--refresh", "--expect-no-changes");
});

test("a changed entry recreates those daemons whose file it is in, and leaves no file behind", async () => {
    const before = stack.containers();
    const [nimbusFile] = volumes();
    stack.set({ slots: 2 });
    await stack.up();
    expect(changed(before)).toEqual(["supervisor-1", "supervisor-2"]);
    expect(volumes()).toEqual([nimbusFile, expect.stringContaining("supervisor-1"), expect.stringContaining("supervisor-2")]);
    await words();
});

test("a file that was removed is put there again", async () => {
    const [lost = ""] = volumes();
    docker("rm", "--force", `${stack.cluster}-nimbus-1`);
    docker("volume", "rm", lost);
    await stack.up("--refresh");
    expect(volumes()).toContain(lost);
    expect((await effective()).supervisors).toHaveLength(2);
});

test("back to arguments, the files go", async () => {
    stack.set({ delivery: "arguments" });
    await stack.up();
    expect(volumes()).toEqual([]);
    await words();
});
