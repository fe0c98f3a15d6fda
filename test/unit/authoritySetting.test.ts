// storm:authority: what is refused, what the program makes of it, and what it says before an authority ends.
import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { kinds } from "../../provider/kinds";
import { certify } from "../../provider/kinds/certificate";
import { crossCertify } from "../../provider/kinds/crossCertificate";
import { endOf } from "../../provider/pem";
import { StormProvider } from "../../provider/provider";
import type { Properties } from "../../provider/wire";
import { parseSettings } from "../../settings";
import { defaultSettings, revealed, type Run, runProgram } from "./program";

// A run of the whole program takes seconds where other tests run too.
jest.setTimeout(180_000);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-authority-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));
function openssl(...args: string[]): void {
    const { status, stderr } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) {
        throw new Error(`openssl ${args.join(" ")}: ${stderr}`);
    }
}
const read = (name: string) => fs.readFileSync(path.join(folder, name), "utf8");

interface Asked {
    key?: string[];
    days?: number;
    extensions?: string[];
}
/** An authority of a company's, or what it takes for one. */
function company(
    name: string,
    { key = ["rsa:2048"], days = 4000, extensions = ["basicConstraints=critical,CA:TRUE"] }: Asked = {},
) {
    fs.writeFileSync(path.join(folder, "openssl.conf"), "distinguished_name=name\n[name]\n");
    const [kind = "", ...options] = key;
    const made = [
        "-newkey",
        kind,
        ...options.flatMap((each) => ["-pkeyopt", each]),
        "-nodes",
        "-keyout",
        `${name}.key`,
    ];
    const added = extensions.flatMap((each) => ["-addext", each]);
    const subject = ["-subj", `/O=Example/CN=${name}`, "-days", String(days), "-out", `${name}.pem`];
    openssl("req", "-config", "openssl.conf", "-x509", ...made, ...added, ...subject);
    return { certificate: read(`${name}.pem`), key: read(`${name}.key`) };
}

const defaults = defaultSettings();
const mistakes = (authority: object, more: object = {}, isSecret = true): string[] => {
    try {
        const settings = { ...defaults, security: "tls", stormImage: "storm:2.8.9", authority, ...more };
        parseSettings(settings, "storm-test", (key) => isSecret && key === "authority");
        return [];
    } catch (error) {
        return (error as Error).message.split("\n").slice(1);
    }
};

const valid = company("Valid");
const other = company("Other");

