import * as forge from "node-forge";

const { Class, Type, create, oidToDer, toDer } = forge.asn1;

/** A part of a structure in ASN.1. */
export type Asn1 = forge.asn1.Asn1;

export const sequence = (...parts: Asn1[]): Asn1 => create(Class.UNIVERSAL, Type.SEQUENCE, true, parts);
export const oid = (dotted: string): Asn1 => create(Class.UNIVERSAL, Type.OID, false, oidToDer(dotted).getBytes());
export const octets = (bytes: Buffer): Asn1 =>
    create(Class.UNIVERSAL, Type.OCTETSTRING, false, bytes.toString("latin1"));
export const integer = (bytes: Buffer): Asn1 => create(Class.UNIVERSAL, Type.INTEGER, false, bytes.toString("latin1"));
/** Whole bytes. */
export const bits = (bytes: Buffer): Asn1 =>
    create(Class.UNIVERSAL, Type.BITSTRING, false, `\0${bytes.toString("latin1")}`);
export const nothing = (): Asn1 => create(Class.UNIVERSAL, Type.NULL, false, "");
/** One whose tag says which part of a structure it is: `[0]`. */
export const tagged = (tag: number, part: Asn1): Asn1 => create(Class.CONTEXT_SPECIFIC, tag, true, [part]);

/** DER, as bytes. */
export function encoded(part: Asn1): Buffer {
    return Buffer.from(toDer(part).getBytes(), "latin1");
}

/** What DER says. */
export function decoded(der: Buffer): Asn1 {
    return forge.asn1.fromDer(der.toString("latin1"));
}

/** The parts of a structure. */
export function partsOf({ value }: Asn1): Asn1[] {
    return value as Asn1[];
}

/** The content of a part that has no parts. */
export function bytesOf({ value }: Asn1): Buffer {
    return Buffer.from(value as string, "latin1");
}
