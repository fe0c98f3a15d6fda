import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as yaml from "yaml";
import type { Connect } from "../../provider/machines/container";
import type { ClusterSummary } from "../../provider/nimbus/client";
import { type Load, loadOf, wantedSlots } from "../../provider/nimbus/load";
import type { Autoscale } from "../../settings/autoscale";
import { stackOf, wantedBy } from "../../scripts/autoscaling";
import { answerOf, type Machine, type Outputs } from "../../scripts/containers";
import { decide, report } from "../../scripts/scaleDecision";
import { defaultSettings } from "./program";
import { framedAnswer, clusterSummary as written } from "./nimbusStandIn";

const bounds: Autoscale = { min: 2, max: 8, step: 2, headroom: 20 };
/** Supervisors that Nimbus lists all, with 4 slots each. */
const load = (supervisors: number, wanted: number, changes: Partial<Load> = {}): Load => ({
    ...{ supervisors, wanted, slots: Array<number>(supervisors).fill(4) },
    ...changes,
});
const decided = (...[of, more]: [Load, Partial<Autoscale>?]) => decide(of, { ...bounds, ...more });

describe("a decision", () => {
    test.each<[string, Load, Partial<Autoscale>, number, string]>([
        ["adds what is needed", load(3, 10), {}, 4, "10 wanted slots are more than 80 % of 12"],
        ["adds by a step at most", load(3, 24), {}, 5, "24 wanted slots are more than 80 % of 12"],
        ["adds one at a step of one", load(3, 24), { step: 1 }, 4, "24 wanted slots are more than 80 % of 12"],
        ["adds up to the maximum", load(7, 100), {}, 8, "100 wanted slots are more than 80 % of 28"],
        [
            "holds at the maximum",
            load(8, 100),
            {},
            8,
            "100 wanted slots are more than 80 % of 32, and storm:autoscale.max is 8",
        ],
        ["adds up to the minimum", load(1, 0), { min: 4 }, 3, "storm:autoscale.min is 4"],
        ["removes one", load(6, 12), {}, 5, "12 wanted slots are within 60 % of the 20 that 5 supervisors would have"],
        [
            "removes one of many",
            load(8, 0),
            {},
            7,
            "0 wanted slots are within 60 % of the 28 that 7 supervisors would have",
        ],
        [
            "holds at the minimum",
            load(2, 0),
            {},
            2,
            "0 wanted slots are within 80 % of 8, and storm:autoscale.min is 2",
        ],
        ["removes one above the maximum", load(6, 20), { max: 4 }, 5, "storm:autoscale.max is 4"],
        [
            "holds between the two",
            load(6, 13),
            {},
            6,
            "13 wanted slots are within 80 % of 24, and more than 60 % of the 20 that 5 supervisors would have",
        ],
        ["fills all slots without headroom", load(3, 12), { headroom: 0, min: 3 }, 3, ""],
        ["adds for one more than all slots without headroom", load(3, 13), { headroom: 0 }, 4, ""],
        [
            "says one slot",
            load(2, 1),
            { min: 1 },
            1,
            "1 wanted slot is within 60 % of the 4 that 1 supervisor would have",
        ],
    ])("%s", (_, of, more, supervisors, reason) => {
        expect(decided(of, more)).toEqual({
            supervisors,
            reason: reason === "" ? (expect.any(String) as string) : reason,
        });
    });

    test("holds, unsure, while Nimbus lists no supervisor, whatever topologies want", () => {
        for (const wanted of [0, 100]) {
            expect(decided(load(3, wanted, { slots: [] }))).toEqual({
                ...{ supervisors: 3, reason: "Nimbus lists no supervisor", isUnsure: true },
            });
        }
    });

    test("holds, unsure, while a supervisor is missing whose slots would suffice", () => {
        // Of 8 slots that are listed 9 is more than 80 %, and more than there are.
        expect(decided(load(3, 9, { slots: [4, 4] }))).toEqual({
            ...{ supervisors: 3, isUnsure: true },
            reason: "Nimbus lists 2 of 3 supervisors, and 9 wanted slots are within 80 % of 12",
        });
    });

    test("removes none while one is missing, also above the maximum", () => {
        expect(decided(load(6, 0, { slots: [4, 4, 4, 4, 4] }))).toMatchObject({ supervisors: 6, isUnsure: true });
        expect(decided(load(6, 0, { slots: [4, 4, 4, 4, 4] }), { max: 4 })).toMatchObject({
            ...{ supervisors: 6, isUnsure: true },
        });
    });

    test("adds while one is missing if its slots would not suffice", () => {
        expect(decided(load(3, 10, { slots: [4, 4] }))).toEqual({
            ...{ supervisors: 4, reason: "10 wanted slots are more than 80 % of 12" },
        });
    });

    test("does not flap: demand that stays the same is followed in one direction, and to an end", () => {
        const wrong: object[] = [];
        const upTo = (last: number) => [...Array(last + 1).keys()];
        const cases = [0, 10, 20, 40].flatMap((headroom) =>
            [1, 2].flatMap((min) =>
                upTo(40).flatMap((wanted) => upTo(9).map((first) => ({ headroom, min, wanted, first: first + 1 }))),
            ),
        );
        for (const { headroom, min, wanted, first } of cases) {
            const changes: number[] = [];
            let supervisors = first;
            for (let run = 0; run < 12; run++) {
                const next = decided(load(supervisors, wanted), { min, headroom }).supervisors;
                changes.push(Math.sign(next - supervisors));
                supervisors = next;
            }
            const directions = new Set(changes.filter(Boolean));
            if (directions.size > 1 || changes.at(-1) !== 0 || supervisors < min || supervisors > bounds.max) {
                wrong.push({ headroom, min, wanted, first, changes });
            }
        }
        expect(cases.length).toBe(3280);
        expect(wrong).toEqual([]);
    });

    test("does not go up and down where demand varies by less than headroom of all slots", () => {
        const wrong: object[] = [];
        for (let high = 0; high <= 25; high++) {
            for (let low = high; low >= 0; low--) {
                let supervisors = 2;
                const changes: number[] = [];
                for (let run = 0; run < 12; run++) {
                    const next = decided(load(supervisors, run % 2 ? low : high)).supervisors;
                    // Of the slots with which it settles.
                    changes.push(...(run < 4 ? [] : [Math.sign(next - supervisors)].filter(Boolean)));
                    supervisors = next;
                }
                if (high - low < 0.2 * 4 * supervisors && changes.length > 0) {
                    wrong.push({ high, low, supervisors, changes });
                }
            }
        }
        expect(wrong).toEqual([]);
    });

    test("leaves as many slots free as headroom says, once the number has settled", () => {
        for (let wanted = 0; wanted <= 25; wanted++) {
            let supervisors = 2;
            for (let run = 0; run < 4; run++) {
                ({ supervisors } = decided(load(supervisors, wanted)));
            }
            expect(wanted).toBeLessThanOrEqual(0.8 * 4 * supervisors);
        }
    });
});

