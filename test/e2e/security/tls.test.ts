import { execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import type { ConnectionOptions } from "tls";
import { ports } from "../../../components/storm/spec/ports";
import { connectFrom } from "../../../provider/machines/container";
import { clusterSummary } from "../../../provider/nimbus/client";
import { stormPem } from "../../../provider/nimbus/tlsFiles";
import { filesOf, userOf, type UserOutputs } from "../../../scripts/userFolder";
import { containersMade, docker, TestStack, until } from "../stack";
import { jar, wordcount } from "../topologies/topologies";
import { untilCounting, wordsCounted, workerLogs } from "../wordcount";
import { answerInPlain, beginning, listening, sockets } from "./probes";
import { stormWithTls } from "./stormWithTls";

const common = {
    ...{ slots: 1, ui: false, logviewers: false },
    heap: { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 },
};

const inside = (stack: TestStack, daemon: string, script: string) =>
    docker("exec", `${stack.cluster}-${daemon}`, "bash", "-c", script);
const counting = (stack: TestStack, ...daemons: string[]) =>
    untilCounting(
        Object.fromEntries(daemons.map((daemon) => [daemon, () => wordsCounted(inside(stack, daemon, workerLogs))])),
    );

describe("a new cluster", () => {
    const subnet = "172.30.96";
    /** Ports that have to be open to other machines, by daemon. */
    const open = {
        "zookeeper-1": { address: `${subnet}.17`, ports: [2281, 2888, 3888] },
        "nimbus-1": { address: `${subnet}.33`, ports: [6629] },
        "supervisor-1": { address: `${subnet}.128`, ports: [6628, 6700] },
        "supervisor-2": { address: `${subnet}.129`, ports: [6628, 6700] },
    };
    type DaemonName = keyof typeof open;
    const daemons = Object.keys(open) as DaemonName[];
    /** A word that each worker sends to the other. */
    const word = "unmistakable";

    let stack: TestStack;
    /** A folder with what alice connects with. */
    let folder: string;
    beforeAll(async () => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-alice-"));
        fs.chmodSync(folder, 0o755);
        stack = new TestStack("e2e-tls", {
            ...{ stormImage: stormWithTls(), security: "tls", users: ["alice"], subnet: `${subnet}.0/24` },
            ...{ ...common, supervisors: 2 },
        });
        stack.set({ topologies: [wordcount({ configuration: { "wordcount.sentences": [`${word} ${word} words`] } })] });
        await stack.up();
        const { output } = await stack.pulumi("stack", "output", "--json", "--show-secrets");
        const outputs = JSON.parse(output.slice(output.indexOf("{"))) as UserOutputs;
        for (const [name, content] of Object.entries(filesOf(userOf(stack.name, outputs, "alice"), outputs, "/conf"))) {
            fs.writeFileSync(path.join(folder, name), content);
        }
    });
    afterAll(() => {
        stack?.discard();
        fs.rmSync(folder, { recursive: true });
    });

    const fileOf = (daemon: DaemonName, name: string) => inside(stack, daemon, `base64 -w 0 /certificates/${name}`);
    const pemOf = (daemon: DaemonName, name: string) => Buffer.from(fileOf(daemon, name), "base64");
    const ofAlice = (name: string) => fs.readFileSync(path.join(folder, name));

    /** Storm's command line, by alice's certificate, and what it prints; it may fail. */
    const storm = (...args: string[]) => {
        const image = docker("inspect", "--format", "{{.Config.Image}}", `${stack.cluster}-nimbus-1`);
        const files = ["--volume", `${folder}:/conf:ro`, "--volume", `${path.resolve(jar)}:/topology.jar:ro`];
        const run = ["run", "--rm", "--network", stack.cluster, "--user", "1000:1000", ...files];
        return docker(...run, image, "bash", "-c", `storm ${args.join(" ")} 2>&1 || true`);
    };

    test("counts words on both supervisors", async () => {
        await counting(stack, "supervisor-1", "supervisor-2");
    });

    test("a second update changes nothing", async () => {
        expect(await stack.changes()).toEqual([]);
    });

    test("nobody connects without a certificate of the right authority", async () => {
        expect(
            Object.fromEntries(daemons.map((daemon) => [daemon, listening(inside(stack, daemon, sockets))])),
        ).toEqual(Object.fromEntries(daemons.map((daemon) => [daemon, open[daemon].ports])));
        const stranger = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=storm"];
        execFileSync("openssl", [...stranger, "-keyout", "stranger.pem", "-out", "stranger-certificate.pem"], {
            ...{ stdio: "pipe", cwd: folder },
        });
        const clients: Record<string, ConnectionOptions> = {
            nobody: {},
            stranger: { cert: ofAlice("stranger-certificate.pem"), key: ofAlice("stranger.pem") },
            alice: { cert: ofAlice("certificate.pem"), key: ofAlice("key.pem") },
            storm: { cert: pemOf("nimbus-1", "storm.pem"), key: pemOf("nimbus-1", "storm-key.pem") },
            zookeeper: { pfx: pemOf("nimbus-1", "zookeeper.p12"), passphrase: "changeit" },
            quorum: { cert: pemOf("zookeeper-1", "quorum.pem"), key: pemOf("zookeeper-1", "quorum.pem") },
        };
        const accepted: Record<number, string[]> = {
            ...{ 2281: ["zookeeper"], 2888: ["quorum"], 3888: ["quorum"] },
            ...{ 6629: ["alice", "storm"], 6628: ["storm"], 6700: ["storm"] },
        };
        const served = async (address: string, port: number) => {
            for (const [name, client] of Object.entries(clients)) {
                const wanted = accepted[port]?.includes(name) ? /^session$/ : /ALERT/;
                const began = await beginning(address, port, client);
                expect([port, name, began]).toEqual([port, name, expect.stringMatching(wanted) as string]);
            }
            expect([port, await answerInPlain(address, port, "GET / HTTP/1.0\r\n\r\n")]).toEqual([port, ""]);
        };
        await Promise.all(
            Object.values(open).map(async ({ address, ports }) => {
                for (const port of ports) {
                    await served(address, port);
                }
            }),
        );
    });

    test("words are not on the wire", () => {
        const network = `container:${stack.cluster}-supervisor-1`;
        const run = ["run", "--rm", "--network", network, "--volume", `${__dirname}/capture.py:/capture.py:ro`];
        const image = docker("inspect", "--format", "{{.Config.Image}}", `${stack.cluster}-supervisor-1`);
        // A text's last byte is another one on the wire of a cluster without TLS.
        const found = docker(...run, "--entrypoint", "python3", image, "/capture.py", "6700", "50", word.slice(0, -1));
        expect(found).toMatch(/^0 of \d{2,}$/);
    });

    test("a user submits and kills topologies by Storm's command line, and kills none of others", () => {
        expect(storm("jar", "/topology.jar", "wordcount.WordCountTopology", "own", "1")).toContain(
            "Finished submitting",
        );
        const list = storm("list");
        expect(list).toMatch(/^wordcount +ACTIVE .* storm *$/m);
        expect(list).toMatch(/^own +ACTIVE .* alice *$/m);
        expect(storm("kill", "own", "-w", "0")).toContain("Killed topology: own");
        expect(storm("kill", "wordcount")).toContain("killTopology on topology wordcount is not authorized");
    });

    test("keys are in no output, argument, environment variable or log, and not in clear in the state", async () => {
        const body = (pem: Buffer) => /PRIVATE KEY-----\n(.{60})/.exec(pem.toString())?.[1] as string;
        const keys = [
            body(ofAlice("key.pem")),
            body(pemOf("nimbus-1", "storm-key.pem")),
            ...daemons.slice(1).map((daemon) => fileOf(daemon, "storm.p12").slice(1000, 1060)),
            ofAlice("certificate.p12").toString("base64").slice(1000, 1060),
        ];
        const { output: state } = await stack.pulumi("stack", "export");
        const { output: outputs } = await stack.pulumi("stack", "output", "--json");
        const ids = Object.values(stack.containers());
        const logs = [
            ...ids.map((id) => docker("logs", id)),
            ...daemons.slice(1).map((daemon) => inside(stack, daemon, "cat $(find /logs -type f)")),
        ];
        for (const text of [state, outputs, docker("inspect", ...ids), ...logs]) {
            expect(text).not.toContain("PRIVATE KEY");
            expect(keys.filter((key) => key.length !== 60 || text.includes(key))).toEqual([]);
        }
    });
});

