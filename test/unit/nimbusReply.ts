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

/** Writes a value of a reply: a string, an integer, whether, a list of structures, or a structure by field number. */
export function write(out: thrift.TBinaryProtocol, id: number, value: unknown): void {
    if (typeof value === "string") {
        field(out, Type.STRING, id, () => out.writeString(value));
    } else if (typeof value === "number") {
        field(out, Type.I32, id, () => out.writeI32(value));
    } else if (typeof value === "boolean") {
        field(out, Type.BOOL, id, () => out.writeBool(value));
    } else if (Array.isArray(value)) {
        field(out, Type.LIST, id, () => {
            out.writeListBegin(Type.STRUCT, value.length);
            value.forEach((each: object) => writeStruct(out, each));
            out.writeListEnd();
        });
    } else {
        field(out, Type.STRUCT, id, () => writeStruct(out, value as object));
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
