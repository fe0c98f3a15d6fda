import { createHash } from "crypto";
import * as fs from "fs";
import * as thrift from "thrift";
import type { Submitting } from "../../components/storm/topology/submitting";
import { kinds } from "../../provider/kinds";
import { strandedBy } from "../../provider/nimbus/leaving";
import { leaderOf } from "../../provider/nimbus/leader";
import { killTopology, rebalanceTopology, type TopologyState } from "../../provider/nimbus/client";
import { missing, spreadProblem, unknownComponents } from "../../provider/nimbus/running";
import { StormProvider } from "../../provider/provider";
import { contentOf } from "../../provider/topologies/onCluster";
import { onHosts } from "./hostsFixture";
import { field, reply } from "./nimbusReply";
import { madeAfter, type Run, runProgram } from "./program";

jest.setTimeout(180_000);

/** A state of as many executors as there are uptimes, one on each port, of components `a` and `b` in turn. */
function state(uptimes: number[], changes: Partial<TopologyState> = {}): TopologyState {
    const executors = uptimes.map((uptime, index) => ({
        ...{ component: index % 2 ? "b" : "a", task: index, tasks: 1, host: "10.0.0.1", port: 6700 + index, uptime },
    }));
    return { status: "ACTIVE", scheduling: "", executors, errors: [], ...changes };
}

describe("a topology is running", () => {
    test("once each of its executors has sent a second heartbeat, ten seconds after it started", () => {
        const seen = new Map<string, number>();
        expect(missing(state([2, 30]), seen)).toBe("these are not up: a on 10.0.0.1:6700, b on 10.0.0.1:6701");
        expect(missing(state([2, 40]), seen)).toBe("these are not up: a on 10.0.0.1:6700");
        expect(missing(state([9, 40]), seen)).toBe("these are not up: a on 10.0.0.1:6700");
        expect(missing(state([12, 40]), seen)).toBeUndefined();
    });
    test("not as long as its workers start over and over", () => {
        const seen = new Map<string, number>();
        for (const uptime of [12, 2, 2, 0, 2]) {
            expect(missing(state([uptime]), seen)).toBe("these are not up: a on 10.0.0.1:6700");
        }
    });
    test("not by a heartbeat that was left from the worker before", () => {
        const seen = new Map<string, number>();
        missing(state([300]), seen);
        expect(missing(state([300]), seen)).toBe("these are not up: a on 10.0.0.1:6700");
    });
    test("not while it has no worker, or is being spread or killed", () => {
        expect(missing(state([]), new Map())).toBe("it has no worker: no slot is free");
        const scheduling = "Not enough resources to schedule";
        expect(missing(state([], { scheduling }), new Map())).toBe(`it has no worker: ${scheduling}`);
        expect(missing(state([30], { status: "REBALANCING" }), new Map())).toBe("it is REBALANCING");
    });
});

describe("a spread", () => {
    test("is as wanted with as many workers as wanted, or as slots and executors allow", () => {
        const four = state([1, 1, 1, 1]);
        expect(spreadProblem(four, {}, 0)).toBeUndefined();
        expect(spreadProblem(four, { workers: 4 }, 2)).toBeUndefined();
        expect(spreadProblem(four, { workers: 9 }, 0)).toBeUndefined();
        expect(spreadProblem(four, { workers: 9 }, 9)).toBeUndefined();
        expect(spreadProblem(four, { workers: 3 }, 9)).toBe("it has 4 workers, and not 3");
        expect(
            spreadProblem(
                { ...four, executors: four.executors.map((each) => ({ ...each, port: 6700 })) },
                { workers: 9 },
                1,
            ),
        ).toBe("it has 1 workers, and not 2");
    });
    test("has as many executors of a component as wanted, or as it has tasks", () => {
        expect(spreadProblem(state([1, 1, 1]), { parallelism: { a: 2, b: 5 } }, 0)).toBeUndefined();
        expect(spreadProblem(state([1, 1, 1]), { parallelism: { a: 1 } }, 0)).toBe("its a has 2 executors, and not 1");
    });
    test("knows the components", () => {
        expect(unknownComponents(state([1, 1]), { a: 1, b: 1 })).toBeUndefined();
        expect(unknownComponents(state([1, 1]), { a: 1, c: 1 })).toBe("has no component c: there are a, b");
    });
});

test("a supervisor strands what it alone runs, where there are not enough free slots for that elsewhere", () => {
    const summary = (...usedSlots: number[]) => ({
        supervisors: usedSlots.map((used, index) => ({
            host: `10.0.0.${index + 1}`,
            uptime: 1,
            slots: 2,
            usedSlots: used,
        })),
    });
    const alone = ["a", "b"].map((name) => ({ name, hasOthers: false }));
    const strandedIn = (...usedSlots: number[]) =>
        strandedBy(["10.0.0.1"], [{ name: "spread", hasOthers: true }, ...alone], summary(...usedSlots));
    expect(strandedIn(2, 0)).toEqual([]);
    expect(strandedIn(2, 1)).toEqual(["b"]);
    expect(strandedIn(0, 2)).toEqual(["a", "b"]);
    expect(strandedIn(2)).toEqual(["a", "b"]);
});

