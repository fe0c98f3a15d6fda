import * as fs from "fs";
import * as http from "http";
import type { AddressInfo } from "net";
import * as os from "os";
import * as path from "path";
import * as thrift from "thrift";
import { submission } from "../../provider/kinds/submission";
import { topologyFigures, type TopologyFigures, type TopologyState } from "../../provider/nimbus/client";
import { fields } from "../../provider/nimbus/fields";
import { wantedWithin } from "../../provider/nimbus/running";
import {
    decideTopology,
    type Measured,
    type Memory,
    type TopologyAutoscale,
    type TopologyDecision,
    wantedWorkers,
} from "../../provider/topologies/autoscale";
import { numberAt } from "../../provider/topologies/measure";
import { contentOf, type Inputs } from "../../provider/topologies/onCluster";
import { ownersIn, remembered, scaleTopologies, type Varying } from "../../scripts/topologyAutoscaling";
import { ssh } from "./dockerStandIn";
import { startNimbus } from "./nimbusReply";
import { framedAnswer, topologyPage } from "./nimbusStandIn";

jest.setTimeout(60_000);

/** A topology as it runs: of `count` and `split` some executors, for 8 tasks each. */
interface Looks {
    count?: number;
    split?: number;
    workers?: number;
    /** Seconds for which its executors have run, in turn. */
    uptimes?: number[];
    status?: string;
    scheduling?: string;
}

function stateOf({ count = 2, split = 1, workers = 2, uptimes = [3600], status = "ACTIVE", scheduling = "" }: Looks) {
    const of = (component: string, number: number) =>
        [...Array(number).keys()].map((index) => ({
            component,
            tasks: Math.floor(8 / number) + (index < 8 % number ? 1 : 0),
        }));
    const executors = [...of("count", count), ...of("split", split)].map((each, index) => ({
        ...{ ...each, task: 8 * index, host: "10.0.0.3", port: 6700 + (index % workers) },
        uptime: uptimes[index % uptimes.length] as number,
    }));
    return { status, scheduling, executors: workers === 0 ? [] : executors, errors: [] } as TopologyState;
}

interface Round extends Looks {
    id?: string;
    time?: number;
    capacity?: number;
    latency?: number;
    /** What the URL answers. */
    answer?: number | Error;
    free?: number;
    figures?: Partial<TopologyFigures>;
}

const byCapacity: TopologyAutoscale = {
    executors: { count: { min: 1, max: 6 } },
    rounds: 3,
    rules: [{ component: "count", capacity: 0.8 }],
};
const byLatency: TopologyAutoscale = { workers: { min: 1, max: 4 }, rounds: 3, rules: [{ latencyMs: 2000 }] };
const url = "http://10.0.0.9:9090/api/v1/query?query=lag";
const byUrl: TopologyAutoscale = {
    executors: { count: { min: 1, max: 6 } },
    rounds: 3,
    rules: [{ url, above: 1000, component: "count" }],
};
const start = 1_800_000_000;

function measuredOf({ autoscale, round }: { autoscale: TopologyAutoscale; round: Round }): Measured {
    const { id = "words-1", time = start, capacity = 0.6, latency = 1500, answer, free = 4, figures, ...looks } = round;
    const state = stateOf(looks);
    const number = (name: string) => state.executors.filter(({ component }) => component === name).length;
    return {
        ...{ id, time, state, freeSlots: free },
        figures: {
            spouts: ["sentences"],
            bolts: {
                count: { executors: number("count"), capacity },
                split: { executors: number("split"), capacity: 0.1 },
            },
            completeLatencyMs: latency,
            ...figures,
        },
        answers: autoscale.rules.map((rule) => ("url" in rule ? answer : undefined)),
    };
}

/** The decisions of rounds, five minutes apart where they do not say when. */
function decisions(autoscale: TopologyAutoscale, rounds: Round[], memory?: Memory): TopologyDecision[] {
    return rounds.map((round, index) => {
        const of = measuredOf({ autoscale, round: { time: start + 300 * index, ...round } });
        const decision = decideTopology(autoscale, memory, of);
        // As in the file.
        memory = JSON.parse(JSON.stringify(decision.memory)) as Memory;
        return decision;
    });
}
const last = (...[autoscale, rounds, memory]: Parameters<typeof decisions>) =>
    decisions(autoscale, rounds, memory).at(-1) as TopologyDecision;
const times = (number: number, round: Round): Round[] => Array<Round>(number).fill(round);

