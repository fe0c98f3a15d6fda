// A cluster whose Nimbus is switched to TLS: what the update makes of resources that the stack has already, and that each kind asks by TLS.
import { activation } from "../../provider/kinds/activation";
import { certify } from "../../provider/kinds/certificate";
import { drain } from "../../provider/kinds/drain";
import { kinds } from "../../provider/kinds";
import { kill } from "../../provider/kinds/kill";
import { ready } from "../../provider/kinds/ready";
import { restartGate } from "../../provider/kinds/restartGate";
import { submission } from "../../provider/kinds/submission";
import { stormPem } from "../../provider/nimbus/tlsFiles";
import { StormProvider } from "../../provider/provider";
import type { NimbusContainer } from "../../provider/schema";
import { contentOf, type Inputs } from "../../provider/topologies/onCluster";
import { setContainers, ssh, writeFile } from "./containersStandIn";
import { clusterSummary, startStandIn } from "./nimbusStandIn";
import { files, startTlsPort } from "./tlsNimbus";

jest.setTimeout(60_000);

describe("a resource that exists is not replaced by TLS:", () => {
    const provider = new StormProvider("0.1.0", kinds);
    const urn = (kind: string) => `urn:pulumi:test::storm::storm:index:${kind}::a`;
    const plain = { port: 6627 };
    const byTls = { port: 6629, tls: stormPem };
    type At = typeof plain | typeof byTls;

    const nimbuses = (at: At) => [{ container: "nimbus-1", address: "10.0.0.1", ...at }];
    const nimbusCheck = (at: At) => ({ kind: "nimbus", address: "10.0.0.1", ...at });
    const supervisorCheck = ({ port, ...tls }: At) => ({
        ...{ kind: "supervisor", address: "10.0.0.2", nimbuses: ["10.0.0.1"], nimbusPort: port, ...tls },
    });
    const gate = (check: object) => ({
        ...{ daemon: "a", container: "a", containerId: "id", check, seconds: 9, logFiles: [] },
    });
    const topology = (at: At) => ({
        ...{ topology: "words", sha256: "0".repeat(64), mainClass: "a.Main", arguments: [], configuration: [] },
        ...{ parallelism: {}, seconds: 9, owner: "us", nimbuses: nimbuses(at), image: "storm", supervisors: [] },
        client: { container: "nimbus-1", seeds: ["10.0.0.1"], port: at.port },
    });

    test.each<[string, (at: At) => object, object, boolean]>([
        ["Ready", (at) => gate(nimbusCheck(at)), {}, true],
        ["Ready", (at) => gate(supervisorCheck(at)), {}, true],
        [
            "RestartGate",
            (at) => ({
                before: [{ daemon: "a", container: "a", containerId: "id", check: supervisorCheck(at) }],
                nimbuses: nimbuses(at),
                seconds: 9,
            }),
            {},
            // It looks at those alone that were restarted.
            false,
        ],
        [
            "Drain",
            (at) => ({ daemon: "a", container: "a", address: "10.0.0.2", nimbuses: nimbuses(at), seconds: 9 }),
            {},
            true,
        ],
        ["NimbusShutdown", (at) => ({ nimbuses: nimbuses(at) }), {}, true],
        [
            "DataLocation",
            (at) => ({
                ...{ daemon: "nimbus-2", kind: "zone", location: "a", identity: "a", address: "10.0.0.3" },
                ...{ mayStartEmpty: false, replicas: nimbuses(at), seconds: 9 },
            }),
            {},
            // Only one that moves asks them.
            false,
        ],
        [
            "Activation",
            (at) => ({ image: "storm", nimbuses: nimbuses(at), supervisors: [], seconds: 9 }),
            {},
            // A refresh looks at their containers alone.
            false,
        ],
        ["Submission", topology, { content: contentOf(topology(plain)), drift: "", shortfall: "" }, true],
        [
            "Kill",
            (at) => ({ topology: "words", owner: "us", seconds: 9, nimbuses: nimbuses(at) }),
            { owners: ["us"] },
            true,
        ],
    ])("%s", async (kind, inputs, extra, changes) => {
        const [olds, news] = [{ ...inputs(plain), ...extra }, { ...inputs(byTls) }];
        expect((await provider.check(urn(kind), inputs(plain) as never, news)).failures).toEqual([]);
        expect(await provider.diff("a", urn(kind), olds, news)).toMatchObject({ changes, replaces: [] });
        const back = await provider.diff("a", urn(kind), { ...inputs(byTls), ...extra }, { ...inputs(plain) });
        expect(back).toMatchObject({ changes, replaces: [] });
    });
});

