// Long, as each row of docs/changes.md has a preview, and each way to fail a cluster of its own.
import * as fs from "fs";
import { edges } from "../../../components/storm/spec/edges";
import { ports } from "../../../components/storm/spec/ports";
import { majorVersion } from "../../../provider/image";
import { connectFrom } from "../../../provider/machines/container";
import { type ClusterSummary, clusterSummary } from "../../../provider/nimbus/client";
import { answered, docker, machineSettings, machineStorm, TestStack, until } from "../stack";
import { untilCounting, wordsCounted, workerLogs } from "../wordcount";

const subnet = "172.30.78.0/24";
const small = { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128, logviewer: 128, ui: 256, drpc: 128 };
const jar = "examples/wordcount/target/wordcount.jar";

/** What Docker says of a container. */
interface Inspected {
    NetworkSettings: { Ports: Record<string, { HostIp: string }[] | null> };
    Mounts: { Type: string }[];
    HostConfig: Record<string, unknown>;
}

/** Pulumi writes booleans back as strings. */
const hasUi = ![false, "false"].includes(machineSettings()["storm:ui"] as string);
if (!hasUi) {
    console.log(
        "Skipped: Storm UI, logviewer and DRPC, which the images of this machine do not have (airgap/settings.yaml).",
    );
}

let stack: TestStack;
beforeAll(async () => {
    stack = new TestStack("e2e-local", {
        subnet,
        zookeepers: 3,
        supervisors: 2,
        supervisorBatch: 1,
        slots: 1,
        drpcs: hasUi ? 1 : 0,
        heap: small,
        uiPort: 18080,
    });
    await stack.up();
});
afterAll(() => stack.discard());

const summary = (): Promise<ClusterSummary> =>
    answered(() =>
        clusterSummary(connectFrom({ container: `${stack.cluster}-nimbus-1` }), "172.30.78.33", ports.nimbus),
    );

/** The words that a supervisor's workers have counted. */
const counted = (supervisor: string): number =>
    wordsCounted(docker("exec", `${stack.cluster}-${supervisor}`, "bash", "-c", workerLogs));

/** Waits until workers of all these supervisors count more words than they have. */
const untilAllCount = (...supervisors: string[]) =>
    untilCounting(Object.fromEntries(supervisors.map((supervisor) => [supervisor, () => counted(supervisor)])));

