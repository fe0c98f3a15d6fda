// The program's own client of Nimbus, by mutual TLS: the exchange itself runs here, and asks a stand-in.
import * as fs from "fs";
import * as net from "net";
import * as tls from "tls";
import { certify } from "../../provider/kinds/certificate";
import { check } from "../../provider/kinds/check";
import { dataLocation } from "../../provider/kinds/dataLocation";
import { type Tls, Unanswered } from "../../provider/machines/connector";
import { connectFrom } from "../../provider/machines/container";
import { clusterSummary as ask, killTopology, topologyState } from "../../provider/nimbus/client";
import { leaderOf } from "../../provider/nimbus/leader";
import { stormPem } from "../../provider/nimbus/tlsFiles";
import { type Machine, type Outputs, summaryOf } from "../../scripts/containers";
import { calls, ssh, writeFile } from "./dockerStandIn";
import { Double } from "./nimbusReply";
import { clusterSummary, Raised } from "./nimbusStandIn";
import { expired, files, startTlsNimbus } from "./tlsNimbus";

jest.setTimeout(60_000);

const address = "127.0.0.1";
const container = "nimbus-1";
const connect = connectFrom({ container, ssh });

const authority = certify({ name: "authority" });
const another = certify({ name: "another" });
const ownPair = certify({ name: "storm", address }, authority);
const own = files("own", ownPair, authority);
const foreign = files("foreign", certify({ name: "storm", address }, another), authority);
const old = files("old", expired({ name: "storm", address }, authority), authority);
const elsewhere = files("elsewhere", certify({ name: "storm", address: "10.0.0.1" }, authority), authority);
const nowhere = files("nowhere", certify({ name: address }, authority), authority);

const ends: (() => unknown)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

/** Starts a Nimbus that leads, beside another, and a supervisor is registered with. */
async function leading(serves: Tls = own, results: Record<string, object> = {}, other?: string): Promise<number> {
    const { port, stop } = await startTlsNimbus(serves, (tlsPort) => ({
        getClusterInfo: clusterSummary({
            nimbuses: [
                { host: address, port: 6627, tlsPort, uptime: 0, leader: true },
                ...(other === undefined ? [] : [{ host: other, port: 6627, tlsPort }]),
            ],
            supervisors: [{ host: "10.0.0.9", uptime: 0 }],
            topologies: [{ id: "words-1" }],
        }),
        ...results,
    }));
    ends.push(stop);
    return port;
}

const asked = async (client: Tls, serves?: Tls) => ask(connect, address, await leading(serves), client);

test("a Nimbus answers who has a certificate of its authority, and says the ports of the others' TLS servers", async () => {
    const port = await leading();
    const { nimbuses, supervisors, topologies } = await ask(connect, address, port, own);
    expect(nimbuses).toEqual([{ host: address, port, uptime: 0, leader: true }]);
    expect([supervisors.map(({ host }) => host), topologies.map(({ id }) => id)]).toEqual([["10.0.0.9"], ["words-1"]]);
});

test("one process makes one call after the other", async () => {
    const port = await leading();
    await ask(connect, address, port, own);
    const before = calls();
    await ask(connect, address, port, own);
    await ask(connect, address, port, own);
    expect(calls()).toBe(before);
});

test("a reply has its end where its structure ends, whatever is in it", async () => {
    const info = {
        ...{ 1: "words-1", 2: "words", 3: 100, 4: [{ 2: "count", 3: "10.0.0.9", 4: 6700, 5: 12, 1: { 1: 3, 2: 4 } }] },
        ...{ 5: "ACTIVE", 6: new Map(), 7: new Map([["count", { 1: 1n, 2: new Double(0.5), 3: true }]]) },
        513: "x".repeat(100_000),
    };
    const port = await leading(own, { getTopologyInfo: info });
    const { nimbus } = await leaderOf([{ container, ssh, address, port, tls: own }]);
    expect(await topologyState(nimbus, "words-1")).toMatchObject({
        status: "ACTIVE",
        executors: [{ component: "count", task: 3, tasks: 2, port: 6700 }],
        scheduling: "x".repeat(100_000),
    });
});

test("the leader is called at its TLS port, and what it refuses it says", async () => {
    const port = await leading(own, { killTopologyWithOpts: new Raised(2, "killTopology is not authorized") });
    const { nimbus } = await leaderOf([{ container, ssh, address, port, tls: own }]);
    expect([nimbus.address, nimbus.port]).toEqual([address, port]);
    await expect(killTopology(nimbus, "words")).rejects.toThrow("Nimbus: killTopology is not authorized");
});