describe("a decision", () => {
    test("gives a bolt half as many executors again, once its capacity was above the limit for so many rounds in a row", () => {
        const [first, second, third] = decisions(byCapacity, times(3, { capacity: 0.93 }));
        expect(first).toMatchObject({
            found: ["capacity of count is 0.930, above 0.8, for 1 of 3 rounds"],
            ...{ reason: "no rule has held for its rounds", isUnsure: false },
        });
        expect([first?.change, second?.change]).toEqual([undefined, undefined]);
        expect(third).toMatchObject({
            change: { parallelism: { count: 3 } },
            reason: "2 to 3 executors of count: capacity of count is 0.930, above 0.8",
            memory: { id: "words-1", rows: {}, rebalanced: start + 600 },
        });
        expect(third?.change).not.toHaveProperty("workers");
    });

    test.each([
        [1, 2],
        [2, 3],
        [3, 5],
        [4, 6],
        [5, 6],
    ])("has %i executors, and wants %i", (count, wanted) => {
        expect(last({ ...byCapacity, rounds: 1 }, [{ count, capacity: 1 }]).change).toEqual({
            parallelism: { count: wanted },
        });
    });

    test("takes one executor away after twice as many rounds below half of the limit", () => {
        const all = decisions(byCapacity, times(6, { count: 5, capacity: 0.39 }));
        expect(all.slice(0, 5).map(({ change }) => change)).toEqual(Array(5).fill(undefined));
        expect(all.at(-2)?.found).toEqual(["capacity of count is 0.390, below half of 0.8, for 5 of 6 rounds"]);
        expect(all.at(-1)?.change).toEqual({ parallelism: { count: 4 } });
    });

    test("holds between the two, and at the limits themselves", () => {
        for (const capacity of [0.4, 0.6, 0.8]) {
            for (const { change, reason } of decisions(byCapacity, times(9, { capacity }))) {
                expect([change, reason]).toEqual([undefined, "no rule asks for a change"]);
            }
        }
    });

    test("counts rounds in a row only: one within the limits, or without a figure, begins again", () => {
        const above = { capacity: 0.9 };
        for (const between of [{ capacity: 0.7 }, { capacity: 0.1 }, { figures: { bolts: {} } }, { uptimes: [30] }]) {
            const [, , , fourth, fifth] = decisions(byCapacity, [above, above, between, above, above]);
            expect([fourth?.change, fifth?.change]).toEqual([undefined, undefined]);
            expect(last(byCapacity, [above, above, between, above, above, above]).change).toBeDefined();
        }
    });

    test("forgets rounds that are half an hour ago, those of another topology of the name, and those of another rule", () => {
        const two = decisions(byCapacity, times(2, { capacity: 0.9 })).at(-1)?.memory;
        const third = (round: Round, autoscale = byCapacity) =>
            last(autoscale, [{ time: start + 600, capacity: 0.9, ...round }], two).change;
        expect(third({})).toBeDefined();
        expect(third({ time: start + 300 + 1800 })).toBeDefined();
        expect(third({ time: start + 300 + 1801 })).toBeUndefined();
        expect(third({ id: "words-2" })).toBeUndefined();
        expect(third({}, { ...byCapacity, rules: [{ component: "count", capacity: 0.7 }] })).toBeUndefined();
    });

    test("stays within the bounds, and says so", () => {
        expect(last(byCapacity, times(3, { count: 6, capacity: 1 }))).toMatchObject({
            reason: "6 executors of count stay: capacity of count is 1.000, above 0.8, and the maximum is 6",
        });
        const least = last(byCapacity, times(9, { count: 1, capacity: 0 }));
        expect(least).toMatchObject({
            reason: "1 executors of count stay: capacity of count is 0.000, below half of 0.8, and the minimum is 1",
            isUnsure: false,
        });
        expect(least.change).toBeUndefined();
    });

    test("gives a component no more executors than it has tasks", () => {
        const wide = { ...byCapacity, rounds: 1, executors: { count: { min: 1, max: 20 } } };
        expect(last(wide, [{ count: 7, capacity: 1 }]).change).toEqual({ parallelism: { count: 8 } });
        expect(last(wide, [{ count: 8, capacity: 1 }])).toMatchObject({
            reason: "8 executors of count stay: capacity of count is 1.000, above 0.8, and it has 8 tasks, which the jar decides",
        });
    });

    test("brings what is out of its bounds to the nearest at once, as far as tasks go", () => {
        expect(last({ ...byCapacity, executors: { count: { min: 3, max: 6 } } }, [{}])).toMatchObject({
            change: { parallelism: { count: 3 } },
            reason: "2 to 3 executors of count: the bounds are 3 to 6",
        });
        expect(last(byCapacity, [{ count: 8, capacity: 1 }]).change).toEqual({ parallelism: { count: 6 } });
        const twenty = { ...byCapacity, executors: { count: { min: 20, max: 30 } } };
        expect(last(twenty, [{ count: 5 }]).change).toEqual({ parallelism: { count: 8 } });
        expect(last(twenty, [{ count: 8 }]).change).toBeUndefined();
    });

    test("gives one worker more above the complete latency, one fewer below half of it", () => {
        expect(last(byLatency, times(3, { latency: 2001 }))).toMatchObject({
            change: { workers: 3, parallelism: {} },
            reason: "2 to 3 workers: complete latency is 2001.0 ms, above 2000 ms",
            memory: { workers: 3 },
        });
        expect(last(byLatency, times(6, { latency: 999 })).change).toEqual({ workers: 1, parallelism: {} });
    });

    test("gives no more workers than there are slots or executors, and remembers what it would", () => {
        const none = last(byLatency, times(3, { latency: 3000, free: 0 }));
        expect(none).toMatchObject({
            reason: "2 workers stay: complete latency is 3000.0 ms, above 2000 ms, and no slot is free",
            ...{ memory: { wants: 3 }, isUnsure: false },
        });
        expect(none.change).toBeUndefined();
        expect(last(byLatency, times(3, { latency: 3000, workers: 3, count: 2, split: 1 }))).toMatchObject({
            reason: "3 workers stay: complete latency is 3000.0 ms, above 2000 ms, and it has 3 executors",
        });
    });

    test("still wants a slot while a new supervisor moves its workers, and no longer once latency is well again", () => {
        const { memory } = last(byLatency, times(3, { latency: 3000, free: 0 }));
        const after = (rounds: Round[]) =>
            last(
                byLatency,
                rounds.map((round, index) => ({ time: start + 900 + 300 * index, ...round })),
                memory,
            ).memory.wants;
        expect(after([{ uptimes: [20] }])).toBe(3);
        expect(after([{ uptimes: [20] }, { latency: 2500 }])).toBe(3);
        expect(after([{ uptimes: [20] }, { latency: 1500 }])).toBeUndefined();
        expect(after([{ uptimes: [20], time: start + 3000 }])).toBeUndefined();
    });

    test("remembers the workers that it gave, as long as no free slot shows that it has others since", () => {
        const { memory } = last(byLatency, times(3, { latency: 3000 }));
        const after = (round: Round) => last(byLatency, [{ time: start + 900, ...round }], memory).memory.workers;
        expect([memory.workers, after({ free: 0 }), after({ free: 1 })]).toEqual([3, 3, 2]);
        expect([after({ free: 1, workers: 3 }), after({ free: 1, uptimes: [9] })]).toEqual([3, 3]);
        expect(last(byLatency, [{}]).memory.workers).toBeUndefined();
    });

    test("goes by a URL's number, for executors of its component or, without one, for workers", () => {
        expect(last(byUrl, times(3, { answer: 1001 })).reason).toBe(
            `2 to 3 executors of count: ${url} answers 1001, above 1000`,
        );
        const ofWorkers: TopologyAutoscale = { workers: { min: 1, max: 4 }, rules: [{ url, above: 1000 }] };
        expect(last(ofWorkers, times(3, { answer: 5000 })).change).toEqual({ workers: 3, parallelism: {} });
        expect(last(ofWorkers, times(6, { answer: 499 })).change).toEqual({ workers: 1, parallelism: {} });
    });

    test("holds, unsure, if the URL does not answer", () => {
        const answer = new Error("does not answer: ECONNREFUSED");
        const held = last(byUrl, [{ answer: 2000 }, { answer: 2000 }, { answer }]);
        expect(held).toMatchObject({ reason: `${url} does not answer: ECONNREFUSED`, isUnsure: true });
        expect(held.change).toBeUndefined();
    });

    test("gives more where one rule says so, and fewer where all do", () => {
        const both = { ...byUrl, rules: [...byCapacity.rules, ...byUrl.rules] };
        expect(last(both, times(3, { capacity: 0.9, answer: 0 })).change).toEqual({ parallelism: { count: 3 } });
        expect(last(both, times(3, { capacity: 0.1, answer: 2000 })).change).toEqual({ parallelism: { count: 3 } });
        for (const answer of [600, new Error("does not answer")]) {
            const all = decisions(both, times(9, { capacity: 0.1, answer }));
            expect(all.filter(({ change }) => change)).toEqual([]);
            expect(all.at(-1)?.isUnsure).toBe(typeof answer !== "number");
        }
        expect(last(both, times(6, { capacity: 0.1, answer: 0 })).change).toEqual({ parallelism: { count: 1 } });
        const grown = last(both, times(3, { capacity: 0.9, answer: new Error("does not answer") }));
        expect([grown.change, grown.isUnsure]).toEqual([{ parallelism: { count: 3 } }, true]);
    });

    test("changes workers and executors by one rebalance", () => {
        const both: TopologyAutoscale = {
            workers: { min: 1, max: 4 },
            executors: { count: { min: 1, max: 6 }, split: { min: 1, max: 8 } },
            rounds: 1,
            rules: [{ latencyMs: 2000 }, { component: "count", capacity: 0.8 }, { component: "split", capacity: 0.05 }],
        };
        expect(last(both, [{ latency: 3000, capacity: 1 }])).toMatchObject({
            change: { workers: 3, parallelism: { count: 3, split: 2 } },
        });
    });
});