describe("a Nimbus that answers by TLS alone is asked by", () => {
    const address = "127.0.0.1";
    const supervisor = "127.0.0.2";
    const other = "127.0.0.3";
    const id = "words-1";
    const authority = certify({ name: "authority" });
    const tls = files("kinds", certify({ name: "storm", address }, authority), authority);
    const ends: (() => void)[] = [];
    let port: number;
    let asked: () => string[];
    /** What the topology is, where its worker is, and for how many seconds. */
    let status: string;
    let host: string;
    let uptime: number;

    beforeAll(async () => {
        const answers: Record<string, () => object> = {
            getClusterInfo: () => {
                const topologies = status === "" ? [] : [{ id, name: "words", status }];
                status = status === "KILLED" ? "" : status;
                return clusterSummary({
                    nimbuses: [{ host: address, port: 6627, tlsPort: port, uptime: 0, leader: true }],
                    supervisors: [supervisor, other].map((each) => ({ host: each, uptime: 0 })),
                    topologies,
                });
            },
            getTopologyInfo: () => ({
                ...{ 1: id, 2: "words", 3: 100, 5: status },
                4: [{ 1: { 1: 1, 2: 1 }, 2: "count", 3: host, 4: 6700, 5: (uptime += 10) }],
            }),
            getTopologyConf: () => text({ "topology.message.timeout.secs": 0, "pulumi.owner": "us", ...mark() }),
            getNimbusConf: () => text({}),
            killTopologyWithOpts: () => done(() => (status = "KILLED")),
            activate: () => done(() => (status = "ACTIVE")),
        };
        const nimbus = await startStandIn(({ method }) => answers[method]?.() ?? {});
        const front = await startTlsPort(tls, nimbus.port);
        ends.push(front.stop, nimbus.stop);
        port = front.port;
        asked = () => [...new Set(nimbus.calls.splice(0).map(({ method }) => method))];
    });
    afterAll(() => ends.forEach((end) => end()));
    beforeEach(() => {
        [status, host, uptime] = ["ACTIVE", supervisor, 0];
        setContainers({ "nimbus-1": "running", "supervisor-1": "running" });
        asked();
    });
    const text = (configuration: object) => JSON.stringify(configuration) as unknown as object;
    const done = (act: () => unknown) => {
        act();
        return {};
    };
    const mark = () => ({ "pulumi.content": contentOf(topology()) });
    const nimbuses = (): NimbusContainer[] => [{ container: "nimbus-1", ssh, address, port, tls }];
    const topology = (): Inputs => ({
        ...{ topology: "words", sha256: "0a", mainClass: "a.Main", arguments: [], configuration: [], parallelism: {} },
        ...{ seconds: 20, owner: "us", nimbuses: nimbuses(), client: { container: "nimbus-1", ssh, seeds: [], port } },
        ...{ image: "storm", supervisors: [] },
    });
    const found = () => ({ content: contentOf(topology()), drift: "", shortfall: "" });
    const at = { daemon: "supervisor-1", container: "supervisor-1", ssh };

    test("a gate", async () => {
        const check = { kind: "supervisor" as const, address: supervisor, nimbuses: [address], nimbusPort: port, tls };
        await ready.create?.({ ...at, containerId: "a", check, seconds: 20, logFiles: [] });
        expect(asked()).toEqual(["getClusterInfo"]);
    });

    test("a restart gate", async () => {
        const check = { kind: "supervisor" as const, address: supervisor, nimbuses: [address], nimbusPort: port, tls };
        const inputs = { before: [{ ...at, containerId: "a", check }], nimbuses: nimbuses(), seconds: 20 };
        await restartGate.update?.({ ...inputs, before: [] }, inputs);
        expect(asked().sort()).toEqual(["getClusterInfo", "getNimbusConf", "getTopologyInfo"]);
    });

    test("a drain, until the work is elsewhere", async () => {
        const draining = drain.delete?.({ ...at, address: supervisor, nimbuses: nimbuses(), seconds: 20 });
        const moving = setInterval(() => (host = uptime >= 20 ? other : host), 50);
        await draining;
        clearInterval(moving);
        expect(asked().sort()).toEqual(["getClusterInfo", "getNimbusConf", "getTopologyConf", "getTopologyInfo"]);
    });

    test("a topology's resource, which the switch itself makes no other of", async () => {
        const olds = { ...topology(), nimbuses: [{ container: "nimbus-1", ssh, address, port: 1 }], ...found() };
        expect(await submission.update?.(olds, topology())).toEqual({ owner: "us", ...found() });
        expect(asked().sort()).toEqual(["getClusterInfo", "getTopologyConf"]);
    });

    test("a topology's resource, which kills it", async () => {
        await submission.delete?.({ ...topology(), ...found() });
        expect([status, asked()]).toEqual(["", ["getClusterInfo", "getTopologyConf", "killTopologyWithOpts"]]);
    });

    test("what kills a topology where all goes", async () => {
        await kill.delete?.({ topology: "words", owner: "us", owners: ["us"], seconds: 20, nimbuses: nimbuses() });
        expect([status, asked()]).toEqual(["", ["getClusterInfo", "getTopologyConf", "killTopologyWithOpts"]]);
    });

    test("the end of a change of Storm's major version", async () => {
        status = "INACTIVE";
        writeFile("nimbus-1", "data/topologies-to-activate", "words\n", 1);
        const activating = activation.create?.({ image: "storm", nimbuses: nimbuses(), supervisors: [], seconds: 20 });
        // The stand-in for Docker runs nothing beside a container: that would end the change.
        await expect(activating).rejects.toThrow(/unexpected: (container inspect|run)/);
        expect(asked()).toContain("activate");
        expect(status).toBe("ACTIVE");
    });
});
