import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { execFileSync } from "child_process";
import { lostResources } from "../../scripts/lostResources";
import { onHosts } from "./hostsFixture";
import { type Declared, madeAfter, revealed, type Run, runProgram } from "./program";

const changed = (name: string, change: object) =>
    onHosts.hosts.map((host) => (host.name === name ? { ...host, ...change } : host));
const ofType = (run: Run, type: string) => run.resources.filter((resource) => resource.type.includes(type));
const container = (run: Run, daemon: string) => run.get(`storm-${daemon}-container`);
const connection = (resource: Declared) => revealed(resource.inputs.connection) as Record<string, unknown>;

jest.setTimeout(180_000);

let run: Run;
beforeAll(async () => {
    run = await runProgram(onHosts);
});

describe("a host", () => {
    test("is known by the key of the settings, or by the one that it shows at first", () => {
        expect(connection(run.get("host-a-docker", "Command"))).toMatchObject({ hostKey: "ssh-ed25519 AAAAa" });
        expect(connection(run.get("host-b-docker", "Command"))).toMatchObject({ hostKey: "ssh-ed25519 shown-by-b" });
        const { sshOpts } = run.get("host-b-provider").inputs as { sshOpts: string };
        expect(JSON.parse(sshOpts)).toEqual(
            expect.arrayContaining([
                "StrictHostKeyChecking=yes",
                "KnownHostsCommand=/bin/echo * ssh-ed25519 shown-by-b",
            ]),
        );
    });

    test("is reached at its own SSH address, and dialled at the other", () => {
        expect(connection(run.get("host-d-docker", "Command"))).toMatchObject({
            host: "d.example.com",
            port: 2222,
            user: "storm",
        });
        expect(run.get("host-d-provider").inputs.host).toBe("ssh://storm@d.example.com:2222");
        expect(container(run, "supervisor-1").inputs.command).toContain('storm.local.hostname="10.0.0.4"');
    });

    test("no key check is ever left out", () => {
        expect(JSON.stringify(run.resources)).not.toMatch(/StrictHostKeyChecking=(no|off)/);
        for (const command of ofType(run, "remote:Command")) {
            expect(connection(command)).toHaveProperty("hostKey");
        }
    });

    test("is given no script that the command does not read to its end, which fails now and then", () => {
        for (const { inputs } of ofType(run, "remote:Command")) {
            expect([inputs.create, inputs.update]).toEqual(["sh", expect.stringMatching(/^cat >\/dev\/null(;|$)/)]);
        }
    });

    test("has a provider of its own, which is made once Docker is there", () => {
        for (const { name } of onHosts.hosts) {
            expect(madeAfter(run.get(`host-${name}-provider`), run)).toEqual(
                expect.arrayContaining([`host-${name}-docker`, `host-${name}-contact`]),
            );
        }
    });

    test("has just the images that it runs, and is asked for its memory", () => {
        const images = ofType(run, "RemoteImage").map(({ name }) => name.replace("storm-image-", ""));
        expect(images.sort()).toEqual([
            "a-storm",
            "a-zookeeper",
            "b-storm",
            "b-zookeeper",
            "c-zookeeper",
            "d-storm",
            "e-storm",
        ]);
        // ZooKeeper 1000, Nimbus 1024, UI 768.
        expect(run.get("storm-memory-a").inputs.stdin).toContain("2792");
    });

    test("that is added brings its own resources, and changes no other", async () => {
        const more = await runProgram({
            ...onHosts,
            supervisors: 3,
            hosts: [...onHosts.hosts, { name: "f", address: "10.0.0.6", daemons: ["supervisor-3"] }],
        });
        const before = new Map(run.resources.map(({ urn, inputs }) => [urn, JSON.stringify(inputs)]));
        const other = more.resources.filter(({ urn, inputs }) => before.get(urn) !== JSON.stringify(inputs));
        // The activation receives all supervisors, for their logs: no reason for an update.
        const own = /host-f|-f-|-f$|supervisor-3|restart-gate-2|^storm-activation$/;
        expect(other.map(({ name }) => name).filter((name) => !own.test(name))).toEqual([]);
        expect(more.resources.length).toBeGreaterThan(run.resources.length);
    });
});