describe("when `pulumi up` has returned,", () => {
    test("the whole ensemble serves", () => {
        const modes = [1, 2, 3].map((id) => {
            const srvr = `exec 3<>/dev/tcp/172.30.78.${16 + id}/2181; printf srvr >&3; cat <&3`;
            const answer = docker("exec", `${stack.cluster}-zookeeper-${id}`, "bash", "-c", srvr);
            return /^Mode: (.*)$/m.exec(answer)?.[1];
        });
        expect(modes.sort()).toEqual(["follower", "follower", "leader"]);
    });

    test("a Nimbus leads and every supervisor is registered, under addresses that others can dial", async () => {
        const { nimbuses, supervisors } = await summary();
        expect(nimbuses).toMatchObject([{ host: "172.30.78.33", port: 6627, leader: true }]);
        expect(supervisors.map(({ host }) => host).sort()).toEqual(["172.30.78.128", "172.30.78.129"]);
    });

    test("its outputs say where everything is", async () => {
        expect(await stack.outputs()).toEqual({
            zookeeperServers: ["172.30.78.17:2181", "172.30.78.18:2181", "172.30.78.19:2181"],
            nimbusSeeds: ["172.30.78.33"],
            nimbusPort: 6627,
            supervisors: ["172.30.78.128", "172.30.78.129"],
            stormVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
            ...(hasUi && { uiUrl: "http://127.0.0.1:18080" }),
        });
    });

    test("every container runs confined and limited", () => {
        for (const id of Object.values(stack.containers())) {
            const [inspected] = JSON.parse(docker("inspect", id)) as [
                { HostConfig: Record<string, unknown>; Config: { User: string } },
            ];
            expect(inspected.Config.User).toBe("1000:1000");
            expect(inspected.HostConfig).toMatchObject({
                CapDrop: ["ALL"],
                SecurityOpt: ["no-new-privileges:true"],
                RestartPolicy: { Name: "unless-stopped" },
                LogConfig: { Type: "json-file", Config: { "max-file": "3", "max-size": "10m" } },
            });
            expect(inspected.HostConfig.Memory).toBeGreaterThan(100 << 20);
            const status = docker("exec", id, "cat", "/proc/1/status");
            expect(status).toMatch(/^Uid:\t1000\t/m);
            expect(status).toMatch(/^CapEff:\t0+$/m);
            expect(status).toMatch(/^NoNewPrivs:\t1$/m);
        }
    });

    test("no container listens but where docs/network.md says, and this machine lets nobody else in", () => {
        const table = edges({ slots: 1, uiPort: 18080 });
        const wrong: string[] = [];
        for (const [daemon, id] of Object.entries(stack.containers())) {
            const allowed = table
                .filter(({ to }) => to === daemon.replace(/-\d+$/, ""))
                .map(({ ports: range }) => range);
            const sockets = docker("exec", id, "sh", "-c", "cat /proc/net/tcp /proc/net/tcp6");
            // Local address and port in hexadecimal digits, the remote ones, and 0A: it listens; Docker's name server does at 127.0.0.11.
            for (const [, address = "", hexadecimal = ""] of sockets.matchAll(
                /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A /gm,
            )) {
                const port = parseInt(hexadecimal, 16);
                if (address !== "0B00007F" && !allowed.some(([first, last]) => first <= port && port <= last)) {
                    wrong.push(`${daemon} listens on ${address}:${port}`);
                }
            }
            const [{ NetworkSettings, Mounts, HostConfig }] = JSON.parse(docker("inspect", id)) as [Inspected];
            const published = Object.values(NetworkSettings.Ports).flatMap((bindings) => bindings ?? []);
            expect([daemon, ...published.map(({ HostIp }) => HostIp)]).toEqual([
                daemon,
                ...(daemon === "ui" ? ["127.0.0.1"] : []),
            ]);
            expect([...new Set(Mounts.map(({ Type }) => Type))].filter((type) => type !== "volume")).toEqual([]);
            expect(HostConfig).toMatchObject({ Privileged: false, PublishAllPorts: false, PidMode: "", CapAdd: null });
        }
        expect(wrong).toEqual([]);
    });

    test("heaps are those of the settings", () => {
        const commands = (daemon: string) => docker("top", `${stack.cluster}-${daemon}`, "-eo", "pid,args");
        expect(commands("nimbus-1")).toContain("-Xmx256m");
        expect(commands("zookeeper-2")).toContain("-Xmx128m");
    });
});

const withUi = hasUi ? test : test.skip;
withUi("Storm UI answers at the published port", async () => {
    const response = await fetch("http://127.0.0.1:18080/api/v1/cluster/summary");
    expect(await response.json()).toMatchObject({ supervisors: 2 });
});
withUi("a logviewer shows the log of each supervisor, by the link that UI gives", async () => {
    const response = await fetch("http://127.0.0.1:18080/api/v1/supervisor/summary");
    const { supervisors } = (await response.json()) as { supervisors: { logLink: string }[] };
    expect(supervisors).toHaveLength(2);
    for (const { logLink } of supervisors) {
        expect(await (await fetch(logLink)).text()).toContain("Supervisor");
    }
});
withUi("a DRPC server accepts calls", async () => {
    await connectFrom({ container: `${stack.cluster}-supervisor-1` })(
        "172.30.78.49",
        ports.drpc,
        Buffer.alloc(0),
        "none",
    );
});

describe("a topology", () => {
    test("that is submitted counts words on workers of both supervisors", async () => {
        stack.storm(["172.30.78.33"], "jar", jar, "wordcount.WordCountTopology", "wordcount", "2");
        await untilAllCount("supervisor-1", "supervisor-2");
        expect(await summary()).toMatchObject({
            topologies: [{ name: "wordcount", status: "ACTIVE", workers: 2 }],
            supervisors: [{ usedSlots: 1 }, { usedSlots: 1 }],
        });
    });

    test("has workers with the heap of the settings", () => {
        const worker = docker("top", `${stack.cluster}-supervisor-1`, "-eo", "pid,args")
            .split("\n")
            .find((line) => line.includes("daemon.worker.Worker") && !line.includes("LogWriter"));
        expect(worker?.match(/-Xmx\w+/g)).toEqual(["-Xmx128m"]);
    });
});