test("daemons are ready by what Nimbus says by TLS", async () => {
    const port = await leading();
    const probe = { connect, age: async () => 100, get: () => Promise.reject(new Error("it has no UI")) };
    const supervisor = { kind: "supervisor" as const, address: "10.0.0.9", nimbuses: [address], nimbusPort: port };
    expect(await check({ kind: "nimbus", address, port, tls: own }, probe)).toBeUndefined();
    expect(await check({ ...supervisor, tls: own }, probe)).toBeUndefined();
    expect(await check({ kind: "nimbus", address, port }, probe)).toBeDefined();
    expect(await check(supervisor, probe)).toContain("no Nimbus knows it");
});

test("a Nimbus that moves without its data waits for what another says by TLS", async () => {
    const port = await leading(own, { listBlobs: { 1: [], 2: "session" } }, "10.0.0.1");
    const of = { daemon: "nimbus-2", kind: "zone", address: "10.0.0.1", mayStartEmpty: true, seconds: 5 } as const;
    const moved = dataLocation.update?.(
        { ...of, location: "a", identity: "a", replicas: [] },
        { ...of, location: "b", identity: "b", replicas: [{ container, ssh, address, port, tls: own }] },
    );
    await expect(moved).resolves.toEqual({});
});

test("commands of `make` ask by TLS, with the certificates of Nimbus's container, if the stack's outputs say so", async () => {
    const port = await leading();
    for (const each of ["certificate", "key", "authority"] as const) {
        writeFile(stormPem[each], fs.readFileSync(own[each], "utf8"));
    }
    const machines = [{ ssh, containers: [{ daemon: "nimbus-1", container }] }] as unknown as Machine[];
    const outputs = { nimbusSeeds: [address], nimbusPort: port } as Outputs;
    expect((await summaryOf(machines, { ...outputs, security: "tls" }))?.topologies).toMatchObject([{ id: "words-1" }]);
    expect(await summaryOf(machines, outputs)).toBeUndefined();
});

test("the stand-in refuses who has no certificate", async () => {
    const port = await leading();
    const socket = tls.connect({ host: address, port, ca: authority.certificate });
    const error = await new Promise<Error>((resolve) => socket.once("error", resolve));
    expect(error.message).toContain("alert handshake failure");
});

test.each([
    ["that another authority has signed", foreign, "ALERT_UNKNOWN_CA"],
    ["that has expired", old, "ALERT_CERTIFICATE_EXPIRED"],
])("a client's certificate %s is refused", async (_, client, alert) => {
    const call = asked(client);
    await expect(call).rejects.toThrow(Unanswered);
    await expect(call).rejects.toThrow("the server refuses this client's certificate, or the connection");
    await expect(call).rejects.toThrow(alert);
});

test.each([
    ["that another authority has signed", foreign, "unable to get local issuer"],
    ["that has expired", old, "certificate has expired"],
    ["of another address", elsewhere, "not valid for '127.0.0.1'"],
    ["of no address", nowhere, "not valid for '127.0.0.1'"],
])("a server's certificate %s is refused", async (_, server, reason) => {
    const call = asked(own, server);
    await expect(call).rejects.toThrow(Unanswered);
    await expect(call).rejects.toThrow("the server's certificate is refused: ");
    await expect(call).rejects.toThrow(reason);
});

test("files that are missing or do not belong together are named, and are read again for the next call", async () => {
    const port = await leading();
    const later = files("later", { ...ownPair, key: another.key }, authority);
    const call = () => ask(connect, address, port, later);
    await expect(call()).rejects.toThrow(
        `${later.certificate}, ${later.key} or ${later.authority} cannot be used: [X509: KEY_VALUES_MISMATCH]`,
    );
    fs.rmSync(later.key);
    await expect(call()).rejects.toThrow("cannot be used: [Errno 2] No such file");
    files("later", ownPair, authority);
    expect((await call()).nimbuses).toHaveLength(1);
});

test("who does not speak TLS, closes the connection or does not listen is an error", async () => {
    const plain = net.createServer((socket) => socket.on("error", () => undefined).end("no TLS"));
    ends.push(() => plain.close());
    await new Promise<void>((resolve) => plain.listen(0, address, resolve));
    await expect(ask(connect, address, (plain.address() as net.AddressInfo).port, own)).rejects.toThrow(
        "WRONG_VERSION",
    );
    const port = await leading();
    await expect(
        killTopology((await leaderOf([{ container, ssh, address, port, tls: own }])).nimbus, "a"),
    ).rejects.toThrow("the connection was closed without an answer");
    await expect(ask(connect, address, 1, own)).rejects.toThrow("refused");
});

test("a server that does not answer is given up", async () => {
    const silent = net.createServer(() => undefined);
    ends.push(() => silent.close());
    await new Promise<void>((resolve) => silent.listen(0, address, resolve));
    await expect(ask(connect, address, (silent.address() as net.AddressInfo).port, own)).rejects.toThrow(
        "no answer within",
    );
});