describe("a topology", () => {
    const topology = (changes: object) => ({
        ...{ id: "words-1", name: "words", uptime: 60, status: "ACTIVE", executors: 12, workers: 2 },
        ...changes,
    });

    test.each<[string, object, number, number]>([
        ["wants its workers, whether they found a slot", { workers: 2 }, 5, 5],
        ["that has no worker yet wants all of them", { workers: 0, executors: 0 }, 5, 5],
        ["wants no more workers than it has executors", { workers: 2, executors: 3 }, 5, 3],
        ["that was rebalanced to more by hand wants what it has", { workers: 6 }, 2, 6],
        ["that is being killed wants what it has", { status: "KILLED", workers: 1 }, 5, 1],
        ["that is not active wants its workers", { status: "INACTIVE" }, 5, 5],
        ["that is being rebalanced wants its workers", { status: "REBALANCING" }, 5, 5],
    ])("%s", (_, changes, workers, slots) => expect(wantedSlots(topology(changes), workers)).toBe(slots));
});

const summary: ClusterSummary = {
    nimbuses: [{ host: "10.0.0.1", port: 6627, uptime: 60, leader: true }],
    supervisors: [
        { host: "10.0.0.3", uptime: 60, slots: 2, usedSlots: 1 },
        { host: "10.0.0.4", uptime: 60, slots: 2, usedSlots: 2 },
    ],
    topologies: [{ id: "words-1-1", name: "words", uptime: 60, status: "ACTIVE", executors: 9, workers: 3 }],
};