describe("a second update", () => {
    test("changes nothing", async () => {
        const before = stack.containers();
        await stack.up("--expect-no-changes");
        expect(stack.containers()).toEqual(before);
    });

    test("finds nothing changed outside either", async () => {
        const { code, output } = await stack.pulumi("refresh", "--yes", "--skip-preview");
        expect(code === 0 ? "" : output).toBe("");
        expect(await stack.changes()).toEqual([]);
    });
});

test("after a restart of every container the cluster is there again by itself", async () => {
    docker("restart", ...Object.values(stack.containers()));
    await until("Nimbus leads and knows both supervisors", 300, async () => {
        const state = await summary().catch(() => undefined);
        return state?.nimbuses.some(({ leader }) => leader) && state.supervisors.length === 2;
    });
    await untilAllCount("supervisor-1");
});

describe("a daemon that was killed", () => {
    test.each(["nimbus-1", "supervisor-2"])(
        "is running and ready again after an update that refreshes: %s",
        async (daemon) => {
            const killed = Date.now();
            docker("kill", `${stack.cluster}-${daemon}`);
            expect((await stack.pulumi("refresh", "--preview-only", "--expect-no-changes")).code).not.toBe(0);
            await stack.up("--refresh");
            // When the session of the killed one expires, its registration goes until the next heartbeat (provider/kinds/ready.ts).
            const { nimbuses, own } = await until("it is registered", 300, async () => {
                const { nimbuses: found, supervisors } = await summary();
                const address = daemon === "nimbus-1" ? "172.30.78.33" : "172.30.78.129";
                const registered = [...found, ...supervisors].find(({ host }) => host === address);
                return registered && { nimbuses: found, own: registered };
            });
            expect(nimbuses).toMatchObject([{ host: "172.30.78.33", leader: true }]);
            expect(own.uptime).toBeLessThanOrEqual((Date.now() - killed) / 1000);
            await stack.up("--refresh", "--expect-no-changes");
        },
    );
});

describe("supervisors", () => {
    const touched = (changes: string[]) => changes.filter((change) => !/supervisor-3|restart-gate-2/.test(change));

    test("2 → 3 makes the third and touches nothing else", async () => {
        const before = stack.containers();
        stack.set({ supervisors: 3 });
        const changes = await stack.changes();
        expect(touched(changes)).toEqual([]);
        expect(changes).toHaveLength(7);
        await stack.up();
        expect(stack.containers()).toMatchObject(before);
        expect((await summary()).supervisors).toHaveLength(3);
    });

    test("3 → 2 removes the third and touches nothing else; its data stays", async () => {
        const before = stack.containers();
        stack.set({ supervisors: 2 });
        expect(touched(await stack.changes())).toEqual([]);
        await stack.up();
        delete before["supervisor-3"];
        expect(stack.containers()).toEqual(before);
        expect(stack.volumes()).toContain(`${stack.cluster}-supervisor-3-data`);
    });
});

