// What `make client` writes and prints.
import { spawnSync } from "child_process";
import { X509Certificate } from "crypto";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as yaml from "yaml";
import type { UserFiles } from "../../components/storm/security/users";
import { keyStore } from "../../provider/keyStore";
import { certify } from "../../provider/kinds/certificate";
import { trustStore } from "../../provider/trustStore";
import { filesOf, guide, userOf, type UserOutputs, write } from "../../scripts/userFolder";

// Keys, and the script's own process, take time where other tests run too.
jest.setTimeout(120_000);

const daemons = certify({ name: "storm-test-storm" });
const alice: UserFiles = (() => {
    const pair = certify(
        { name: "alice", commonName: "alice", usage: "client", days: 365 },
        certify({ name: "storm-test-clients" }),
    );
    const { certificate: authority } = daemons;
    return {
        ...pair,
        keyStore: keyStore(pair, "changeit"),
        authority,
        trustStore: trustStore([authority], "changeit"),
        password: "alices-password",
    };
})();
const outputs: UserOutputs = {
    users: { alice, bob: alice },
    nimbusSeeds: ["10.0.0.2", "nimbus-2.internal"],
    nimbusPort: 6629,
    stormVersion: "2.8.9",
    uiUrl: "https://10.0.0.2:8080",
};

let folder: string;
beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-user-"));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const mode = (file: string) => (fs.statSync(file).mode & 0o777).toString(8);
const names = ["authority.pem", "certificate.p12", "certificate.pem", "key.pem", "password", "storm.yaml", "trust.jks"];

describe("the folder", () => {
    test("has what Storm's command line, curl and a browser take", () => {
        const files = filesOf(alice, outputs, "/home/alice/my storm");
        expect(Object.keys(files).sort()).toEqual(names);
        const text = (name: string) => files[name]?.toString();
        expect([text("certificate.pem"), text("key.pem")]).toEqual([alice.certificate, alice.key]);
        expect(text("authority.pem")).toBe(daemons.certificate);
        expect(text("password")).toBe("alices-password\n");
        expect(files["certificate.p12"]?.toString("base64")).toBe(alice.keyStore);
        expect(files["trust.jks"]?.toString("base64")).toBe(alice.trustStore);
        expect(yaml.parse(text("storm.yaml") as string)).toEqual({
            "nimbus.seeds": ["10.0.0.2", "nimbus-2.internal"],
            "nimbus.thrift.client.use.tls": true,
            "nimbus.thrift.tls.port": 6629,
            "nimbus.thrift.tls.client.keystore.path": "/home/alice/my storm/certificate.p12",
            "nimbus.thrift.tls.client.keystore.password": "changeit",
            "nimbus.thrift.tls.client.truststore.path": "/home/alice/my storm/trust.jks",
            "nimbus.thrift.tls.client.truststore.password": "changeit",
        });
    });

    test("is for its owner alone, and so are files that took the place of others", () => {
        const own = path.join(folder, "clients", "alice");
        write(own, { "key.pem": Buffer.from("first") });
        fs.chmodSync(path.join(own, "key.pem"), 0o644);
        write(own, { "key.pem": Buffer.from("second") });
        expect([mode(path.join(folder, "clients")), mode(own), mode(path.join(own, "key.pem"))]).toEqual([
            "700",
            "700",
            "600",
        ]);
        expect(fs.readFileSync(path.join(own, "key.pem"), "utf8")).toBe("second");
    });

    test("that exists keeps its mode", () => {
        fs.chmodSync(folder, 0o755);
        write(folder, { "key.pem": Buffer.from("key") });
        expect([mode(folder), mode(path.join(folder, "key.pem"))]).toEqual(["755", "600"]);
    });
});

test.each<[string, Partial<UserOutputs>, RegExp]>([
    [
        "carol",
        {},
        /^"carol" is no user of the stack dev: make client NAME=alice, or another of alice, bob\. .*storm:users/,
    ],
    ["toString", {}, /^"toString" is no user/],
    ["", {}, /^no NAME is given: make client NAME=alice/],
    ["alice", { users: undefined }, /set storm:security to tls, and storm:users .* \(docs\/security\.md\)$/],
])("%j is refused where the outputs have %j", (name, changed, message) => {
    expect(() => userOf("dev", { ...outputs, ...changed }, name)).toThrow(message);
    expect(userOf("dev", outputs, "alice")).toBe(alice);
});