describe("nothing is decided", () => {
    test.each<[string, Round, string]>([
        ["while it is rebalanced", { status: "REBALANCING" }, "it is REBALANCING"],
        ["while it is not active", { status: "INACTIVE" }, "it is INACTIVE"],
        ["without a worker", { workers: 0 }, "it has no worker: no slot is free"],
        [
            "without a worker, for Storm's reasons",
            { workers: 0, scheduling: "Not enough memory" },
            "it has no worker: Not enough memory",
        ],
        [
            "before all executors have sent a heartbeat",
            { uptimes: [0, 900] },
            "not all of its executors have sent a heartbeat",
        ],
        [
            "in the first minute of its workers",
            { uptimes: [59, 70] },
            "its youngest worker has run for 59 s, and not for 60",
        ],
        [
            "while figures of some workers are of before others started",
            { uptimes: [200, 321] },
            "a worker has started 200 s ago, and figures of the others are of before: it takes 600 s",
        ],
        [
            "after one of many workers has restarted",
            { uptimes: [479, 90000] },
            "a worker has started 479 s ago, and figures of the others are of before: it takes 600 s",
        ],
    ])("%s", (_, round, reason) => {
        const held = last({ ...byCapacity, rounds: 1 }, [{ capacity: 1, ...round }]);
        expect(held).toMatchObject({ reason, isUnsure: false, memory: { rows: {} } });
        expect(held.change).toBeUndefined();
    });

    test("once all of its workers have started together, or ten minutes are over, it is", () => {
        for (const uptimes of [
            [60, 180],
            [200, 320],
            [480, 90000],
            [90000, 600],
        ]) {
            expect(last({ ...byCapacity, rounds: 1 }, [{ capacity: 1, uptimes }]).change).toBeDefined();
        }
    });

    test("within ten minutes of a rebalance of ours, while rounds after it count", () => {
        const all = decisions(
            { ...byCapacity, rounds: 1 },
            [0, 120, 599, 600].map((after) => ({ capacity: 1, uptimes: [100], time: start + after })),
        );
        expect(all.map(({ change }) => change !== undefined)).toEqual([true, false, false, true]);
        expect(all[2]).toMatchObject({
            reason: "it was rebalanced 599 s ago, and is not within 600 s of that",
            found: ["capacity of count is 1.000, above 0.8, for 1 of 1 rounds"],
        });
        // Also out of bounds, and also by another id's memory it is.
        expect(last(byCapacity, [{ count: 8, time: start + 60 }], all[0]?.memory).change).toBeUndefined();
        expect(last(byCapacity, [{ count: 8, time: start + 60, id: "words-2" }], all[0]?.memory).change).toBeDefined();
    });

    test("rounds of before a rebalance do not count after it", () => {
        const grown = last(byCapacity, times(3, { capacity: 1 })).memory;
        const after = [1300, 1600, 1900].map((later) => ({ capacity: 1, count: 3, time: start + later }));
        expect(decisions(byCapacity, after, grown).map(({ change }) => change)).toEqual([
            ...[undefined, undefined, { parallelism: { count: 5 } }],
        ]);
    });

    test.each<[string, TopologyAutoscale, Round, string, boolean]>([
        [
            "of a component that it has not",
            { ...byCapacity, executors: { counts: { min: 1, max: 2 } }, rules: [{ component: "counts", capacity: 1 }] },
            {},
            "it has no component counts: there are count, split",
            true,
        ],
        [
            "of a bolt that is silent",
            byCapacity,
            { figures: { bolts: { count: { executors: 1, capacity: 1 } } } },
            "not all executors of count have sent a heartbeat",
            false,
        ],
        [
            "of a bolt without a figure",
            byCapacity,
            { figures: { bolts: { count: { executors: 2, capacity: NaN } } } },
            "not all executors of count have sent a heartbeat",
            false,
        ],
        [
            "of a spout's capacity",
            byCapacity,
            { figures: { bolts: {}, spouts: ["count"] } },
            "count is a spout, and has no capacity",
            true,
        ],
        [
            "of a topology in which nothing was acked",
            byLatency,
            { figures: { completeLatencyMs: undefined } },
            "no tuple of its spouts was acked in the last 600 s",
            false,
        ],
    ])("%s", (_, autoscale, round, reason, isUnsure) => {
        const held = last({ ...autoscale, rounds: 1 }, [round]);
        expect([held.reason, held.isUnsure, held.change]).toEqual([reason, isUnsure, undefined]);
    });
});