test("the load counts supervisors by their hosts: one that has lost its id is listed twice", () => {
    const twice = { ...summary, supervisors: [...summary.supervisors, ...summary.supervisors.slice(1)] };
    expect(loadOf(twice, 3, { words: 5, other: 1 })).toEqual({ supervisors: 3, slots: [2, 2], wanted: 6 });
});

test("what is printed: what was seen, the decision with its reason, and what comes next", () => {
    const wanted = { words: 5 };
    const of = loadOf(summary, 2, wanted);
    const lines = report({
        ...{ cluster: "storm-x", time: new Date(0), summary, wanted, load: of, bounds },
        ...{ decision: decide(of, bounds), next: "make scale SUPERVISORS=4" },
    });
    expect(lines.join("\n")).toBe(`Autoscale, cluster storm-x, 1970-01-01T00:00:00.000Z
  wanted       5 slots: words 5
  slots        3 of 4 used, on 2 of 2 supervisors
  bounds       2 to 8 supervisors, step 2, headroom 20 %
  decision     add 2: 5 wanted slots are more than 80 % of 4
  next         make scale SUPERVISORS=4`);
    const printed = (supervisors: number) =>
        report({
            ...{ cluster: "storm-x", time: new Date(0), summary, wanted: {}, load: of, bounds, next: "" },
            decision: { supervisors, reason: "" },
        }).join("\n");
    expect(printed(1)).toContain("decision     remove 1: ");
    expect(printed(2)).toContain("decision     hold: ");
    expect(printed(2)).toContain("wanted       5 slots: no topology\n");
});

describe("Nimbus", () => {
    const configurations: Record<string, object> = { "words-1": { "topology.workers": 5 }, "jar-1": {} };
    const state = {
        nimbuses: [
            { host: "10.0.0.1", port: 6627 },
            { host: "10.0.0.2", port: 6627, leader: true },
        ],
        supervisors: [{ host: "10.0.0.3", slots: 2, used: 2 }],
        topologies: ["words-1", "jar-1"].map((id) => ({ id, name: id.slice(0, -2), workers: 1 })),
    };
    const asked: string[] = [];
    /** An answer without the length of its frame. */
    const payload = (result: object) => framedAnswer(result).subarray(4);
    /** Nimbus as the recorded answers of Storm 2.8.3 have it; the leader alone knows topologies. */
    const connect: Connect = (address, _port, request) => {
        asked.push(address);
        const text = request.toString("latin1");
        if (text.includes("getClusterInfo")) {
            return Promise.resolve(payload(written(state)));
        }
        const id = Object.keys(configurations).find((each) => text.includes(each));
        return address === "10.0.0.2" && id
            ? Promise.resolve(payload(JSON.stringify(configurations[id]) as unknown as object))
            : Promise.reject(new Error("no answer"));
    };
    const leader = { connect, address: "10.0.0.2", port: 6627 };
    const answer = () => ({
        leader,
        summary: {
            ...summary,
            topologies: state.topologies.map((each) => ({ ...each, uptime: 60, status: "ACTIVE", executors: 10 })),
        },
    });

    test("that leads says how many workers each topology was given; what the settings say of one comes before", async () => {
        const topologies = [{ name: "jar", workers: 3 }] as never[];
        expect(await wantedBy(answer(), { topologies: [] }, {})).toEqual({ words: 5, jar: 1 });
        expect(await wantedBy(answer(), { topologies }, {})).toEqual({ words: 5, jar: 3 });
        expect(new Set(asked)).toEqual(new Set(["10.0.0.2"]));
    });

    test("that leads nobody, or does not answer, leaves nothing to decide", async () => {
        await expect(wantedBy({ ...answer(), leader: undefined }, { topologies: [] }, {})).rejects.toThrow(
            "no Nimbus leads: make status",
        );
        const other = { ...answer(), leader: { ...leader, address: "10.0.0.1" } };
        await expect(wantedBy(other, { topologies: [] }, {})).rejects.toThrow(
            "Nimbus does not say how many workers words has: no answer",
        );
    });

    test("does not answer where its container does not run", async () => {
        const machines = [{ ssh: ["false"], containers: [{ daemon: "nimbus-1", container: "none" }] }];
        const outputs = { nimbusSeeds: ["127.0.0.1"], nimbusPort: 1 } as Outputs;
        expect(await answerOf(machines as unknown as Machine[], outputs)).toBeUndefined();
    });
});

