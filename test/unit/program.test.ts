import { onHosts } from "./hostsFixture";
import { type Declared, madeAfter, type Run, runProgram } from "./program";

const three = { zookeepers: 3, nimbuses: 2, supervisors: 4, drpcs: 2, slots: 3 };
const address = {
    zookeepers: ["172.30.77.17", "172.30.77.18", "172.30.77.19"],
    nimbuses: ["172.30.77.33", "172.30.77.34"],
    drpcs: ["172.30.77.49", "172.30.77.50"],
    ui: "172.30.77.64",
    supervisor: (number: number) => `172.30.77.${127 + number}`,
};

jest.setTimeout(180_000);

let one: Run;
let many: Run;
let spread: Run;
beforeAll(async () => {
    one = await runProgram({ zookeepers: 1, nimbuses: 1, supervisors: 1 });
    many = await runProgram(three);
    spread = await runProgram(onHosts);
});

const containers = (run: Run) => run.resources.filter(({ type }) => type === "docker:index/container:Container");

/** A daemon's `-c` arguments. */
function launched(container: Declared): Record<string, unknown> {
    const command = container.inputs.command as string[];
    const pairs = command.filter((_, index) => command[index - 1] === "-c" && index > 2);
    return Object.fromEntries(
        pairs.map((pair) => [
            pair.slice(0, pair.indexOf("=")),
            JSON.parse(pair.slice(pair.indexOf("=") + 1)) as unknown,
        ]),
    );
}

function addressesIn(container: Declared): string[] {
    const text = JSON.stringify([container.inputs.command, container.inputs.envs, container.inputs.uploads]);
    return [...new Set(text.match(/172\.30\.77\.\d+/g) ?? [])].sort();
}

function file(container: Declared): string {
    return (container.inputs.uploads as { content: string }[])[0]?.content ?? "";
}

describe.each([
    ["one of each", () => one],
    ["many", () => many],
    ["on hosts", () => spread],
])("DESIGN.md's rules, %s:", (_name, run) => {
    const urns = () => new Map(run().resources.map((resource) => [resource.urn, resource]));

    test("a component's children have it as their parent, and names that start with its own", () => {
        for (const { name, parent, custom, type } of run().resources) {
            const of = urns().get(parent);
            if (custom) {
                expect([type, name, of?.type]).toEqual([type, name, expect.stringMatching(/^storm:/)]);
            }
            if (of) {
                expect(name.startsWith(of.name)).toBe(true);
            } else {
                const others = run().resources.filter((other) => name.startsWith(`${other.name}-`));
                expect(others.map(({ urn }) => urn)).toEqual([]);
            }
        }
    });

    test("every component registers its outputs", () => {
        const missing = run().resources.filter(({ custom, registered }) => !custom && registered.length === 0);
        expect(missing.map(({ urn }) => urn)).toEqual([]);
    });

    test("no name is used twice for a type", () => {
        const names = run().resources.map(({ type, name }) => `${type} ${name}`);
        expect(new Set(names).size).toBe(names.length);
    });

    test("no container's input comes from another container", () => {
        for (const { inputs } of containers(run())) {
            expect(JSON.stringify(inputs)).not.toContain("-container-id");
        }
    });

    test("every container is confined, restarted, limited and given time to stop", () => {
        for (const { inputs, deleteBeforeReplace } of containers(run())) {
            expect(inputs).toMatchObject({
                user: "1000:1000",
                capabilities: { drops: ["ALL"] },
                securityOpts: ["no-new-privileges:true"],
                restart: "unless-stopped",
                init: true,
                logDriver: "json-file",
                logOpts: { "max-size": "10m", "max-file": "3" },
                destroyGraceSeconds: 30,
                stopTimeout: 30,
            });
            expect(inputs.memory).toBeGreaterThan(100);
            expect(inputs.memorySwap).toBe(inputs.memory);
            expect(deleteBeforeReplace).toBe(true);
        }
    });

    test("ports are published on 127.0.0.1 alone", () => {
        const published = containers(run()).flatMap(({ inputs }) => (inputs.ports ?? []) as { ip: string }[]);
        expect(published.map(({ ip }) => ip)).toEqual(run() === spread ? [] : ["127.0.0.1"]);
    });

    test("data outlives every resource", () => {
        const volumes = run().resources.filter(({ type }) => type === "docker:index/volume:Volume");
        expect(volumes.filter(({ retainOnDelete }) => !retainOnDelete)).toEqual([]);
        expect(
            containers(run()).filter(({ inputs }) => (inputs.volumes as unknown[]).length > 0).length,
        ).toBeGreaterThan(2);
        // On hosts it is in directories; the commands that make them have none that removes them.
        expect(run().resources.filter(({ inputs }) => "delete" in inputs)).toEqual([]);
        for (const { inputs } of containers(run())) {
            for (const { volumeName, hostPath } of inputs.volumes as Record<string, string>[]) {
                expect(volumeName ?? hostPath).toMatch(/storm-test/);
            }
        }
    });

    test("all images are there before the first container", () => {
        const images = run().resources.filter(({ type }) => type === "docker:index/remoteImage:RemoteImage");
        expect([...new Set(images.map(({ inputs }) => inputs.name))].sort()).toEqual([
            "storm:3.1.0",
            "zookeeper:3.9.5",
        ]);
        expect(run().get("storm-zookeeper-1-container").dependencies).toEqual(
            expect.arrayContaining(images.map(({ urn }) => urn)),
        );
    });
});