describe("an authority of the user's", () => {
    test("is one of a stack that has certificates", () => {
        expect(mistakes(valid)).toEqual([]);
        expect(mistakes(valid, { security: "zookeeper" })).toEqual([]);
        const none = { ...defaults, security: "none", authority: valid };
        expect(parseSettings(none, "storm-test", (key) => key === "authority").warnings).toEqual([
            "  storm:authority has no effect once no certificate of storm:security is left",
        ]);
        expect(mistakes({}, { security: "none" }, false)).toEqual([]);
    });

    // `make check` reads stack files without their secrets.
    test("is looked at without its key too", () => {
        expect(mistakes({ certificate: valid.certificate }, {}, false)).toEqual([]);
    });

    test("is not taken with a key that is not encrypted, which is not shown", () => {
        const found = mistakes({ ...valid, key: "a key" }, {}, false).join("\n");
        expect(found).toMatch(
            /^ {2}storm:authority\.key is not encrypted: `pulumi config set --secret --path authority\.key <file`/m,
        );
        expect(found).not.toContain("a key");
    });

    const encrypted = () => {
        openssl("pkey", "-in", "Valid.key", "-aes256", "-passout", "pass:secret", "-out", "encrypted.key");
        return read("encrypted.key");
    };
    const ended = () => {
        // OpenSSL's `req` makes none of the past.
        const root = company("Ended", { days: 1 });
        jest.useFakeTimers({ now: Date.now() + 2 * 86_400_000, doNotFake: ["nextTick", "setImmediate", "setTimeout"] });
        return root;
    };
    afterEach(() => jest.useRealTimers());
    const early = () => {
        const given = company("Early");
        jest.useFakeTimers({ now: Date.now() - 2 * 86_400_000, doNotFake: ["nextTick", "setImmediate", "setTimeout"] });
        return given;
    };

    /** One that is signed by another, which limits names. */
    const issued = () => {
        const above = company("Above", {
            extensions: ["basicConstraints=CA:TRUE", "nameConstraints=permitted;DNS:example.com"],
        });
        const issuing = crossCertify({ name: "a", of: valid.certificate, by: above });
        return { ...valid, certificate: issuing + above.certificate };
    };

    test("is taken if it is for servers too", () => {
        const extensions = ["basicConstraints=CA:TRUE", "extendedKeyUsage=clientAuth,serverAuth"];
        expect(mistakes(company("Servers", { extensions }))).toEqual([]);
    });

    test.each<[string, () => object, string[]]>([
        [
            "that signs nothing",
            () => company("Leaf", { extensions: ["basicConstraints=CA:FALSE"] }),
            [
                "certificate has O=Example, CN=Leaf, which may sign no certificates: give an authority's, with CA:TRUE in basicConstraints, and keyCertSign",
            ],
        ],
        [
            "whose key may sign no certificates",
            () => company("Usage", { extensions: ["basicConstraints=CA:TRUE", "keyUsage=critical,digitalSignature"] }),
            ["certificate has O=Example, CN=Usage, which may sign no certificates"],
        ],
        [
            "that may have none below it",
            () => company("Last", { extensions: ["basicConstraints=critical,CA:TRUE,pathlen:0"] }),
            [
                "certificate has O=Example, CN=Last, which may have no authority below it (pathLenConstraint), and the stack's would be number 1: give one whose pathLenConstraint is 1 or more, or which has none",
            ],
        ],
        [
            "that limits names",
            () =>
                company("Names", {
                    extensions: ["basicConstraints=CA:TRUE", "nameConstraints=permitted;DNS:example.com"],
                }),
            [
                "certificate has O=Example, CN=Names, which limits the names in certificates below it (nameConstraints), so that browsers refuse the stack's, which have localhost, 127.0.0.1 and machines' addresses: give one without nameConstraints",
            ],
        ],
        [
            "that is not for servers",
            () => company("Mail", { extensions: ["basicConstraints=CA:TRUE", "extendedKeyUsage=emailProtection"] }),
            [
                "certificate has O=Example, CN=Mail, which is not for servers (extendedKeyUsage), so that browsers refuse what is below it: give one whose extendedKeyUsage has serverAuth, or which has none",
            ],
        ],
        [
            "with one above it of which that is so",
            issued,
            ["certificate has O=Example, CN=Above, which limits the names"],
        ],
        ["that has ended", ended, ["certificate has O=Example, CN=Ended, which ended on 20"]],
        ["that has not begun", early, ["certificate has O=Example, CN=Early, which is valid from 20"]],
        [
            "with the key of another",
            () => ({ ...valid, key: other.key }),
            [
                "key is not the key of O=Example, CN=Valid, the first one in the certificate: give the one that belongs to it",
            ],
        ],
        [
            "whose key has a password",
            () => ({ ...valid, key: encrypted() }),
            [
                "key has a password, which nobody can be asked for: give it without, by `openssl pkey -in <file> | pulumi config set --secret --path authority.key`",
            ],
        ],
        [
            "whose key is a certificate",
            () => ({ ...valid, key: valid.certificate }),
            ["key must be a private key as PEM"],
        ],
        [
            "with a short key",
            () => company("Short", { key: ["rsa:1024"] }),
            [
                "certificate has O=Example, CN=Short, whose key is rsa, of 1024 bits: give an authority with an RSA key of 2048 bits or more, or an EC key of P-256, P-384, P-521",
            ],
        ],
        [
            "with a key that browsers do not know",
            () => company("Edwards", { key: ["ed25519"] }),
            ["certificate has O=Example, CN=Edwards, whose key is ed25519: give an authority with"],
        ],
        [
            "with a curve that browsers do not know",
            () => company("Curve", { key: ["ec", "ec_paramgen_curve:secp256k1"] }),
            ["certificate has O=Example, CN=Curve, whose key is ec, secp256k1: give an authority with"],
        ],
        [
            "that is no PEM",
            () => ({ ...valid, certificate: "MIIB" }),
            ["certificate must be PEM, which begins with -----BEGIN CERTIFICATE-----"],
        ],
        [
            "that cannot be read",
            () => ({ ...valid, certificate: valid.certificate.replace(/\n.{9}/, "\n") }),
            ["certificate has a certificate that cannot be read, number 1 of 1"],
        ],
        [
            "whose key is beside its certificate",
            () => ({ ...valid, certificate: valid.certificate + valid.key }),
            [
                "certificate has a private key too: remove it there, give it as `key`, encrypted, and stop using this one",
            ],
        ],
        [
            "with one above it that has not signed it",
            () => ({ ...valid, certificate: valid.certificate + other.certificate }),
            [
                "certificate has O=Example, CN=Other, which has not signed the one before it, O=Example, CN=Valid: give each one after",
            ],
        ],
        [
            "with all of that at once",
            () => ({
                ...company("Wrong", { key: ["rsa:1024"], extensions: ["basicConstraints=CA:TRUE,pathlen:0"] }),
                key: valid.key,
            }),
            [
                "certificate has O=Example, CN=Wrong, which may have no authority",
                "certificate has O=Example, CN=Wrong, whose key is",
                "key is not the key of",
            ],
        ],
        [
            "without a certificate",
            () => ({ key: valid.key }),
            ["has no certificate: `pulumi config set --path authority.certificate <file`"],
        ],
        ["that is none", () => ["a"], ["must be a map of certificate and key"]],
    ])("%s is refused, and no key is shown", (_, given, wanted) => {
        const found = mistakes(given());
        expect(found.map((each) => each.replace(/^ {2}storm:authority[. ]/, ""))).toEqual(
            wanted.map((text) => expect.stringContaining(text) as string),
        );
        expect(found.join("\n")).not.toMatch(/PRIVATE KEY-----\n|MII/);
    });

    test("is refused by its resource too, in a preview of a program without these settings", async () => {
        const provider = new StormProvider("0.1.0", kinds);
        const inputs = { name: "a", of: certify({ name: "a" }).certificate, by: { ...valid, key: other.key } };
        const { failures } = await provider.check(
            "urn:pulumi:test::storm::storm:index:CrossCertificate::a",
            {},
            inputs,
        );
        expect(failures).toEqual([
            { property: "by.key", reason: expect.stringContaining("is not the key of") as string },
        ]);
    });
});

