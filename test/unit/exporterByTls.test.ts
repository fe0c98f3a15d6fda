// The exporter itself runs here, and asks a stand-in for Nimbus by mutual TLS.
import * as fs from "fs";
import * as net from "net";
import * as os from "os";
import * as path from "path";
import * as tls from "tls";
import type { ExporterArgs } from "../../components/monitoring/exporter";
import { certify } from "../../provider/kinds/certificate";
import { stormPem } from "../../provider/nimbus/tlsFiles";
import { startExporter } from "./exporterProcess";
import {
    type Answer,
    type Call,
    clusterSummary,
    framedAnswer,
    hangs,
    startStandIn,
    topologyPage,
} from "./nimbusStandIn";
import { mocked, record, revealed } from "./program";
import { files, startTlsPort } from "./tlsNimbus";

jest.setTimeout(60_000);

const address = "127.0.0.1";
const authority = certify({ name: "authority" });
const another = certify({ name: "another" });
const own = certify({ name: "storm", address }, authority);
const serves = files("nimbus", own, authority);

/** A folder as the exporter's container has it. */
function folderOf({ certificate, key }: typeof own, { certificate: trusted }: typeof own): string {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-exporter-"));
    const contents = { [stormPem.certificate]: certificate, [stormPem.key]: key, [stormPem.authority]: trusted };
    for (const [file, content] of Object.entries(contents)) {
        fs.writeFileSync(path.join(folder, path.basename(file)), content);
    }
    ends.push(() => fs.rmSync(folder, { recursive: true }));
    return folder;
}

const ends: (() => unknown)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

/** Starts a stand-in with a plain and a TLS port. */
async function nimbusOf(answer: (call: Call) => Answer): Promise<{ port: number; tlsPort: number; calls: Call[] }> {
    const { port, calls, stop } = await startStandIn(answer);
    const front = await startTlsPort(serves, port);
    ends.push(stop, front.stop);
    return { port, tlsPort: front.port, calls };
}

async function scrape(ports: number[], folder?: string): Promise<{ text: string; printed: string[] }> {
    const { url, printed, stop } = await startExporter(
        ports.map((port) => `${address}:${port}`),
        folder,
    );
    ends.push(stop);
    const text = await (await fetch(`${url}/metrics`)).text();
    return { text, printed };
}
/** What does not depend on time. */
const lasting = (text: string) => text.replace(/^storm_scrape_duration_seconds .*$/m, "");

const id = "word-count-1";
/** Answers as a Nimbus with a topology. */
const answers =
    (leading: () => { port: number; tlsPort?: number }) =>
    ({ method, window = "" }: Call): Answer =>
        method === "getClusterInfo"
            ? clusterSummary({
                  nimbuses: [
                      { host: "10.0.0.9", port: 6627 },
                      { host: address, ...leading(), leader: true },
                  ],
                  supervisors: [{ host: "10.0.0.4", used: 1 }],
                  topologies: [{ id, name: "word-count" }],
              })
            : topologyPage(id, window, {
                  counts: { emitted: 7, acked: 5 },
                  components: { count: { type: "bolt", counts: { executed: 5 }, latency: 1.5 } },
                  workers: [{ host: "10.0.0.4", port: 6700, uptime: 55 }],
              });

test("it answers what it answers in plain, and the leader is asked at its TLS port, on one connection after the other", async () => {
    const leader = await nimbusOf(answers(() => leader));
    const other = await nimbusOf(answers(() => leader));
    const byTls = await scrape([other.tlsPort], folderOf(own, authority));
    expect(byTls.text).toContain(
        'storm_component_executed_total{topology="word-count",component="count",type="bolt"} 0',
    );
    expect(other.calls.map(({ method }) => method)).toEqual(["getClusterInfo"]);
    expect(leader.calls.map(({ method }) => method)).toEqual(["getTopologyPageInfo", "getTopologyPageInfo"]);
    expect(lasting(byTls.text)).toBe(lasting((await scrape([other.port])).text));
    expect(byTls.printed).toContain("Nimbus answers");
});

test("a leader that has no TLS port yet is passed over", async () => {
    const nimbus = await nimbusOf(answers(() => ({ port: 6627 })));
    const { text, printed } = await scrape([nimbus.tlsPort], folderOf(own, authority));
    expect(text).toContain('storm_worker_uptime_seconds{topology="word-count",host="10.0.0.4",port="6700"} 55');
    expect(printed.at(-1)).toContain("127.0.0.1:0: ");
});

test.each([
    ["a Nimbus whose certificate another authority has signed", own, another, "the server's certificate is refused: "],
    ["a Nimbus that refuses its certificate", certify({ name: "storm" }, another), authority, "refuses this client's"],
    ["files that do not belong together", { ...own, key: another.key }, authority, "storm-key.pem or "],
])("%s is no answer", async (_, pair, trusted, reason) => {
    const nimbus = await nimbusOf(answers(() => nimbus));
    const { text, printed } = await scrape([nimbus.tlsPort], folderOf(pair, trusted));
    expect(text).toContain("\nstorm_up 0\n");
    expect(printed.at(-1)).toContain(reason);
    expect(nimbus.calls).toEqual([]);
});