describe("wiring:", () => {
    test("a ZooKeeper member knows its id and the whole ensemble, and nobody else", () => {
        const member = many.get("storm-zookeeper-2-container");
        expect(member.inputs.envs).toEqual(
            expect.arrayContaining([
                "ZOO_MY_ID=2",
                "ZOO_SERVERS=server.1=172.30.77.17:2888:3888 server.2=172.30.77.18:2888:3888 server.3=172.30.77.19:2888:3888",
            ]),
        );
        expect(addressesIn(member)).toEqual(address.zookeepers);
    });

    test("Nimbus knows the ensemble, all Nimbus and itself, and nobody else", () => {
        const nimbus = many.get("storm-nimbus-2-container");
        expect(launched(nimbus)).toEqual({
            "storm.zookeeper.servers": address.zookeepers,
            "storm.zookeeper.port": 2181,
            "nimbus.seeds": address.nimbuses,
            "storm.local.hostname": "172.30.77.34",
            "topology.min.replication.count": 2,
        });
        expect(launched(one.get("storm-nimbus-1-container"))).not.toHaveProperty("topology.min.replication.count");
        expect(addressesIn(nimbus)).toEqual([...address.zookeepers, ...address.nimbuses].sort());
    });

    test("a supervisor knows ensemble, Nimbus, DRPC servers, itself and its slots, and no other supervisor", () => {
        const supervisor = many.get("storm-supervisor-3-container");
        expect(launched(supervisor)).toEqual({
            "storm.zookeeper.servers": address.zookeepers,
            "storm.zookeeper.port": 2181,
            "nimbus.seeds": address.nimbuses,
            "storm.local.hostname": address.supervisor(3),
            "supervisor.slots.ports": [6700, 6701, 6702],
            "drpc.servers": address.drpcs,
        });
        expect(addressesIn(supervisor)).toEqual(
            [...address.zookeepers, ...address.nimbuses, ...address.drpcs, address.supervisor(3)].sort(),
        );
    });

    test("UI and DRPC know ensemble and Nimbus; DRPC its own kind too", () => {
        expect(launched(many.get("storm-ui-container"))).toMatchObject({
            "nimbus.seeds": address.nimbuses,
            "storm.local.hostname": address.ui,
        });
        expect(addressesIn(many.get("storm-ui-container"))).toEqual(
            [...address.zookeepers, ...address.nimbuses, address.ui].sort(),
        );
        expect(launched(many.get("storm-drpc-2-container"))).toMatchObject({
            "drpc.servers": address.drpcs,
            "storm.local.hostname": "172.30.77.50",
        });
    });

    test("without DRPC servers nobody is told of any", () => {
        expect(launched(one.get("storm-supervisor-1-container"))).not.toHaveProperty("drpc.servers");
    });

    test("each daemon has the address that it advertises", () => {
        const attached = many.get("storm-supervisor-3-container").inputs.networksAdvanced;
        expect(attached).toEqual([
            { name: "storm-test", ipv4Address: address.supervisor(3), aliases: ["supervisor-3"] },
        ]);
    });

    const dependencies = (name: string, ending: RegExp) =>
        many
            .get(name)
            .dependencies.map((urn) => urn.split("::").pop() ?? "")
            .filter((dependency) => ending.test(dependency))
            .sort();

    test("containers start side by side at first, and are restarted one after the other: members, each Nimbus, then the others", () => {
        const after = (daemon: string) => dependencies(`storm-${daemon}-container`, /-ready$|-restart-gate/);
        expect(after("zookeeper-1")).toEqual([]);
        expect(after("zookeeper-2")).toEqual(["storm-zookeeper-restart-gate-1"]);
        expect(after("zookeeper-3")).toEqual(["storm-zookeeper-restart-gate-2"]);
        expect(after("nimbus-1")).toEqual(["storm-zookeeper-restart-gate"]);
        expect(after("nimbus-2")).toEqual(["storm-nimbus-restart-gate-1", "storm-zookeeper-restart-gate"]);
        for (const daemon of ["supervisor-1", "ui", "drpc-1"]) {
            expect(after(daemon)).toEqual(["storm-nimbus-restart-gate"]);
        }
        const before = (gate: string) =>
            (many.get(gate).inputs.before as { daemon: string }[]).map(({ daemon }) => daemon);
        expect(before("storm-zookeeper-restart-gate-2")).toEqual(["zookeeper-1", "zookeeper-2"]);
        expect(before("storm-zookeeper-restart-gate")).toEqual(["zookeeper-1", "zookeeper-2", "zookeeper-3"]);
        expect(before("storm-nimbus-restart-gate")).toEqual(["nimbus-1", "nimbus-2"]);
        expect(many.get("storm-nimbus-restart-gate").inputs).toMatchObject({ nimbuses: [], seconds: 180 });
    });

    test("gates are in order: a daemon is waited for once those that it needs are ready", () => {
        const after = (daemon: string) => dependencies(`storm-${daemon}-ready`, /-ready$/);
        const members = [1, 2, 3].map((id) => `storm-zookeeper-${id}-ready`);
        expect(after("zookeeper-3")).toEqual([]);
        expect(after("nimbus-2")).toEqual(members);
        for (const daemon of ["supervisor-4", "ui", "drpc-1"]) {
            expect(after(daemon)).toEqual(["storm-nimbus-1-ready", "storm-nimbus-2-ready"]);
        }
    });

    test("every daemon has a gate, for its own container and address", () => {
        for (const container of containers(many)) {
            const gate = many.get(container.name.replace("-container", "-ready"));
            expect(gate.inputs).toMatchObject({
                container: container.inputs.name,
                containerId: `${container.name}-id`,
                seconds: 180,
            });
        }
        expect(many.get("storm-supervisor-2-ready").inputs.check).toEqual({
            kind: "supervisor",
            address: address.supervisor(2),
            nimbuses: address.nimbuses,
            nimbusPort: 6627,
            logviewerPort: 8000,
        });
    });
});

