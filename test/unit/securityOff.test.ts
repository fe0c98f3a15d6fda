// storm:security set to less than a cluster has: which steps updates take, what each declares, and that no order of updates cuts a daemon off.
import * as pulumi from "@pulumi/pulumi";
import * as yaml from "yaml";
import { changesCalls, nextSecurity, requireSteps } from "../../components/storm/rollout/securityInUpdate";
import { connectionsBy, type NimbusStep, type Security, type SecurityStep } from "../../components/storm/spec/security";
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
const existing = (records: Records, topologies: string[] = []): ExistingResource[] => [
    ...containers.map((name) => ({ type: "docker:index/container:Container", name, outputs: {} })),
    ...recordsOf(records).map(([name, step]) => ({ type: "storm:index:SecurityStep", name, outputs: { step } })),
    ...topologies.map((topology) => ({ type: "storm:index:Submission", name: topology, outputs: { topology } })),
];
const next = (records: Records, wanted?: Security, topologies?: string[]) => {
    const found = nextSecurity(existing(records, topologies), "storm", wanted);
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
            const [members, nimbus] = found ?? [];
            records = {
                ...(members !== undefined && { members: [members, members] }),
                ...(nimbus !== undefined && { nimbus: [nimbus, nimbus] }),
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

/** A cluster while it is updated: two members, two Nimbus daemons and a supervisor, each with the configuration that it was started with. */
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
}

/** What cannot connect. */
function cutOff({ members, nimbuses, zookeeperByTls, nimbusByTls }: Cluster): string[] {
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
    return found;
}

/** All that a cluster is in an update, from each of which it may be interrupted. */
function* update(before: Cluster, wanted: Security | undefined): Generator<Cluster> {
    const state = existing(before.records);
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
    for (const kind of ["nimbus", "members"] as const) {
        if (to?.[kind] === undefined) {
            yield then((cluster) => (cluster.records[kind] = [cluster.records[kind]?.[0]]));
            yield then((cluster) => delete cluster.records[kind]);
        }
    }
    yield then((cluster) => (cluster.topologies = true));
}

test("no order of settings and interrupted updates cuts a daemon off", () => {
    const plain: Cluster = {
        ...{ records: {}, members: [undefined, undefined], nimbuses: [undefined, undefined], topologies: true },
        ...{ zookeeperByTls: [false, false, false], nimbusByTls: [false, false, false] },
    };
    const known = new Map<string, Cluster>();
    const open = [plain];
    for (let cluster = open.pop(); cluster; cluster = open.pop()) {
        for (const wanted of [undefined, "zookeeper", "tls"] as const) {
            for (const now of update(cluster, wanted)) {
                const key = JSON.stringify(now);
                if (!known.has(key)) {
                    expect(cutOff(now).length ? JSON.stringify([cutOff(now), cluster, wanted,now],null,0) : '').toEqual('');
                    known.set(key, now);
                    open.push(now);
                }
            }
        }
    }
    expect(known.size).toBeGreaterThan(100);
});
