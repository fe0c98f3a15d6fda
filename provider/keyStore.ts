import { randomBytes, X509Certificate } from "crypto";
import * as forge from "node-forge";
import { type Asn1, bytesOf, decoded, encoded, integer, nothing, octets, oid, partsOf, sequence, tagged } from "./der";
import { certificatesIn } from "./pem";

/** A certificate and its private key, as PEM. */
export interface Pair {
    certificate: string;
    key: string;
}

/**
 * A certificate and its key in a key store of the format PKCS #12, in base64.
 * @param chain Certificates above it, as PEM, that the store has too; default: none.
 */
export function keyStore({ certificate, key }: Pair, password: string, chain = ""): string {
    const store = forge.pkcs12.toPkcs12Asn1(
        forge.pki.privateKeyFromPem(key),
        [forge.pki.certificateFromPem(certificate)],
        password,
        { algorithm: "aes256", useMac: chain === "" },
    );
    return encoded(chain === "" ? store : withChain(store, chain, password)).toString("base64");
}

/** Adds certificates to a store without a MAC, as they are, which forge does with those alone that RSA has signed; and the MAC. */
function withChain(store: Asn1, chain: string, password: string): Asn1 {
    const [version, content] = partsOf(store) as [Asn1, Asn1];
    const [, own] = partsOf(content) as [Asn1, Asn1];
    const safe = decoded(bytesOf(partsOf(own)[0] as Asn1));
    const added = certificatesIn(chain).map((each) => {
        const { raw } = new X509Certificate(each);
        return sequence(oid(pki.certBag), tagged(0, sequence(oid(pki.x509Certificate), tagged(0, octets(raw)))));
    });
    const whole = encoded(sequence(...partsOf(safe), data(encoded(sequence(...added)))));
    const [salt, iterations] = [randomBytes(8), 2048];
    const macKey = forge.pkcs12.generateKey(password, bufferOf(salt), 3, iterations, 20);
    const hmac = forge.hmac.create();
    hmac.start("sha1", macKey);
    hmac.update(whole.toString("latin1"));
    const mac = Buffer.from(hmac.getMac().getBytes(), "latin1");
    return sequence(
        version,
        data(whole),
        sequence(
            sequence(sequence(oid(pki.sha1), nothing()), octets(mac)),
            octets(salt),
            integer(Buffer.from([iterations >> 8, iterations & 255])),
        ),
    );
}

const pki = forge.pki.oids as Record<"certBag" | "x509Certificate" | "data" | "sha1", string>;

/** Content of the type `data`, of PKCS #7. */
function data(content: Buffer): Asn1 {
    return sequence(oid(pki.data), tagged(0, octets(content)));
}

function bufferOf(bytes: Buffer): forge.util.ByteStringBuffer {
    return forge.util.createBuffer(bytes.toString("latin1"));
}
