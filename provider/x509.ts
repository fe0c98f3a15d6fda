import { X509Certificate } from "crypto";
import { type Asn1, bytesOf, decoded, partsOf } from "./der";
import * as forge from "node-forge";

/** Extensions of certificates: https://datatracker.ietf.org/doc/html/rfc5280#section-4.2 */
export const extensionIds = {
    subjectKeyIdentifier: "2.5.29.14",
    basicConstraints: "2.5.29.19",
    nameConstraints: "2.5.29.30",
    authorityKeyIdentifier: "2.5.29.35",
} as const;

/** Parts of a certificate, as they are in it. */
export interface CertificateParts {
    version: Asn1;
    subject: Asn1;
    notBefore: Asn1;
    notAfter: Asn1;
    publicKey: Asn1;
    extensions: Asn1[];
}

/** The parts of a certificate, which has extensions, in the order of RFC 5280's TBSCertificate. */
export function partsOfCertificate(pem: string): CertificateParts {
    const [signed] = partsOf(decoded(new X509Certificate(pem).raw)) as [Asn1];
    const [version, , , , validity, subject, publicKey, ...rest] = partsOf(signed) as [
        ...[Asn1, Asn1, Asn1, Asn1, Asn1, Asn1, Asn1],
        ...Asn1[],
    ];
    const [notBefore, notAfter] = partsOf(validity) as [Asn1, Asn1];
    const extensions = rest
        .filter(({ type }) => Number(type) === 3)
        .flatMap((each) => partsOf(partsOf(each)[0] as Asn1));
    return { version, subject, notBefore, notAfter, publicKey, extensions };
}

/** What an extension says; undefined: there is none of that kind. */
export function extensionOf({ extensions }: CertificateParts, id: string): Asn1 | undefined {
    for (const extension of extensions) {
        const parts = partsOf(extension);
        if (forge.asn1.derToOid((parts[0] as Asn1).value as string) === id) {
            return decoded(bytesOf(parts[parts.length - 1] as Asn1));
        }
    }
    return undefined;
}

/** How many authorities may be below an authority, one below the other; undefined: any number. */
export function pathLength(pem: string): number | undefined {
    const constraints = extensionOf(partsOfCertificate(pem), extensionIds.basicConstraints);
    const length = constraints && partsOf(constraints)[1];
    return length && bytesOf(length).readUIntBE(0, bytesOf(length).length);
}