describe("a constant load is followed to an end, in one direction", () => {
    /** What changes over a day if a bolt has work for so many executors, which share it evenly. */
    function changes(work: number, count: number): number[] {
        const autoscale: TopologyAutoscale = { ...byCapacity, executors: { count: { min: 1, max: 8 } } };
        const steps: number[] = [];
        let memory: Memory | undefined;
        let started = start - 3600;
        for (let time = start; time < start + 86400; time += 300) {
            const uptimes = [time - started];
            const round: Round = { time, count, uptimes, capacity: Math.min(1.02, work / count) };
            const decision = decideTopology(autoscale, memory, measuredOf({ autoscale, round }));
            ({ memory } = decision);
            const goal = decision.change?.parallelism?.count;
            if (goal !== undefined) {
                steps.push(goal - count);
                [count, started] = [goal, time + 60];
            }
        }
        return steps;
    }

    test("for any load and any start", () => {
        const wrong: object[] = [];
        let number = 0;
        for (let work = 0; work <= 9; work += 0.27) {
            for (let count = 1; count <= 8; count++) {
                const steps = changes(work, count);
                const end = steps.reduce((sum, step) => sum + step, count);
                const isFar = work / end > 0.8 ? end < 8 : work / end < 0.4 && end > 1;
                number += 1;
                if (new Set(steps.map(Math.sign)).size > 1 || isFar) {
                    wrong.push({ work, count, steps });
                }
            }
        }
        expect([number > 250, wrong]).toEqual([true, []]);
    });
});

