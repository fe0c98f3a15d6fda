import { spawnSync } from "child_process";
import { X509Certificate } from "crypto";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import * as yaml from "yaml";
import type { Host } from "../../components/hosts/host";
import { StormCluster } from "../../components/storm/stormCluster";
import { membersSteps, nextStep } from "../../components/storm/rollout/securitySteps";
import { clusterDefaults } from "../../components/storm/spec/defaults";
import { kinds } from "../../provider/kinds";
import { certificate, certify } from "../../provider/kinds/certificate";
import { StormProvider } from "../../provider/provider";
import type { Properties } from "../../provider/wire";
import { checkSettings } from "../../settings";
import { stackFile } from "./awsFixture";
import { onHosts } from "./hostsFixture";
import { defaultSettings, madeAfter, mocked, revealed, type Run, runProgram } from "./program";

// A run of the whole program takes seconds where other tests run too.
jest.setTimeout(120_000);

const security = { security: "zookeeper", stormImage: "storm:2.8.9" };
const authority = certify({ name: "storm-test-zookeeper" });
const created = {
    "storm:index:Certificate": {
        certificate: authority.certificate,
        key: "THE-KEY\n",
        keyStore: "VEhFLUtFWS1TVE9SRQ==",
        expires: "2027-11-30T15:00:00.000Z",
    },
};
const secured = (settings: object = {}, more: object = {}) =>
    runProgram({ ...security, ...settings }, { created, ...more });
const container = (run: Run, daemon: string) =>
    revealed(run.get(`storm-${daemon}-container`).inputs) as {
        command?: string[];
        envs: string[];
        uploads: { file: string; content?: string; contentBase64?: string }[];
    };
const zooCfg = (run: Run, member = 1) =>
    container(run, `zookeeper-${member}`)
        .envs.find((each) => each.startsWith("ZOO_CFG_EXTRA="))
        ?.replace("ZOO_CFG_EXTRA=", "")
        .split(" ");
const files = (run: Run, daemon: string) =>
    container(run, daemon)
        .uploads.map(({ file }) => file)
        .filter((file) => file.startsWith("/certificates"));
const stormYaml = (run: Run, daemon: string) =>
    container(run, daemon).uploads.find(({ file }) => file === "/conf/storm.yaml")?.content;