describe("a stack", () => {
    const before = process.cwd();
    let folder: string;
    beforeAll(() => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-autoscale-"));
        fs.copyFileSync("Pulumi.yaml", path.join(folder, "Pulumi.yaml"));
        process.chdir(folder);
    });
    afterAll(() => {
        process.chdir(before);
        fs.rmSync(folder, { recursive: true });
    });
    const container = (daemon: string) => ({
        ...{ type: "docker:index/container:Container", inputs: { name: `storm-a-${daemon}` } },
    });
    const outputs = { nimbusSeeds: ["172.30.77.33"], nimbusPort: 6627 };
    const resources = [
        { type: "pulumi:pulumi:Stack", inputs: undefined, outputs },
        { type: "storm:index:StormVersionGuard", inputs: undefined, outputs: { image: "storm:2.8.9" } },
        ...["nimbus-1", "supervisor-1", "supervisor-3", "supervisor-2"].map(container),
        { type: "storm:storm:Supervisor", inputs: { name: "storm-a-supervisor-4" } },
    ];
    const of = (config: object, state: object = { deployment: { resources } }) => {
        fs.writeFileSync("Pulumi.a.yaml", yaml.stringify({ config }));
        return stackOf("a", "storm-a", JSON.stringify(state));
    };
    const set = { "storm:autoscale": { max: 4 } };

    test("has the supervisors of its state, whatever number its file has", () => {
        expect(of({ ...set, "storm:supervisors": "2" })).toMatchObject({
            ...{ supervisors: 3, outputs, settings: { supervisors: 2, autoscale: { ...bounds, min: 1, max: 4 } } },
        });
    });

    test("has a supervisor whose container is missing, unless it is the last one, which was not created", () => {
        const without = (daemon: string) => resources.filter(({ inputs }) => inputs?.name !== `storm-a-${daemon}`);
        expect(of(set, { deployment: { resources: without("supervisor-2") } })).toMatchObject({ supervisors: 3 });
        expect(of(set, { deployment: { resources: without("supervisor-3") } })).toMatchObject({ supervisors: 2 });
    });

    test("that sets no image has the rules of the version that it runs", () => {
        const key = "storm.messaging.netty.max_retries";
        const { topologies, stormImage } = of({ ...set, "storm:stormYaml": { [key]: 3 } }).settings;
        expect([topologies, stormImage]).toEqual([[], "storm:2.8.9"]);
        expect(defaultSettings().stormImage).toBe("");
        const mirrored = { image: "mirror.example/storm:2.8.9", imageRegistry: "mirror.example" };
        const guard = { ...resources[1], outputs: mirrored };
        const state = { deployment: { resources: resources.map((each, index) => (index === 1 ? guard : each)) } };
        expect(of({ ...set, "storm:imageRegistry": "mirror.example" }, state).settings.stormImage).toBe("storm:2.8.9");
    });

    test.each<[object, object | undefined, string]>([
        [set, {}, "there is no cluster storm-a: make up"],
        [set, { deployment: {} }, "there is no cluster storm-a: make up"],
        [
            {},
            undefined,
            "neither storm:autoscale nor autoscale of a topology is set in Pulumi.a.yaml (docs/autoscale.md)",
        ],
        [
            { "storm:autoscale": { max: 1, min: 2 }, "storm:slots": 0 },
            undefined,
            "the settings in Pulumi.a.yaml are refused:\n" +
                "  storm:slots (0) must be a whole number from 1 to 64\n" +
                "  storm:autoscale.min (2) is above storm:autoscale.max, which is 1",
        ],
    ])("%j in the state %j leaves nothing to decide", (config, state, message) => {
        expect(() => of(config, state)).toThrow(message);
    });
});
