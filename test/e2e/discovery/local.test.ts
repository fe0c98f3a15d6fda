import { ports } from "../../../components/storm/spec/ports";
import { type Connect, connectFrom } from "../../../provider/machines/container";
import { clusterConfiguration, clusterSummary } from "../../../provider/nimbus/client";
import { docker, TestStack, until } from "../stack";
import { wordcount } from "../topologies/topologies";
import { untilCounting, wordsCounted, workerLogs } from "../wordcount";

const heap = { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 };
const address = "172.30.81.33";

let stack: TestStack;
beforeAll(async () => {
    stack = new TestStack("e2e-delivery", {
        subnet: "172.30.81.0/24",
        supervisors: 2,
        slots: 1,
        ui: false,
        logviewers: false,
        heap,
    });
    stack.set({ topologies: [wordcount()] });
    await stack.up();
});
afterAll(() => stack.discard());

const connect = (...args: Parameters<Connect>) => connectFrom({ container: `${stack.cluster}-nimbus-1` })(...args);
/** What Nimbus says of its configuration and of the supervisors: what has come to the daemons. */
const effective = async (port: number = ports.nimbus) => ({
    configuration: await clusterConfiguration({ connect, address, port }),
    supervisors: (await clusterSummary(connect, address, port)).supervisors
        .map(({ host, slots }) => `${host} ${slots}`)
        .sort(),
});
/** The same, once both are registered: until its former session expires, one that was restarted may be so twice, or not at all. */
const settled = (port?: number) =>
    until("both supervisors are registered", 300, async () => {
        const state = await effective(port).catch(() => undefined);
        return state?.supervisors.length === 2 && state;
    });
const volumes = () => stack.volumes().filter((name) => name.includes("-conf-"));
const counted = (supervisor: string) =>
    wordsCounted(docker("exec", `${stack.cluster}-${supervisor}`, "bash", "-c", workerLogs));
const words = () =>
    untilCounting(
        Object.fromEntries(
            ["supervisor-1", "supervisor-2"].map((supervisor) => [supervisor, () => counted(supervisor)]),
        ),
    );
const changed = (before: Record<string, string>) => {
    const after = stack.containers();
    return Object.keys(after)
        .filter((daemon) => after[daemon] !== before[daemon])
        .sort();
};

test("by file, daemons have the configuration that they have by arguments", async () => {
    const before = { effective: await settled(), containers: stack.containers() };
    expect(volumes()).toEqual([]);
    stack.set({ delivery: "file" });
    await stack.up();
    expect(changed(before.containers)).toEqual(["nimbus-1", "supervisor-1", "supervisor-2"]);
    expect(await settled()).toEqual(before.effective);
    expect(docker("inspect", "--format", "{{json .Config.Cmd}}", `${stack.cluster}-nimbus-1`)).not.toContain("172.30.");
    await words();
});

test("the file is its reader's alone, and cannot be written to", () => {
    const run = (...command: string[]) => docker("exec", `${stack.cluster}-nimbus-1`, ...command);
    expect(run("stat", "--format", "%a %u:%g", "/conf/storm.yaml")).toBe("600 1000:1000");
    expect(() => run("touch", "/conf/storm.yaml")).toThrow(/Read-only file system/);
});

test("a second update changes nothing, and nothing has changed outside", async () => {
    await stack.up("--refresh", "--expect-no-changes");
});

test("a changed entry recreates those daemons whose file it is in, and leaves no file behind", async () => {
    const before = stack.containers();
    const [nimbusFile] = volumes();
    stack.set({ slots: 2 });
    await stack.up();
    expect(changed(before)).toEqual(["supervisor-1", "supervisor-2"]);
    expect(volumes()).toEqual([
        nimbusFile,
        expect.stringContaining("supervisor-1"),
        expect.stringContaining("supervisor-2"),
    ]);
    await words();
});

test("a file that was removed is put there again", async () => {
    const [lost = ""] = volumes();
    docker("rm", "--force", `${stack.cluster}-nimbus-1`);
    docker("volume", "rm", lost);
    await stack.up("--refresh");
    expect(volumes()).toContain(lost);
    await settled();
});

const daemons = ["nimbus-1", "supervisor-1", "supervisor-2", "zookeeper-1"];
const started = () =>
    docker(
        "inspect",
        "--format",
        "{{.Name}} {{.State.StartedAt}}",
        ...daemons.map((daemon) => `${stack.cluster}-${daemon}`),
    ).split("\n");

describe.each(["file", "arguments"])("by names, delivered in %s,", (delivery) => {
    test("daemons find each other on the network", async () => {
        stack.set({ discovery: "dns", delivery });
        await stack.up();
        const name = (daemon: string) => `${daemon}.${stack.cluster}.internal`;
        const { configuration, supervisors } = await settled();
        expect(configuration).toMatchObject({
            "nimbus.seeds": [name("nimbus-1")],
            "storm.zookeeper.servers": [name("zookeeper-1")],
        });
        expect(supervisors).toEqual([`${name("supervisor-1")} 2`, `${name("supervisor-2")} 2`]);
        expect(volumes()).toHaveLength(delivery === "file" ? 3 : 0);
        await words();
    });

    test("the restart of one restarts nobody else, and is found again", async () => {
        const before = started();
        docker("restart", `${stack.cluster}-zookeeper-1`);
        await settled();
        await words();
        expect(started().filter((line) => !before.includes(line))).toEqual([expect.stringContaining("zookeeper-1")]);
    });
});

describe("by an ambassador", () => {
    const first = 6641;

    test("daemons dial it alone, for ZooKeeper and for Nimbus, and it leads them there", async () => {
        stack.set({ discovery: "ambassador", delivery: "arguments" });
        await stack.up();
        const { configuration } = await settled(first);
        const proxy = "172.30.81.81";
        expect(configuration).toMatchObject({
            "nimbus.seeds": [proxy],
            "storm.zookeeper.servers": [proxy],
            "nimbus.thrift.port": first,
        });
        await words();
    });

    test("a second update changes nothing, and nothing has changed outside", async () => {
        await stack.up("--refresh", "--expect-no-changes");
    });

    test("the registry lets in nobody without a password", () => {
        const get = [
            "exec",
            `${stack.cluster}-etcd-1`,
            "etcdctl",
            "--endpoints=http://172.30.81.83:2379",
            "get",
            "--prefix",
            "/",
        ];
        expect(() => docker(...get)).toThrow(/user name is empty/);
    });

    test("its password is nowhere in the state in clear", async () => {
        const { password } = JSON.parse(docker("exec", `${stack.cluster}-registrar`, "cat", "/registrar.json")) as {
            password: string;
        };
        expect(password).toHaveLength(32);
        const { output } = await stack.pulumi("stack", "export");
        expect([output.includes("storm:index:Password"), output.includes(password)]).toEqual([true, false]);
    });

    test.each(["registrar", "proxy", "etcd-1"])(
        "%s killed, all of it goes on, and the container is started again",
        async (killed) => {
            const before = started();
            const container = `${stack.cluster}-${killed}`;
            process.kill(Number(docker("inspect", "--format", "{{.State.Pid}}", container)), "SIGKILL");
            await until(
                "it runs again",
                300,
                () => docker("inspect", "--format", "{{.State.Running}} {{.RestartCount}}", container) === "true 1",
            );
            await settled(first);
            await words();
            expect(started()).toEqual(before);
        },
    );

    test("and back to addresses, nothing of it is left", async () => {
        stack.set({ discovery: "addresses" });
        await stack.up();
        expect(Object.keys(stack.containers()).sort()).toEqual(daemons);
        await words();
    });
});
