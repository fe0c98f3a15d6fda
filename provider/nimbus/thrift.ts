import * as thrift from "thrift";
import { replyFields } from "./fields";

/** A Thrift structure that was read: values by field number. A map is read as a list of pairs. */
export interface Struct {
    [field: number]: unknown;
}

/** A value of an argument: a string, a 32-bit integer, whether, a structure by field number, or a map of strings to integers. */
export type Argument = string | number | boolean | { [field: number]: Argument | undefined } | Map<string, number>;

/** A framed call of a method, in the binary protocol; arguments have the field numbers 1, 2 and so on. */
export function thriftCall(method: string, ...args: Argument[]): Buffer {
    let frame: Buffer | undefined;
    const transport = new thrift.TFramedTransport(undefined, (message) => {
        frame = message;
    });
    const protocol = new thrift.TBinaryProtocol(transport, true, true);
    protocol.writeMessageBegin(method, thrift.Thrift.MessageType.CALL, 0);
    writeValue(protocol, Object.fromEntries(args.map((argument, index) => [index + 1, argument])));
    protocol.writeMessageEnd();
    protocol.flush();
    return frame ?? Buffer.alloc(0);
}

/**
 * The value that a call returned, from a reply without its frame's length; undefined where it returns none.
 * @throws Error with what the server says of a call that failed.
 */
export function thriftResult(reply: Buffer): unknown {
    const protocol = new thrift.TBinaryProtocol(new thrift.TFramedTransport(reply));
    const { mtype } = protocol.readMessageBegin();
    const message = readStruct(protocol);
    if (mtype === thrift.Thrift.MessageType.EXCEPTION) {
        throw new Error(`Nimbus: ${String(message[replyFields.exceptionMessage])}`);
    }
    const [declared] = Object.entries(message).filter(([field]) => Number(field) !== replyFields.result);
    if (declared) {
        // Each of Storm's exceptions has its message as its first field.
        throw new Error(`Nimbus: ${String((declared[1] as Struct)[replyFields.exceptionMessage])}`);
    }
    return message[replyFields.result];
}

/** The elements of a list of structures that was read; none where it is absent. */
export function structs(value: unknown): Struct[] {
    return (value ?? []) as Struct[];
}

const { Type } = thrift.Thrift;

function writeValue(protocol: thrift.TBinaryProtocol, value: Argument): void {
    if (typeof value === "string") {
        protocol.writeString(value);
    } else if (typeof value === "number") {
        protocol.writeI32(value);
    } else if (typeof value === "boolean") {
        protocol.writeBool(value);
    } else if (value instanceof Map) {
        protocol.writeMapBegin(Type.STRING, Type.I32, value.size);
        for (const [key, number] of value) {
            protocol.writeString(key);
            protocol.writeI32(number);
        }
        protocol.writeMapEnd();
    } else {
        protocol.writeStructBegin("");
        for (const [field, member] of Object.entries(value)) {
            if (member !== undefined) {
                protocol.writeFieldBegin("", typeOf(member), Number(field));
                writeValue(protocol, member);
                protocol.writeFieldEnd();
            }
        }
        protocol.writeFieldStop();
        protocol.writeStructEnd();
    }
}

function typeOf(value: Argument): thrift.Thrift.Type {
    switch (typeof value) {
        case "string":
            return Type.STRING;
        case "number":
            return Type.I32;
        case "boolean":
            return Type.BOOL;
    }
    return value instanceof Map ? Type.MAP : Type.STRUCT;
}

function readStruct(protocol: thrift.TBinaryProtocol): Struct {
    const struct: Struct = {};
    protocol.readStructBegin();
    for (;;) {
        const { ftype, fid } = protocol.readFieldBegin();
        if (ftype === Type.STOP) {
            return struct;
        }
        struct[fid] = readValue(protocol, ftype);
        protocol.readFieldEnd();
    }
}

function readValue(protocol: thrift.TBinaryProtocol, type: thrift.Thrift.Type): unknown {
    switch (type) {
        case Type.STRUCT:
            return readStruct(protocol);
        case Type.LIST: {
            const { etype, size } = protocol.readListBegin();
            return Array.from({ length: size }, () => readValue(protocol, etype));
        }
        case Type.MAP: {
            const { ktype, vtype, size } = protocol.readMapBegin();
            return Array.from({ length: size }, () => [readValue(protocol, ktype), readValue(protocol, vtype)]);
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