describe("the setting", () => {
    const defaults = defaultSettings();
    const mistakes = (settings: object) =>
        checkSettings({ ...defaults, ...security, ...settings }, "storm-test").mistakes.join("\n");

    test.each(["storm:2.7.0", "storm:2.8.9", "storm:3.1.0", "storm:2", "example.com/storm:ours"])(
        "is for %s",
        (stormImage) => {
            expect(mistakes({ stormImage })).toBe("");
        },
    );

    test.each(["storm:1.2.4", "storm:2.6.4", "storm:v2.6.4-jre21"])("is not for %s", (stormImage) => {
        expect(mistakes({ stormImage })).toMatch(/storm:security .*needs Storm 2\.7 or newer, .*: set a newer image$/);
        expect(mistakes({ ...onHosts, stormImage })).toMatch(
            /or storm:discovery to `ambassador` and storm:ambassadorTls to true$/m,
        );
    });

    test("`all` is none of its values", () => {
        expect(mistakes({ security: "all" })).toMatch(/storm:security \("all"\) must be one of none, zookeeper, tls$/);
    });

    test.each([3, 365, 825])("certificates may be valid for %i days", (certificateDays) => {
        expect(mistakes({ certificateDays })).toBe("");
    });

    test.each<[unknown, RegExp]>([
        [2, /storm:certificateDays \(2\) must be .* from 3 to 825: an update renews .* less than a day$/],
        [826, /storm:certificateDays \(826\) must be .* from 3 to 825: Apple's systems refuse/],
        [30.5, /must be a whole number of days from 3 to 825$/],
        ["a year", /must be a whole number of days from 3 to 825$/],
    ])("they may not for %s", (certificateDays, message) => {
        expect(mistakes({ certificateDays })).toMatch(message);
    });

    test("their days are for a stack that has some", () => {
        const { warnings } = checkSettings({ ...defaults, security: "none", certificateDays: 30 }, "storm-test");
        expect(warnings).toEqual([
            "  storm:certificateDays (30) has no effect once no certificate of storm:security is left",
        ]);
    });

    test("every mistake is shown at once", () => {
        const found = mistakes({
            stormImage: "storm:2.6.4",
            zookeeperServers: ["zk-1"],
            discovery: "ambassador",
            stormYaml: { "storm.zookeeper.ssl.enable": false, "storm.zookeeper.session.timeout": 20000 },
            zooCfg: { sslQuorum: true, "ssl.clientAuth": "want", tickTime: 2000 },
        });
        expect(found).toMatch(/needs Storm 2\.7/);
        expect(found).toMatch(/storm:security .*is for an ensemble of the stack's own/);
        expect(found).toMatch(/storm:security .*is for the discoveries `addresses` and `dns`/);
        expect(found).toMatch(/stormYaml\.storm\.zookeeper\.ssl\.enable .*is set by storm:security: remove it/);
        expect(found).toMatch(/zooCfg\.sslQuorum .*is set by storm:security: remove it/);
        expect(found).toMatch(/zooCfg\.ssl\.clientAuth .*is set by storm:security: remove it/);
        expect(found).not.toMatch(/zooCfg\.tickTime|session\.timeout/);
        expect(mistakes({ zookeeperImage: "zookeeper:3.6.4" })).toMatch(/needs ZooKeeper 3\.7 or newer/);
    });

    test("a program that uses the library cannot have it with an existing ensemble", async () => {
        await mocked({}, {});
        const hosts = { "nimbus-1": {} as Host };
        const args = { clusterName: "c", hosts, zookeeper: { servers: ["zk-1"] }, security: "zookeeper" as const };
        expect(() => new StormCluster("c", args)).toThrow(/an ensemble of the cluster's own/);
    });
});

describe.each<[string, () => Promise<Run>, string]>([
    ["local", () => secured({ drpcs: 1, zookeepers: 3 }), "172.30.77.17"],
    [
        "local, with names and files",
        () => secured({ drpcs: 1, zookeepers: 3, discovery: "dns", delivery: "file" }),
        "172.30.77.17",
    ],
    ["hosts", () => secured(onHosts), "10.0.0.1"],
    ["aws", () => secured(stackFile("prod")), "private address of host-zookeeper-1-interface"],
])("a new cluster on %s", (_, start, address) => {
    let run: Run;
    beforeAll(async () => {
        run = await start();
    });

    test("has members that clients and members reach by TLS alone", () => {
        const entries = zooCfg(run);
        const at = address.replaceAll(" ", "\u00a0");
        expect(entries?.join(" ").replaceAll(address, at).split(" ")).toEqual(
            expect.arrayContaining([
                "clientPort=2181",
                "clientPortAddress=127.0.0.1",
                "secureClientPort=2281",
                `secureClientPortAddress=${at}`,
                "enforce.auth.enabled=true",
                "enforce.auth.schemes=x509",
                "sslQuorum=true",
                "portUnification=false",
            ]),
        );
        expect(files(run, "zookeeper-1")).toEqual([
            "/certificates/zookeeper-authority.pem",
            "/certificates/zookeeper.pem",
            "/certificates/quorum-authority.pem",
            "/certificates/quorum.pem",
        ]);
    });

    test("asks a member from within its container, at its loopback address", () => {
        expect(revealed(run.get("storm-zookeeper-1-ready").inputs.check)).toMatchObject({
            port: 2181,
            closed: { address: "127.0.0.1", peersPort: 3888 },
        });
        const { members } = run.get("storm-zookeeper-membership").inputs as {
            members: { address: string; port: number }[];
        };
        expect(members.map((member) => `${member.address}:${member.port}`)).toEqual(
            members.map(() => "127.0.0.1:2181"),
        );
    });

    test("has Nimbus and supervisors that connect to 2281 by a certificate, and nobody else has one", () => {
        for (const daemon of ["nimbus-1", "supervisor-1"]) {
            expect(files(run, daemon)).toEqual([
                "/certificates/zookeeper-authority.pem",
                "/certificates/zookeeper.p12",
            ]);
        }
        const others = run.resources.filter(({ type }) => type === "docker:index/container:Container");
        const names = others.filter(({ inputs }) => JSON.stringify(inputs).includes("/certificates/"));
        expect(names.filter(({ name }) => !/-(zookeeper|nimbus|supervisor)-\d+-container$/.test(name))).toEqual([]);
        expect(run.outputs.zookeeperServers).toEqual(expect.arrayContaining([`${address}:2281`]));
    });

    test("keeps keys secret, off command lines and out of environment variables", () => {
        const plain = (value: unknown): string =>
            JSON.stringify(value, (_key, each: unknown) =>
                typeof each === "object" && each !== null && "4dabf18193072939515e22adb298388d" in each
                    ? "SECRET"
                    : each,
            );
        for (const { name, inputs } of run.resources) {
            expect([name, plain(inputs)]).toEqual([name, expect.not.stringMatching(/THE-KEY|VEhFLUtFWS1TVE9SRQ/)]);
            const { command, envs } = revealed(inputs) as { command?: string[]; envs?: string[] };
            expect(JSON.stringify([command, envs])).not.toMatch(/THE-KEY|VEhFLUtFWS1TVE9SRQ|changeit/);
        }
        expect(JSON.stringify(run.outputs)).not.toMatch(/THE-KEY|VEhFLUtFWS1TVE9SRQ/);
        expect(container(run, "zookeeper-1").uploads[1]?.content).toBe(`${authority.certificate}THE-KEY\n`);
    });

    test("has two authorities, and certificates by what they are for", () => {
        const of = (name: string) => revealed(run.get(name).inputs) as Record<string, unknown>;
        expect(of("storm-security-nimbus-1-certificate")).toMatchObject({
            commonName: "storm",
            usage: "client",
            days: 365,
        });
        expect(of("storm-security-zookeeper-1-certificate")).toMatchObject({
            commonName: "zookeeper",
            usage: "server",
            address,
        });
        expect(of("storm-security-zookeeper-1-quorum-certificate")).not.toHaveProperty("usage");
        const authorities = run.resources.filter(({ name }) => name.endsWith("-authority"));
        expect(authorities.map(({ name }) => name)).toEqual([
            "storm-security-zookeeper-authority",
            "storm-security-quorum-authority",
        ]);
        expect(run.outputs.certificatesExpire).toBe("2027-11-30T15:00:00.000Z");
    });

    test("is at the last step at once", () => {
        expect(run.get("storm-security-begun").inputs).toEqual({ step: 3 });
        expect(run.get("storm-security-done").inputs).toEqual({ step: 3 });
        expect(madeAfter(run.get("storm-zookeeper-1-container"), run)).toContain("storm-security-begun");
        for (const gate of ["storm-zookeeper-1-ready", "storm-nimbus-1-ready", "storm-supervisor-1-ready"]) {
            expect(madeAfter(run.get("storm-security-done"), run)).toContain(gate);
        }
    });
});

test("on local, Storm's entries for TLS are in storm.yaml, and the option that Netty needs in all JVMs that connect", async () => {
    const run = await secured({ drpcs: 1, discovery: "dns" });
    const option = "-Dorg.apache.storm.shade.io.netty.handler.ssl.defaultEndpointVerificationAlgorithm=NONE";
    for (const [daemon, jvms] of Object.entries({ "nimbus-1": ["nimbus"], "supervisor-1": ["supervisor", "worker"] })) {
        const entries = yaml.parse(stormYaml(run, daemon) as string) as Record<string, string>;
        expect(entries["storm.zookeeper.ssl.keystore.path"]).toBe("/certificates/zookeeper.p12");
        expect(jvms.filter((jvm) => entries[`${jvm}.childopts`]?.split(" ").includes(option))).toEqual(jvms);
    }
    for (const daemon of ["ui", "drpc-1"]) {
        expect(stormYaml(run, daemon)).not.toMatch(/zookeeper\.ssl|defaultEndpoint/);
    }
    expect(container(run, "nimbus-1").command).toContain("storm.zookeeper.port=2281");
    expect(revealed(run.get("storm-security-zookeeper-1-certificate").inputs)).toMatchObject({
        names: ["zookeeper-1.storm-test.internal"],
    });
});

test("certificates are valid for as many days as the setting says, with either value of storm:security", async () => {
    for (const more of [{}, { security: "tls", users: ["alice"] }]) {
        const { resources } = await secured({ certificateDays: 30, ...more });
        const certificates = resources.filter(({ name }) => name.endsWith("-certificate"));
        expect(certificates.length).toBeGreaterThan(3);
        expect(certificates.filter(({ inputs }) => inputs.days !== 30)).toEqual([]);
    }
});

test("on aws, 2281 is open in the place of 2181", async () => {
    const rules = (run: Run) =>
        run.resources.map(({ name }) => name).filter((name) => /-zookeeper-2\d81-from-/.test(name));
    expect(rules(await secured(stackFile("dev")))).toEqual([
        "host-firewall-zookeeper-2281-from-nimbus",
        "host-firewall-zookeeper-2281-from-supervisor",
    ]);
});

describe("a cluster that exists", () => {
    const member = ["storm-zookeeper-1-container"];
    const at = (begun?: number, done?: number) => ({
        ...(begun !== undefined && { "storm:index:SecurityStep::storm-security-begun": { step: begun } }),
        ...(done !== undefined && { "storm:index:SecurityStep::storm-security-done": { step: done } }),
    });
    const warnings = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
    beforeEach(() => warnings.mockClear());

    test.each<[string, object, number]>([
        ["that is plain", at(), 1],
        ["whose first update was interrupted", at(1), 1],
        ["after the first update", at(1, 1), 2],
        ["whose second update was interrupted", at(2, 1), 2],
        ["after the second update", at(2, 2), 3],
        ["whose third update was interrupted", at(3, 2), 3],
        ["after the third update", at(3, 3), 3],
    ])("%s takes the next step, and no other", (_, state, step) => {
        const resources = Object.entries(state).map(([key, outputs]) => {
            const [type = "", name = ""] = key.split("::");
            return { type, name, outputs: outputs as Record<string, unknown> };
        });
        const container = { type: "docker:index/container:Container", name: member[0] as string, outputs: {} };
        expect(nextStep([...resources, container], "storm", membersSteps)).toBe(step);
    });

    test("a new cluster whose first update was interrupted goes on with the last step", () => {
        const records = [{ type: "storm:index:SecurityStep", name: "storm-security-begun", outputs: { step: 3 } }];
        const container = {
            type: "docker:index/container:Container",
            name: "storm-zookeeper-1-container",
            outputs: {},
        };
        expect(nextStep([...records, container], "storm", membersSteps)).toBe(3);
    });

    test.each<[number, object, string[], string[]]>([
        [
            1,
            at(),
            ["clientPortAddress=172.30.77.17", "secureClientPort=2281", "sslQuorum=false", "portUnification=true"],
            ["enforce.auth.enabled=true"],
        ],
        [
            2,
            at(1, 1),
            ["clientPortAddress=127.0.0.1", "enforce.auth.enabled=true", "sslQuorum=true", "portUnification=true"],
            [],
        ],
        [
            3,
            at(2, 2),
            ["clientPortAddress=127.0.0.1", "enforce.auth.enabled=true", "sslQuorum=true", "portUnification=false"],
            [],
        ],
    ])("in update %i no daemon that has not been restarted is cut off", async (step, state, has, hasNot) => {
        const run = await secured({ zookeepers: 3 }, { existing: member, state });
        const entries = zooCfg(run);
        expect(entries).toEqual(expect.arrayContaining(has));
        expect(hasNot.filter((entry) => entries?.includes(entry))).toEqual([]);
        expect(run.get("storm-zookeeper-1-ready").inputs.check).toEqual(
            step === 1
                ? expect.not.objectContaining({ closed: expect.anything() as unknown })
                : expect.objectContaining({ closed: expect.anything() as unknown }),
        );
        const said = warnings.mock.calls
            .map(([message]) => message)
            .filter((message) => message.includes("storm:security"));
        expect(said).toEqual(step === 3 ? [] : [expect.stringContaining(`update ${step} of 3`)]);
        // Daemons of Storm follow the members in the same update.
        expect(container(run, "nimbus-1").command).toContain("storm.zookeeper.port=2281");
    });
});

describe("a certificate", () => {
    const inputs = {
        name: "nimbus-1",
        commonName: "storm",
        usage: "client" as const,
        days: clusterDefaults.certificateDays,
        by: authority,
    };

    test.each([
        ["server", ["1.3.6.1.5.5.7.3.1"]],
        ["client", ["1.3.6.1.5.5.7.3.2"]],
        [undefined, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]],
    ] as const)(
        "for a %s has that use alone, its common name, and the addresses and names that it is reached by",
        (usage, uses) => {
            const made = new X509Certificate(
                certify(
                    {
                        name: "zookeeper-1",
                        commonName: "zookeeper",
                        address: "10.0.0.1",
                        names: ["zk.internal"],
                        usage,
                        days: 30,
                    },
                    authority,
                ).certificate,
            );
            expect([made.subject, made.keyUsage]).toEqual(["CN=zookeeper", uses]);
            expect([made.checkIP("10.0.0.1"), made.checkHost("zk.internal")]).toEqual(["10.0.0.1", "zk.internal"]);
            expect(Math.round((made.validToDate.getTime() - Date.now()) / 86_400_000)).toBe(30);
            expect(made.checkIssued(new X509Certificate(authority.certificate))).toBe(true);
        },
    );

    test("is replaced when less than a third of its time is left, and one without a limit never is", async () => {
        const provider = new StormProvider("0.1.0", kinds);
        const urn = "urn:pulumi:test::storm::storm:index:Certificate::own";
        const outs = (await provider.create(urn, inputs)).outs as Properties;
        const replaces = async (olds: Properties, news: Properties) =>
            (await provider.diff("own", urn, olds, news)).replaces;
        const clock = jest.spyOn(Date, "now");
        try {
            const end = Date.parse(outs.expires as string);
            const third = (inputs.days * 86_400_000) / 3;
            clock.mockReturnValue(end - third - 60_000);
            expect(await replaces(outs, inputs)).toEqual([]);
            clock.mockReturnValue(end - third + 60_000);
            expect(await replaces(outs, inputs)).toEqual(["expires"]);
            // Those of ambassadors, as they are in a state.
            const former = { name: "a", address: "10.0.0.1", by: authority, ...authority };
            clock.mockReturnValue(end + 100 * third);
            expect(await replaces(former, { name: "a", address: "10.0.0.1", by: authority })).toEqual([]);
        } finally {
            clock.mockRestore();
        }
    });

    test("ends with its authority at the latest, and is not replaced by one that would end as soon", async () => {
        const ending = certify({ name: "storm-test-zookeeper", days: 100 });
        const provider = new StormProvider("0.1.0", kinds);
        const urn = "urn:pulumi:test::storm::storm:index:Certificate::own";
        const replaces = async (olds: Properties, days: number) =>
            (await provider.diff("own", urn, olds, { ...inputs, days, by: ending })).replaces;
        const outs = (await provider.create(urn, { ...inputs, by: ending })).outs as Properties;
        const end = Date.parse(new X509Certificate(ending.certificate).validTo);
        expect([outs.expires, Date.parse(new X509Certificate(outs.certificate as string).validTo)]).toEqual([
            new Date(end).toISOString(),
            end,
        ]);
        expect(await replaces(outs, inputs.days)).toEqual([]);
        // Other days are another certificate.
        expect(await replaces(outs, 90)).toEqual(["days"]);
    });

    test("comes in a key store that Java loads, with its key; and in none where nobody asks for it", async () => {
        const { keyStore = "", ...pair } = (await certificate.create?.({ ...inputs, storePassword: "changeit" })) ?? {
            certificate: "",
        };
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-keystore-"));
        try {
            const file = path.join(folder, "zookeeper.p12");
            fs.writeFileSync(file, Buffer.from(keyStore, "base64"));
            const listed = spawnSync("keytool", ["-list", "-v", "-keystore", file, "-storepass", "changeit"], {
                encoding: "utf8",
            });
            expect(listed.stdout).toMatch(/Entry type: PrivateKeyEntry/);
            expect(listed.stdout).toMatch(/Owner: CN=storm\n/);
        } finally {
            fs.rmSync(folder, { recursive: true });
        }
        expect(new X509Certificate(pair.certificate).subject).toBe("CN=storm");
        expect(await certificate.create?.({ name: "a", address: "10.0.0.1", by: authority })).toEqual({
            certificate: expect.any(String) as string,
            key: expect.any(String) as string,
        });
    });
});