test("slots: a topology wants the workers that it was given or would have been, within its bounds", () => {
    const memory = { id: "words-1", time: start, rows: {} };
    const bounds = { min: 2, max: 6 };
    const wanted = (changes: Partial<Memory> | undefined, first: number) =>
        wantedWorkers(bounds, changes && { ...memory, ...changes }, "words-1", first);
    expect([wanted(undefined, 3), wanted({}, 3), wanted(undefined, 1), wanted(undefined, 9)]).toEqual([3, 3, 2, 6]);
    expect([wanted({ workers: 5 }, 3), wanted({ workers: 2 }, 3)]).toEqual([5, 2]);
    expect([wanted({ wants: 4 }, 3), wanted({ workers: 5, wants: 4 }, 3), wanted({ wants: 9 }, 3)]).toEqual([4, 5, 6]);
    expect(wanted({ id: "words-2", workers: 5 }, 3)).toBe(3);
});

describe("Nimbus", () => {
    const page = {
        components: {
            sentences: { type: "spout" as const, latency: 12 },
            count: { type: "bolt" as const, capacity: 0.93, counts: { executed: 7 } },
        },
        workers: [{ host: "10.0.0.3", port: 6700, uptime: 60 }],
        completeLatency: 1234.5,
    };
    const asked: string[] = [];
    const nimbus = (answer: object) => ({
        ...{ address: "10.0.0.1", port: 6627 },
        connect: (_address: string, _port: number, request: Buffer) => {
            asked.push(request.toString("latin1"));
            return Promise.resolve(framedAnswer(answer).subarray(4));
        },
    });

    test.each(["2.8.3", "1.2.4"])("of Storm %s says what a topology's executors have measured", async (version) => {
        // As in the stand-in, components have three executors.
        expect(await topologyFigures(nimbus(topologyPage("words-1", "600", page, version)), "words-1")).toEqual({
            spouts: ["sentences"],
            bolts: { count: { executors: 3, capacity: 0.93 } },
            completeLatencyMs: 1234.5,
        });
        expect(asked.at(-1)).toMatch(/getTopologyPageInfo[^]*words-1[^]*600[^]*\x01\0$/);
    });

    test("has no figures before a worker has sent a heartbeat, or a tuple was acked", async () => {
        const silent = { ...page, reporting: 0, completeLatency: undefined };
        expect(await topologyFigures(nimbus(topologyPage("words-1", "600", silent)), "words-1")).toEqual({
            ...{ spouts: [], bolts: {}, completeLatencyMs: undefined },
        });
    });
});

