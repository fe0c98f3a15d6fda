import { X509Certificate } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import * as yaml from "yaml";
import { edges } from "../../components/storm/spec/edges";
import { stormPem } from "../../provider/nimbus/tlsFiles";
import { certify } from "../../provider/kinds/certificate";
import { securityStep } from "../../provider/kinds/securityStep";
import { trustStore } from "../../provider/trustStore";
import { checkSettings } from "../../settings";
import { stackFile } from "./awsFixture";
import { onHosts } from "./hostsFixture";
import { clusterSummary, startStandIn } from "./nimbusStandIn";
import { setContainers, ssh } from "./containersStandIn";
import { defaultSettings, madeAfter, revealed, type Run, runProgram } from "./program";

// A run of the whole program takes seconds where other tests run too.
jest.setTimeout(120_000);

const authority = certify({ name: "storm-test-storm" });
const created = {
    "storm:index:Certificate": {
        certificate: authority.certificate,
        key: "THE-KEY\n",
        keyStore: "VEhFLUtFWS1TVE9SRQ==",
        expires: "2027-11-30T15:00:00.000Z",
    },
};
const settings = { security: "tls", users: ["alice"], stormImage: "storm:2.8.9" };
const secured = (more: object = {}, circumstances: object = {}) =>
    runProgram({ ...settings, ...more }, { created, ...circumstances });

interface Upload {
    file: string;
    content?: string;
    contentBase64?: string;
}
const container = (run: Run, daemon: string) =>
    revealed(run.get(`storm-${daemon}-container`).inputs) as { command: string[]; uploads: Upload[] };
const files = (run: Run, daemon: string) =>
    Object.fromEntries(
        container(run, daemon).uploads.map(({ file, content, contentBase64 }) => [file, content ?? contentBase64]),
    ) as Record<string, string>;
const entries = (run: Run, daemon: string) =>
    yaml.parse(files(run, daemon)["/conf/storm.yaml"] as string) as Record<string, unknown>;
const input = (run: Run, name: string) => revealed(run.get(name).inputs) as Record<string, unknown>;

describe("the setting", () => {
    const defaults = defaultSettings();
    const mistakes = (more: object) =>
        checkSettings({ ...defaults, ...settings, ...more }, "storm-test").mistakes.join("\n");

    test.each(["storm:2.8.7", "storm:2.8", "storm:2.10.0", "storm:3.0.0", "example.com/storm:ours"])(
        "is for %s",
        (stormImage) => {
            expect(mistakes({ stormImage })).toBe("");
        },
    );

    test.each(["storm:2.8.6", "storm:2.7.0", "storm:1.2.4"])("is not for %s", (stormImage) => {
        expect(mistakes({ stormImage })).toMatch(/storm:security \("tls"\) needs Storm 2\.8\.7 or newer/);
    });

    test("refuses what it sets itself, and nothing else", () => {
        const own = {
            "nimbus.thrift.tls.port": 6630,
            "nimbus.users": ["bob"],
            "storm.messaging.netty.tls.enable": false,
            "ui.https.port": 443,
            "storm.zookeeper.ssl.enable": false,
        };
        const found = mistakes({ stormYaml: { ...own, "ui.childopts": "-Dx=y", "topology.users": ["bob"] } });
        for (const key of Object.keys(own)) {
            expect(found).toContain(`stormYaml.${key}`);
        }
        expect(found).not.toMatch(/childopts|topology\.users/);
    });

    test("is refused while topologies run whose workers it would cut off", async () => {
        const nimbuses = [{ container: "c-nimbus-1" }];
        const state = {
            "storm:index:Submission::topology-words": { topology: "words", nimbuses },
            "storm:index:NimbusShutdown::storm-shutdown": { nimbuses },
        };
        const existing = ["storm-nimbus-1-container"];
        await expect(secured({}, { state, existing })).rejects.toThrow(
            /storm:security \("tls"\) would cut the workers of words off .*take topologies out of storm:topologies/,
        );
        const begun = { "storm:index:SecurityStep::storm-nimbus-security-begun": { step: 1 } };
        await expect(secured({}, { state: { ...state, ...begun }, existing })).resolves.toBeDefined();
    });
});

