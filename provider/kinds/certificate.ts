import { generateKeyPairSync, randomBytes } from "crypto";
import { isIP } from "net";
import * as forge from "node-forge";
import { keyStore, type Pair } from "../keyStore";
import type { Kind } from "../kind";
import { endOf } from "../pem";
import { type Inputs, schema } from "../schema";

/** How long certificates are valid that are not renewed. */
const years = 10;
const day = 86_400_000;

/**
 * Makes a certificate.
 * @param by Who signs it; default: itself, as an authority that signs others.
 */
export function certify(
    { name, address, names = [], commonName, usage, days = years * 365 }: Omit<Inputs<"Certificate">, "by" | "chain">,
    by?: Pair,
): Pair {
    const { publicKey, privateKey: key } = generateKeyPairSync("rsa", {
        modulusLength: 3072,
        publicKeyEncoding: { type: "spki", format: "pem" },
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
    // The first bit of a positive number is 0.
    certificate.serialNumber = `01${randomBytes(15).toString("hex")}`;
    // Clocks may differ by an hour.
    certificate.validity.notBefore = new Date(Date.now() - 3_600_000);
    // None is valid for longer than what has signed it.
    certificate.validity.notAfter = new Date(
        Math.min(Date.now() + days * day, by ? Date.parse(endOf(by.certificate)) : Infinity),
    );
    // etcd's HTTP API refuses those with a common name, which it would not take for the name of a user.
    const subject =
        commonName === undefined
            ? [{ name: "organizationName", value: name }]
            : [{ name: "commonName", value: commonName }];
    const altNames = [
        ...(address === undefined ? [] : [{ type: 7, ip: address }]),
        ...names.map((value) => (isIP(value) ? { type: 7, ip: value } : { type: 2, value })),
    ];
    certificate.setSubject(subject);
    const signer = by && forge.pki.certificateFromPem(by.certificate);
    certificate.setIssuer(signer ? signer.subject.attributes : subject);
    certificate.setExtensions(
        signer
            ? [
                  { name: "basicConstraints", cA: false, critical: true },
                  { name: "keyUsage", digitalSignature: true, keyEncipherment: true, critical: true },
                  // A machine is both, and so is etcd, which its own HTTP API is a client of.
                  { name: "extKeyUsage", serverAuth: usage !== "client", clientAuth: usage !== "server" },
                  // Java cannot read an empty one.
                  ...(altNames.length > 0 ? [{ name: "subjectAltName", altNames }] : []),
                  {
                      name: "authorityKeyIdentifier",
                      keyIdentifier: signer.generateSubjectKeyIdentifier().getBytes(),
                  },
              ]
            : [
                  { name: "basicConstraints", cA: true, pathLenConstraint: 0, critical: true },
                  { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
                  { name: "subjectKeyIdentifier" },
              ],
    );
    certificate.sign(forge.pki.privateKeyFromPem(by?.key ?? key), forge.md.sha256.create());
    return { certificate: forge.pki.certificateToPem(certificate), key };
}

interface Certified extends Pair {
    keyStore?: string;
    expires?: string;
}

/** Created once, and again for another owner or authority, and before it ends, if its authority lasts longer. */
export const certificate: Kind<Inputs<"Certificate">, Certified> = {
    inputs: schema.Certificate,
    id: ({ name }) => name,
    secrets: ["key", "keyStore"],
    updates: [],
    replaces: ["name", "address", "names", "by", "commonName", "usage", "days", "storePassword", "chain"],
    differs: ({ days, expires, by }) => {
        const isEnding =
            days !== undefined && expires !== undefined && Date.parse(expires) - Date.now() < (days * day) / 3;
        // Another one would end with its authority too.
        const isLast = isEnding && by !== undefined && Date.parse(expires) >= Date.parse(endOf(by.certificate));
        return { replaces: isEnding && !isLast ? ["expires"] : [] };
    },
    create: async (inputs) => {
        const pair = certify(inputs, inputs.by);
        const { days, storePassword, chain = "" } = inputs;
        return {
            ...{ ...pair, certificate: pair.certificate + chain },
            ...(storePassword !== undefined && { keyStore: keyStore(pair, storePassword, chain) }),
            ...(days !== undefined && {
                expires: endOf(pair.certificate),
            }),
        };
    },
};
