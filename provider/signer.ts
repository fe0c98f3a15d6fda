import { createPrivateKey, type KeyObject, X509Certificate } from "crypto";
import type { Problem } from "./kind";
import { certificatesIn } from "./pem";
import { extensionIds, extensionOf, partsOfCertificate, pathLength } from "./x509";

/** An authority that signs others, as PEM. */
export interface Signer {
    /** Its certificate and, after it, those of the authorities above it. */
    certificate: string;
    /** Its private key. */
    key: string;
}

/** Those that the Baseline Requirements of browsers allow, as they do RSA with 2048 bits or more (6.1.5). */
const curves: Record<string, string> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };

const serverAuth = "1.3.6.1.5.5.7.3.1";

/**
 * Why an authority cannot sign others: what is wrong, and what would be right, without any part of a key. It looks at all at once.
 * @param key Its private key; undefined: it is not looked at.
 */
export function signerProblems({ certificate, key }: { certificate: string; key: string | undefined }): Problem[] {
    const certificates = readable(certificate);
    if (typeof certificates === "string") {
        const problems = [{ property: "certificate", reason: certificates }];
        return key === undefined ? problems : [...problems, ...keyProblems(key)];
    }
    return [
        ...certificates.flatMap((each, index) =>
            certificateProblems(each, index, certificates[index - 1]).map((reason) => ({
                property: "certificate",
                reason: `has ${nameOf(each)}, ${reason}`,
            })),
        ),
        ...(key === undefined ? [] : keyProblems(key, certificates[0])),
    ];
}

/** The certificates of a text, or why they cannot be read. */
function readable(text: string): X509Certificate[] | string {
    if (text.includes("PRIVATE KEY-----")) {
        return "has a private key too: remove it there, give it as `key`, encrypted, and stop using this one";
    }
    const all = certificatesIn(text);
    if (all.length === 0) {
        return "must be PEM, which begins with -----BEGIN CERTIFICATE-----";
    }
    const certificates = [];
    for (const [index, each] of all.entries()) {
        try {
            certificates.push(new X509Certificate(each));
        } catch {
            return `has a certificate that cannot be read, number ${index + 1} of ${all.length}: give the file as your authority has it`;
        }
    }
    return certificates;
}

/** A certificate's subject, in one line. */
function nameOf({ subject }: X509Certificate): string {
    return subject.split("\n").join(", ");
}

/**
 * @param index How many authorities are below it, of those that are given.
 * @param below The one that it has signed, of those.
 */
function certificateProblems(own: X509Certificate, index: number, below: X509Certificate | undefined): string[] {
    const date = (time: string) => new Date(time).toISOString().slice(0, 10);
    const length = pathLength(own.toString());
    const isAbove = below === undefined || (below.checkIssued(own) && below.verify(own.publicKey));
    return [
        ...(own.ca
            ? []
            : [
                  "which may sign no certificates: give an authority's, with CA:TRUE in basicConstraints, and keyCertSign",
              ]),
        ...(own.ca && length !== undefined && length <= index
            ? [
                  `which may have ${length === 0 ? "no authority" : `${length} authorities`} below it (pathLenConstraint), and the stack's ` +
                      `would be number ${index + 1}: give one whose pathLenConstraint is ${index + 1} or more, or which has none`,
              ]
            : []),
        ...(limitsNames(own)
            ? [
                  "which limits the names in certificates below it (nameConstraints), so that browsers refuse the stack's, which have " +
                      "localhost, 127.0.0.1 and machines' addresses: give one without nameConstraints",
              ]
            : []),
        // Node.js calls the extension for extended usage this.
        ...(own.keyUsage && !own.keyUsage.includes(serverAuth)
            ? [
                  "which is not for servers (extendedKeyUsage), so that browsers refuse what is below it: give one whose extendedKeyUsage " +
                      "has serverAuth, or which has none",
              ]
            : []),
        ...(Date.parse(own.validTo) < Date.now()
            ? [`which ended on ${date(own.validTo)}: give one that is valid`]
            : []),
        ...(Date.parse(own.validFrom) > Date.now()
            ? [`which is valid from ${date(own.validFrom)} on: give one that is valid`]
            : []),
        ...(isAbove
            ? []
            : [
                  `which has not signed the one before it, ${nameOf(below)}: give each one after the one that it has signed`,
              ]),
        ...(index === 0 && !isSupported(own.publicKey) ? [`whose key is ${kindOf(own.publicKey)}: ${supported}`] : []),
    ];
}

function limitsNames(own: X509Certificate): boolean {
    return extensionOf(partsOfCertificate(own.toString()), extensionIds.nameConstraints) !== undefined;
}

const supported = `give an authority with an RSA key of 2048 bits or more, or an EC key of ${Object.values(curves).join(", ")}`;

function isSupported({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): boolean {
    const { modulusLength = 0, namedCurve = "" } = asymmetricKeyDetails;
    return asymmetricKeyType === "rsa" ? modulusLength >= 2048 : asymmetricKeyType === "ec" && namedCurve in curves;
}

/** Such as `rsa, of 1024 bits`. */
function kindOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): string {
    const { modulusLength, namedCurve } = asymmetricKeyDetails;
    const size = modulusLength === undefined ? namedCurve : `of ${modulusLength} bits`;
    return [asymmetricKeyType, ...(size === undefined ? [] : [size])].join(", ");
}

/** @param own The certificate that it should be the key of, if that one can be read. */
function keyProblems(text: string, own?: X509Certificate): Problem[] {
    const wrong = (reason: string) => [{ property: "key", reason }];
    if (text.includes("ENCRYPTED")) {
        return wrong(
            "has a password, which nobody can be asked for: give it without, by " +
                "`openssl pkey -in <file> | pulumi config set --secret --path authority.key`",
        );
    }
    let key: KeyObject;
    try {
        key = createPrivateKey(text);
    } catch {
        return wrong(
            "must be a private key as PEM, which begins with -----BEGIN PRIVATE KEY-----, or with its kind before PRIVATE",
        );
    }
    return own === undefined || own.checkPrivateKey(key)
        ? []
        : wrong(`is not the key of ${nameOf(own)}, the first one in the certificate: give the one that belongs to it`);
}
