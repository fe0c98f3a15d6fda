import { createHash, X509Certificate } from "crypto";

/**
 * Certificates, as PEM, in a trust store of the format JKS, in base64, by the aliases `authority-1`, `authority-2` and so on. The same
 * certificates give the same store. The format is that of sun.security.provider.JavaKeyStore.engineStore, whose numbers are big-endian.
 * In one of the format PKCS #12 without a key, as forge writes it, Java finds no certificate.
 * @param password What Java checks by it is that the file is whole, if it is given one.
 */
export function trustStore(certificates: string[], password: string): string {
    const store = Buffer.concat([
        Buffer.from("feedfeed", "hex"),
        number(2),
        number(certificates.length),
        ...certificates.flatMap((pem, index) => {
            const { raw, validFrom } = new X509Certificate(pem);
            // An entry's date is that of its creation, which nothing reads.
            const date = Buffer.alloc(8);
            date.writeBigInt64BE(BigInt(Date.parse(validFrom)));
            return [number(2), text(`authority-${index + 1}`), date, text("X.509"), number(raw.length), raw];
        }),
    ]);
    const utf16 = Buffer.from(password, "utf16le").swap16();
    const digest = createHash("sha1").update(utf16).update("Mighty Aphrodite").update(store).digest();
    return Buffer.concat([store, digest]).toString("base64");
}

function number(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
}

/** ASCII, as DataOutputStream.writeUTF writes it. */
function text(value: string): Buffer {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16BE(value.length);
    return Buffer.concat([bytes, Buffer.from(value)]);
}