describe("what cannot work fails", () => {
    /** Nimbus's JVM waits for a debugger. */
    const hangs = {
        "nimbus.childopts": "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:5005",
    };
    const other = () =>
        new TestStack("e2e-broken", { subnet: "172.30.79.0/24", supervisors: 1, heap: small, uiPort: 18081 });
    let broken: TestStack;
    beforeEach(() => {
        broken = other();
    });
    afterEach(() => broken.discard());

    test("with wrong settings, which are all told before anything is made", async () => {
        broken.set({ zookeepers: 2, slots: 0, stormYaml: { "nimbus.seeds": [] } });
        const { code, output } = await broken.pulumi("up", "--yes", "--skip-preview");
        expect(code).not.toBe(0);
        expect(output).toContain("The stack's settings have 3 mistakes:");
        expect(output).toContain("storm:zookeepers (2) must be 1, 3 or 5");
        expect(output).not.toContain("at Object.");
        expect([broken.containers(), broken.networks()]).toEqual([{}, []]);
    });

    test("with an image that does not exist, before the first container is made", async () => {
        broken.set({ stormImage: "storm:0.0.0-none" });
        const { code, output } = await broken.pulumi("up", "--yes", "--skip-preview");
        expect(code).not.toBe(0);
        expect(output).toContain("storm:0.0.0-none");
        expect(broken.containers()).toEqual({});
    });

    /** Has an update fail at Nimbus, with a message that has a problem, the reason and the end of its log in it. */
    async function failsAtNimbus(settings: Record<string, unknown>, problem: RegExp, reason: RegExp): Promise<void> {
        broken.set(settings);
        const { code, output } = await broken.pulumi("up", "--yes", "--skip-preview");
        expect([code === 0, output]).toEqual([false, expect.stringMatching(problem) as string]);
        expect(output).toMatch(reason);
        // One message, without a stack.
        expect(output.slice(output.indexOf("Diagnostics:")).split("nimbus-1 ").length).toBe(2);
        expect(output).not.toMatch(/^ +at .*\(.*:\d+:\d+\)$/m);
        expect(output).toMatch(/Last lines of its output:\n/);
        // What needs Nimbus has started beside it, and is not waited for.
        expect(Object.keys(broken.containers())).toEqual(expect.arrayContaining(["nimbus-1", "zookeeper-1"]));
        expect(output).not.toContain("storm-supervisor-1-ready");
    }

    test("with a daemon that ends at its start again and again, without waiting any longer; other settings repair it", async () => {
        await failsAtNimbus(
            { stormYaml: { "nimbus.childopts": "-XX:NoSuchOption" }, readySeconds: 3600 },
            /nimbus-1 ends again and again, by exit code 1\n/,
            /Unrecognized VM option 'NoSuchOption'/,
        );
        broken.set({ stormYaml: {}, readySeconds: 180 });
        await broken.up();
        expect(await broken.changes()).toEqual([]);
    });

    test.each([
        [
            "hangs at its start",
            { stormYaml: hangs, readySeconds: 30 },
            /nimbus-1 was not ready within 30 s/,
            /Connection refused/,
        ],
        [
            "has too little memory",
            { heap: { ...small, nimbus: 32 }, memory: { nimbus: 32 }, readySeconds: 30 },
            /nimbus-1 (was not ready within 30 s|ends again and again)/,
            // Docker forgets why it has ended when it runs again, as it may while it is looked at.
            /out of memory|ends again and again, by exit code 137/,
        ],
    ])("with a daemon that %s", (_what, settings, problem, reason) => failsAtNimbus(settings, problem, reason));

    test("when it is cancelled while a daemon is waited for, at once, with what was waited for", async () => {
        broken.set({ stormYaml: hangs, readySeconds: 3600 });
        const update = broken.start("up", "--yes", "--skip-preview");
        await until("Nimbus is waited for", 300, () => update.output().includes("storm-nimbus-1-ready creating"));
        update.kill("SIGINT");
        const { code, output } = await update.done;
        expect([code === 0, output]).toEqual([
            false,
            expect.stringContaining("Cancelled while waiting for nimbus-1") as string,
        ]);
    });

    test("with a subnet that another network has", async () => {
        docker("network", "create", "--subnet", "172.30.79.0/24", "e2e-theirs");
        try {
            const { code, output } = await broken.pulumi("up", "--yes", "--skip-preview");
            expect([code === 0, output]).toEqual([
                false,
                expect.stringMatching(/Pool overlaps|Address already in use/) as string,
            ]);
            expect(broken.containers()).toEqual({});
        } finally {
            docker("network", "rm", "e2e-theirs");
        }
    });
});

