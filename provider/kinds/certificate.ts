import { generateKeyPairSync, randomBytes } from "crypto";
import * as forge from "node-forge";
import type { Kind } from "../kind";
import { type Inputs, schema } from "../schema";

/** A certificate and its private key, as PEM. */
interface Pair {
    certificate: string;
    key: string;
}

/** How long certificates are valid. */
const years = 10;

/**
 * Makes a certificate.
 * @param by Who signs it; default: itself, as an authority that signs others.
 */
export function certify({ name, address }: Pick<Inputs<"Certificate">, "name" | "address">, by?: Pair): Pair {
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
    certificate.validity.notAfter = new Date(Date.now() + years * 365 * 86_400_000);
    // etcd's HTTP API refuses those with a common name, which it would not take for the name of a user.
    const subject = [{ name: "organizationName", value: name }];
    certificate.setSubject(subject);
    certificate.setIssuer(by ? forge.pki.certificateFromPem(by.certificate).subject.attributes : subject);
    certificate.setExtensions(
        by
            ? [
                  { name: "basicConstraints", cA: false, critical: true },
                  { name: "keyUsage", digitalSignature: true, keyEncipherment: true, critical: true },
                  // A machine is both, and so is etcd, which its own HTTP API is a client of.
                  { name: "extKeyUsage", serverAuth: true, clientAuth: true },
                  { name: "subjectAltName", altNames: address === undefined ? [] : [{ type: 7, ip: address }] },
              ]
            : [
                  { name: "basicConstraints", cA: true, pathLenConstraint: 0, critical: true },
                  { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
              ],
    );
    certificate.sign(forge.pki.privateKeyFromPem(by?.key ?? key), forge.md.sha256.create());
    return { certificate: forge.pki.certificateToPem(certificate), key };
}

/** Made once, and again for another owner or authority. */
export const certificate: Kind<Inputs<"Certificate">, Pair> = {
    inputs: schema.Certificate,
    id: ({ name }) => name,
    secrets: ["key"],
    updates: [],
    replaces: ["name", "address", "by"],
    create: async (inputs) => certify(inputs, inputs.by),
};
