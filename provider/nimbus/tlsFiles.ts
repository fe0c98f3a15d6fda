/**
 * What each of Storm's containers has for `storm:security: tls`. The files are owned by root, and readable in the container: they are
 * protected by that only what runs in it, and root on its machine, can read them.
 */
import type { Tls } from "../machines/connector";

/** The folder with all of them. */
export const certificatesFolder = "/certificates";

/** Key store (PKCS #12) with the daemon's certificate, `CN=storm` or its kind, and its key. */
export const stormKeyStore = `${certificatesFolder}/storm.p12`;

/** Trust store (JKS) with the authority of Storm's daemons: who serves or calls by it knows daemons alone. */
export const stormTrustStore = `${certificatesFolder}/storm-trust.jks`;

/** Trust store (JKS) with the authority of Storm's daemons and that of users: for Nimbus's TLS port, and for pages. */
export const clientsTrustStore = `${certificatesFolder}/storm-clients-trust.jks`;

/**
 * Password of the key store and of both trust stores. Storm refuses to go without one. It protects nothing, and Storm UI shows it to
 * everybody who may use it.
 */
export const storePassword = "changeit";

/** The same certificate, key (PKCS #8) and authority of daemons as PEM, by which the program's own client and the exporter ask Nimbus. */
export const stormPem: Tls = {
    certificate: `${certificatesFolder}/storm.pem`,
    key: `${certificatesFolder}/storm-key.pem`,
    authority: `${certificatesFolder}/storm-authority.pem`,
};