test("nor is one without TLS, or that does not answer in time; then the next is asked", async () => {
    const plain = net.createServer((socket) => socket.on("error", () => undefined).end("no TLS"));
    await new Promise<void>((resolve) => plain.listen(0, address, resolve));
    ends.push(() => plain.close());
    const silent = await nimbusOf(() => hangs);
    const nimbus = await nimbusOf(answers(() => nimbus));
    const ports = [(plain.address() as net.AddressInfo).port, silent.tlsPort, nimbus.tlsPort];
    const { text, printed } = await scrape(ports, folderOf(own, authority));
    expect(text).toContain("\nstorm_up 1\n");
    expect(printed.at(-1)).toContain("WRONG_VERSION");
    expect(printed.at(-1)).toMatch(new RegExp(`:${silent.tlsPort}: (no answer in time|.*timed out)`));
});

test("nor is one that answers byte by byte without end", async () => {
    const [cert, key, ca] = [own.certificate, own.key, authority.certificate];
    const slow = tls.createServer({ cert, key, ca, requestCert: true }, (socket) => {
        socket.on("error", () => undefined);
        socket.write(Buffer.from([...reply, 11, 0, 0, 0, 0x7f, 0xff, 0xff]));
        const writing = setInterval(() => socket.write("x"), 100);
        socket.on("close", () => clearInterval(writing));
    });
    await new Promise<void>((resolve) => slow.listen(0, address, resolve));
    ends.push(() => slow.close());
    const nimbus = await nimbusOf(answers(() => nimbus));
    const ports = [(slow.address() as net.AddressInfo).port, nimbus.tlsPort];
    const { text, printed } = await scrape(ports, folderOf(own, authority));
    expect(text).toContain("\nstorm_up 1\n");
    expect(printed.at(-1)).toMatch(/no answer in time|timed out/);
});

const reply = [0x80, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0];
const frame = (content: Buffer) => {
    const size = Buffer.alloc(4);
    size.writeInt32BE(content.length);
    return Buffer.concat([size, content]);
};
test.each([
    ["longer than 16 MiB", framedAnswer({ 99: "x".repeat(1 << 24) }), "too long"],
    ["with an unknown type", frame(Buffer.from([...reply, 99, 0, 0])), "not Thrift"],
    ["with a string of a negative length", frame(Buffer.from([...reply, 11, 0, 5, 0xff, 0xff, 0xff, 0xf9])), "closed"],
    [
        "with structures without end",
        frame(Buffer.concat([Buffer.from(reply), Buffer.alloc(30_000, Buffer.from([12, 0, 0]))])),
        "not Thrift",
    ],
])("an answer %s is none", async (_, answer, reason) => {
    const nimbus = await nimbusOf(() => answer);
    const { text, printed } = await scrape([nimbus.tlsPort], folderOf(own, authority));
    expect(text).toContain("\nstorm_up 0\n");
    expect(printed.at(-1)).toContain(reason);
});

describe("its container", () => {
    /** Uploads, command and environment of the container of an exporter. */
    async function containerOf(given?: ExporterArgs["tls"]) {
        const pulumi = await mocked({}, {});
        const resources = record(pulumi);
        const { Exporter } = await import("../../components/monitoring/exporter");
        const docker = { name: "here", owner: pulumi.output("us"), options: {} };
        const host = { address: pulumi.output("10.0.0.1"), docker } as unknown as ExporterArgs["host"];
        const discovery = {
            resolve: () => ({ servers: pulumi.output(["10.0.0.2"]), port: 6629, peers: [] }),
            ...{ peers: () => [], attach: () => ({}), before: () => [] },
        } as unknown as ExporterArgs["discovery"];
        const nimbus = { restarted: [] } as unknown as ExporterArgs["nimbus"];
        const { ready } = new Exporter("e", {
            clusterName: "c",
            host,
            image: "storm",
            nimbus,
            discovery,
            readySeconds: 9,
            tls: given,
        });
        await new Promise((resolve) => ready.urn.apply(resolve));
        return revealed(resources.find(({ name }) => name === "e-container")?.inputs) as {
            command: string[];
            envs: string[];
            uploads: { file: string; content: string }[];
        };
    }
    const program = (file: string) => fs.readFileSync(file, "utf8");

    test("is without TLS as it was: a changed byte would replace that of each stack", async () => {
        const { command, envs, uploads } = await containerOf();
        expect(command).toEqual(["python3", "/exporter.py"]);
        expect(envs).toEqual(["STORM_EXPORTER_NIMBUSES=10.0.0.2:6629", "STORM_EXPORTER_LISTEN=10.0.0.1:9101"]);
        expect(uploads).toEqual([{ file: "/exporter.py", content: program("components/monitoring/exporter.py") }]);
    });

    test("has the files by which it asks by TLS, and what runs with them", async () => {
        const pulumi = await import("@pulumi/pulumi");
        const { command, envs, uploads } = await containerOf({
            files: { [stormPem.key]: pulumi.secret("THE-KEY"), [stormPem.authority]: pulumi.output("an authority") },
        });
        expect(command).toEqual(["python3", "/exporterByTls.py"]);
        expect(envs.at(-1)).toBe("STORM_EXPORTER_TLS=/certificates");
        expect(JSON.stringify([command, envs])).not.toContain("THE-KEY");
        expect(Object.fromEntries(uploads.map(({ file, content }) => [file, content]))).toEqual({
            "/exporter.py": program("components/monitoring/exporter.py"),
            "/exporterByTls.py": program("components/monitoring/exporterByTls.py"),
            "/exchangeByTls.py": program("provider/machines/exchangeByTls.py"),
            "/certificates/storm-key.pem": "THE-KEY",
            "/certificates/storm-authority.pem": "an authority",
        });
    });
});
