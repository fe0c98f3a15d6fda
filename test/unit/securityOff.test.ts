// storm:security set to less than a cluster has: which steps updates take, what each declares, and that no order of them cuts a daemon off.
import * as pulumi from "@pulumi/pulumi";
import * as yaml from "yaml";
import { changesCalls, nextSecurity, requireSteps } from "../../components/storm/rollout/securityInUpdate";
import {
    connectionsBy,
    hasReverseProxies,
    type NimbusStep,
    type Security,
    type SecurityStep,
} from "../../components/storm/spec/security";
import type { ExistingResource } from "../../components/stackState";
import { certify } from "../../provider/kinds/certificate";
import { securityStep } from "../../provider/kinds/securityStep";
import { stormPem } from "../../provider/nimbus/tlsFiles";
import { stackFile } from "./awsFixture";
import { setContainers, ssh } from "./containersStandIn";
import { onHosts } from "./hostsFixture";
import { clusterSummary, startStandIn } from "./nimbusStandIn";
import { madeAfter, revealed, type Run, runProgram } from "./program";

// A run of the whole program takes seconds where other tests run too.
jest.setTimeout(120_000);

/** Steps of the records, as an update has begun and ended them. */
interface Records {
    members?: [SecurityStep?, SecurityStep?];
    nimbus?: [NimbusStep?, NimbusStep?];
}

const recordsOf = ({ members = [], nimbus = [] }: Records): [string, number][] =>
    (
        [
            ["security-begun", members[0]],
            ["security-done", members[1]],
            ["nimbus-security-begun", nimbus[0]],
            ["nimbus-security-done", nimbus[1]],
        ] as const
    ).flatMap(([name, step]) => (step === undefined ? [] : [[`storm-${name}`, step] as [string, number]]));
const containers = ["storm-zookeeper-1-container", "storm-nimbus-1-container"];
const nimbusesByTls = [{ container: "c-nimbus-1", address: "10.0.0.1", port: 6629, tls: stormPem }];
const shutdown = { nimbuses: nimbusesByTls };
const proxy = "storm-reverse-proxy-local-container";
const existing = (records: Records, topologies: string[] = [], more: string[] = []): ExistingResource[] => [
    ...[...containers, ...more].map((name) => ({ type: "docker:index/container:Container", name, outputs: {} })),
    { type: "storm:index:NimbusShutdown", name: "storm-shutdown", outputs: shutdown },
    ...recordsOf(records).map(([name, step]) => ({ type: "storm:index:SecurityStep", name, outputs: { step } })),
    ...topologies.map((topology) => ({
        ...{ type: "storm:index:Submission", name: topology, outputs: { topology, nimbuses: nimbusesByTls } },
    })),
];
const next = (records: Records, wanted?: Security, topologies?: string[], more?: string[]) => {
    const found = nextSecurity(existing(records, topologies, more), "storm", wanted);
    return found && [found.members, found.nimbus];
};
const tls: Records = { members: [3, 3], nimbus: [2, 2] };

