/** Replies as a Nimbus writes them. */
import * as net from "net";
import * as thrift from "thrift";
import { replyFields } from "../../provider/nimbus/fields";

const { Type } = thrift.Thrift;

/** A framed reply, with what `write` writes into its structure. */
export function framed(write: (out: thrift.TBinaryProtocol) => void): Buffer {
    let frame = Buffer.alloc(0);
    const out = new thrift.TBinaryProtocol(
        new thrift.TFramedTransport(undefined, (message) => void (frame = message as never)),
    );
    out.writeMessageBegin("", thrift.Thrift.MessageType.REPLY, 0);
    write(out);
    out.writeFieldStop();
    out.writeMessageEnd();
    out.flush();
    return frame;
}

/** The same, without its frame's length. */
export function reply(write: (out: thrift.TBinaryProtocol) => void): Buffer {
    return framed(write).subarray(4);
}

/** Writes a field of a type; `write` writes its value. */
export function field(out: thrift.TBinaryProtocol, type: thrift.Thrift.Type, id: number, write: () => void): void {
    out.writeFieldBegin("", type, id);
    write();
    out.writeFieldEnd();
}

/** A double of a reply: a number is an integer of 32 bits there. */
export class Double {
    constructor(readonly value: number) {}
}

/**
 * Writes a value of a reply: a string, an integer of 32 bits, one of 64 (a bigint), a double, whether, a list of structures, a map from
 * strings to values of one type, or a structure by field number.
 */
export function write(out: thrift.TBinaryProtocol, id: number, value: unknown): void {
    field(out, typeOf(value), id, () => writeValue(out, value));
}

function typeOf(value: unknown): thrift.Thrift.Type {
    switch (typeof value) {
        case "string":
            return Type.STRING;
        case "number":
            return Type.I32;
        case "bigint":
            return Type.I64;
        case "boolean":
            return Type.BOOL;
    }
    if (value instanceof Double) {
        return Type.DOUBLE;
    }
    return Array.isArray(value) ? Type.LIST : value instanceof Map ? Type.MAP : Type.STRUCT;
}

function writeValue(out: thrift.TBinaryProtocol, value: unknown): void {
    if (typeof value === "string") {
        out.writeString(value);
    } else if (typeof value === "number") {
        out.writeI32(value);
    } else if (typeof value === "bigint") {
        out.writeI64(Number(value));
    } else if (typeof value === "boolean") {
        out.writeBool(value);
    } else if (value instanceof Double) {
        out.writeDouble(value.value);
    } else if (Array.isArray(value)) {
        out.writeListBegin(Type.STRUCT, value.length);
        value.forEach((each: object) => writeStruct(out, each));
        out.writeListEnd();
    } else if (value instanceof Map) {
        const [first] = value.values() as Iterable<unknown>;
        out.writeMapBegin(Type.STRING, typeOf(first), value.size);
        for (const [key, each] of value as Map<string, unknown>) {
            out.writeString(key);
            writeValue(out, each);
        }
        out.writeMapEnd();
    } else {
        writeStruct(out, value as object);
    }
}

function writeStruct(out: thrift.TBinaryProtocol, struct: object): void {
    Object.entries(struct).forEach(([id, value]) => write(out, Number(id), value));
    out.writeFieldStop();
}

/**
 * Starts a Nimbus on a port of this machine, which answers each method by what `answer` returns for it and its words.
 * @returns Its port, and what stops it.
 */
export async function startNimbus(
    answer: (method: string, words: string) => unknown,
): Promise<{ port: number; stop: () => void }> {
    const server = net.createServer((socket) => {
        socket.once("data", (data) => {
            const method = data.toString("latin1", 12, 12 + data.readInt32BE(8));
            const result = answer(method, data.toString("latin1"));
            socket.end(framed((out) => result !== undefined && write(out, replyFields.result, result)));
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { port: (server.address() as net.AddressInfo).port, stop: () => server.close() };
}
