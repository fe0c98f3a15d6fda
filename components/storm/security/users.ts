import * as pulumi from "@pulumi/pulumi";
import { trustStore } from "../../../provider/trustStore";
import { storePassword } from "../../../provider/nimbus/tlsFiles";
import { Password } from "../../../provider/resources";
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
    /** The password by which pages let the user in without a certificate. */
    password: string;
}

/** Authorities by which users and servers know each other. */
export interface UserAuthorities {
    /** Signs users' certificates. */
    clients: Authority;
    /** Signs servers' certificates. */
    daemons: Authority;
}

/**
 * Creates a password for each user, which is kept until the user is removed.
 * @param name First part of the names of resources.
 * @param users Names of the users.
 * @param parent Parent of the resources.
 * @returns Passwords by name.
 */
export function passwordsOf(
    name: string,
    users: readonly string[],
    parent: pulumi.Resource,
): pulumi.Output<Record<string, string>> {
    return pulumi.all(
        Object.fromEntries(
            users.map((user) => [user, new Password(`${name}-user-${user}-password`, { parent }).value]),
        ),
    );
}

/**
 * Gives each user a certificate, `CN=<name>`, which is for clients alone: Storm's own clients up to 2.8.8 take any certificate of an
 * authority that they trust for that of a server.
 * @param names Names of the users.
 * @param passwords Their passwords, by name.
 * @returns What they connect with, by name; a secret.
 */
export function certifyUsers(
    names: readonly string[],
    { clients, daemons }: UserAuthorities,
    passwords: pulumi.Output<Record<string, string>>,
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
        const password = passwords.apply((all) => all[name] as string);
        return [name, { certificate, key, keyStore, authority, trustStore: trusted, password }] as const;
    });
    return pulumi.secret(pulumi.all(Object.fromEntries(users)));
}