describe("identity:", () => {
    test("another supervisor changes nothing of those that are there", async () => {
        const more = await runProgram({ ...three, supervisors: 5 });
        const inputs = (run: Run) => new Map(run.resources.map(({ urn, inputs: given }) => [urn, given]));
        const before = inputs(many);
        const after = inputs(more);
        const changed = [...before].filter(([urn, given]) => JSON.stringify(after.get(urn)) !== JSON.stringify(given));
        // Which it asks for the logs of their workers: no reason for an update.
        expect(changed.map(([urn]) => urn.split("::").at(-1))).toEqual(["storm-activation"]);
        const added = [...after.keys()].filter((urn) => !before.has(urn));
        expect(added.filter((urn) => !/supervisor-5|storm-restart-gate-4$/.test(urn))).toEqual([]);
        expect(added).toHaveLength(7);
    });

    test("supervisors stand in batches, between which there is a restart gate", async () => {
        const before = (gate: string, of: Run) =>
            (of.get(gate).inputs.before as { daemon: string }[]).map(({ daemon }) => daemon);
        expect([1, 2, 3].map((gate) => before(`storm-restart-gate-${gate}`, many))).toEqual([
            ["supervisor-1"],
            ["supervisor-2"],
            ["supervisor-3"],
        ]);
        expect(madeAfter(many.get("storm-supervisor-2-container"), many)).toContain("storm-restart-gate-1");
        const batches = await runProgram({ ...three, supervisorBatch: 3 });
        expect(before("storm-restart-gate-1", batches)).toEqual(["supervisor-1", "supervisor-2", "supervisor-3"]);
        expect(
            batches.resources.filter(({ name }) => name.startsWith("storm-restart-gate")).map(({ name }) => name),
        ).toEqual(["storm-restart-gate-1"]);
        expect(madeAfter(batches.get("storm-supervisor-3-container"), batches)).not.toContain(
            "storm-supervisor-2-container",
        );
    });

    test("data goes by the daemon's name", () => {
        const volumes = (name: string) => many.get(`storm-${name}-container`).inputs.volumes;
        expect(volumes("zookeeper-2")).toEqual([
            { containerPath: "/data", volumeName: "storm-test-zookeeper-2-data" },
            { containerPath: "/datalog", volumeName: "storm-test-zookeeper-2-datalog" },
        ]);
        expect(volumes("nimbus-1")).toEqual([{ containerPath: "/data", volumeName: "storm-test-nimbus-1-data" }]);
        expect(volumes("supervisor-4")).toEqual([
            { containerPath: "/data", volumeName: "storm-test-supervisor-4-data" },
        ]);
        expect(volumes("ui")).toEqual([]);
    });
});

