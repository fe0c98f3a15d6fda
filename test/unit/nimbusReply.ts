/** Replies as a Nimbus writes them. */
import * as thrift from "thrift";

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