describe("an order to Nimbus", () => {
    const nimbus = (requests: Buffer[], answered: Buffer) => ({
        ...{ address: "10.0.0.9", port: 6627 },
        connect: (_address: string, _port: number, request: Buffer) => {
            requests.push(request);
            return Promise.resolve(answered);
        },
    });
    /** A reply without a value, or with an exception that the method declares. */
    const answer = (exception?: string) =>
        reply((out) => {
            if (exception !== undefined) {
                field(out, thrift.Thrift.Type.STRUCT, 1, () => {
                    field(out, thrift.Thrift.Type.STRING, 1, () => out.writeString(exception));
                    out.writeFieldStop();
                });
            }
        });

    test("has what is wanted, and nothing of what is not", async () => {
        const requests: Buffer[] = [];
        await rebalanceTopology(nimbus(requests, answer()), "words", { waitSeconds: 7, parallelism: { count: 3 } });
        const protocol = new thrift.TBinaryProtocol(new thrift.TFramedTransport(requests[0]?.subarray(4)));
        expect(protocol.readMessageBegin().fname).toBe("rebalance");
        expect([protocol.readFieldBegin().fid, protocol.readString()]).toEqual([1, "words"]);
        expect(protocol.readFieldBegin().fid).toBe(2);
        expect([protocol.readFieldBegin().fid, protocol.readI32()]).toEqual([1, 7]);
        expect(protocol.readFieldBegin().fid).toBe(3);
        expect([protocol.readMapBegin().size, protocol.readString(), protocol.readI32()]).toEqual([1, "count", 3]);
        expect(protocol.readFieldBegin().ftype).toBe(thrift.Thrift.Type.STOP);
    });
    test("that Nimbus refuses is an error with its words", async () => {
        await expect(killTopology(nimbus([], answer("words is not alive")), "words")).rejects.toThrow(
            "Nimbus: words is not alive",
        );
    });
    test("goes to nobody where none leads: the error says what each has said", async () => {
        const ssh = ["false"];
        await expect(leaderOf([{ container: "nimbus-1", ssh, address: "10.0.0.9", port: 6627 }])).rejects.toThrow(
            /^No Nimbus accepts changes. nimbus-1: /,
        );
    });
});

describe("the program", () => {
    const jar = "package.json";
    const topologies = [
        { name: "one", jar, mainClass: "a.Main", workers: 3 },
        {
            name: "two",
            jar,
            mainClass: "b.Main",
            arguments: ["two", 2, "./tsconfig.json"],
            files: ["./tsconfig.json", "docs/README.md"],
            killSeconds: 7,
            configuration: { "topology.debug": true },
            parallelism: { a: 2 },
        },
    ];
    let run: Run;
    beforeAll(async () => {
        run = await runProgram({ ...onHosts, topologies });
    });

    test("brings a jar once, named by its content, to a Nimbus", () => {
        const sha256 = createHash("sha256").update(fs.readFileSync(jar)).digest("hex");
        const jars = run.resources.filter(({ type }) => type.endsWith(":Jar"));
        expect(jars.map(({ name }) => name)).toEqual([`storm-jar-${sha256.slice(0, 12)}`]);
        expect(jars[0]?.inputs).toMatchObject({ source: jar, sha256, nimbus: { container: "storm-test-nimbus-1" } });
        for (const name of ["one", "two"]) {
            expect(madeAfter(run.get(`topology-${name}-submission`), run)).toContain(jars[0]?.name);
        }
    });

    test("submits with what is set, and as its owner", () => {
        expect(run.get("topology-one-submission").inputs).toMatchObject({
            ...{ topology: "one", arguments: ["one"], workers: 3, configuration: [], parallelism: {}, seconds: 180 },
            owner: "organization/storm/test/topology-one",
        });
        expect(run.get("topology-two-submission").inputs).toMatchObject({
            ...{
                arguments: ["two", "2", "./tsconfig.json"],
                configuration: ["-c", "topology.debug=true"],
                parallelism: { a: 2 },
            },
        });
    });

    test("knows files by their content, and has no input of them where there are none", () => {
        const hash = (file: string) => createHash("sha256").update(fs.readFileSync(file)).digest("hex");
        expect(run.get("topology-two-submission").inputs.files).toEqual({
            "docs/README.md": hash("docs/README.md"),
            "tsconfig.json": hash("tsconfig.json"),
        });
        expect(Object.keys(run.get("topology-one-submission").inputs)).not.toContain("files");
    });

    test("of one's own receives all that is wrong with its files at once", async () => {
        const { Topology } = await import("../../components/storm/topology/topology");
        const cluster = { submitting: {} as Submitting };
        const args = { cluster, name: "a", jar, mainClass: "a.Main", files: ["none"], arguments: ["./tsconfig.json"] };
        expect(() => new Topology("a", args)).toThrow(
            "files[0] is not a file, seen from the project's folder\n" +
                "arguments[0] is a file, which does not exist where the topology is submitted: add it to `files`",
        );
    });

    test("kills, where all goes, before Nimbus stops; a submission goes with Nimbus, and takes no kill along", () => {
        const [kill, submission] = [run.get("topology-two-kill"), run.get("topology-two-submission")];
        expect(kill.inputs).toMatchObject({
            ...{ topology: "two", owner: "organization/storm/test/topology-two", killSeconds: 7, seconds: 180 },
            nimbuses: [{ container: "storm-test-nimbus-1" }, { container: "storm-test-nimbus-2" }],
        });
        expect(kill.dependencies).toContain(run.get("storm-shutdown").urn);
        expect(submission).toMatchObject({ deletedWith: run.get("storm-shutdown").urn });
        expect(submission.dependencies).toContain(kill.urn);
        expect(madeAfter(kill, run)).not.toContain("topology-two-submission");
    });

    test("submits once all supervisors are ready, and knows their machines", () => {
        const submission = run.get("topology-one-submission");
        const after = madeAfter(submission, run);
        expect(after).toEqual(
            expect.arrayContaining(["storm-supervisor-1-ready", "storm-supervisor-2-ready", "storm-nimbus-2-ready"]),
        );
        expect(submission.inputs.supervisors).toMatchObject([
            { container: "storm-test-supervisor-1", machine: expect.stringContaining("ssh-ed25519") as string },
            { container: "storm-test-supervisor-2" },
        ]);
    });

    test("drains supervisors one after the other, and, where all goes, stops Nimbus before that", () => {
        const [first, second] = [run.get("storm-supervisor-1-drain"), run.get("storm-supervisor-2-drain")];
        expect(second.dependencies).toContain(first.urn);
        expect(madeAfter(second, run)).toContain("storm-supervisor-2-container");
        expect(run.get("storm-shutdown").dependencies).toContain(second.urn);
        expect(madeAfter(run.get("topology-one-submission"), run)).toContain("storm-shutdown");
    });
});