describe("a cluster that exists", () => {
    let existing: TestStack;
    beforeAll(async () => {
        existing = new TestStack("e2e-totls", {
            ...{ stormImage: stormWithTls(), subnet: "172.30.97.0/24", nimbuses: 2 },
            ...{ ...common, supervisors: 1 },
        });
        await existing.up();
        existing.set({ security: "tls" });
    });
    afterAll(() => existing?.discard());

    test.each([
        [1, ["zookeeper-1", "nimbus-1", "nimbus-2", "supervisor-1"]],
        [2, ["zookeeper-1", "nimbus-1", "nimbus-2"]],
        [3, ["zookeeper-1"]],
    ])("update %i restarts its daemons one after the other, and cuts none off", async (step, restarted) => {
        existing.set({ topologies: step === 3 ? [wordcount({ workers: 1 })] : [] });
        const output = await existing.up();
        expect(containersMade(output)).toEqual(restarted);
        expect(/update \d of 3/.exec(output)?.[0]).toBe(step === 3 ? undefined : `update ${step} of 3`);
        const connect = connectFrom({ container: `${existing.cluster}-nimbus-1` });
        const { nimbuses, supervisors } = await clusterSummary(connect, "172.30.97.33", ports.nimbusTls, stormPem);
        expect([nimbuses.length, supervisors.length]).toEqual([2, 1]);
    });

    test("then runs a topology, whose blobs both Nimbus daemons have", async () => {
        expect(await existing.changes()).toEqual([]);
        await counting(existing, "supervisor-1");
        const blobs = (nimbus: string) =>
            inside(existing, nimbus, "find /data/blobs -name data | sed 's/.*wordcount/wordcount/' | sort");
        await until(
            "both have the same blobs",
            60,
            () => blobs("nimbus-1") !== "" && blobs("nimbus-1") === blobs("nimbus-2"),
        );
    });
});