describe("settings reach the containers:", () => {
    let run: Run;
    beforeAll(async () => {
        run = await runProgram({
            stormImage: "registry:5000/storm:2.8.4-jre21",
            zookeeperImage: "registry:5000/zookeeper:3.9.5",
            heap: { nimbus: 700, worker: 300 },
            memory: { nimbus: 900 },
            slots: 1,
            stormYaml: { "topology.debug": true, "nimbus.childopts": "-XX:+UseZGC" },
            uiPort: 9090,
            logviewers: false,
            readySeconds: 7,
        });
    });

    test("heaps and further entries are in storm.yaml, which arguments cannot carry", () => {
        expect(file(run.get("storm-nimbus-1-container"))).toBe(
            "storm.local.dir: /data\nstorm.log.dir: /logs\nsupervisor.worker.heartbeats.max.timeout.secs: 60\ntopology.debug: true\nnimbus.childopts: -XX:+UseZGC -Xmx700m\n",
        );
        expect(file(run.get("storm-supervisor-1-container"))).toContain("worker.childopts: -Xmx300m\n");
    });

    test("memory limits: the one given, and what follows from the heaps", () => {
        expect(run.get("storm-nimbus-1-container").inputs.memory).toBe(900);
        // Supervisor 256, worker 300, log writer 64: each a quarter more, and 192 MiB beside the heap.
        expect(run.get("storm-supervisor-1-container").inputs.memory).toBe(320 + 375 + 80 + 3 * 192);
    });

    test("image, version, port, limit", () => {
        expect(run.get("storm-nimbus-1-container").inputs.image).toBe("registry:5000/storm:2.8.4-jre21");
        expect(run.outputs).toMatchObject({ stormVersion: "2.8.4", uiUrl: "http://127.0.0.1:9090" });
        expect(run.get("storm-ui-container").inputs.ports).toEqual([
            { ip: "127.0.0.1", external: 9090, internal: 9090 },
        ]);
        expect(launched(run.get("storm-ui-container"))).toMatchObject({ "ui.host": address.ui, "ui.port": 9090 });
        expect(run.get("storm-nimbus-1-ready").inputs.seconds).toBe(7);
    });

    test("a supervisor without a logviewer is the only process of its container", () => {
        const script = (of: Run) => (of.get("storm-supervisor-1-container").inputs.command as string[])[2];
        expect(script(run)).toMatch(/^exec storm supervisor "\$@"$/m);
        expect(script(one)).toMatch(/^storm supervisor "\$@" &$/m);
    });

    test("the stack's outputs", () => {
        expect(many.outputs).toEqual({
            zookeeperServers: address.zookeepers.map((each) => `${each}:2181`),
            nimbusSeeds: address.nimbuses,
            nimbusPort: 6627,
            supervisors: [1, 2, 3, 4].map(address.supervisor),
            uiUrl: "http://127.0.0.1:8080",
            stormVersion: "3.1.0",
        });
    });
});