describe("a spare machine", () => {
    const spares = ["f", "g"].map((name, index) => ({ name, address: `10.0.0.${6 + index}`, spare: true }));
    const declared = ({ resources, outputs }: Run) => JSON.stringify([resources, outputs]);

    test("without a supervisor is nothing of the stack's, and is not connected to", async () => {
        const silent = spares.map(({ address }) => address);
        const idle = await runProgram({ ...onHosts, hosts: [...onHosts.hosts, ...spares] }, { silent });
        expect(declared(idle)).toBe(declared(run));
        expect(process.exitCode).toBeUndefined();
    });

    test("with a supervisor is as one that lists it", async () => {
        const supervisors = 3;
        const spare = await runProgram({ ...onHosts, supervisors, hosts: [...onHosts.hosts, ...spares] });
        const listing = { name: "f", address: "10.0.0.6", daemons: ["supervisor-3"] };
        const listed = await runProgram({ ...onHosts, supervisors, hosts: [...onHosts.hosts, listing] });
        expect(declared(spare)).toBe(declared(listed));
        expect(container(spare, "supervisor-3").inputs.command).toContain('storm.local.hostname="10.0.0.6"');
    });

    test("gets no supervisor while it has another one", async () => {
        const has = (daemons: Record<string, string[]>) => {
            const hosts = Object.fromEntries(
                Object.entries(daemons).map(([name, there]) => [name, { daemons: there }]),
            );
            return { preview: true, state: { "pulumi:pulumi:Stack::storm-test": { hosts } } };
        };
        const both = has({ f: ["supervisor-3"], g: ["supervisor-4"] });
        const without = (name: string) => ({
            hosts: [...onHosts.hosts, ...spares.filter((each) => each.name !== name)],
        });
        await expect(runProgram({ ...onHosts, supervisors: 3, ...without("f") }, both)).rejects.toThrow(
            "storm:hosts would put supervisor-3 on the spare machine g, which still has supervisor-4: set the list back, or first lower " +
                "storm:supervisors so that no spare machine has one, and run `make up`",
        );
        for (const [supervisors, hosts] of [
            [2, without("f")],
            [3, without("g")],
            [4, without("none")],
        ] as const) {
            await runProgram({ ...onHosts, supervisors, ...hosts }, both);
        }
    });
});

describe("a container", () => {
    test("uses its host's network, and knows its own name", () => {
        expect(container(run, "nimbus-2").inputs).toMatchObject({
            networkMode: "host",
            hostname: "nimbus-2",
            hosts: [{ host: "nimbus-2", ip: "10.0.0.2" }],
        });
    });

    test("has its data in a directory of the host's, made before it", () => {
        expect(container(run, "zookeeper-3").inputs.volumes).toEqual([
            { containerPath: "/data", hostPath: "/var/lib/storm/storm-test/zookeeper-3/data" },
            { containerPath: "/datalog", hostPath: "/var/lib/storm/storm-test/zookeeper-3/datalog" },
        ]);
        expect(madeAfter(container(run, "zookeeper-3"), run)).toEqual(
            expect.arrayContaining(["storm-zookeeper-3-data", "storm-zookeeper-3-datalog", "storm-zookeeper-3-place"]),
        );
    });

    test("is labelled with its machine, so that another machine in its place gets it anew", () => {
        expect(container(run, "zookeeper-1").inputs.labels).toContainEqual({
            label: "storm.machine",
            value: "ssh-ed25519 AAAAa",
        });
    });

    test("listens at its host's address where it can", () => {
        expect(container(run, "ui").inputs.command).toEqual(
            expect.arrayContaining(['ui.host="10.0.0.1"', "ui.port=8080"]),
        );
        expect(JSON.stringify(container(run, "zookeeper-2").inputs.envs)).toContain(
            "clientPort=2181 clientPortAddress=10.0.0.2",
        );
        expect(run.outputs.uiUrl).toBe("http://10.0.0.1:8080");
    });
});

