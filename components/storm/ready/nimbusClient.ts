import * as thrift from "thrift";
import type { Dial } from "./container";

/** What Nimbus tells of its cluster; uptimes are in seconds. */
export interface ClusterSummary {
    nimbuses: { host: string; port: number; uptime: number; leader: boolean }[];
    /** Uptimes are those of the last heartbeat. */
    supervisors: { host: string; uptime: number; slots: number; usedSlots: number }[];
    topologies: { name: string; status: string; workers: number }[];
}

/**
 * Asks a Nimbus for the state of its cluster, by Thrift: any Nimbus answers, in every version of Storm, with or without
 * a UI.
 * @throws Error when it does not answer.
 */
export async function clusterSummary(dial: Dial, address: string, port: number): Promise<ClusterSummary> {
    // Field numbers are those of storm.thrift: ClusterSummary, NimbusSummary, SupervisorSummary, TopologySummary.
    const summary = result(await dial(address, port, call("getClusterInfo"), "frame")) as Struct;
    return {
        nimbuses: list(summary[4]).map((nimbus) => ({
            host: String(nimbus[1]),
            port: Number(nimbus[2]),
            uptime: Number(nimbus[3]),
            leader: nimbus[4] === true,
        })),
        supervisors: list(summary[1]).map((supervisor) => ({
            host: String(supervisor[1]),
            uptime: Number(supervisor[2]),
            slots: Number(supervisor[3]),
            usedSlots: Number(supervisor[4]),
        })),
        topologies: list(summary[3]).map((topology) => ({
            name: String(topology[2]),
            status: String(topology[7]),
            workers: Number(topology[5]),
        })),
    };
}

/**
 * Keys of a Nimbus's blobs (jars, code and configuration of topologies) that fewer Nimbus daemons have than `count`.
 * @throws Error when it does not answer.
 */
export async function rareBlobs(dial: Dial, address: string, port: number, count: number): Promise<string[]> {
    const ask = async (method: string, argument: string) => result(await dial(address, port, call(method, argument), "frame"));
    const rare: string[] = [];
    // Field numbers are those of ListBlobsResult. The list comes in parts, of which an empty one is the last.
    let session = "";
    for (;;) {
        const listed = (await ask("listBlobs", session)) as Struct;
        const keys = (listed[1] ?? []) as string[];
        if (keys.length === 0) {
            return rare;
        }
        for (const key of keys) {
            if (Number(await ask("getBlobReplication", key)) < count) {
                rare.push(key);
            }
        }
        session = String(listed[2]);
    }
}

/** A Thrift structure: values by field number. */
interface Struct {
    [field: number]: unknown;
}

function list(value: unknown): Struct[] {
    return (value ?? []) as Struct[];
}

/** A framed call, in the binary protocol, of a method without arguments or with a string as its first. */
function call(method: string, argument?: string): Buffer {
    let frame: Buffer | undefined;
    const transport = new thrift.TFramedTransport(undefined, (message) => {
        frame = message;
    });
    const protocol = new thrift.TBinaryProtocol(transport, true, true);
    protocol.writeMessageBegin(method, thrift.Thrift.MessageType.CALL, 0);
    protocol.writeStructBegin("args");
    if (argument !== undefined) {
        protocol.writeFieldBegin("argument", thrift.Thrift.Type.STRING, 1);
        protocol.writeString(argument);
        protocol.writeFieldEnd();
    }
    protocol.writeFieldStop();
    protocol.writeStructEnd();
    protocol.writeMessageEnd();
    protocol.flush();
    return frame ?? Buffer.alloc(0);
}

/** The value that a call returned, from a reply without its frame's length. */
function result(reply: Buffer): unknown {
    const protocol = new thrift.TBinaryProtocol(new thrift.TFramedTransport(reply));
    const { mtype } = protocol.readMessageBegin();
    const message = readStruct(protocol);
    if (mtype === thrift.Thrift.MessageType.EXCEPTION) {
        throw new Error(`Nimbus: ${String(message[1])}`);
    }
    return message[0];
}

function readStruct(protocol: thrift.TBinaryProtocol): Struct {
    const struct: Struct = {};
    protocol.readStructBegin();
    for (;;) {
        const { ftype, fid } = protocol.readFieldBegin();
        if (ftype === thrift.Thrift.Type.STOP) {
            return struct;
        }
        struct[fid] = readValue(protocol, ftype);
        protocol.readFieldEnd();
    }
}

function readValue(protocol: thrift.TBinaryProtocol, type: thrift.Thrift.Type): unknown {
    const { Type } = thrift.Thrift;
    switch (type) {
        case Type.STRUCT:
            return readStruct(protocol);
        case Type.LIST: {
            const { etype, size } = protocol.readListBegin();
            return Array.from({ length: size }, () => readValue(protocol, etype));
        }
        case Type.STRING:
            return protocol.readString();
        case Type.BOOL:
            return protocol.readBool();
        case Type.I32:
            return protocol.readI32();
        case Type.I64:
            return Number(protocol.readI64());
        case Type.DOUBLE:
            return protocol.readDouble();
        default:
            protocol.skip(type);
            return undefined;
    }
}
