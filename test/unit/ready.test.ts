import * as thrift from "thrift";
import { check as checkProbe, type Probe } from "../../provider/kinds/check";
import type { Connect } from "../../provider/machines/container";
import { rareBlobs } from "../../provider/nimbus/client";
import type { ReadyCheck } from "../../provider/schema";
import { field, reply } from "./nimbusReply";

const refused = () => Promise.reject(new Error("connection refused"));

/** Checks a container that has run for 10 seconds. */
const check = (wanted: ReadyCheck, connect: Connect, get: Probe["get"] = refused) =>
    checkProbe(wanted, { connect, get, age: () => Promise.resolve(10) });

const serving = "Zookeeper version: 3.9.5\nMode: follower\n";
const waiting = "This ZooKeeper instance is not currently serving requests\n";

describe("a ZooKeeper member", () => {
    const members = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
    const checkMember = (answers: Record<string, string>, member = 0) =>
        check({ kind: "zookeeper", port: 2181, member, members }, (address) =>
            address in answers ? Promise.resolve(Buffer.from(answers[address] ?? "")) : refused(),
        );

    test("that does not answer is not ready", async () => {
        expect(await checkMember({ "10.0.0.2": serving })).toBe("it does not answer on port 2181");
    });
    test("passes when it is the first of a new ensemble, which cannot serve yet", async () => {
        expect(await checkMember({ "10.0.0.1": waiting })).toBeUndefined();
    });
    test("has to join where enough members answer for a quorum", async () => {
        expect(await checkMember({ "10.0.0.1": waiting, "10.0.0.2": serving })).toBe(
            "it has not joined the ensemble, of which 2 of 3 members answer",
        );
        expect(await checkMember({ "10.0.0.1": serving, "10.0.0.2": serving })).toBeUndefined();
    });
    test("with which a majority is there has to join, or those that start empty could be one without those that have the data", async () => {
        expect(await checkMember({ "10.0.0.2": waiting }, 1)).toBe("it has not joined the ensemble");
        expect(await checkMember({ "10.0.0.2": serving }, 1)).toBeUndefined();
    });
    test.each([serving, ""])("does not wait for others where its own answer says enough: %j", async (own) => {
        const connect: Connect = (address) =>
            address === "10.0.0.1" ? Promise.resolve(Buffer.from(own)) : new Promise(() => undefined);
        const lacking = await check({ kind: "zookeeper", port: 2181, member: 0, members }, connect);
        expect(lacking).toBe(own ? undefined : "it does not answer on port 2181");
    });
    test("that is the only one has to serve", async () => {
        const alone = (answer: string) =>
            check({ kind: "zookeeper", port: 2181, member: 0, members: ["10.0.0.1"] }, async () => Buffer.from(answer));
        expect(await alone(waiting)).toContain("has not joined");
        expect(await alone(serving)).toBeUndefined();
    });
});

describe("by Nimbus's word,", () => {
    const nimbusAt =
        (summary: Summary): Connect =>
        async (address, port, request, reply) => {
            expect([port, reply, request.toString("latin1").includes("getClusterInfo")]).toEqual([6627, 4, true]);
            return address === "10.0.0.8" ? refused() : encode(summary);
        };

    test("a Nimbus is ready once it is registered and one leads", async () => {
        const ready = (nimbuses: Summary["nimbuses"]) =>
            check({ kind: "nimbus", address: "10.0.0.9", port: 6627 }, nimbusAt({ nimbuses, supervisors: [] }));
        expect(await ready([])).toBe("it is not registered with ZooKeeper");
        expect(await ready([{ host: "10.0.0.7", leader: true }])).toBe("it is not registered with ZooKeeper");
        expect(await ready([{ host: "10.0.0.9", leader: false }])).toBe("no Nimbus leads");
        expect(
            await ready([
                { host: "10.0.0.7", leader: true },
                { host: "10.0.0.9", leader: false },
            ]),
        ).toBeUndefined();
    });

    test("a supervisor is ready once a Nimbus knows it, though another is down", async () => {
        const ready = (supervisors: string[], nimbuses: string[]) =>
            check(
                { kind: "supervisor", address: "10.0.0.21", nimbuses, nimbusPort: 6627 },
                nimbusAt({ nimbuses: [], supervisors }),
            );
        expect(await ready(["10.0.0.22"], ["10.0.0.9"])).toBe("no Nimbus knows it");
        expect(await ready([], ["10.0.0.8"])).toBe("no Nimbus knows it; Error: connection refused");
        expect(await ready(["10.0.0.22", "10.0.0.21"], ["10.0.0.8", "10.0.0.9"])).toBeUndefined();
    });

    test("a registration that is older than the container is that of one before", async () => {
        const old = nimbusAt({
            nimbuses: [{ host: "10.0.0.9", leader: true }],
            supervisors: ["10.0.0.21"],
            uptime: 30,
        });
        expect(await check({ kind: "nimbus", address: "10.0.0.9", port: 6627 }, old)).toBe(
            "it is not registered with ZooKeeper",
        );
        const supervisor: ReadyCheck = {
            kind: "supervisor",
            address: "10.0.0.21",
            nimbuses: ["10.0.0.9"],
            nimbusPort: 6627,
        };
        expect(await check(supervisor, old)).toBe("no Nimbus knows it");
    });
});