describe("docs/changes.md says what a change does on this target:", () => {
    const kinds = { zookeeper: /ZooKeeper/, nimbus: /Nimbus/, drpc: /DRPC/, supervisor: /supervisors/, ui: /UI/ };
    /** A change of each setting that has a row, by the row's first words. */
    const changes: Record<string, Record<string, unknown>> = {
        "`zookeepers`": { zookeepers: 5 },
        "`nimbuses`": { nimbuses: 2 },
        "`supervisors`, more": { supervisors: 3 },
        "`supervisors`, fewer": { supervisors: 1 },
        "`slots`": { slots: 2 },
        "`drpcs`": { drpcs: 2 },
        "`zookeeperImage`": { zookeeperImage: "zookeeper:3.9.99" },
        "`stormImage`": { stormImage: `storm:${majorVersion(machineStorm())}.99.0` },
        "`heap.zookeeper`, `heap.nimbus`, `heap.drpc`, `heap.ui`": {
            heap: { ...small, zookeeper: 129, nimbus: 257, drpc: 129, ui: 257 },
        },
        "`heap.supervisor`, `heap.worker`": { heap: { ...small, supervisor: 129, worker: 129 } },
        ...(hasUi && { "`heap.logviewer`": { heap: { ...small, logviewer: 129 } } }),
        "`memory`": { memory: { zookeeper: 999, nimbus: 999, supervisor: 999 } },
        "`stormYaml`": { stormYaml: { "topology.debug": true } },
        "`discovery`": { discovery: "dns" },
        "`delivery`": { delivery: "file" },
        "`supervisorBatch`": { supervisorBatch: 2 },
        "`mayLeave`": { mayLeave: ["zookeeper-3"] },
        "`readySeconds`": { readySeconds: 179 },
    };
    const rows = [...fs.readFileSync("docs/changes.md", "utf8").matchAll(/^\| (`[^|]*?) \| ([^|]*?) \|/gm)].map(
        ([, setting = "", does = ""]) => [setting, does] as const,
    );

    test.each(Object.entries(changes))("%s", async (setting, change) => {
        const [, does = ""] = rows.find(([name]) => name === setting) ?? [];
        const restarted =
            /restart of ([^.;:]*)/.exec(does)?.[1]?.replace(
                "these",
                setting.replace(/heap\.(\w+)/g, (_, kind: string) => told[kind] ?? kind),
            ) ?? "";
        const present = [...new Set(Object.keys(stack.containers()).map((daemon) => daemon.replace(/-\d+$/, "")))];
        const expected = present.filter((kind) => kinds[kind as keyof typeof kinds].test(restarted)).sort();

        const before = stack.settings();
        stack.set(change);
        const steps = await stack.changes();
        stack.set(Object.fromEntries(Object.keys(change).map((key) => [key, before[`storm:${key}`]])));
        const replaced = steps.flatMap(
            (step) => /^(?:replace|create-replacement) storm-(\w+)(?:-\d+)?-container$/.exec(step)?.[1] ?? [],
        );
        expect([does !== "", [...new Set(replaced)].sort()]).toEqual([true, expected]);
    });
});

/** How the document names what settings call otherwise. */
const told: Record<string, string> = { zookeeper: "ZooKeeper", nimbus: "Nimbus", drpc: "DRPC", ui: "UI" };

test("a preview works from nothing, without a Docker daemon", async () => {
    const nowhere = new TestStack("e2e-preview", {
        subnet: "172.30.81.0/24",
        zookeepers: 5,
        nimbuses: 2,
        ui: true,
        drpcs: 1,
    });
    nowhere.environment.DOCKER_HOST = "tcp://127.0.0.1:1";
    const { code, output } = await nowhere.pulumi("preview");
    expect(output).toContain("to create");
    expect(code).toBe(0);
    nowhere.discard();
});

describe("down", () => {
    test("leaves nothing but the data", async () => {
        const volumes = stack.volumes();
        expect((await stack.pulumi("destroy", "--yes", "--skip-preview")).code).toBe(0);
        expect([stack.containers(), stack.networks()]).toEqual([{}, []]);
        expect(stack.volumes()).toEqual(volumes);
    });

    test("after which `up` finds the data again: the topology runs", async () => {
        await stack.up();
        await until("wordcount runs again", 300, async () => {
            const { topologies } = await summary();
            return topologies.some(({ name, workers }) => name === "wordcount" && workers === 2);
        });
        await untilAllCount("supervisor-1");
    });
});