test("another address of a host reaches those that use it, and those alone", async () => {
    const moved = await runProgram({ ...onHosts, hosts: changed("e", { address: "10.0.0.9" }) });
    const differing = ofType(moved, "Container").filter(
        ({ name, inputs }) => JSON.stringify(run.get(name).inputs) !== JSON.stringify(inputs),
    );
    expect(differing.map(({ name }) => name)).toEqual(["storm-supervisor-2-container"]);
});

describe("a host that does not answer", () => {
    const standingOn = (found: Run, host: string) =>
        found.resources.filter(({ custom, name }) => custom && new RegExp(`(host|image|memory)-${host}\\b`).test(name));

    test("is left as it is in an update, which fails and names it; the others are not touched by that", async () => {
        const log = jest.spyOn(console, "error").mockImplementation();
        const silent = await runProgram(onHosts, { silent: ["10.0.0.5"] });
        expect(process.exitCode).toBe(32);
        process.exitCode = undefined;
        expect(log.mock.calls.join()).toMatch(
            /e \(10\.0\.0\.5\) does not answer over SSH within 30 s.*lost: true for e/,
        );
        log.mockRestore();
        const left = [
            ...standingOn(silent, "e"),
            container(silent, "supervisor-2"),
            silent.get("storm-supervisor-2-ready"),
        ];
        expect(left.length).toBeGreaterThan(5);
        expect(left.filter(({ ignoreChanges }) => ignoreChanges.join() !== "*")).toEqual([]);
        const untouched = silent.resources.filter(({ ignoreChanges }) => ignoreChanges.length > 0);
        expect(untouched.filter(({ name }) => !/-e\b|supervisor-2/.test(name))).toEqual([]);
        expect(silent.resources.filter(({ retainOnDelete }) => retainOnDelete)).toEqual([]);
    });

    test("is not asked for in a preview", async () => {
        const preview = await runProgram(onHosts, { silent: ["10.0.0.5"], preview: true });
        expect(preview.resources.filter(({ ignoreChanges }) => ignoreChanges.length > 0)).toEqual([]);
    });

    test.each(["addresses", "ambassador"])(
        "nor if it is lost: its resources, and no others, are not refreshed, and are deleted without it: %s",
        async (discovery) => {
            const hosts = changed("e", { lost: true });
            const { resources } = await runProgram({ ...onHosts, hosts, discovery }, { silent: ["10.0.0.5"] });
            const onLost = resources
                .filter(({ custom, name }) => custom && /-e\b|supervisor-2/.test(name))
                // It is nowhere but in the state.
                .filter(({ name }) => !name.endsWith("-place"))
                .map(({ urn }) => urn);
            expect(lostResources(resources)).toEqual(onLost);
            for (const is of [
                ({ retainOnDelete }: Declared) => retainOnDelete,
                ({ ignoreChanges }: Declared) => ignoreChanges.includes("*"),
            ]) {
                expect(resources.filter(is).map(({ urn }) => urn)).toEqual(onLost);
            }
        },
    );
});