describe("a ZooKeeper that is there already:", () => {
    const zookeeperServers = ["zk-1.example.com:2281", "10.0.0.5:2281"];
    const ofZooKeeper = ({ resources }: Run) =>
        resources.filter(
            ({ urn, inputs }) => /zookeeper|EnsembleMembership/i.test(urn) || /zookeeper:/.test(String(inputs.name)),
        );
    let run: Run;
    beforeAll(async () => {
        run = await runProgram({ zookeeperServers, drpcs: 1 });
    });

    test("there is none of the stack's own, and every Storm daemon is told that one", () => {
        expect(ofZooKeeper(run)).toEqual([]);
        expect(containers(run)).toHaveLength(5);
        for (const container of containers(run)) {
            expect(launched(container)).toMatchObject({
                "storm.zookeeper.servers": ["zk-1.example.com", "10.0.0.5"],
                "storm.zookeeper.port": 2281,
            });
        }
        expect(run.outputs.zookeeperServers).toEqual(zookeeperServers);
    });

    test("the cluster's state is below its own name there, unless storm.yaml says otherwise", async () => {
        for (const container of containers(run)) {
            expect(file(container)).toContain(
                "storm.zookeeper.root: /storm-test\ntransactional.zookeeper.root: /storm-test/transactional\n",
            );
        }
        expect(file(one.get("storm-nimbus-1-container"))).not.toContain("root");
        const other = await runProgram({ zookeeperServers, stormYaml: { "storm.zookeeper.root": "/storm" } });
        expect(file(other.get("storm-nimbus-1-container"))).toContain("storm.zookeeper.root: /storm\n");
    });

    test("Nimbus is made after the images alone", () => {
        const after = run.get("storm-nimbus-1-container").dependencies.map((urn) => urn.split("::").pop());
        expect(after).toContain("storm-image-local-storm");
        expect(after.filter((name) => name?.endsWith("-ready"))).toEqual([]);
    });

    test("on hosts, with names, too", async () => {
        const daemons = [["nimbus-1", "ui", "dns-1"], ["nimbus-2", "dns-2"], [], ["supervisor-1"], ["supervisor-2"]];
        const hosts = onHosts.hosts.map((host, index) => ({ ...host, daemons: daemons[index] }));
        const named = await runProgram({ ...onHosts, zookeepers: 1, zookeeperServers, hosts, discovery: "dns" });
        expect(ofZooKeeper(named)).toEqual([]);
        expect(launched(named.get("storm-supervisor-1-container"))).toMatchObject({
            "storm.zookeeper.servers": ["zk-1.example.com", "10.0.0.5"],
            "nimbus.seeds": ["nimbus-1.storm-test.internal", "nimbus-2.storm-test.internal"],
        });
    });
});

test("entries of storm.yaml that are secret stay so", async () => {
    const stormYaml = { "storm.zookeeper.auth.payload": "user:hunter2" };
    const { resources } = await runProgram({ stormYaml }, { secret: ["stormYaml"] });
    const plain = resources.filter(({ inputs }) => /hunter2/.test(JSON.stringify({ ...inputs, uploads: [] })));
    expect(plain.map(({ name }) => name)).toEqual([]);
    // Pulumi's mark of a secret on the wire.
    const marked = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
    const containers = resources.filter(({ inputs }) => /hunter2/.test(JSON.stringify(inputs)));
    expect(containers).toHaveLength(4);
    for (const { inputs } of containers) {
        expect(inputs.uploads).toMatchObject([{ content: marked }]);
    }
});