test("on aws, topologies are protected with the rest, and an instance that goes is drained all the same", async () => {
    const zones = ["eu-central-1a"];
    const aws = {
        ami: "ami-00000000000000001",
        publicKey: "ssh-ed25519 AAAA",
        from: { ssh: ["192.0.2.1/32"] },
        zones,
        protect: true,
    };
    const run = await runProgram({
        target: "aws",
        aws,
        topologies: [{ name: "one", jar: "package.json", mainClass: "a.Main" }],
    });
    expect(madeAfter(run.get("host-protection"), run)).toContain("topology-one-submission");
    expect(run.get("storm-supervisor-1-drain")).toMatchObject({ deletedWith: "", protect: true });
    expect(run.get("storm-supervisor-1-container").deletedWith).not.toBe("");
});

describe("what a topology is submitted from", () => {
    const inputs = {
        ...{ topology: "a", sha256: "0a", mainClass: "a.Main", arguments: ["a", "1"], parallelism: {}, seconds: 9 },
        ...{ configuration: ["-c", "topology.debug=true"], nimbuses: [], supervisors: [], owner: "us", image: "storm" },
        client: { container: "nimbus-1", seeds: [], port: 6627 },
    };
    const provider = new StormProvider("0.1.0", kinds);
    const diff = (kind: string, olds: object, news: object) =>
        provider.diff("a", `urn:pulumi:test::storm::storm:index:${kind}::a`, { ...olds }, { ...news });
    const submitted = (given: typeof inputs & { files?: Record<string, string> }) => ({
        ...{ ...given, content: contentOf(given), drift: "", shortfall: "" },
    });

    test("has the hash of the versions before, if there are no files", () => {
        expect(contentOf(inputs)).toBe("ee68ec3c4ad19fda81de2ab779d777a0b4f8dcf4b87df260d33b17379c5dece1");
    });
    test("is another, if a file is added or has another content", async () => {
        const [one, other] = [{ "a.yaml": "1".repeat(64) }, { "a.yaml": "2".repeat(64) }];
        expect(new Set([undefined, one, other].map((files) => contentOf({ ...inputs, files }))).size).toBe(3);
        const replaced = { changes: true, replaces: ["files"], deleteBeforeReplace: true };
        expect(await diff("Submission", submitted(inputs), { ...inputs, files: one })).toEqual(replaced);
        const before = submitted({ ...inputs, files: one });
        expect(await diff("Submission", before, { ...inputs, files: other })).toEqual(replaced);
        expect(await diff("Submission", before, { ...inputs, files: one })).toMatchObject({ changes: false });
    });
    test("is no matter for its kill, which is replaced only with another name", async () => {
        const kill = { topology: "a", owner: "us", nimbuses: [], seconds: 9 };
        const olds = { ...kill, owners: ["us"] };
        expect(await diff("Kill", olds, kill)).toMatchObject({ changes: false });
        expect(await diff("Kill", olds, { ...kill, owner: "renamed", seconds: 8 })).toMatchObject({ replaces: [] });
        expect(await diff("Kill", olds, { ...kill, topology: "b" })).toMatchObject({ replaces: ["topology"] });
    });
});
