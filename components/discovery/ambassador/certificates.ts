import { generateKeyPairSync, randomBytes } from "crypto";
import { isDeepStrictEqual } from "util";
import * as forge from "node-forge";
import * as pulumi from "@pulumi/pulumi";

/** A certificate and its private key, as PEM. */
interface Pair {
    certificate: string;
    key: string;
}

/** Whose certificate it is. */
interface Subject {
    /** Its name. */
    name: string;
    /** IP address by which it is dialled; default: it is not. */
    address?: string;
}

/** How long certificates are valid. */
const years = 10;

/**
 * Makes a certificate.
 * @param by Who signs it; default: itself, as an authority that signs others.
 */
export function certify({ name, address }: Subject, by?: Pair): Pair {
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

type Inputs = Subject & { by?: Pair };

const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs & Pair> = {
    async create(inputs) {
        return { id: inputs.name, outs: { ...inputs, ...certify(inputs, inputs.by) } };
    },
    async diff(_id, olds, news) {
        const replaces = (["name", "address", "by"] as const).filter((key) => !isDeepStrictEqual(olds[key], news[key]));
        return { changes: replaces.length > 0, replaces, deleteBeforeReplace: false };
    },
};

/** Arguments of {@link Certificate}. */
export interface CertificateArgs {
    name: string;
    /** IP address by which its owner is dialled. */
    address?: pulumi.Input<string>;
    /** Who signs it; default: itself, as an authority that signs others. */
    by?: Certificate;
}

/** A certificate that the stack has made, and its private key, which it keeps as a secret. Valid for ten years. */
export class Certificate extends pulumi.dynamic.Resource {
    declare readonly certificate: pulumi.Output<string>;
    declare readonly key: pulumi.Output<string>;

    constructor(name: string, { by, ...args }: CertificateArgs, opts: pulumi.CustomResourceOptions) {
        const signing = by && { by: pulumi.secret({ certificate: by.certificate, key: by.key }) };
        const secret = { ...opts, additionalSecretOutputs: ["key"] };
        super(provider, name, { ...args, ...signing, certificate: undefined, key: undefined }, secret, "storm", "Certificate");
        this.key = pulumi.secret(this.key);
    }
}

/** The files by which one who has a certificate proves itself and checks others: content by path, in a container. */
export type CertificateFiles = Record<string, pulumi.Output<string>>;

/** Where {@link certificateFiles} are: the authority's certificate; the own one with its key. */
export const certificatePaths = { authority: "/certificates/authority.pem", own: "/certificates/own.pem" } as const;

/** Files as an argument of docker.Container. */
export function uploadsOf(files: CertificateFiles = {}): { file: string; content: pulumi.Output<string> }[] {
    return Object.entries(files).map(([file, content]) => ({ file, content }));
}

/** The files of a certificate that an authority has signed. */
export function certificateFiles(own: Certificate, authority: Certificate): CertificateFiles {
    return {
        [certificatePaths.authority]: authority.certificate,
        [certificatePaths.own]: pulumi.all([own.certificate, own.key]).apply((parts) => parts.join("")),
    };
}