describe("the guide", () => {
    const machine = (address: string, ...daemons: string[]) => ({ address, daemons, ssh: `ssh ec2-user@${address}` });
    const printed = (changed: Partial<UserOutputs> = {}) =>
        guide("alice", alice, { ...outputs, ...changed }, { project: "/p", folder: "/f/my storm", uiPort: 8080 });

    test("says how Storm's command line, a browser and curl connect", () => {
        expect(printed()).toMatch(/^\/f\/my storm has what alice connects with/);
        expect(printed()).toContain(
            `valid until ${new Date(new X509Certificate(alice.certificate).validTo).toISOString().slice(0, 10)}.`,
        );
        expect(printed()).toContain("\n  export STORM_CONF_DIR='/f/my storm'\n  storm list\n");
        expect(printed()).toContain("(Storm 2.8.9)");
        expect(printed()).toContain("It connects to 10.0.0.2, nimbus-2.internal, port 6629.");
        expect(printed()).toContain(
            "\n  curl --cert '/f/my storm/certificate.pem' --key '/f/my storm/key.pem' --cacert '/f/my storm/authority.pem' https://10.0.0.2:8080/api/v1/cluster/summary",
        );
        expect(printed()).toContain("asks for the user alice and the password in '/f/my storm/password'.\n");
        expect(printed()).toContain("logs open, which take no password on this target");
        expect(printed()).not.toMatch(/PRIVATE|alices-password|SOCKS|leads there/);
        expect(printed({ uiUrl: undefined })).not.toMatch(/curl|browser/);
    });

    test("leads through the machines, where addresses are private", () => {
        const hosts = { ui: machine("10.20.1.9", "ui"), "nimbus-1": machine("10.20.1.5", "nimbus-1") };
        const uiTunnel = "ssh ec2-user@10.20.1.9 -N -L 8080:10.20.1.9:8080";
        const text = printed({ uiUrl: undefined, uiTunnel, hosts });
        expect(text).toContain(" from /p:\n  ssh ec2-user@10.20.1.5 -N -D 127.0.0.1:1080\n");
        expect(text).toContain('JAVA_TOOL_OPTIONS="-DsocksProxyHost=127.0.0.1 -DsocksProxyPort=1080"');
        expect(text).toContain("Storm UI, https://127.0.0.1:8080, asks for ");
        expect(text).not.toContain("which take no password");
        expect(text).toContain(" https://127.0.0.1:8080/api/v1/cluster/summary\n");
        expect(text).toContain(` from /p:\n  ${uiTunnel}`);
        expect(printed({ uiTunnel, hosts })).toContain(
            "Storm UI, https://10.0.0.2:8080 or https://127.0.0.1:8080, asks ",
        );
    });
});

describe("the command", () => {
    /** Runs scripts/client, with a Pulumi that prints these outputs; undefined: it fails. */
    function client(stack: UserOutputs | undefined, ...args: string[]) {
        const json = path.join(folder, "outputs.json");
        fs.writeFileSync(json, JSON.stringify(stack) ?? "");
        const standIns = `. scripts/env.sh
            stack=dev
            use_stack() { :; }
            setting() { [ "$1" = storm:uiPort ] && echo 8080; }
            pulumi() {
                [ "$*" = "stack output --show-secrets --json --stack dev" ] && [ -s ${json} ] || { echo "error: no stack named 'dev' found" >&2; return 255; }
                cat ${json}
            }`;
        const script = fs.readFileSync("scripts/client", "utf8").replace(/^\. "\$\(dirname .*$/m, standIns);
        expect(script).toContain("use_stack() { :; }");
        const { status, stdout, stderr } = spawnSync("bash", ["-c", script, "client", ...args], { encoding: "utf8" });
        return { status, stdout, stderr };
    }

    test("writes the folder that is named, and says what comes next", () => {
        const own = path.join(folder, "alice");
        const { status, stdout, stderr } = client(outputs, "alice", own);
        expect([status, stderr]).toEqual([0, ""]);
        expect(stdout).toBe(
            `${guide("alice", alice, outputs, { project: process.cwd(), folder: own, uiPort: 8080 })}\n`,
        );
        expect(fs.readdirSync(own).sort()).toEqual(names);
        expect(fs.readFileSync(path.join(own, "storm.yaml"), "utf8")).toContain(path.join(own, "trust.jks"));
    });

    test("writes below .local, if none is named", () => {
        const [transpile, file] = ["scripts/transpile.js", "scripts/userFolder.ts"].map((each) => path.resolve(each));
        const args = ["--require", transpile as string, file as string, "dev", "alice", "8080", ""];
        const input = JSON.stringify(outputs);
        expect(spawnSync("node", args, { cwd: folder, encoding: "utf8", input })).toMatchObject({
            status: 0,
            stderr: "",
        });
        expect(fs.readdirSync(path.join(folder, ".local", "clients", "dev", "alice")).sort()).toEqual(names);
    });

    test("writes nothing for who is no user, or without outputs", () => {
        const own = path.join(folder, "carol");
        expect(client(outputs, "carol", own)).toEqual({
            status: 1,
            stdout: "",
            stderr: expect.stringMatching(/^make client: "carol" is no user .*\nNothing was written\.\n$/) as string,
        });
        expect(client(undefined, "alice", own)).toEqual({
            status: 1,
            stdout: "",
            stderr: expect.stringMatching(
                /^error: no stack named 'dev' found\nmake client: the outputs of the stack dev cannot be read, .*: make up\. Nothing was written\.\n$/,
            ) as string,
        });
        expect(fs.existsSync(own)).toBe(false);
    });
});