describe.each<[string, object, string]>([
    ["local", { drpcs: 1, nimbuses: 2, ui: true }, "172.30.77.33"],
    [
        "local, with names and files",
        { nimbuses: 2, discovery: "dns", delivery: "file" },
        "nimbus-1.storm-test.internal",
    ],
    ["hosts", onHosts, "10.0.0.1"],
    ["aws", stackFile("prod"), "private address of host-nimbus-1-interface"],
])("a new cluster on %s", (_, more, nimbus) => {
    let run: Run;
    beforeAll(async () => {
        run = await secured(more);
    });

    test("asks Nimbus at 6629 by the files in the containers", () => {
        const check = { kind: "nimbus", port: 6629, tls: stormPem };
        expect(input(run, "storm-nimbus-1-ready").check).toMatchObject(check);
        expect(input(run, "storm-supervisor-1-ready").check).toMatchObject({ nimbusPort: 6629, tls: stormPem });
        for (const name of ["storm-shutdown", "storm-supervisor-1-drain", "storm-activation"]) {
            const { nimbuses } = input(run, name) as { nimbuses: object[] };
            expect(nimbuses[0]).toMatchObject({ address: nimbus, port: 6629, tls: stormPem });
        }
        expect([run.outputs.nimbusPort, run.outputs.security]).toEqual([6629, "tls"]);
    });

    test("is at the last step at once", () => {
        expect(input(run, "storm-nimbus-security-begun")).toEqual({ step: 2 });
        expect(madeAfter(run.get("storm-zookeeper-1-container"), run)).toContain("storm-nimbus-security-begun");
        for (const gate of ["storm-nimbus-1-ready", "storm-supervisor-1-ready"]) {
            expect(madeAfter(run.get("storm-nimbus-security-done"), run)).toContain(gate);
        }
    });

    test("has certificates for the addresses at which daemons are reached, and no key in clear", () => {
        expect(input(run, "storm-tls-supervisor-1-certificate")).toMatchObject({ commonName: "storm", days: 365 });
        expect(input(run, "storm-tls-user-alice-certificate")).toMatchObject({ commonName: "alice", usage: "client" });
        const { names, address } = input(run, "storm-tls-nimbus-1-certificate") as { names: string[]; address: string };
        expect([address, ...names]).toContain(nimbus);
        for (const { name, inputs } of run.resources) {
            const { command, envs } = revealed(inputs) as { command?: string[]; envs?: string[] };
            expect([name, JSON.stringify([command, envs])]).toEqual([
                name,
                expect.not.stringMatching(/THE-KEY|VEhFLUtFWS1TVE9SRQ|changeit/),
            ]);
        }
        const { users, ...others } = run.outputs;
        expect(users).toHaveProperty("alice.key");
        expect(JSON.stringify(others)).not.toMatch(/THE-KEY|VEhFLUtFWS1TVE9SRQ/);
    });
});

