import * as forge from "node-forge";

/** A certificate and its private key, as PEM. */
export interface Pair {
    certificate: string;
    key: string;
}

/** A certificate and its key in a key store of the format PKCS #12, in base64. */
export function keyStore({ certificate, key }: Pair, password: string): string {
    const store = forge.pkcs12.toPkcs12Asn1(
        forge.pki.privateKeyFromPem(key),
        [forge.pki.certificateFromPem(certificate)],
        password,
        { algorithm: "aes256" },
    );
    return Buffer.from(forge.asn1.toDer(store).getBytes(), "binary").toString("base64");
}
