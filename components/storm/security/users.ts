import * as pulumi from "@pulumi/pulumi";
import { trustStore } from "../../../provider/trustStore";
import { storePassword } from "../../../provider/nimbus/tlsFiles";
import type { Authority } from "./authority";

/** What a user connects to the cluster with: PEM, and Java's stores in base64, whose password is `changeit`. */
export interface UserFiles {
    /** The user's certificate, as PEM. */
    certificate: string;
    /** Its private key, as PEM. */
    key: string;
    /** Both, in a key store of the format PKCS #12. */
    keyStore: string;
    /** The certificate of the authority that signs those of servers, as PEM. */
    authority: string;
    /** The same, in a trust store of the format JKS. */
    trustStore: string;
}

/** Authorities by which users and servers know each other. */
export interface UserAuthorities {
    /** Signs users' certificates. */
    clients: Authority;
    /** Signs servers' certificates. */
    daemons: Authority;
}

/**
 * Gives each user a certificate, `CN=<name>`, which is for clients alone: Storm's own clients up to 2.8.8 take any certificate of an
 * authority that they trust for that of a server.
 * @param names Names of the users.
 * @returns What they connect with, by name; a secret.
 */
export function certifyUsers(
    names: readonly string[],
    { clients, daemons }: UserAuthorities,
): pulumi.Output<Record<string, UserFiles>> {
    const authority = daemons.certificate;
    const trusted = authority.apply((certificate) => trustStore([certificate], storePassword));
    const users = names.map((name) => {
        const { certificate, key, keyStore } = clients.certify(`user-${name}`, {
            name,
            commonName: name,
            usage: "client",
            storePassword,
        });
        return [name, { certificate, key, keyStore, authority, trustStore: trusted }] as const;
    });
    return pulumi.secret(pulumi.all(Object.fromEntries(users)));
}
