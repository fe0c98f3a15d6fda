import { X509Certificate } from "crypto";
import * as forge from "node-forge";
import * as pulumi from "@pulumi/pulumi";
import { Authority } from "../../components/storm/security/authority";
import { certifyUsers, passwordsOf, type UserFiles } from "../../components/storm/security/users";
import { StormCluster } from "../../components/storm/stormCluster";
import type { StormClusterArgs } from "../../components/storm/stormClusterArgs";
import { trustStore } from "../../provider/trustStore";
import { certificate, certify } from "../../provider/kinds/certificate";
import { endOf } from "../../provider/pem";
import type { Inputs } from "../../provider/schema";
import { revealed } from "./program";

// Keys take time where other tests run too.
jest.setTimeout(120_000);

/** Certificates that were created, by the names of their resources. */
const made: Record<string, Record<string, unknown>> = {};

beforeAll(() =>
    pulumi.runtime.setMocks({
        call: () => ({}),
        newResource: async ({ type, name, inputs }) => {
            if (type !== "storm:index:Certificate") {
                return { id: name, state: type === "storm:index:Password" ? { value: `of ${name}` } : {} };
            }
            const given = revealed(inputs) as Inputs<"Certificate">;
            const state = { ...given, ...(await certificate.create?.(given)) };
            made[name] = state;
            return { id: name, state };
        },
    }),
);

describe("a cluster", () => {
    const refused = (args: Partial<StormClusterArgs>) => {
        try {
            new StormCluster("storm", { clusterName: "storm-test", hosts: {}, security: "tls", ...args });
            return undefined;
        } catch (error) {
            return (error as pulumi.InputPropertiesError).message.split("\n");
        }
    };

    // They are in HAProxy's configuration as they are.
    test("refuses users whose names would be words, or lines, of a configuration, or are the cluster's own", () => {
        const reason =
            "must be a name of 1 to 64 letters, digits, `.`, `_` and `-`, which begins with a letter or digit, such as alice";
        expect(refused({ users: ["al ice", "eve\n    http-request allow", "storm", "reverse-proxy"] })).toEqual([
            `users[0] ${reason}`,
            `users[1] ${reason}`,
            "users[2] is a name that the cluster itself uses: give another one",
            "users[3] is a name that the cluster itself uses: give another one",
        ]);
        expect(refused({ users: ["bob", "bob"] })).toEqual(["users[1] is listed twice"]);
    });

    test("says all that is wrong at once, except with a key that is an Output", () => {
        const certificate = certify({ name: "a" }).certificate.replace(/\n.{9}/, "\n");
        const unreadable = expect.stringMatching(
            /^authority\.certificate has a certificate that cannot be read, number 1 of 1/,
        ) as string;
        expect(refused({ users: [""], certificateDays: 2, authority: { certificate, key: "a key" } })).toEqual([
            expect.stringMatching(/^users\[0\] must be a name/),
            expect.stringMatching(/^certificateDays must be a whole number of days from 3 to 825/),
            unreadable,
            expect.stringMatching(/^authority\.key must be a private key as PEM/),
        ]);
        expect(refused({ authority: { certificate, key: pulumi.secret("a key") } })).toEqual([unreadable]);
    });
});

describe("users", () => {
    let output: pulumi.Output<Record<string, UserFiles>>;
    let users: Record<string, UserFiles>;
    let clients: Authority;
    let parent: pulumi.Resource;
    beforeAll(async () => {
        const common = { clusterName: "storm-test", certificateDays: 30 };
        parent = new pulumi.ComponentResource("storm:storm:StormTls", "storm-tls");
        clients = new Authority("storm-tls", { ...common, role: "clients" }, parent);
        const daemons = new Authority("storm-tls", { ...common, role: "storm" }, parent);
        const names = ["alice", "ci.deploy_2"];
        output = certifyUsers(names, { clients, daemons }, passwordsOf("storm-tls", names, parent));
        users = await new Promise((resolve) => output.apply(resolve));
    });

    test("have a certificate each, by name, of the clients' authority and for clients alone", () => {
        expect(Object.keys(made).sort()).toEqual([
            "storm-tls-clients-authority",
            "storm-tls-storm-authority",
            "storm-tls-user-alice-certificate",
            "storm-tls-user-ci.deploy_2-certificate",
        ]);
        const authority = new X509Certificate(made["storm-tls-clients-authority"]?.certificate as string);
        for (const name of ["alice", "ci.deploy_2"]) {
            const own = new X509Certificate(users[name]?.certificate ?? "");
            expect([own.subject, own.keyUsage]).toEqual([`CN=${name}`, ["1.3.6.1.5.5.7.3.2"]]);
            expect(own.checkIssued(authority)).toBe(true);
            expect(own.verify(authority.publicKey)).toBe(true);
            expect(made[`storm-tls-user-${name}-certificate`]?.days).toBe(30);
        }
    });

    test("have their key, and both in a key store", () => {
        const { certificate, key, keyStore } = users.alice as UserFiles;
        const asn1 = forge.asn1.fromDer(Buffer.from(keyStore, "base64").toString("binary"));
        const store = forge.pkcs12.pkcs12FromAsn1(asn1, "changeit");
        const bags = (type: string) => store.getBags({ bagType: type })[type] ?? [];
        const { certBag = "", pkcs8ShroudedKeyBag = "" } = forge.pki.oids;
        expect(bags(certBag).map(({ cert }) => cert && forge.pki.certificateToPem(cert))).toEqual([certificate]);
        const stored = bags(pkcs8ShroudedKeyBag).map(({ key }) => key && forge.pki.privateKeyToPem(key));
        expect(stored).toEqual([forge.pki.privateKeyToPem(forge.pki.privateKeyFromPem(key))]);
    });

    test("have a password each", () => {
        expect(Object.values(users).map(({ password }) => password)).toEqual([
            "of storm-tls-user-alice-password",
            "of storm-tls-user-ci.deploy_2-password",
        ]);
    });

    test("trust the authority of daemons, and not their own", () => {
        const { certificate } = made["storm-tls-storm-authority"] as { certificate: string };
        for (const { authority, trustStore: trusted } of Object.values(users)) {
            expect([authority, trusted]).toEqual([certificate, trustStore([certificate], "changeit")]);
        }
    });

    test("are a secret, as is that there are none", async () => {
        const none = certifyUsers([], { clients, daemons: clients }, passwordsOf("storm-tls", [], parent));
        expect(await new Promise((resolve) => none.apply(resolve))).toEqual({});
        for (const each of [output, none] as unknown as { isSecret: Promise<boolean> }[]) {
            expect(await each.isSecret).toBe(true);
        }
    });

    test("end when their authority says that what it has, and has signed, ends", async () => {
        const ends = await new Promise<string[]>((resolve) => pulumi.all(clients.expires).apply(resolve));
        const own = made["storm-tls-clients-authority"]?.certificate as string;
        expect(ends).toEqual([own, ...Object.values(users).map(({ certificate }) => certificate)].map(endOf));
    });
});
