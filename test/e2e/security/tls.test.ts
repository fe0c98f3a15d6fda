// Takes about four minutes: one cluster has its certificates renewed, and another gets TLS in three updates, each with restarts one by one.
import { execFile, execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import type { ConnectionOptions } from "tls";
import { promisify } from "util";
import { ports } from "../../../components/storm/spec/ports";
import { connectFrom } from "../../../provider/machines/container";
import { clusterSummary } from "../../../provider/nimbus/client";
import { stormPem } from "../../../provider/nimbus/tlsFiles";
import { filesOf, userOf, type UserOutputs } from "../../../scripts/userFolder";
import { containersMade, docker, TestStack, until } from "../stack";
import { jar, wordcount } from "../topologies/topologies";
import { untilCounting, wordsCounted, workerLogs } from "../wordcount";
import { answerInPlain, beginning, endAt, listening, sockets } from "./probes";
import { Queue, queueJar } from "./queue";
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

    const day = 86_400_000;

    const queue = new Queue();
    let stack: TestStack;
    /** The topology's jar. */
    let queued: string;
    /** A folder with what alice connects with. */
    let folder: string;
    beforeAll(async () => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-alice-"));
        fs.chmodSync(folder, 0o755);
        const stormImage = stormWithTls();
        queued = queueJar(stormImage);
        stack = new TestStack("e2e-tls", {
            ...{ stormImage, security: "tls", users: ["alice"], subnet: `${subnet}.0/24` },
            ...{ ...common, supervisors: 2, supervisorBatch: 1 },
            // A slow machine may need more than Storm's 30 seconds to restart a supervisor and its worker, and work would move.
            stormYaml: { "nimbus.task.timeout.secs": 120 },
        });
        const configuration = {
            "wordcount.sentences": [`${word} ${word} words`],
            "wordcount.sentences.per.second": 20,
            "test.queue": `${subnet}.1:${await queue.listen()}`,
        };
        stack.set({ topologies: [wordcount({ jar: queued, mainClass: "wordcount.QueueTopology", configuration })] });
        // The first update believes that it is 363 days earlier, so that all certificates truly end in two days. An end that is changed in
        // the state would be another than that of the certificates that the daemons have.
        const earlier = `data:text/javascript,const{now}=Date;Date.now=()=>now()-${363 * day}`;
        stack.environment.NODE_OPTIONS = `--import ${earlier}`;
        await stack.up();
        delete stack.environment.NODE_OPTIONS;
        await writeClient();
    });
    afterAll(() => {
        stack?.discard();
        queue.close();
        [folder, path.dirname(queued)].forEach((each) => fs.rmSync(each, { recursive: true }));
    });

    /** Writes what alice connects with, as `make client` does. */
    async function writeClient(): Promise<void> {
        const { output } = await stack.pulumi("stack", "output", "--json", "--show-secrets");
        const outputs = JSON.parse(output.slice(output.indexOf("{"))) as UserOutputs;
        for (const [name, content] of Object.entries(filesOf(userOf(stack.name, outputs, "alice"), outputs, "/conf"))) {
            fs.writeFileSync(path.join(folder, name), content);
        }
    }

    const fileOf = (daemon: DaemonName, name: string) => inside(stack, daemon, `base64 -w 0 /certificates/${name}`);
    const pemOf = (daemon: DaemonName, name: string) => Buffer.from(fileOf(daemon, name), "base64");
    const ofAlice = (name: string) => fs.readFileSync(path.join(folder, name));

    /** Those with a certificate, by whose it is. */
    const clients = (): Record<string, ConnectionOptions> => ({
        alice: { cert: ofAlice("certificate.pem"), key: ofAlice("key.pem") },
        storm: { cert: pemOf("nimbus-1", "storm.pem"), key: pemOf("nimbus-1", "storm-key.pem") },
        zookeeper: { pfx: pemOf("nimbus-1", "zookeeper.p12"), passphrase: "changeit" },
        quorum: { cert: pemOf("zookeeper-1", "quorum.pem"), key: pemOf("zookeeper-1", "quorum.pem") },
    });
    /** Who is let in, by port. */
    const accepted: Record<number, string[]> = {
        ...{ 2281: ["zookeeper"], 2888: ["quorum"], 3888: ["quorum"] },
        ...{ 6629: ["alice", "storm"], 6628: ["storm"], 6700: ["storm"] },
    };

    /** In how many days certificates end: those that servers show, and the first of all by the output. */
    async function daysLeft(): Promise<Record<string, number>> {
        const { certificatesExpire } = await stack.outputs();
        const ends: Record<string, number> = { certificatesExpire: Date.parse(String(certificatesExpire)) };
        const known = clients();
        for (const daemon of daemons) {
            for (const port of open[daemon].ports) {
                const client = known[accepted[port]?.[0] ?? ""] ?? {};
                ends[`${daemon}:${port}`] = await endAt(open[daemon].address, port, client);
            }
        }
        return Object.fromEntries(
            Object.entries(ends).map(([name, end]) => [name, Math.round((end - Date.now()) / day)]),
        );
    }
    /** The same, where all end in so many days. */
    const allIn = (left: number) =>
        Object.fromEntries([
            ["certificatesExpire", left],
            ...daemons.flatMap((daemon) => open[daemon].ports.map((port) => [`${daemon}:${port}`, left])),
        ]) as Record<string, number>;

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

    test("an update renews certificates that are about to end, and every sentence is acked", async () => {
        const topology = () => inside(stack, "supervisor-1", "ls /data/supervisor/stormdist");
        const id = topology();
        expect(await daysLeft()).toEqual(allIn(2));
        const seen = queue.events.length;
        const output = await stack.up();
        expect(containersMade(output)).toEqual(daemons);
        // An update waits for the worker of a supervisor that it has restarted only if another supervisor is next.
        await until("both workers ack again", 120, () => queue.events.length >= seen + 4);
        expect(await daysLeft()).toEqual(allIn(365));
        // A user's certificate is valid until it ends.
        expect(await beginning(open["nimbus-1"].address, 6629, clients().alice ?? {})).toBe("session");
        await writeClient();

        expect(topology()).toBe(id);
        queue.isFlowing = false;
        await until("all sentences are acked", 300, () => queue.acked === queue.emitted);
        queue.isFlowing = true;
        // Some were under way in workers that were stopped.
        expect(queue.replays).toBeGreaterThan(0);
        // The second supervisor was stopped once the first one's worker ran again.
        expect(queue.events.slice(seen, seen + 4).join()).toMatch(/^(\d) opened,\1 acked,(?!\1)(\d) opened,\2 acked$/);
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
        const some: Record<string, ConnectionOptions> = {
            nobody: {},
            stranger: { cert: ofAlice("stranger-certificate.pem"), key: ofAlice("stranger.pem") },
            ...clients(),
        };
        const served = async (address: string, port: number) => {
            for (const [name, client] of Object.entries(some)) {
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

    test("words are not on the wire", async () => {
        const network = `container:${stack.cluster}-supervisor-1`;
        const run = ["run", "--rm", "--network", network, "--volume", `${__dirname}/capture.py:/capture.py:ro`];
        const image = docker("inspect", "--format", "{{.Config.Image}}", `${stack.cluster}-supervisor-1`);
        // A text's last byte is another one on the wire of a cluster without TLS.
        const capture = ["--entrypoint", "python3", image, "/capture.py", "6700", "50", word.slice(0, -1)];
        // Not at once, as the queue is in this process.
        const { stdout: found } = await promisify(execFile)("docker", [...run, ...capture]);
        expect(found.trim()).toMatch(/^0 of \d{2,}$/);
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
        // Without its only member, a Nimbus answers with an error; once that has restarted, all register again.
        await until("all are registered", 300, async () => {
            const summary = clusterSummary(connect, "172.30.97.33", ports.nimbusTls, stormPem);
            const { nimbuses, supervisors } = await summary.catch(() => ({ nimbuses: [], supervisors: [] }));
            return nimbuses.length === 2 && supervisors.length === 1;
        });
    });

    test("then runs a topology, whose blobs both Nimbus daemons have", async () => {
        expect(await existing.changes()).toEqual([]);
        await counting(existing, "supervisor-1");
        const blobs = (nimbus: string) =>
            inside(existing, nimbus, "find /data/blobs -name data | sed 's/.*wordcount/wordcount/' | sort");
        await until(
            "both have the same blobs",
            300,
            () => blobs("nimbus-1") !== "" && blobs("nimbus-1") === blobs("nimbus-2"),
        );
    });
});