describe("the key", () => {
    let folder: string;
    beforeEach(() => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-key-"));
    });
    afterEach(() => fs.rmSync(folder, { recursive: true }));
    const make = (passphrase = "") => {
        const file = path.join(folder, "key");
        execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", file]);
        return file;
    };
    // A stack of its own, as other tests run beside this one, and each run puts its stack's key where the one before was.
    const runWith = (settings: object, circumstances: Parameters<typeof runProgram>[1] = {}) =>
        runProgram({ ...onHosts, ...settings }, { ...circumstances, stack: "keyed" });
    const runWithKey = (keyFile: string, preview = false) => runWith({ ssh: { keyFile } }, { preview });
    test("of a file goes to commands as a secret, and to ssh under the stack's own name", async () => {
        const found = await runWithKey(make());
        // Pulumi's mark of a secret on the wire.
        expect(found.get("host-a-docker", "Command").inputs.connection).toHaveProperty(
            "4dabf18193072939515e22adb298388d",
        );
        expect(connection(found.get("host-a-docker", "Command")).privateKey).toContain("PRIVATE KEY");
        expect(JSON.stringify(found.get("host-a-provider").inputs)).toContain(".local/ssh/storm-keyed");
    });

    test("of the settings too, and is nowhere in clear", async () => {
        const sshKey = fs.readFileSync(make(), "utf8");
        const found = await runWith({ sshKey }, { secret: ["sshKey"] });
        const clear = found.resources.map(({ inputs }) => ({ ...inputs, connection: undefined }));
        expect(JSON.stringify(clear)).not.toContain("PRIVATE KEY");
        expect(fs.statSync(".local/ssh/storm-keyed").mode & 0o777).toBe(0o600);
        fs.rmSync(".local/ssh/storm-keyed");
    });

    test("that is another changes the connection alone", async () => {
        const before = await runWithKey(make());
        fs.renameSync(path.join(folder, "key"), path.join(folder, "old"));
        const after = await runWithKey(make());
        const differing = after.resources.filter(
            ({ name, type, inputs }) => JSON.stringify(before.get(name, type).inputs) !== JSON.stringify(inputs),
        );
        expect(new Set(differing.map(({ type }) => type))).toEqual(new Set(["command:remote:Command"]));
        for (const { name, inputs } of differing) {
            expect({ ...inputs, connection: {} }).toEqual({ ...before.get(name, "Command").inputs, connection: {} });
        }
    });

    test("of an update stays in place in a preview with another key, and is put there where there is none", async () => {
        const [link, key] = [".local/ssh/storm-keyed", make()];
        fs.rmSync(link, { force: true });
        await runWithKey(key, true);
        expect(fs.readlinkSync(link)).toBe(key);
        const other = `${key}-other`;
        fs.copyFileSync(key, other);
        await runWithKey(other, true);
        expect(fs.readlinkSync(link)).toBe(key);
        await runWith({}, { preview: true });
        expect(fs.readlinkSync(link)).toBe(key);
        await runWithKey(other);
        expect(fs.readlinkSync(link)).toBe(other);
        await runWith({});
        expect(fs.readdirSync(".local/ssh").filter((name) => name.startsWith("storm-keyed"))).toEqual([]);
    });

    test("that is not there is no matter to a preview, and shows no change in it", async () => {
        const found = await runWithKey("/nowhere/key", true);
        expect(found.get("host-a-docker", "Command").ignoreChanges).toContain("connection.privateKey");
    });

    test.each([
        ["is not there", () => "/nowhere/key", "storm:ssh.keyFile (/nowhere/key) cannot be read: ENOENT"],
        ["has a passphrase", () => make("secret"), "has a passphrase, which nobody can be asked for"],
    ])("that %s stops an update before anything is made", async (_what, file, message) => {
        await expect(runWithKey(file())).rejects.toThrow(message);
    });
});

test("a daemon cannot be moved to a host that does not answer or is lost", async () => {
    jest.spyOn(console, "error").mockImplementation();
    const silent = await runProgram({ ...onHosts, hosts: changed("d", { lost: true }) }, { silent: ["10.0.0.5"] });
    process.exitCode = undefined;
    expect(silent.get("storm-supervisor-1-place").inputs.unusable).toBe("is lost");
    expect(silent.get("storm-supervisor-2-place").inputs.unusable).toBe("does not answer");
    expect(silent.get("storm-zookeeper-1-place").inputs.unusable).toBeUndefined();
});

test("through a bastion goes every connection", async () => {
    const bastion = { address: "198.51.100.1", hostKey: "ssh-ed25519 AAAAbastion" };
    const found = await runProgram({ ...onHosts, ssh: { ...onHosts.ssh, bastion } });
    expect(connection(found.get("host-b-docker", "Command"))).toMatchObject({
        host: "10.0.0.2",
        proxy: { host: "198.51.100.1", user: "root", port: 22, hostKey: "ssh-ed25519 AAAAbastion" },
    });
    expect(JSON.stringify(found.get("host-b-provider").inputs)).toMatch(
        /ProxyCommand=ssh .*AAAAbastion.*root@198\.51\.100\.1 -W '\[%h\]:%p'/,
    );
});