describe("Storm's configuration", () => {
    let run: Run;
    beforeAll(async () => {
        run = await secured({ nimbuses: 2, drpcs: 1 });
    });

    test("lets daemons and users in at Nimbus, and looks at who may read blobs", () => {
        expect(entries(run, "nimbus-1")).toMatchObject({
            "nimbus.authorizer": "org.apache.storm.security.auth.authorizer.SimpleACLAuthorizer",
            "nimbus.admins": ["storm"],
            "nimbus.users": ["storm", "ui", "exporter", "alice"],
            "topology.readonly.users": ["ui", "exporter"],
            "storm.blobstore.acl.validation.enabled": true,
            "nimbus.thrift.tls.server.truststore.path": "/certificates/storm-clients-trust.jks",
            // Copies between them.
            "debug.simple.transport.user": "storm",
        });
        expect(entries(run, "nimbus-1")).not.toHaveProperty(["nimbus.thrift.tls.server.only"]);
        expect(container(run, "supervisor-1").command).toContain("nimbus.thrift.tls.port=6629");
        expect(container(run, "nimbus-1").command).toContain("nimbus.thrift.tls.port=6629");
        expect(JSON.stringify(container(run, "nimbus-1").command)).not.toContain("nimbus.thrift.port");
        // Storm UI answers nothing with it: AuthorizedUserFilter asks it for somebody who has not logged in.
        expect(entries(run, "ui")).not.toHaveProperty(["nimbus.authorizer"]);
    });

    test("leaves no plain port to a Nimbus that is alone", async () => {
        const alone = entries(await secured(), "nimbus-1");
        expect(alone["nimbus.thrift.tls.server.only"]).toBe(true);
        expect(alone).not.toHaveProperty(["debug.simple.transport.user"]);
    });

    test("has supervisors and workers that know each other by the authority of daemons alone", () => {
        const supervisor = entries(run, "supervisor-1");
        expect(supervisor).toMatchObject({
            "supervisor.thrift.client.use.tls": true,
            "supervisor.thrift.tls.client.auth.required": true,
            "storm.messaging.netty.tls.enable": true,
            "nimbus.thrift.client.use.tls": true,
            "topology.worker.nimbus.thrift.client.use.tls": true,
        });
        for (const key of ["supervisor.thrift.tls.server", "storm.messaging.netty.tls", "nimbus.thrift.tls.client"]) {
            expect(supervisor[`${key}.keystore.path`]).toBe("/certificates/storm.p12");
            expect(supervisor[`${key}.truststore.path`]).toBe("/certificates/storm-trust.jks");
        }
        expect(supervisor["worker.childopts"]).toContain("defaultEndpointVerificationAlgorithm=NONE");
        const { [`/certificates/storm-trust.jks`]: daemons, [`/certificates/storm-clients-trust.jks`]: clients } =
            files(run, "supervisor-1");
        const pem = authority.certificate;
        expect(daemons).toBe(trustStore([pem], "changeit"));
        expect(clients).toBe(trustStore([pem, pem], "changeit"));
    });

    test.each<[string, string, number]>([
        ["ui", "ui", 8080],
        ["supervisor-1", "logviewer", 8000],
        ["drpc-1", "drpc", 3774],
    ])("gives the pages of %s by https alone, to those with a certificate", (daemon, server, port) => {
        expect(entries(run, daemon)).toMatchObject({
            [`${server}.https.port`]: port,
            [`${server}.disable.http.binding`]: true,
            [`${server}.https.need.client.auth`]: true,
            [`${server}.https.truststore.path`]: "/certificates/storm-clients-trust.jks",
        });
        expect(JSON.stringify(container(run, daemon).command)).not.toMatch(/ui\.port|ui\.host/);
    });

    test("lets UI link to logs by https, and has its certificate for the addresses of browsers", () => {
        expect(entries(run, "ui")["logviewer.https.port"]).toBe(8000);
        expect(run.outputs.uiUrl).toBe("https://127.0.0.1:8080");
        expect(input(run, "storm-tls-ui-certificate")).toMatchObject({
            commonName: "ui",
            names: ["localhost", "127.0.0.1"],
        });
        const { certificate } = certify(
            { ...{ name: "ui", address: "10.0.0.9" }, names: ["localhost", "127.0.0.1"] },
            authority,
        );
        expect(new X509Certificate(certificate).subjectAltName).toBe(
            "IP Address:10.0.0.9, DNS:localhost, IP Address:127.0.0.1",
        );
    });

    test("changes no certificate for a machine that cannot be used", async () => {
        const onMachines = await secured(onHosts);
        for (const owner of ["tls-supervisor-1", "tls-nimbus-1", "security-zookeeper-1", "security-supervisor-1"]) {
            const made = madeAfter(onMachines.get(`storm-${owner}-certificate`), onMachines);
            expect([owner, made.some((name) => name.endsWith("-contact"))]).toEqual([owner, true]);
        }
    });

    test("gives PEM files to those containers alone from which Nimbus is asked", () => {
        const withKey = ["zookeeper-1", "nimbus-1", "supervisor-1", "drpc-1", "ui"].filter(
            (daemon) => stormPem.key in files(run, daemon),
        );
        expect(withKey).toEqual(["nimbus-1", "supervisor-1"]);
    });
});

test("the edges of Nimbus are at 6629, but for copies of blobs", () => {
    const all = edges({ slots: 1, uiPort: 8080, security: "tls" });
    const at = (port: number) => all.filter((edge) => edge.ports[0] === port).map(({ from, to }) => `${from} ${to}`);
    expect(at(6627)).toEqual(["nimbus nimbus"]);
    expect(at(6629).sort()).toEqual(["client nimbus", "nimbus nimbus", "supervisor nimbus", "ui nimbus"]);
    expect(at(2181)).toEqual([]);
});