describe("the steps", () => {
    test.each<[string, Security | undefined, Records, ([SecurityStep, NimbusStep?] | undefined)[]]>([
        ["tls to none", undefined, tls, [[2, 1], [1, 1], [0, 0], undefined]],
        ["zookeeper to none", undefined, { members: [3, 3] }, [[2], [1], [0], undefined]],
        ["tls to zookeeper", "zookeeper", tls, [[3, 1], [3, 0], [3]]],
        ["the first of three updates to none", undefined, { members: [1, 1], nimbus: [1, 1] }, [[0, 0], undefined]],
        ["half of the way to none to zookeeper", "zookeeper", { members: [2, 2], nimbus: [1, 1] }, [[3, 0], [3]]],
        [
            "half of the way to none to tls",
            "tls",
            { members: [1, 1], nimbus: [1, 1] },
            [
                [2, 2],
                [3, 2],
            ],
        ],
        [
            "plain clients to tls",
            "tls",
            { members: [0, 0], nimbus: [0, 0] },
            [
                [1, 1],
                [2, 2],
                [3, 2],
            ],
        ],
    ])("from %s are one at a time", (_, wanted, from, steps) => {
        let records = from;
        for (const step of steps) {
            const found = next(records, wanted);
            expect(found).toEqual(step && [step[0], step[1]]);
            records = {
                ...(step && { members: [step[0], step[0]] }),
                ...(step?.[1] !== undefined && { nimbus: [step[1], step[1]] }),
            };
        }
        expect(next(records, wanted)).toEqual(steps.at(-1));
    });

    test.each<[string, Records, Security | undefined, [SecurityStep, NimbusStep?]]>([
        ["to none", { members: [1, 2], nimbus: [1, 1] }, undefined, [1, 1]],
        ["to none, and tls is wanted again,", { members: [0, 1], nimbus: [0, 1] }, "tls", [0, 0]],
        ["to tls, and none is wanted again,", { members: [2, 1], nimbus: [2, 1] }, undefined, [2, 2]],
    ])("that were interrupted on the way %s are finished first", (_, records, wanted, step) => {
        expect(next(records, wanted)).toEqual(step);
    });

    test("turn at once in the first update, which may be one that cannot succeed", () => {
        expect(next({ members: [1], nimbus: [1] })).toEqual([0, 0]);
    });

    test("wait for topologies, whose workers would be cut off", () => {
        const before: Records = { members: [1, 1], nimbus: [1, 1] };
        expect(nextSecurity(existing(before, ["words"]), "storm", undefined)).toEqual({
            ...{ wanted: undefined, members: 1, nimbus: 1, topologies: ["words"] },
        });
        expect(next({ ...tls, nimbus: [1, 1] }, "zookeeper", ["words"])).toEqual([3, 1]);
        expect(next(tls, undefined, ["words"])).toEqual([2, 1]);
        expect(next({ members: [1, 1] }, undefined, ["words"])).toEqual([0, undefined]);
    });

    test("wait for reverse proxies to be deleted, which have the ports of pages", () => {
        expect(next({ members: [1, 1], nimbus: [1, 1] }, undefined, [], [proxy])).toEqual([1, 1]);
        expect(next({ members: [3, 3], nimbus: [1, 1] }, "zookeeper", [], [proxy])).toEqual([3, 1]);
        expect(next({ members: [1, 1], nimbus: [1, 1] }, undefined, [])).toEqual([0, 0]);
    });

    test("do not wait for another cluster's topologies", () => {
        const state = existing({ members: [1, 1], nimbus: [1, 1] }, ["words"]).map((resource) =>
            resource.name === "words"
                ? { ...resource, outputs: { topology: "words", nimbuses: [{ container: "other-nimbus-1" }] } }
                : resource,
        );
        expect(nextSecurity(state, "storm", undefined)).toMatchObject({ nimbus: 0, topologies: [] });
    });

    test("cannot be left out by a program that uses the library", () => {
        const refused = (security: Security | undefined, records: Records) => {
            expect(() => requireSteps(existing(records), "storm", security)).toThrow(/await securityInUpdate\("storm"/);
        };
        refused(undefined, tls);
        refused("zookeeper", tls);
        refused("zookeeper", { members: [3, 3], nimbus: [1, 1] });
        refused(undefined, { members: [1, 1] });
        for (const [security, records] of [
            [undefined, {}],
            [undefined, { members: [0, 0] }],
            ["zookeeper", {}],
            ["zookeeper", { members: [3, 3], nimbus: [0, 0] }],
            ["tls", { members: [1, 1] }],
            ["tls", tls],
        ] as const) {
            expect(() => requireSteps(existing(records as Records), "storm", security)).not.toThrow();
        }
        const given = nextSecurity(existing(tls), "storm", undefined);
        expect(() => requireSteps(existing(tls), "storm", given)).not.toThrow();
    });
});

const authority = certify({ name: "storm-test-storm" });
const created = {
    "storm:index:Certificate": { ...authority, keyStore: "VEhFLUtFWS1TVE9SRQ==", expires: "2027-11-30T15:00:00.000Z" },
};
/** What the program declares for a cluster that has something else than what its setting says. */
const declared = (records: Records, settings: object, state: object = {}) =>
    runProgram(
        { stormImage: "storm:2.8.9", ...settings },
        {
            created,
            existing: containers,
            state: {
                ...Object.fromEntries(
                    recordsOf(records).map(([name, step]) => [`storm:index:SecurityStep::${name}`, { step }]),
                ),
                "storm:index:NimbusShutdown::storm-shutdown": shutdown,
                ...state,
            },
        },
    );
const input = (run: Run, name: string) => revealed(run.get(name).inputs) as Record<string, unknown>;
const container = (run: Run, daemon: string) =>
    input(run, `storm-${daemon}-container`) as {
        command: string[];
        envs: string[];
        uploads: { file: string; content: string }[];
    };
const zooCfg = (run: Run) =>
    container(run, "zookeeper-1")
        .envs.find((each) => each.startsWith("ZOO_CFG_EXTRA="))
        ?.replace("ZOO_CFG_EXTRA=", "")
        .split(" ");
const stormYaml = (run: Run, daemon: string) =>
    yaml.parse(container(run, daemon).uploads.find(({ file }) => file === "/conf/storm.yaml")?.content ?? "") as Record<
        string,
        unknown
    >;
const kinds = (run: Run, type: string) =>
    run.resources.filter((resource) => resource.type.endsWith(`:${type}`)).map(({ name }) => name);
const containerInputs = (run: Run, but: RegExp = /^$/) =>
    run.resources
        .filter(({ type, name }) => type === "docker:index/container:Container" && !but.test(name))
        .map(({ name, inputs }) => [name, revealed(inputs)]);
const warnings = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
const said = () =>
    warnings.mock.calls.map(([message]) => message).filter((message) => message.includes("storm:security"));
beforeEach(() => warnings.mockClear());

describe.each<[string, object]>([
    ["local", { zookeepers: 3, nimbuses: 2, drpcs: 1, monitoring: {} }],
    ["aws", stackFile("dev")],
])("from tls to none on %s", (target, settings) => {
    let runs: Run[];
    let told: string[][];
    let none: Run;
    beforeAll(async () => {
        const records: Records[] = [
            tls,
            { members: [2, 2], nimbus: [1, 1] },
            { members: [1, 1], nimbus: [1, 1] },
            { members: [0, 0], nimbus: [0, 0] },
        ];
        [runs, told] = [[], []];
        for (const each of records) {
            warnings.mockClear();
            runs.push(await declared(each, settings));
            told.push(said());
        }
        none = await declared({}, settings);
    });
    const update = (number: number) => runs[number - 1] as Run;

    test("each update says how many follow, and the last says nothing", () => {
        expect(told).toEqual([
            [
                expect.stringMatching(
                    /is none, .* in 3 more updates\. Until the next, members accept .*everybody may call/,
                ),
            ],
            [
                expect.stringMatching(
                    / in 2 more updates\. Until the next, clients may connect to ZooKeeper in plain too/,
                ),
            ],
            [expect.stringMatching(/ in 1 more update\. Until the next, ZooKeeper is open to everybody/)],
            [],
        ]);
    });

    test("members and Nimbus accept plain connections before anybody makes them", () => {
        expect(zooCfg(update(1))).toEqual(
            expect.arrayContaining(["clientPortAddress=127.0.0.1", "sslQuorum=true", "portUnification=true"]),
        );
        expect(zooCfg(update(2))).toEqual(expect.arrayContaining(["sslQuorum=false", "portUnification=true"]));
        expect(zooCfg(update(2))).not.toContain("enforce.auth.enabled=true");
        for (const run of [update(1), update(2)]) {
            const check = input(run, "storm-supervisor-1-ready").check;
            expect(check).toMatchObject({ nimbusPort: 6629, tls: stormPem });
            expect([run.outputs.security, run.outputs.nimbusPort]).toEqual(["tls", 6629]);
        }
        // In the second, members alone restart.
        expect(containerInputs(update(2), /zookeeper/)).toEqual(containerInputs(update(1), /zookeeper/));
    });

    test("in the third, daemons connect in plain as without TLS, members stay, and Nimbus still serves by TLS", () => {
        const run = update(3);
        expect(containerInputs(run, /nimbus|ui|supervisor|drpc|exporter|prometheus/)).toEqual(
            containerInputs(update(2), /nimbus|ui|supervisor|drpc|exporter|prometheus/),
        );
        expect(containerInputs(run, /zookeeper|nimbus/)).toEqual(containerInputs(none, /zookeeper|nimbus/));
        const files = container(run, "nimbus-1").uploads.map(({ file }) => file);
        expect(files).toContain("/certificates/storm.p12");
        expect(files).not.toContain("/certificates/zookeeper.p12");
        expect(input(run, "storm-nimbus-1-ready").check).toMatchObject({ port: 6627 });
        for (const name of ["storm-shutdown", "storm-supervisor-1-drain", "storm-activation"]) {
            const { nimbuses } = input(run, name) as { nimbuses: { port: number; tls?: object }[] };
            expect(nimbuses.map(({ port, tls }) => [port, tls])).toEqual(nimbuses.map(() => [6627, undefined]));
        }
        expect([run.outputs.security, run.outputs.nimbusPort]).toEqual([undefined, 6627]);
        expect(run.outputs.zookeeperServers).toEqual(none.outputs.zookeeperServers);
        expect(run.outputs.uiUrl).toBe(none.outputs.uiUrl);
    });

    test("reverse proxies leave their ports in the first, and pages take them in the third", () => {
        for (const run of runs) {
            expect(run.resources.filter(({ name }) => name.includes("reverse-proxy"))).toEqual([]);
        }
        const ports = (run: Run) => ["ui", "logviewer"].map((server) => stormYaml(run, "ui")[`${server}.https.port`]);
        expect(ports(update(1))).toEqual(target === "aws" ? [18080, 8000] : [8080, 8000]);
        expect(ports(update(2))).toEqual(ports(update(1)));
        expect(ports(update(3))).toEqual([undefined, undefined]);
        const urls = ({ outputs: { uiUrl, uiTunnel } }: Run) => [uiUrl, uiTunnel].filter(Boolean).length;
        expect([1, 2, 3].map((number) => urls(update(number)))).toEqual([0, 0, urls(none)]);
        expect(urls(none)).toBe(target === "aws" ? 2 : 1);
    });

    test("in the third, the cluster must have no topology", () => {
        const asked = runs.map((run) =>
            run.resources.some(({ name }) => name === "storm-nimbus-security-begun")
                ? input(run, "storm-nimbus-security-begun").withoutTopologies
                : undefined,
        );
        expect(asked).toEqual([undefined, undefined, nimbusesByTls, undefined]);
        expect(madeAfter(update(3).get("storm-nimbus-1-container"), update(3))).toContain(
            "storm-nimbus-security-begun",
        );
    });

    test("after the fourth, nothing is left of it", () => {
        expect(containerInputs(update(4))).toEqual(containerInputs(none));
        expect([...kinds(update(4), "Certificate"), ...kinds(update(4), "SecurityStep")]).toEqual([]);
        expect(Object.keys(update(4).outputs)).toEqual(Object.keys(none.outputs));
    });

    if (target === "aws") {
        test("the firewall lets in by the ports that an update ends with", () => {
            const rules = (run: Run) =>
                run.resources
                    .map(({ name }) => name)
                    .filter((name) => /-(nimbus-662[79]|zookeeper-2[12]81)-from-/.test(name))
                    .sort();
            expect(rules(update(2))).toEqual(rules(update(1)));
            expect(rules(update(2)).join()).not.toContain("2181");
            expect(rules(update(3))).toEqual(rules(none));
            expect(rules(update(4))).toEqual(rules(none));
        });

        test("the firewall's rules are made at once, before daemons restart", () => {
            // The engine deletes those that are not declared any more at the end of an update.
            for (const rule of ["zookeeper-2181-from-nimbus", "nimbus-6627-from-supervisor"]) {
                const after = madeAfter(update(3).get(`host-firewall-${rule}`), update(3));
                expect(after.filter((name) => !/^host-(network|firewall)/.test(name))).toEqual([]);
            }
        });
    }
});

test("Nimbus, with credentials for its server alone, has Storm's entries of a server by TLS", async () => {
    const run = await declared({ members: [1, 1], nimbus: [1, 1] }, {});
    const own = Object.keys(stormYaml(run, "nimbus-1"));
    const without = Object.keys(stormYaml(await declared({}, {}), "nimbus-1"));
    expect(own.filter((key) => !without.includes(key)).sort()).toEqual([
        "nimbus.thrift.tls.port",
        ...["keystore", "truststore"].flatMap((store) =>
            ["password", "path"].map((key) => `nimbus.thrift.tls.server.${store}.${key}`),
        ),
    ]);
    expect(stormYaml(run, "nimbus-1")["nimbus.thrift.tls.port"]).toBe(6629);
});

describe("from zookeeper to none", () => {
    test("Nimbus and supervisors restart in the third update, and topologies stay", async () => {
        const submission = {
            "storm:index:Submission::topology-words": { topology: "words", nimbuses: nimbusesByTls },
        };
        const run = await declared({ members: [1, 1] }, {}, submission);
        const none = await declared({}, {});
        expect(containerInputs(run, /zookeeper/)).toEqual(containerInputs(none, /zookeeper/));
        expect(zooCfg(run)).toEqual(
            expect.arrayContaining(["clientPortAddress=172.30.77.17", "secureClientPort=2281"]),
        );
        expect(input(run, "storm-security-begun")).toEqual({ step: 0 });
        expect(kinds(run, "SecurityStep")).toEqual(["storm-security-begun", "storm-security-done"]);
        // Members' alone.
        expect(kinds(run, "Certificate").filter((name) => /nimbus|supervisor/.test(name))).toEqual([]);
    });
});

describe("from tls to zookeeper", () => {
    test("members stay as they are, and Nimbus goes back", async () => {
        const settings = { security: "zookeeper", zookeepers: 3, nimbuses: 2 };
        const last = await declared({ members: [3, 3] }, settings);
        const runs = [];
        for (const step of [2, 1, 0] as const) {
            runs.push(await declared({ members: [3, 3], nimbus: [step, step] }, settings));
        }
        for (const run of runs) {
            expect(containerInputs(run, /nimbus|supervisor|ui/)).toEqual(containerInputs(last, /nimbus|supervisor|ui/));
            expect(run.outputs.zookeeperServers).toEqual(last.outputs.zookeeperServers);
        }
        const [first, second, third] = runs as [Run, Run, Run];
        expect(stormYaml(first, "nimbus-1")).not.toHaveProperty(["nimbus.authorizer"]);
        expect([first.outputs.nimbusPort, second.outputs.nimbusPort]).toEqual([6629, 6627]);
        expect(stormYaml(second, "nimbus-1")["nimbus.thrift.tls.port"]).toBe(6629);
        expect(containerInputs(second, /nimbus/)).toEqual(containerInputs(last, /nimbus/));
        expect(containerInputs(third)).toEqual(containerInputs(last));
    });
});

describe("is refused", () => {
    const before: Records = { members: [1, 1], nimbus: [1, 1] };
    const submission = {
        "storm:index:Submission::topology-words": { topology: "words", nimbuses: nimbusesByTls },
    };
    const topologies = [{ name: "words", jar: "package.json", mainClass: "a.Main" }];

    test("while topologies run whose workers it would cut off", async () => {
        await expect(declared(before, { topologies }, submission)).rejects.toThrow(
            /storm:security \("none"\) would cut the workers of words off .*take topologies out of storm:topologies, run `make up`, which kills them, and again/,
        );
        const run = await declared(before, {}, submission);
        expect(input(run, "storm-nimbus-security-begun").step).toBe(1);
        expect(said()).toEqual([expect.stringMatching(/in 2 more updates.* Before that, words must be killed\.$/)]);
    });

    test("with what the cluster cannot have before it has ended", async () => {
        await expect(declared(tls, { stormImage: "storm:2.6.4" })).rejects.toThrow(
            /storm:security \("none"\) has not left tls yet, which needs Storm 2\.8\.7 or newer/,
        );
        await expect(declared(tls, { zooCfg: { sslQuorum: false } })).rejects.toThrow(
            /storm:zooCfg\.sslQuorum .*is set by storm:security/,
        );
        await expect(declared(tls, { ...onHosts, uiPort: 18080 })).rejects.toThrow(
            /storm:uiPort .*is a port behind the reverse proxies/,
        );
        await expect(declared({}, { stormImage: "storm:2.6.4" })).resolves.toBeDefined();
    });

    test("while a topology runs that the stack does not know", async () => {
        const nimbus = await startStandIn(() =>
            clusterSummary({
                nimbuses: [{ host: "127.0.0.1", port: nimbus.port, leader: true }],
                topologies: [{ id: "words-1-1", name: "words" }],
            }),
        );
        setContainers({ "c-nimbus-1": "running" });
        const withoutTopologies = [{ container: "c-nimbus-1", ssh, address: "127.0.0.1", port: nimbus.port }];
        try {
            await expect(securityStep.update?.({ step: 1 }, { step: 0, withoutTopologies })).rejects.toThrow(
                /^words: workers would/,
            );
            await expect(securityStep.update?.({ step: 1 }, { step: 2 })).resolves.toEqual({});
        } finally {
            nimbus.stop();
        }
    });
});

/** A cluster while it is updated: two members, two Nimbus daemons and a supervisor, each with the configuration that it started with. */
interface Cluster {
    records: Records;
    /** Undefined: in plain. 0 is as 1. */
    members: [SecurityStep?, SecurityStep?];
    nimbuses: [NimbusStep?, NimbusStep?];
    /** Whether Nimbus daemons and the supervisor connect to ZooKeeper, and call Nimbus, by TLS. */
    zookeeperByTls: [boolean, boolean, boolean];
    nimbusByTls: [boolean, boolean, boolean];
    /** Whether topologies may run. */
    topologies: boolean;
    /** Whether reverse proxies run. */
    proxies: boolean;
}

/** What cannot connect. */
function cutOff({ members, nimbuses, zookeeperByTls, nimbusByTls, proxies }: Cluster): string[] {
    const accepts = (server: number | undefined, byTls: boolean) =>
        server === undefined ? !byTls : server < 2 ? true : byTls;
    const found: string[] = [];
    for (const one of members) {
        for (const other of members) {
            const isByTls = one !== undefined && one > 1;
            if (other === undefined ? isByTls : other === 3 && !isByTls) {
                found.push(`member ${one} from ${other}`);
            }
        }
    }
    for (const [index, byTls] of zookeeperByTls.entries()) {
        if (!members.every((member) => accepts(member, byTls))) {
            found.push(`daemon ${index} from ZooKeeper`);
        }
    }
    if (!nimbuses.every((nimbus) => accepts(nimbus, nimbusByTls[2]))) {
        found.push("the supervisor from Nimbus");
    }
    if (proxies && !nimbusByTls.every(Boolean)) {
        found.push("pages from their ports");
    }
    return found;
}

/** All that a cluster is in an update, from each of which it may be interrupted. */
function* update(before: Cluster, wanted: Security | undefined): Generator<Cluster> {
    const state = existing(before.records, [], before.proxies ? [proxy] : []);
    const to = nextSecurity(state, "storm", wanted);
    const [zookeeperByTls, nimbusByTls] = [connectionsBy(to) !== undefined, connectionsBy(to) === "tls"];
    let now = structuredClone(before);
    const then = (change: (cluster: Cluster) => void) => {
        now = structuredClone(now);
        change(now);
        return now;
    };
    if (to?.nimbus !== undefined) {
        const { nimbus } = to;
        const asks = changesCalls(state, "storm", nimbus);
        yield then((cluster) => {
            cluster.records.nimbus = [nimbus, cluster.records.nimbus?.[1]];
            cluster.topologies &&= !asks;
        });
    }
    if (to) {
        yield then((cluster) => (cluster.records.members = [to.members, cluster.records.members?.[1]]));
    }
    for (const index of [0, 1]) {
        yield then((cluster) => (cluster.members[index] = to?.members));
    }
    for (const index of [0, 1, 2]) {
        yield then((cluster) => {
            if (index < 2) {
                cluster.nimbuses[index] = to?.nimbus;
            }
            if (cluster.topologies && cluster.nimbusByTls[index] !== nimbusByTls) {
                throw new Error(`workers are cut off: ${JSON.stringify([before, wanted])}`);
            }
            cluster.zookeeperByTls[index] = zookeeperByTls;
            cluster.nimbusByTls[index] = nimbusByTls;
        });
    }
    const ended = (cluster: Cluster, kind: keyof Records) => {
        const step = to?.[kind];
        if (step !== undefined) {
            cluster.records[kind] = [step, step] as [never, never];
        }
    };
    // Neither record is made after the other.
    const nimbusFirst = structuredClone(now);
    ended(nimbusFirst, "nimbus");
    yield nimbusFirst;
    yield then((cluster) => ended(cluster, "members"));
    yield then((cluster) => ended(cluster, "nimbus"));
    if (hasReverseProxies(to)) {
        yield then((cluster) => (cluster.proxies = true));
    }
    for (const kind of ["nimbus", "members"] as const) {
        if (to?.[kind] === undefined) {
            yield then((cluster) => cluster.records[kind]?.pop());
            yield then((cluster) => delete cluster.records[kind]);
        }
    }
    if (!hasReverseProxies(to)) {
        yield then((cluster) => (cluster.proxies = false));
    }
    yield then((cluster) => (cluster.topologies = true));
}

test("no order of settings and interrupted updates cuts a daemon off", () => {
    const plain: Cluster = {
        ...{
            records: {},
            members: [undefined, undefined],
            nimbuses: [undefined, undefined],
            topologies: true,
            proxies: false,
        },
        ...{ zookeeperByTls: [false, false, false], nimbusByTls: [false, false, false] },
    };
    const known = new Map<string, Cluster>();
    const open = [plain];
    for (let cluster = open.pop(); cluster; cluster = open.pop()) {
        for (const wanted of [undefined, "zookeeper", "tls"] as const) {
            for (const now of update(cluster, wanted)) {
                const key = JSON.stringify(now);
                if (!known.has(key)) {
                    expect(
                        cutOff(now).length ? JSON.stringify([cutOff(now), cluster, wanted, now], null, 0) : "",
                    ).toEqual("");
                    known.set(key, now);
                    open.push(now);
                }
            }
        }
    }
    expect(known.size).toBeGreaterThan(100);
});
