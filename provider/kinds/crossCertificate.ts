import { createHash, createPrivateKey, randomBytes, sign, X509Certificate } from "crypto";
import { type Asn1, bits, bytesOf, decoded, encoded, integer, nothing, octets, oid, sequence, tagged } from "../der";
import { type Kind, unknown } from "../kind";
import { toPem } from "../pem";
import { type Inputs, schema } from "../schema";
import { signerProblems } from "../signer";
import { extensionIds, extensionOf, partsOfCertificate } from "../x509";

/** By the type of the signer's key, with SHA-256: RFC 4055 has parameters, and RFC 5758 has none. */
const signatures = {
    rsa: () => sequence(oid("1.2.840.113549.1.1.11"), nothing()),
    ec: () => sequence(oid("1.2.840.10045.4.3.2")),
};

/**
 * A certificate of an authority that is signed by another one: the same subject and the same key, so that who trusts either authority
 * accepts what the first has signed. It is valid as long as both are.
 */
export function crossCertify({ of, by }: Inputs<"CrossCertificate">): string {
    const [own, signer] = [partsOfCertificate(of), partsOfCertificate(by.certificate)];
    const [ownTimes, signerTimes] = [new X509Certificate(of), new X509Certificate(by.certificate)];
    const isLater = Date.parse(signerTimes.validFrom) > Date.parse(ownTimes.validFrom);
    const isSooner = Date.parse(signerTimes.validTo) < Date.parse(ownTimes.validTo);
    const key = createPrivateKey(by.key);
    const signature = signatures[key.asymmetricKeyType as keyof typeof signatures];
    const signerId = extensionOf(signer, extensionIds.subjectKeyIdentifier);
    const keyBits = ownTimes.publicKey.export({ type: "pkcs1", format: "der" });
    const ownId = extensionOf(own, extensionIds.subjectKeyIdentifier);
    const content = sequence(
        own.version,
        // The first bit of a positive number is 0, and the first byte is not.
        integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
        signature(),
        signer.subject,
        sequence(isLater ? signer.notBefore : own.notBefore, isSooner ? signer.notAfter : own.notAfter),
        own.subject,
        own.publicKey,
        tagged(
            3,
            sequence(
                ...own.extensions,
                // Authorities of earlier versions of this program say none.
                ...(ownId === undefined
                    ? [
                          extension(
                              extensionIds.subjectKeyIdentifier,
                              octets(createHash("sha1").update(keyBits).digest()),
                          ),
                      ]
                    : []),
                ...(signerId === undefined
                    ? []
                    : [extension(extensionIds.authorityKeyIdentifier, sequence(identifier(bytesOf(signerId))))]),
            ),
        ),
    );
    const signed = sign("sha256", encoded(content), key);
    return toPem(encoded(sequence(content, signature(), bits(signed))));
}

function extension(id: string, value: Asn1): Asn1 {
    return sequence(oid(id), octets(encoded(value)));
}

/** An octet string with the tag `[0]`, as AuthorityKeyIdentifier has it. */
function identifier(bytes: Buffer): Asn1 {
    return decoded(Buffer.concat([Buffer.from([0x80, bytes.length]), bytes]));
}

/** Created once, and again for another authority of the stack's, or of the user's. */
export const crossCertificate: Kind<Inputs<"CrossCertificate">, { certificate: string }> = {
    inputs: schema.CrossCertificate,
    id: ({ name }) => name,
    updates: [],
    replaces: ["name", "of", "by"],
    refuses: ({ by }) =>
        [by as unknown, by.certificate, by.key].includes(unknown)
            ? []
            : signerProblems(by).map(({ property, reason }) => ({ property: `by.${property}`, reason })),
    create: (inputs) => Promise.resolve({ certificate: crossCertify(inputs) }),
};
