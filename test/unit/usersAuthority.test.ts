// storm:authority: who accepts whose certificate, by Java, OpenSSL, curl and Python, once an authority of the user's signs the stack's.
import { execFile, spawnSync } from "child_process";
import { X509Certificate } from "crypto";
import * as fs from "fs";
import type { AddressInfo } from "net";
import * as os from "os";
import * as path from "path";
import * as tls from "tls";
import { promisify } from "util";
import type { Pair } from "../../provider/keyStore";
import { certificate, certify } from "../../provider/kinds/certificate";
import { crossCertify } from "../../provider/kinds/crossCertificate";
import { certificatesIn } from "../../provider/pem";
import type { Inputs } from "../../provider/schema";
import { trustStore } from "../../provider/trustStore";

// Keys, and Java, take seconds where other tests run too.
jest.setTimeout(180_000);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-authority-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const file = (name: string, content: string | Buffer = "") => {
    const at = path.join(folder, name);
    if (content !== "") {
        fs.writeFileSync(at, content, { mode: 0o600 });
    }
    return at;
};
function openssl(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) {
        throw new Error(`openssl ${args.join(" ")}: ${stderr}`);
    }
    return stdout;
}

/** A company's authority, made by OpenSSL; by its root, or one that is signed by another. */
function company(name: string, subject: string, key: string[], by?: string): Pair {
    const extensions =
        "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";
    file(`${name}.ext`, `${extensions}authorityKeyIdentifier=keyid:always\n`);
    openssl("genpkey", "-out", `${name}.key`, ...key);
    openssl("req", "-new", "-utf8", "-key", `${name}.key`, "-subj", subject, "-out", `${name}.csr`);
    const signer = by === undefined ? ["-signkey", `${name}.key`] : ["-CA", `${by}.pem`, "-CAkey", `${by}.key`];
    const more = ["-CAcreateserial", "-extfile", `${name}.ext`, "-days", "4000", "-out", `${name}.pem`];
    openssl("x509", "-req", "-in", `${name}.csr`, ...signer, ...more.slice(by === undefined ? 1 : 0));
    const text = (kind: string) => fs.readFileSync(file(`${name}.${kind}`), "utf8");
    return { certificate: text("pem"), key: text("key") };
}
const rsa = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
const ec = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];

/** As an earlier version of this program made the stack's authorities: without identifiers of keys. */
function former(name: string): Pair {
    const extensions = ["basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign,cRLSign"];
    const added = [...extensions, ...["subject", "authority"].map((each) => `${each}KeyIdentifier=none`)].flatMap(
        (each) => ["-addext", each],
    );
    const output = ["-days", "3650", "-keyout", "former.key", "-out", "former.pem"];
    const config = file("former.conf", "distinguished_name=name\n[name]\n");
    openssl(
        "req",
        "-x509",
        "-config",
        config,
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        `/O=${name}`,
        ...added,
        ...output,
    );
    const text = (kind: string) => fs.readFileSync(file(`former.${kind}`), "utf8");
    return { certificate: text("pem"), key: text("key") };
}

/** A key store with a certificate, for all uses, that a company's authority itself has signed. */
function direct(id: string, chain: string): string {
    file("direct.ext", "subjectAltName=IP:127.0.0.1\n");
    openssl(
        "req",
        "-new",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "direct.key",
        "-subj",
        "/CN=storm",
        "-out",
        "direct.csr",
    );
    const signer = ["-CA", `issuing-${id}.pem`, "-CAkey", `issuing-${id}.key`, "-CAcreateserial"];
    openssl(
        "x509",
        "-req",
        "-in",
        "direct.csr",
        ...signer,
        "-extfile",
        "direct.ext",
        "-days",
        "9",
        "-out",
        "direct.pem",
    );
    const files = ["-in", "direct.pem", "-inkey", "direct.key", "-certfile", file("above.pem", chain)];
    openssl("pkcs12", "-export", ...files, "-passout", "pass:changeit", "-out", "direct.p12");
    return file("direct.p12");
}

/** What each of a stack's authorities has. */
interface Stack {
    authority: Pair;
    /** For those that get a certificate: the cross-certificate, and those above it. */
    chain: string;
}
function stackOf(name: string, by: Pair, authority = certify({ name })): Stack {
    const all = certificatesIn(by.certificate);
    const cross = crossCertify({ name, of: authority.certificate, by: { ...by, certificate: all[0] ?? "" } });
    const above = all.filter((each) => !new X509Certificate(each).checkIssued(new X509Certificate(each)));
    return { authority, chain: [cross, ...above].join("") };
}

