// Takes about five minutes: an ensemble of three gets TLS in three updates, each of which restarts all of its members one by one.
import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { containersMade, docker, TestStack, until } from "../stack";
import { wordcount } from "../topologies/topologies";
import { untilCounting, wordsCounted, workerLogs } from "../wordcount";

const heap = { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 };
const common = { supervisors: 1, slots: 1, ui: false, logviewers: false, heap };

const inside = (stack: TestStack, daemon: string, script: string) =>
    docker("exec", `${stack.cluster}-${daemon}`, "bash", "-c", script);
/** Ids of the topologies that the supervisor has. */
const topologies = (stack: TestStack) => inside(stack, "supervisor-1", "ls /data/supervisor/stormdist");
const counting = (stack: TestStack) =>
    untilCounting({ "supervisor-1": () => wordsCounted(inside(stack, "supervisor-1", workerLogs)) });

/** What `openssl` prints of a connection by TLS, with the alerts that the server sends. */
function handshake(at: string, folder: string, own?: string): string {
    const files = ["-CAfile", "zookeeper-authority.pem", ...(own ? ["-cert", own, "-key", own] : [])];
    const command = ["s_client", "-connect", at, "-ign_eof", ...files];
    const done = spawnSync("openssl", command, { cwd: folder, input: "srvr", encoding: "utf8", timeout: 20_000 });
    return done.stdout + done.stderr;
}

/** What ZooKeeper's own client says, in a member's container, at its loopback address: it has no certificate. */
const withoutCertificate = (stack: TestStack, command: string) =>
    inside(stack, "zookeeper-1", `JVMFLAGS=-Xmx64m zkCli.sh -server 127.0.0.1:2181 ${command} 2>&1 || true`);

/** What it says with the certificate of a Nimbus, once it has said that it is connected: it prints both at once otherwise, mixed. */
function withCertificate(stack: TestStack, member: string, command: string): string {
    const options = [
        "clientCnxnSocket=org.apache.zookeeper.ClientCnxnSocketNetty",
        "client.secure=true",
        "ssl.keyStore.location=/certificates/zookeeper.p12",
        "ssl.keyStore.password=changeit",
        "ssl.trustStore.location=/certificates/zookeeper-authority.pem",
        "ssl.hostnameVerification=false",
    ].map((each) => `-Dzookeeper.${each}`);
    const image = docker("inspect", "--format", "{{.Config.Image}}", `${stack.cluster}-zookeeper-1`);
    const folder = certificates(stack, "nimbus-1");
    try {
        return docker(
            ...[
                "run",
                "--rm",
                "--network",
                stack.cluster,
                "--user",
                "1000:1000",
                "--volume",
                `${folder}:/certificates:ro`,
            ],
            ...["--env", `CLIENT_JVMFLAGS=-Xmx64m ${options.join(" ")}`, image],
            ...["bash", "-c", `zkCli.sh -waitforconnection -server ${member}:2281 ${command} 2>&1`],
        );
    } finally {
        fs.rmSync(folder, { recursive: true });
    }
}

/** The certificates of a daemon, in a folder. */
function certificates(stack: TestStack, daemon: string): string {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-certificates-"));
    docker("cp", `${stack.cluster}-${daemon}:/certificates/.`, folder);
    fs.chmodSync(folder, 0o755);
    return folder;
}