describe("a URL", () => {
    let server: http.Server;
    let at: string;
    const answers: Record<string, [number, string]> = {
        "/text": [200, " 42.5\n"],
        "/prometheus": [200, '{"data":{"result":[{"value":[1700000000.1,"1e4"]}]}}'],
        "/none": [200, '{"data":{"result":[]}}'],
        "/nan": [200, '{"data":{"result":[{"value":[1,"NaN"]}]}}'],
        "/json": [200, '{"lag": 7, "text": "seven", "empty": "", "yes": true, "list": [1]}'],
        "/page": [200, "<html>nothing</html>"],
        "/error": [503, "9"],
        "/long": [200, "1".repeat((1 << 20) + 1)],
        "/empty": [200, ""],
    };
    beforeAll(async () => {
        server = http.createServer(({ url: path = "" }, response) => {
            const [status, text] = answers[path] ?? [404, ""];
            response.writeHead(status).end(text);
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => server.close());

    test.each<[string, string | undefined, number]>([
        ["/text", undefined, 42.5],
        ["/prometheus", "data.result.0.value.1", 10000],
        ["/json", "lag", 7],
        ["/json", "list.0", 1],
    ])("%s has at %s the number %d", async (name, where, number) => {
        expect(await numberAt(at + name, where)).toBe(number);
    });

    test.each<[string, string | undefined, string]>([
        ["/none", "data.result.0.value.1", "answers nothing at data.result.0.value.1, which is no number"],
        ["/nan", "data.result.0.value.1", 'answers "NaN" at data.result.0.value.1, which is no number'],
        ["/json", "text", 'answers "seven" at text, which is no number'],
        ["/json", "empty", 'answers "" at empty, which is no number'],
        ["/json", "yes", "answers true at yes, which is no number"],
        ["/json", "list", "answers [1] at list, which is no number"],
        ["/json", "constructor", "answers nothing at constructor, which is no number"],
        ["/page", undefined, 'answers "<html>nothing</html>", which is no number'],
        ["/page", "lag", 'does not answer JSON, as lag asks for: "<html>nothing</html>"'],
        ["/empty", undefined, 'answers "", which is no number'],
        ["/error", undefined, "answers 503 Service Unavailable"],
        ["/long", undefined, "answers more than 1048576 bytes"],
    ])("%s has at %s none: %s", async (name, where, message) => {
        await expect(numberAt(at + name, where)).rejects.toThrow(new Error(message));
    });

    test("that nobody listens at does not answer", async () => {
        await expect(numberAt("http://127.0.0.1:1/")).rejects.toThrow(/^does not answer: (ECONNREFUSED|bad port)$/);
    });
});

describe("a spread that may vary", () => {
    const bounds = { workers: { min: 2, max: 4 }, executors: { count: { min: 2, max: 6 } } };
    const wanted = (looks: Looks, isNew = false, of = bounds as object) =>
        wantedWithin(stateOf(looks), { workers: 3, parallelism: { count: 4, split: 2 } }, of, isNew);

    test("is left alone within its bounds, and brought to the nearest where it is out of them", () => {
        expect(wanted({ workers: 2, count: 2 })).toEqual({ workers: undefined, parallelism: { split: 2 } });
        expect(wanted({ workers: 1, count: 1 })).toEqual({ workers: 2, parallelism: { count: 2, split: 2 } });
        expect(wanted({ workers: 5, count: 8 })).toEqual({ workers: 4, parallelism: { count: 6, split: 2 } });
    });
    test("starts as it is given", () => {
        expect(wanted({ workers: 2, count: 2 }, true)).toEqual({ workers: 3, parallelism: { count: 4, split: 2 } });
        expect(wanted({ workers: 3, count: 4 }, true)).toEqual({ workers: undefined, parallelism: { split: 2 } });
    });
    test("is as it is given where nothing may vary", () => {
        expect(wanted({ workers: 2 }, false, {})).toEqual({ workers: 3, parallelism: { count: 4, split: 2 } });
    });
});

/** A Nimbus that has one topology, as `looks` says; a rebalance takes effect at once. */
describe("beside a cluster", () => {
    let nimbus: { port: number; stop: () => void };
    let looks: Looks;
    let supervisors: { slots: number; used: number };
    let content: string;
    let uptime: number;
    let rebalances: { waitSeconds?: number; workers?: number; parallelism: Record<string, number> }[];
    let page: { capacity: number; latency?: number };
    beforeAll(async () => {
        const { ClusterSummary, NimbusSummary, SupervisorSummary, TopologySummary } = fields;
        const { TopologyInfo, ExecutorSummary, ExecutorInfo } = fields;
        const answers: Record<string, (request: Buffer) => unknown> = {
            getTopologyConf: () =>
                JSON.stringify({
                    ...{ "topology.message.timeout.secs": 30, "pulumi.owner": "us", "pulumi.content": content },
                }),
            getClusterInfo: () => ({
                [ClusterSummary.nimbuses]: [
                    {
                        [NimbusSummary.host]: "127.0.0.1",
                        [NimbusSummary.port]: nimbus.port,
                        [NimbusSummary.isLeader]: true,
                    },
                ],
                [ClusterSummary.supervisors]: [
                    {
                        [SupervisorSummary.host]: "10.0.0.3",
                        [SupervisorSummary.workers]: supervisors.slots,
                        [SupervisorSummary.usedWorkers]: supervisors.used,
                    },
                ],
                [ClusterSummary.topologies]: [
                    {
                        [TopologySummary.id]: "words-1",
                        [TopologySummary.name]: "words",
                        [TopologySummary.status]: "ACTIVE",
                    },
                ],
            }),
            getTopologyInfo: () => ({
                [TopologyInfo.status]: looks.status ?? "ACTIVE",
                // Each answer has a later heartbeat.
                [TopologyInfo.executors]: stateOf({ ...looks, uptimes: [(uptime += 10)] }).executors.map(
                    (executor) => ({
                        [ExecutorSummary.executorInfo]: {
                            [ExecutorInfo.taskStart]: executor.task,
                            [ExecutorInfo.taskEnd]: executor.task + executor.tasks - 1,
                        },
                        [ExecutorSummary.component]: executor.component,
                        [ExecutorSummary.host]: executor.host,
                        [ExecutorSummary.port]: executor.port,
                        [ExecutorSummary.uptimeSeconds]: executor.uptime,
                    }),
                ),
            }),
            getTopologyPageInfo: () =>
                topologyPage("words-1", "600", {
                    components: { count: { type: "bolt", capacity: page.capacity } },
                    workers: [{ host: "10.0.0.3", port: 6700, uptime: 900 }],
                    ...(page.latency !== undefined && { completeLatency: page.latency }),
                }),
            rebalance: (request) => {
                const order = rebalanceIn(request);
                rebalances.push(order);
                looks = { ...looks, ...order.parallelism, workers: order.workers ?? looks.workers };
                return undefined;
            },
        };
        nimbus = await startNimbus((method, words) => answers[method]?.(Buffer.from(words, "latin1")));
    });
    afterAll(() => nimbus.stop());
    beforeEach(() => {
        looks = { count: 3, split: 2, workers: 2 };
        supervisors = { slots: 8, used: 2 };
        uptime = 900;
        rebalances = [];
        page = { capacity: 0.6 };
    });

    /** What a call of `rebalance` has. */
    function rebalanceIn(request: Buffer): (typeof rebalances)[number] {
        const { RebalanceOptions } = fields;
        const protocol = new thrift.TBinaryProtocol(new thrift.TFramedTransport(request.subarray(4)));
        protocol.readMessageBegin();
        protocol.readFieldBegin();
        protocol.readString();
        protocol.readFieldBegin();
        const numbers: Record<number, number> = {};
        const parallelism: Record<string, number> = {};
        for (;;) {
            const { ftype, fid } = protocol.readFieldBegin();
            if (ftype === thrift.Thrift.Type.STOP) {
                const [waitSeconds, workers] = [
                    numbers[RebalanceOptions.waitSeconds],
                    numbers[RebalanceOptions.workers],
                ];
                return { waitSeconds, workers, parallelism };
            }
            if (ftype === thrift.Thrift.Type.MAP) {
                const { size } = protocol.readMapBegin();
                for (let index = 0; index < size; index++) {
                    const component = protocol.readString().toString();
                    parallelism[component] = protocol.readI32();
                }
            } else {
                numbers[fid] = protocol.readI32();
            }
        }
    }

    const bounds = { workers: { min: 2, max: 4 }, executors: { count: { min: 2, max: 6 } } };
    const inputs = (changes: Partial<Inputs> = {}): Inputs => ({
        ...{ topology: "words", sha256: "0a", mainClass: "a.Main", arguments: ["words"], configuration: [] },
        ...{ workers: 3, parallelism: { count: 4 }, bounds, seconds: 30, owner: "us", rebalanceSeconds: 7 },
        nimbuses: [{ container: "nimbus-1", ssh, address: "127.0.0.1", port: nimbus.port }],
        client: { container: "nimbus-1", ssh, seeds: [], port: nimbus.port },
        ...{ image: "storm", supervisors: [], ...changes },
    });
    const found = (of: Inputs) => ({ ...of, content: contentOf(of), drift: "", shortfall: "" });

    describe("a submission", () => {
        beforeEach(() => (content = contentOf(inputs())));
        const driftOf = async (of: Inputs) => (await submission.read?.(found(of)))?.drift;

        test("finds no drift within bounds, and what is out of them", async () => {
            expect(await driftOf(inputs())).toBe("");
            looks = { ...looks, workers: 4, count: 6 };
            expect(await driftOf(inputs())).toBe("");
            looks = { ...looks, workers: 1 };
            expect(await driftOf(inputs())).toBe("it has 1 workers, and not 2");
            looks = { ...looks, workers: 4, count: 7 };
            expect(await driftOf(inputs())).toBe("its count has 7 executors, and not 6");
            expect(await driftOf(inputs({ bounds: undefined }))).toBe("it has 4 workers, and not 3");
        });

        test("that another start was given to leaves it as it is", async () => {
            const [olds, news] = [found(inputs()), inputs({ workers: 2, parallelism: { count: 6 } })];
            expect(await submission.update?.(olds, news)).toMatchObject({ drift: "", shortfall: "" });
            expect(rebalances).toEqual([]);
        });

        test("brings what is out of bounds to the nearest, and nothing else", async () => {
            looks = { ...looks, count: 8 };
            expect(await submission.update?.({ ...found(inputs()), drift: "its count" }, inputs())).toMatchObject({
                ...{ drift: "", shortfall: "" },
            });
            expect(rebalances).toEqual([{ waitSeconds: 7, workers: undefined, parallelism: { count: 6 } }]);
        });

        test("is spread over new supervisors with the numbers that it has", async () => {
            const supervisor = { container: "supervisor-2", address: "10.0.0.4" };
            await submission.update?.(found(inputs()), inputs({ supervisors: [supervisor] }));
            expect(rebalances).toEqual([{ waitSeconds: 7, workers: undefined, parallelism: {} }]);
        });

        test("that may no longer vary gets what it is given", async () => {
            await submission.update?.(found(inputs()), inputs({ bounds: undefined }));
            expect(rebalances).toEqual([{ waitSeconds: 7, workers: 3, parallelism: { count: 4 } }]);
        });

        test("says which component of its bounds it has not", async () => {
            const wrong = inputs({ bounds: { executors: { counts: { min: 1, max: 2 } } } });
            await expect(submission.update?.(found(inputs()), wrong)).rejects.toThrow(
                "topology words has no component counts: there are count, split",
            );
        });
    });

    describe("make autoscale", () => {
        let folder: string;
        let file: string;
        let printed: string[];
        beforeEach(() => {
            content = "";
            folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-topology-autoscale-"));
            file = path.join(folder, "memory.json");
            printed = [];
            jest.spyOn(console, "log").mockImplementation((text: string) => void printed.push(...text.split("\n")));
        });
        afterEach(() => {
            fs.rmSync(folder, { recursive: true });
            jest.restoreAllMocks();
        });
        const topology = (autoscale: TopologyAutoscale, changes: object = {}) =>
            ({ name: "words", rebalanceSeconds: 5, autoscale, ...changes }) as Varying;
        const run = (autoscale: TopologyAutoscale, isDry = false, owners: Record<string, string> = { words: "us" }) => {
            const connect = async (_address: string, port: number, call: Buffer) => {
                const { connectFrom } = await import("../../provider/machines/container");
                return connectFrom({ container: "nimbus-1", ssh })("127.0.0.1", port, call, 4);
            };
            const leader = {
                nimbus: { connect, address: "127.0.0.1", port: nimbus.port },
                summary: {
                    nimbuses: [],
                    supervisors: [
                        { host: "10.0.0.3", uptime: 1, slots: supervisors.slots, usedSlots: supervisors.used },
                    ],
                    topologies: [
                        { id: "words-1", name: "words", uptime: 60, status: "ACTIVE", executors: 5, workers: 2 },
                    ],
                },
            };
            printed = [];
            const topologies = [topology(autoscale)];
            return scaleTopologies({ cluster: "storm-x", topologies, owners, leader, file, isDry });
        };
        const once = { ...byCapacity, rounds: 1 };

        test("rebalances, says why, and remembers it", async () => {
            page.capacity = 0.93;
            expect(await run(once)).toBe(true);
            expect(rebalances).toEqual([{ waitSeconds: 5, workers: undefined, parallelism: { count: 5 } }]);
            expect(printed[0]).toMatch(/^Autoscale, topology words on storm-x, 20\d\d-/);
            expect(printed.slice(1)).toEqual([
                "  has          2 workers, 3 executors of count for 8 tasks",
                "  bounds       1 to 6 executors of count",
                "  measured     capacity of count is 0.930, above 0.8, for 1 of 1 rounds",
                "  decision     rebalance: 3 to 5 executors of count: capacity of count is 0.930, above 0.8",
                "  next         rebalance words: 5 executors of count",
            ]);
            expect(remembered(file)).toMatchObject({ words: { id: "words-1", rows: {} } });
            looks = { ...looks, count: 3 };
            expect(await run(once)).toBe(true);
            expect([rebalances.length, printed.at(-2)]).toEqual([
                1,
                expect.stringMatching(/decision {5}hold: it was rebalanced \d+ s ago, and is not within 600 s of that/),
            ]);
        });

        test("counts rounds from run to run; with DRY=yes it counts none, and rebalances nothing", async () => {
            page.capacity = 0.93;
            await run(byCapacity, true);
            expect([fs.existsSync(file), printed.at(-1)]).toEqual([false, "  next         nothing"]);
            await run(byCapacity);
            await run(byCapacity);
            await run(byCapacity, true);
            expect(printed.at(-1)).toBe(
                "  next         nothing, because of DRY=yes; else rebalance words: 5 executors of count",
            );
            expect(rebalances).toEqual([]);
            await run(byCapacity);
            expect(rebalances).toHaveLength(1);
        });

        test("begins again where the memory is not to be read", async () => {
            fs.writeFileSync(file, '{"words": {"id"');
            expect(await run(byCapacity)).toBe(true);
            expect(remembered(file)).toMatchObject({ words: { id: "words-1" } });
        });

        test.each<[Record<string, string>, string]>([
            [{}, "the stack has not submitted it yet: make up"],
            [{ words: "others" }, "the one on the cluster belongs to us"],
        ])("holds, and fails, if the stack's state says %j of owners", async (owners, reason) => {
            expect(await run(once, false, owners)).toBe(false);
            expect(printed.at(-1)).toBe(`  decision     hold: ${reason}`);
            expect(rebalances).toEqual([]);
        });

        test("fails if a URL does not answer", async () => {
            const answering = {
                ...once,
                rules: [...once.rules, { url: "http://127.0.0.1:1/", above: 1, component: "count" }],
            };
            expect(await run(answering)).toBe(false);
            expect(printed.at(-2)).toMatch(/decision {5}hold: http:\/\/127\.0\.0\.1:1\/ does not answer: /);
        });

        test("reads from the state who has submitted what", () => {
            const outputs = { topology: "words", owner: "organization/storm/x/topology-words" };
            expect(
                ownersIn([
                    { urn: "", type: "storm:index:Submission", outputs },
                    { urn: "", type: "storm:index:Kill", outputs: { topology: "other", owner: "nobody" } },
                ]),
            ).toEqual({ words: "organization/storm/x/topology-words" });
        });
    });
});