type Made = Pair & { keyStore: string };
const issue = (by: Pair, more: Partial<Inputs<"Certificate">>) =>
    certificate.create?.({
        ...{ name: "a", commonName: "storm", address: "127.0.0.1", names: ["localhost"], days: 30 },
        ...{ storePassword: "changeit", by, ...more },
    }) as Promise<Made>;

describe.each<[string, string[], string[]]>([
    ["RSA", rsa, rsa],
    ["elliptic curves", ec, ec],
])("an authority with a key of %s, below a company's root,", (kind, rootKey, issuingKey) => {
    const id = kind.split(" ")[0] ?? "";
    let root: Pair;
    let issuing: Pair;
    let ours: Stack;
    let users: Stack;
    let others: Stack;
    let server: Made;
    let client: Made;
    let user: Made;
    let foreign: Made;

    beforeAll(async () => {
        root = company(`root-${id}`, "/C=DE/O=Müller GmbH/CN=Root", rootKey);
        const own = company(`issuing-${id}`, "/C=DE/O=Müller GmbH+OU=IT/CN=Issuing", issuingKey, `root-${id}`);
        issuing = { ...own, certificate: own.certificate + root.certificate };
        ours = stackOf("storm-test-storm", issuing, issuingKey === ec ? former("storm-test-storm") : undefined);
        users = stackOf("storm-test-clients", issuing);
        // Another stack of the same name, by the same authority.
        others = stackOf("storm-test-storm", issuing);
        server = await issue(ours.authority, { chain: ours.chain });
        client = await issue(ours.authority, { chain: ours.chain, usage: "client" });
        user = await issue(users.authority, { chain: users.chain, commonName: "alice", usage: "client" });
        foreign = await issue(others.authority, { chain: others.chain });
    });

    test("signs one of the stack's that has its own subject and key, and ends as soon as either of them", () => {
        const [cross = "", above = "", ...rest] = certificatesIn(ours.chain);
        const [made, own, by] = [cross, ours.authority.certificate, above].map((each) => new X509Certificate(each)) as [
            X509Certificate,
            X509Certificate,
            X509Certificate,
        ];
        expect([above, rest]).toEqual([certificatesIn(issuing.certificate)[0], []]);
        expect([made.subject, made.publicKey.export({ type: "pkcs1", format: "pem" })]).toEqual([
            own.subject,
            own.publicKey.export({ type: "pkcs1", format: "pem" }),
        ]);
        expect([made.checkIssued(by), made.verify(by.publicKey), made.ca]).toEqual([true, true, true]);
        const later = Date.parse(own.validFrom) > Date.parse(by.validFrom) ? own : by;
        expect([made.validTo, made.validFrom]).toEqual([own.validTo, later.validFrom]);
        const text = openssl("x509", "-in", file(`cross-${id}.pem`, cross), "-noout", "-text");
        expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
        expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
    });

    test("is enough for who trusts its root, with OpenSSL's strictest rules", () => {
        const [leaf = "", ...chain] = certificatesIn(server.certificate);
        const [trusted, sent, own] = [
            file(`r-${id}`, root.certificate),
            file(`c-${id}`, chain.join("")),
            file(`l-${id}`, leaf),
        ];
        const strict = ["-x509_strict", "-purpose", "sslserver", "-verify_ip", "127.0.0.1", "-show_chain"];
        const found = openssl("verify", ...strict, "-CAfile", trusted, "-untrusted", sent, own);
        expect(found).toMatch(/^depth=3: /m);
    });

    const withJava = spawnSync("keytool", ["-help"]).error ? test.skip : test;
    withJava(
        "in Java, daemons accept each other and users, and nobody else who has a certificate of the company's",
        async () => {
            const store = (name: string, content: string) => file(`${id}-${name}`, Buffer.from(content, "base64"));
            const trusting = (name: string, ...all: string[]) => store(`${name}.jks`, trustStore(all, "changeit"));
            const keys = (name: string, made: { keyStore: string }) => store(`${name}.p12`, made.keyStore);
            const daemons = trusting("daemons", ours.authority.certificate);
            const both = trusting("both", ours.authority.certificate, users.authority.certificate);
            const company = trusting("company", root.certificate);
            const [own, calling, alice, stranger] = [
                keys("server", server),
                keys("client", client),
                keys("alice", user),
                keys("foreign", foreign),
            ];
            const earlier = keys("earlier", await issue(ours.authority, {}));
            const employee = direct(id, issuing.certificate);
            const listed = spawnSync("keytool", ["-list", "-v", "-keystore", own, "-storepass", "changeit"], {
                encoding: "utf8",
            });
            expect(listed.stdout).toMatch(/Your keystore contains 1 entry[^]*Certificate chain length: 3\n/);
            const pairs: [string, string, string, string, RegExp][] = [
                [own, daemons, calling, daemons, /^accepted$/],
                [own, both, alice, daemons, /^accepted$/],
                [own, daemons, alice, daemons, /^server: [^;]*PKIX path/],
                // Those who have not been restarted since there is an authority of the user's, and those who have.
                [own, daemons, earlier, daemons, /^accepted$/],
                [earlier, daemons, calling, daemons, /^accepted$/],
                // Another stack's, of the same names, and the company's own, whom it would accept.
                [own, both, stranger, daemons, /^server: [^;]*PKIX path/],
                [own, both, employee, daemons, /^server: [^;]*PKIX path/],
                [stranger, both, calling, daemons, /client: .*PKIX path/],
                [employee, both, calling, daemons, /client: .*PKIX path/],
                [stranger, company, employee, company, /^accepted$/],
                [own, both, "-", daemons, /^server: .*Empty client certificate chain/],
                // Who trusts the company.
                [own, both, alice, company, /^accepted$/],
            ];
            const run = spawnSync(
                "java",
                ["-Xmx64m", "test/unit/Handshakes.java", ...pairs.flatMap((pair) => pair.slice(0, 4) as string[])],
                {
                    encoding: "utf8",
                },
            );
            const lines = run.stdout.trim().split("\n");
            expect([run.stderr, lines.length]).toEqual(["", pairs.length]);
            for (const [index, [, , , , wanted]] of pairs.entries()) {
                expect([index, lines[index]]).toEqual([index, expect.stringMatching(wanted)]);
            }
        },
    );

    test("with OpenSSL, in Node, Python and curl, the stack's authority and the company's root are each enough, and no other is", async () => {
        const trusted = [ours, users].map(({ authority }) => authority.certificate);
        const serving = tls.createServer(
            { cert: server.certificate, key: server.key, ca: trusted, requestCert: true, rejectUnauthorized: true },
            (socket) => {
                socket.on("error", () => undefined);
                socket.on("data", () =>
                    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
                );
            },
        );
        serving.on("tlsClientError", () => undefined);
        await new Promise<void>((resolve) => serving.listen(0, "127.0.0.1", resolve));
        const { port } = serving.address() as AddressInfo;
        const python =
            "import socket, sys; sys.path.insert(0, 'provider/machines'); import exchangeByTls\n" +
            "plain = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 20)\n" +
            "secure = exchangeByTls.trusting(*sys.argv[2:]).wrap_socket(plain, server_hostname='127.0.0.1')\n" +
            "secure.sendall(b'GET'); assert secure.recv(4) == b'HTTP'";
        /** Whether each of them is let in, and lets the server in. */
        const connect = async (own: Pair, authority: string): Promise<boolean[]> => {
            const names = [own.certificate, own.key, authority].map((content, index) =>
                file(`node-${id}-${index}`, content),
            );
            const [cert = "", key = "", ca = ""] = names;
            const runs = [
                promisify(execFile)("python3", ["-c", python, String(port), ...names]),
                promisify(execFile)("curl", [
                    "-sS",
                    "--fail",
                    "--cert",
                    cert,
                    "--key",
                    key,
                    "--cacert",
                    ca,
                    `https://127.0.0.1:${port}`,
                ]),
                new Promise<void>((resolve, reject) => {
                    const socket = tls.connect({
                        host: "127.0.0.1",
                        port,
                        cert: own.certificate,
                        key: own.key,
                        ca: authority,
                    });
                    socket.on("error", reject).on("close", () => reject(new Error("closed")));
                    socket.once("secureConnect", () => socket.write("GET")).once("data", () => resolve());
                }),
            ];
            return (await Promise.allSettled(runs)).map(({ status }) => status === "fulfilled");
        };
        try {
            const [yes, no] = [
                [true, true, true],
                [false, false, false],
            ];
            expect(await connect(client, ours.authority.certificate)).toEqual(yes);
            expect(await connect(user, root.certificate)).toEqual(yes);
            expect(await connect(client, others.authority.certificate)).toEqual(no);
            expect(await connect(foreign, root.certificate)).toEqual(no);
        } finally {
            serving.close();
        }
    });
});