describe("a new cluster whose ZooKeeper has TLS", () => {
    const member = "172.30.94.17";
    let stack: TestStack;
    beforeAll(async () => {
        stack = new TestStack("e2e-security", { ...common, subnet: "172.30.94.0/24", security: "zookeeper" });
        stack.set({ topologies: [wordcount({ workers: 1 })] });
        await stack.up();
    });
    afterAll(() => stack.discard());

    test("counts words, and says where ZooKeeper is and until when certificates are valid", async () => {
        await counting(stack);
        const { zookeeperServers, certificatesExpire } = await stack.outputs();
        expect(zookeeperServers).toEqual([`${member}:2281`]);
        const days = (Date.parse(String(certificatesExpire)) - Date.now()) / 86_400_000;
        expect(Math.round(days)).toBe(365);
    });

    test("a second update changes nothing", async () => {
        expect(await stack.changes()).toEqual([]);
    });

    test("lets nobody in by the network who has no certificate of a client", () => {
        const plain = spawnSync("bash", ["-c", `exec 3<>/dev/tcp/${member}/2181`], { encoding: "utf8" });
        expect(plain.stderr).toMatch(/refused/);
        const [nimbus, zookeeper] = [certificates(stack, "nimbus-1"), certificates(stack, "zookeeper-1")];
        try {
            expect(handshake(`${member}:2281`, nimbus)).toMatch(/alert/);
            // A member's own is for servers.
            expect(handshake(`${member}:2281`, zookeeper, "zookeeper.pem")).toMatch(/alert/);
            // That of the quorum is of another authority.
            expect(handshake(`${member}:2281`, zookeeper, "quorum.pem")).toMatch(/alert/);
            expect(withCertificate(stack, member, "ls /storm")).toMatch(/\[.*nimbuses.*\]/);
        } finally {
            [nimbus, zookeeper].forEach((folder) => fs.rmSync(folder, { recursive: true }));
        }
    });

    test("answers `srvr` at the loopback address, and lets nobody read or write there", () => {
        expect(inside(stack, "zookeeper-1", "exec 3<>/dev/tcp/127.0.0.1/2181; printf srvr >&3; cat <&3")).toMatch(
            /^Mode: /m,
        );
        for (const command of ["ls /", "ls /storm", "create /stranger x", "getAcl /storm"]) {
            expect([command, withoutCertificate(stack, command)]).toEqual([
                command,
                expect.stringContaining("failed to authenticate"),
            ]);
        }
        expect(withCertificate(stack, member, "ls /")).not.toContain("stranger");
    });

    test("has its keys in no output, argument, environment variable or log, and not in clear in the state", async () => {
        const folder = certificates(stack, "zookeeper-1");
        const pem = fs.readFileSync(path.join(folder, "zookeeper.pem"), "utf8");
        const key = /PRIVATE KEY-----\n(.{60})/.exec(pem)?.[1] as string;
        fs.rmSync(folder, { recursive: true });
        expect(key).toHaveLength(60);
        const { output: state } = await stack.pulumi("stack", "export");
        const { output: outputs } = await stack.pulumi("stack", "output", "--json");
        const ids = Object.values(stack.containers());
        const logs = ids.map((id) => docker("logs", id));
        for (const text of [state, outputs, docker("inspect", ...ids), ...logs]) {
            expect(text).not.toContain(key);
            expect(text).not.toContain("PRIVATE KEY");
        }
    });

    test("a certificate that is replaced restarts its daemon alone", async () => {
        const { output } = await stack.pulumi("stack", "--show-urns");
        const urn = /urn:\S+::storm-security-supervisor-1-certificate/.exec(output)?.[0] as string;
        expect(containersMade(await stack.up("--replace", urn))).toEqual(["supervisor-1"]);
        await counting(stack);
    });

    describe("goes back", () => {
        beforeAll(() => stack.set({ security: "none" }));

        test.each([
            [3, ["zookeeper-1"]],
            [2, ["zookeeper-1"]],
            [1, ["nimbus-1", "supervisor-1"]],
            [0, ["zookeeper-1"]],
        ])("and %s updates follow, and the topology stays", async (more, restarted) => {
            const ids = topologies(stack);
            const output = await stack.up();
            expect(containersMade(output)).toEqual(restarted);
            expect(Number(/in (\d) more update/.exec(output)?.[1] ?? 0)).toBe(more);
            expect(topologies(stack)).toBe(ids);
        });

        test("and has no certificates then, and counts words", async () => {
            expect(await stack.changes()).toEqual([]);
            const { zookeeperServers, certificatesExpire } = await stack.outputs();
            expect([zookeeperServers, certificatesExpire]).toEqual([[`${member}:2181`], undefined]);
            await counting(stack);
        });
    });
});

describe("a cluster that exists", () => {
    const member = (id: number) => `172.30.95.${16 + id}`;
    let stack: TestStack;
    beforeAll(async () => {
        stack = new TestStack("e2e-securing", { ...common, subnet: "172.30.95.0/24", zookeepers: 3 });
        stack.set({ topologies: [wordcount({ workers: 1 })] });
        await stack.up();
        await counting(stack);
        stack.set({ security: "zookeeper" });
    });
    afterAll(() => stack.discard());

    const modes = () =>
        [1, 2, 3].map((id) => {
            const ask = `for at in 127.0.0.1 ${member(id)}; do (exec 3<>/dev/tcp/$at/2181; printf srvr >&3; cat <&3) 2>/dev/null; done`;
            return /^Mode: (\w+)/m.exec(inside(stack, `zookeeper-${id}`, `${ask}; true`))?.[1];
        });

    test.each([
        [1, ["zookeeper-1", "zookeeper-2", "zookeeper-3", "nimbus-1", "supervisor-1"]],
        [2, ["zookeeper-1", "zookeeper-2", "zookeeper-3"]],
        [3, ["zookeeper-1", "zookeeper-2", "zookeeper-3"]],
    ])("update %i keeps the quorum and the topology", async (step, daemons) => {
        const ids = topologies(stack);
        const output = await stack.up();
        expect(containersMade(output)).toEqual(daemons);
        expect(/update \d of 3/.exec(output)?.[0]).toBe(step === 3 ? undefined : `update ${step} of 3`);
        await until("all members have joined", 300, () => modes().sort().join() === "follower,follower,leader");
        expect(topologies(stack)).toBe(ids);
        await counting(stack);
    });

    test("then members talk to each other by TLS alone, with an authority of their own", async () => {
        expect(await stack.changes()).toEqual([]);
        const folder = certificates(stack, "zookeeper-1");
        try {
            const at = `${member(2)}:3888`;
            expect(handshake(at, folder, "zookeeper.pem")).toMatch(/alert/);
            expect(handshake(at, folder, "quorum.pem")).not.toMatch(/alert/);
        } finally {
            fs.rmSync(folder, { recursive: true });
        }
        expect(withCertificate(stack, member(3), "ls /storm/storms")).toMatch(/\[wordcount-1-\d+\]/);
    });
});