test("on aws, nobody but a Nimbus reaches 6627", async () => {
    const run = await secured(stackFile("prod"));
    const rules = run.resources.map(({ name }) => name).filter((name) => /-nimbus-662[79]-from-/.test(name));
    expect(rules.sort()).toEqual([
        "host-firewall-nimbus-6627-from-nimbus",
        "host-firewall-nimbus-6629-from-nimbus",
        "host-firewall-nimbus-6629-from-supervisor",
        "host-firewall-nimbus-6629-from-ui",
    ]);
});

describe("a cluster that exists", () => {
    const existing = ["storm-zookeeper-1-container", "storm-nimbus-1-container"];
    const record = (name: string, step?: number) =>
        step === undefined ? {} : { [`storm:index:SecurityStep::storm-${name}`]: { step } };
    const state = (members: [number?, number?], nimbus: [number?, number?] = []) => ({
        ...record("security-begun", members[0]),
        ...record("security-done", members[1]),
        ...record("nimbus-security-begun", nimbus[0]),
        ...record("nimbus-security-done", nimbus[1]),
    });
    const warnings = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
    beforeEach(() => warnings.mockClear());

    test.each<[string, object, [number, number], string | undefined]>([
        ["that is plain", state([]), [1, 1], "update 1 of 3"],
        ["whose first update was interrupted", state([1], [1]), [1, 1], "update 1 of 3"],
        ["after the first update", state([1, 1], [1, 1]), [2, 2], "update 2 of 3"],
        ["after the second update", state([2, 2], [2, 2]), [3, 2], undefined],
        ["whose ZooKeeper has TLS", state([3, 3]), [3, 1], "update 1 of 2"],
        ["whose ZooKeeper has TLS, after the first update", state([3, 3], [1, 1]), [3, 2], undefined],
    ])(
        "%s takes the next steps: Nimbus is closed once all call it by TLS",
        async (_, before, [members, nimbus], said) => {
            const run = await secured({}, { existing, state: before });
            expect(input(run, "storm-security-begun").step).toBe(members);
            expect(input(run, "storm-nimbus-security-begun").step).toBe(nimbus);
            expect("nimbus.authorizer" in entries(run, "nimbus-1")).toBe(nimbus === 2);
            expect("nimbus.thrift.tls.server.only" in entries(run, "nimbus-1")).toBe(nimbus === 2);
            expect(entries(run, "supervisor-1")["nimbus.thrift.client.use.tls"]).toBe(true);
            const told = warnings.mock.calls
                .map(([message]) => message)
                .filter((message) => message.includes("storm:security"));
            expect(told).toEqual(said ? [expect.stringContaining(said)] : []);
        },
    );

    test("has to have no topology when it begins, and is left as it is otherwise", async () => {
        const nimbuses = [{ container: "c-nimbus-1", address: "10.0.0.1", port: 6627 }];
        const shutdown = { "storm:index:NimbusShutdown::storm-shutdown": { nimbuses } };
        const run = await secured({}, { existing, state: shutdown });
        expect(input(run, "storm-nimbus-security-begun").withoutTopologies).toEqual(nimbuses);
        expect(madeAfter(run.get("storm-security-begun"), run)).toContain("storm-nimbus-security-begun");
        const later = await secured({}, { existing, state: { ...shutdown, ...state([1, 1], [1, 1]) } });
        expect(input(later, "storm-nimbus-security-begun")).not.toHaveProperty("withoutTopologies");
    });

    test("says which topologies have to be killed", async () => {
        let topologies = [{ id: "words-1-1", name: "words" }];
        const nimbus = await startStandIn(() =>
            clusterSummary({ nimbuses: [{ host: "127.0.0.1", port: nimbus.port, leader: true }], topologies }),
        );
        setContainers({ "c-nimbus-1": "running" });
        const withoutTopologies = [{ container: "c-nimbus-1", ssh, address: "127.0.0.1", port: nimbus.port }];
        try {
            await expect(securityStep.create?.({ step: 1, withoutTopologies })).rejects.toThrow(
                /^words: workers would/,
            );
            topologies = [];
            await expect(securityStep.create?.({ step: 1, withoutTopologies })).resolves.toEqual({});
        } finally {
            nimbus.stop();
        }
    });
});