test("a supervisor with a logviewer needs both", async () => {
    const answering =
        (logviewer: boolean): Connect =>
        (_address, port) => {
            const summary = encode({ nimbuses: [], supervisors: ["10.0.0.21"] });
            return port === 6627 || logviewer ? Promise.resolve(summary) : refused();
        };
    const supervisor: ReadyCheck = {
        kind: "supervisor",
        address: "10.0.0.21",
        nimbuses: ["10.0.0.9"],
        nimbusPort: 6627,
        logviewerPort: 8000,
    };
    expect(await check(supervisor, answering(false))).toBe(
        "its logviewer does not answer on port 8000: connection refused",
    );
    expect(await check(supervisor, answering(true))).toBeUndefined();
});

test("a port is ready once it accepts connections", async () => {
    const reason = "it does not answer on port 8080: connection refused";
    expect(await check({ kind: "port", address: "10.0.0.5", port: 8080 }, refused)).toBe(reason);
    expect(await check({ kind: "port", address: "10.0.0.5", port: 8080 }, async () => Buffer.alloc(0))).toBeUndefined();
});

test("a page is ready once it is there", async () => {
    const page: ReadyCheck = { kind: "http", url: "http://10.0.0.5:9100/" };
    const reason = "it does not answer at http://10.0.0.5:9100/: connection refused";
    expect(await check(page, refused, refused)).toBe(reason);
    expect(await check(page, refused, () => Promise.resolve(""))).toBeUndefined();
});

test("blobs that too few Nimbus daemons have are told, from all of Nimbus's list", async () => {
    const pages: Record<string, string[]> = {
        "": ["a-stormjar.jar", "a-stormcode.ser"],
        page2: ["b-stormjar.jar"],
        page3: [],
    };
    const replication: Record<string, number> = { "a-stormjar.jar": 2, "a-stormcode.ser": 1, "b-stormjar.jar": 1 };
    const next: Record<string, string> = { "": "page2", page2: "page3", page3: "" };
    const nimbus: Connect = async (_address, _port, request) => {
        const protocol = new thrift.TBinaryProtocol(new thrift.TFramedTransport(request.subarray(4)));
        const { fname } = protocol.readMessageBegin();
        protocol.readStructBegin();
        protocol.readFieldBegin();
        const argument = protocol.readString();
        expect(["listBlobs", "getBlobReplication"]).toContain(fname);
        return fname === "getBlobReplication"
            ? reply((out) => field(out, thrift.Thrift.Type.I32, 0, () => out.writeI32(replication[argument] ?? 0)))
            : reply((out) =>
                  field(out, thrift.Thrift.Type.STRUCT, 0, () => {
                      field(out, thrift.Thrift.Type.LIST, 1, () => {
                          out.writeListBegin(thrift.Thrift.Type.STRING, pages[argument]?.length ?? 0);
                          pages[argument]?.forEach((key) => out.writeString(key));
                      });
                      field(out, thrift.Thrift.Type.STRING, 2, () => out.writeString(next[argument] ?? ""));
                      out.writeFieldStop();
                  }),
              );
    };
    expect(await rareBlobs(nimbus, "10.0.0.9", 6627, 2)).toEqual(["a-stormcode.ser", "b-stormjar.jar"]);
});

interface Summary {
    nimbuses: { host: string; leader: boolean }[];
    supervisors: string[];
    /** Seconds for which each has run; default: 5. */
    uptime?: number;
}

/** What Nimbus says of its cluster, with the fields in which Storm surrounds those that are asked for. */
function encode(summary: Summary): Buffer {
    const { Type } = thrift.Thrift;
    return reply((out) => {
        const list = <T>(items: T[], write: (item: T) => void) => {
            out.writeListBegin(Type.STRUCT, items.length);
            for (const item of items) {
                write(item);
                out.writeFieldStop();
            }
            out.writeListEnd();
        };
        field(out, Type.STRUCT, 0, () => {
            field(out, Type.LIST, 1, () =>
                list(summary.supervisors, (host) => {
                    field(out, Type.STRING, 1, () => out.writeString(host));
                    field(out, Type.I32, 2, () => out.writeI32(summary.uptime ?? 5));
                    field(out, Type.I32, 3, () => out.writeI32(4));
                    field(out, Type.MAP, 7, () => {
                        out.writeMapBegin(Type.STRING, Type.DOUBLE, 1);
                        out.writeString("cpu");
                        out.writeDouble(400);
                        out.writeMapEnd();
                    });
                }),
            );
            field(out, Type.LIST, 3, () => list([], () => undefined));
            field(out, Type.LIST, 4, () =>
                list(summary.nimbuses, ({ host, leader }) => {
                    field(out, Type.STRING, 1, () => out.writeString(host));
                    field(out, Type.I32, 3, () => out.writeI32(summary.uptime ?? 5));
                    field(out, Type.BOOL, 4, () => out.writeBool(leader));
                }),
            );
            out.writeFieldStop();
        });
    });
}