const own = certify({ name: "storm-test-storm" });
const crossed = (by: typeof valid) => crossCertify({ name: "a", of: own.certificate, by });
const created = (by: typeof valid, authority = own) => ({
    "storm:index:Certificate": {
        ...authority,
        key: "THE-KEY\n",
        keyStore: "VEhF",
        expires: endOf(authority.certificate),
    },
    "storm:index:CrossCertificate": { certificate: crossCertify({ name: "a", of: authority.certificate, by }) },
});
const run = (by: typeof valid | undefined, more: object = {}, circumstances: object = {}) =>
    runProgram(
        {
            security: "tls",
            stormImage: "storm:2.8.9",
            users: ["alice"],
            monitoring: true,
            ...(by && { authority: by }),
            ...more,
        },
        { secret: by ? ["authority"] : [], created: created(by ?? valid), ...circumstances },
    );
const input = (of: Run, name: string) => revealed(of.get(name).inputs) as Record<string, unknown>;

describe("with it", () => {
    const warnings = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
    beforeEach(() => warnings.mockClear());
    const warned = () => warnings.mock.calls.map(([message]) => message).filter((each) => /authorit/.test(each));

    test("each authority of the stack's is signed by it, and what it signs comes with the chain", async () => {
        const { resources, outputs } = await run(valid);
        const crosses = resources.filter(({ type }) => type === "storm:index:CrossCertificate");
        expect(crosses.map(({ name }) => name).sort()).toEqual([
            "storm-security-quorum-cross-certificate",
            "storm-security-zookeeper-cross-certificate",
            "storm-tls-clients-cross-certificate",
            "storm-tls-storm-cross-certificate",
        ]);
        const certificates = resources.filter(
            ({ type, name }) => type === "storm:index:Certificate" && name.endsWith("-certificate"),
        );
        expect(certificates.length).toBeGreaterThan(8);
        // Browsers have the root: it is not sent.
        expect(
            certificates.filter(
                ({ inputs }) => revealed(inputs.chain) !== created(valid)["storm:index:CrossCertificate"].certificate,
            ),
        ).toHaveLength(certificates.length);
        for (const { inputs } of certificates) {
            expect(revealed(inputs.chain)).toMatch(
                /^(-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n){1}$/,
            );
        }
        // Its key is in the inputs of these four alone, and there it is a secret.
        const plain = (value: unknown) =>
            JSON.stringify(value, (_key, each: unknown) =>
                typeof each === "object" && each !== null && "4dabf18193072939515e22adb298388d" in each
                    ? "SECRET"
                    : each,
            );
        const line = valid.key.split("\n")[3] as string;
        expect(resources.filter(({ inputs }) => plain(inputs).includes(line))).toEqual([]);
        expect(resources.filter(({ inputs }) => JSON.stringify(inputs).includes(line)).map(({ type }) => type)).toEqual(
            crosses.map(({ type }) => type),
        );
        expect(JSON.stringify(outputs)).not.toContain(line);
        expect(warned()).toEqual([]);
    });

    test("daemons trust what they trust without it: it may come, change and go while they restart one by one", async () => {
        const trusted = async (by: typeof valid | undefined) => {
            const { resources } = await run(by);
            const uploads = resources.flatMap(({ name, inputs }) =>
                ((revealed(inputs) as { uploads?: { file: string }[] }).uploads ?? []).map((upload) => ({
                    name,
                    ...upload,
                })),
            );
            return uploads.filter(({ file }) => /^\/certificates\/.*(trust|authority)/.test(file));
        };
        const without = await trusted(undefined);
        expect(without.length).toBeGreaterThan(8);
        expect(await trusted(valid)).toEqual(without);
        expect(await trusted(other)).toEqual(without);
    });

    test("another one replaces the cross-certificates, and these the certificates, and no authority", async () => {
        const provider = new StormProvider("0.1.0", kinds);
        const replaces = async (kind: string, olds: object, news: object) =>
            (
                await provider.diff(
                    "a",
                    `urn:pulumi:test::storm::storm:index:${kind}::a`,
                    olds as Properties,
                    news as Properties,
                )
            ).replaces;
        const cross = { name: "a", of: own.certificate, by: valid };
        expect(await replaces("CrossCertificate", { ...cross, certificate: "a" }, { ...cross, by: other })).toEqual([
            "by",
        ]);
        const signed = { name: "a", by: own, days: 365 };
        const made = { ...signed, certificate: own.certificate, key: "", expires: "2099-01-01T00:00:00.000Z" };
        expect(
            await replaces("Certificate", { ...made, chain: crossed(valid) }, { ...signed, chain: crossed(other) }),
        ).toEqual(["chain"]);
        expect(await replaces("Certificate", made, { ...signed, chain: crossed(other) })).toEqual(["chain"]);
        const authority = input(await run(valid), "storm-tls-storm-authority");
        expect(authority).toEqual({ name: "storm-test-storm" });
    });

    test("an update wants its key, and one that lasts for longer than a certificate, unless the stack has one already", async () => {
        await expect(run(valid, { authority: { certificate: valid.certificate } })).rejects.toThrow(
            /storm:authority has no key: `pulumi config set --secret/,
        );
        const short = company("Short-lived", { days: 300 });
        const circumstances = { created: created(short) };
        await expect(run(short, {}, circumstances)).rejects.toThrow(
            /storm:authority\.certificate ends on \d{4}-\d\d-\d\d, before certificates .* valid for 365 days: give one .*, or lower storm:certificateDays/,
        );
        await expect(run(short, { certificateDays: 200 }, circumstances)).resolves.toBeDefined();
        expect(warned()).toEqual([]);
        const state = { "storm:index:CrossCertificate::storm-tls-storm-cross-certificate": {} };
        const { outputs } = await run(short, {}, { ...circumstances, state });
        const end = endOf(short.certificate);
        expect(warned()).toEqual([
            expect.stringContaining(`storm:authority ends on ${end.slice(0, 10)}. From then on who trusts it refuses`),
        ]);
        expect(outputs.certificatesExpire).toBe(end);
    });
});

test("the end of the stack's own authorities is a warning once certificates end with them", async () => {
    const warnings = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
    const ending = certify({ name: "storm-test-storm", days: 300 });
    const { outputs } = await run(undefined, {}, { created: created(valid, ending) });
    const end = endOf(ending.certificate);
    expect(warnings.mock.calls.map(([message]) => message)).toContainEqual(
        expect.stringContaining(
            `The stack's own authorities end on ${end.slice(0, 10)}, and all certificates with them`,
        ),
    );
    expect(outputs.certificatesExpire).toBe(end);
});
