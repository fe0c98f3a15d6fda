import type { Configuration } from "../../fleet/controller/configuration";
import {
    type Action,
    type Cluster,
    decide,
    demand,
    type Group,
    launches,
    type Machine,
    type Memory,
    newMemory,
    type Snapshot,
    type Topology,
} from "../../fleet/controller/decisions";
import type { Executor } from "../../provider/nimbus/client";

const configuration: Configuration = {
    ...{ cluster: "storm-a", region: "eu-central-1", group: "storm-a-fleet", own: "10.0.0.1" },
    ...{ nimbuses: [{ address: "10.0.0.1", port: 6627 }], owner: "us/storm/a/" },
    ...{ target: 80, batch: 1, cooldownSeconds: 300, seconds: 20 },
};
/** A moment, so many seconds after the first. */
const at = (seconds: number) => 1_700_000_000_000 + seconds * 1000;
/** A machine of the group, `i-1` at 10.0.1.1 and so on, as it is in service. */
const machine = (index: number, changes: Partial<Machine> = {}): Machine => ({
    ...{ id: `i-${index}`, state: "InService", address: addressOf(index), launched: at(-10_000), isDraining: false },
    ...changes,
});
const addressOf = (index: number) => `10.0.1.${index}`;
const leaving = (index: number, changes: Partial<Machine> = {}) =>
    machine(index, { state: "Terminating:Wait", ...changes });
const group = (machines: Machine[], changes: Partial<Group> = {}): Group => ({
    ...{ machines, desired: machines.length, min: 0, max: 20, ...changes },
});
/** Supervisors of machines, each with 2 slots and so many of them used. */
const supervisors = (used: Record<number, number>, uptime = 5000): Cluster["supervisors"] =>
    Object.entries(used).map(([index, usedSlots]) => ({
        ...{ host: addressOf(Number(index)), uptime, slots: 2, usedSlots },
    }));
/** An executor on a machine, the worker of which has run for so long. */
const executor = (index: number, uptime: number): Executor => ({
    ...{ component: "count", task: index, tasks: 1, host: addressOf(index), port: 6700, uptime },
});
/** A topology with a worker on each of these machines, for which tuples are overdue after 30 s; it was submitted long ago. */
function topology(name: string, on: number[], uptime = 100, changes: Partial<Topology> = {}): Topology {
    return {
        ...{ id: `${name}-1`, name, uptime: 20_000, status: "ACTIVE", executors: on.length, workers: on.length },
        configuration: {
            ...{ "topology.workers": on.length, "topology.message.timeout.secs": 15 },
            "pulumi.owner": "us/storm/a/words",
        },
        state: { status: "ACTIVE", scheduling: "", errors: [], executors: on.map((each) => executor(each, uptime)) },
        ...changes,
    };
}
/** What is done, and what is said of each thing. */
function decided(snapshot: Snapshot, memory: Memory, changes: Partial<Configuration> = {}) {
    const decisions = decide(snapshot, memory, { ...configuration, ...changes });
    const actions = decisions.flatMap(({ actions: those }) => those.filter(({ kind }) => kind !== "publish"));
    return { actions, said: Object.fromEntries(decisions.map(({ about, line }) => [about, line])) };
}
/** Does what the loop does with actions that succeed. */
function remember(actions: Action[], { now, group: { machines } }: Snapshot, memory: Memory): void {
    for (const action of actions) {
        if (action.kind === "begin") {
            memory.drains.set(action.machine, action.drain);
        } else if (action.kind === "heartbeat") {
            memory.heartbeats.set(action.machine, now);
        } else if (action.kind === "admit" || action.kind === "release") {
            const state = machines.find(({ id }) => id === action.machine)?.state ?? "";
            memory.proceeding.set(action.machine, state);
        } else if (action.kind === "rebalance") {
            memory.due.delete(action.id);
        }
    }
}
/** Kinds of actions, each with its machine or topology. */
const brief = (actions: Action[]) =>
    actions.map((action) =>
        [action.kind, "machine" in action ? action.machine : "topology" in action ? action.topology : ""].join(" "),
    );

describe("the demand", () => {
    const demandOf = (snapshot: Snapshot) => demand(snapshot, newMemory(at(0)), configuration);
    const of = (wanted: number[], used: Record<number, number>, changes: Partial<Group> = {}) =>
        demandOf({
            now: at(0),
            group: group(
                [1, 2, 3, 4].filter((index) => index in used).map((index) => machine(index)),
                changes,
            ),
            cluster: {
                supervisors: supervisors(used),
                topologies: wanted.map((workers, index) =>
                    topology(`t${index}`, [], 0, {
                        ...{ executors: 100, workers: 1, configuration: { "topology.workers": workers } },
                    }),
                ),
            },
        });

    test.each<[string, number[], Record<number, number>, number]>([
        ["grows with what topologies want", [3, 4], { 1: 2, 2: 2 }, 175],
        ["is that of slots that are all used", [4], { 1: 2, 2: 2 }, 100],
        ["falls with what topologies want", [1], { 1: 1, 2: 0 }, 25],
        ["is none without topologies", [], { 1: 0 }, 0],
        ["is none without topologies and supervisors", [], {}, 0],
    ])("%s", (_, wanted, used, percent) =>
        expect(of(wanted, used).flatMap(({ actions }) => actions)).toEqual([{ kind: "publish", percent }]),
    );

    test("is said with what it is made of", () => {
        expect(of([3, 4], { 1: 2, 2: 2 })).toMatchObject([
            { about: "demand", line: "demand is 175 %: 7 slots wanted, of 4" },
        ]);
        expect(of([1], { 1: 1 })[0]?.line).toBe("demand is 50 %: 1 slot wanted, of 2");
    });

    test("is not published, and the group left alone, where nobody describes the cluster", () => {
        expect(demandOf({ now: at(0), group: group([], { desired: 0 }) })).toEqual([]);
    });

    test("leaves out slots of machines that leave, or a group would shrink twice for the same", () => {
        const snapshot = (state: string) => ({
            ...{ now: at(0), group: group([machine(1), machine(2, { state })]) },
            cluster: { supervisors: supervisors({ 1: 1, 2: 0 }), topologies: [topology("words", [1])] },
        });
        const published = (state: string) => demandOf(snapshot(state))[0]?.actions;
        expect(published("InService")).toEqual([{ kind: "publish", percent: 25 }]);
        expect(published("Terminating:Wait")).toEqual([{ kind: "publish", percent: 50 }]);
        expect(published("Terminating:Proceed")).toEqual([{ kind: "publish", percent: 50 }]);
    });

    test("without slots is not published: a group without machines gets one, within its bounds", () => {
        expect(of([2], {}, { desired: 0 })).toEqual([
            {
                about: "demand",
                line: "demand is not published, as no supervisor is listed: 2 slots wanted, of 0",
                actions: [],
            },
            {
                about: "group",
                line: "gets its first machine, as target tracking cannot multiply none: 2 slots wanted, of 0",
                actions: [{ kind: "launch", desired: 1 }],
            },
        ]);
        expect(of([2], {}, { desired: 0, max: 0 })[1]).toEqual({
            ...{ about: "group", actions: [] },
            line: "stays without machines, as it may have none: 2 slots wanted, of 0",
        });
        // The first one is on its way.
        expect(of([2], {}, { desired: 1 }).flatMap(({ actions }) => actions)).toEqual([]);
    });

    test("for more slots than others have gets a group without machines its first one, too, if it lasts", () => {
        const memory = newMemory(at(0));
        const round = (seconds: number, wanted: number, desired = 0) => {
            const configured = { executors: 100, workers: 1, configuration: { "topology.workers": wanted } };
            const cluster = { supervisors: supervisors({ 9: 2 }), topologies: [topology("words", [9], 0, configured)] };
            return decided({ now: at(seconds), group: group([], { desired }), cluster }, memory).actions;
        };
        const launch = [{ kind: "launch", desired: 1 }];
        expect([round(0, 3), round(119, 3), round(120, 3)]).toEqual([[], [], launch]);
        // As one supervisor after the other is restarted.
        expect([round(140, 2), round(160, 3), round(220, 2), round(260, 3), round(340, 3)]).toEqual([
            [],
            [],
            [],
            [],
            [],
        ]);
        expect([round(360, 3, 1), round(380, 3), round(499, 3), round(500, 3)]).toEqual([[], [], [], launch]);
    });

    test("launches no machine because the only other supervisor is restarted", () => {
        const memory = newMemory(at(0));
        const round = (seconds: number, used: Record<number, number>) => {
            const cluster = { supervisors: supervisors(used), topologies: [topology("words", [9])] };
            return brief(decided({ now: at(seconds), group: group([]), cluster }, memory).actions);
        };
        expect([round(0, { 9: 1 }), round(20, {}), round(139, {}), round(140, {})]).toEqual([[], [], [], ["launch "]]);
    });

    test("is 0 where the only machine is not needed beside others, which target tracking would keep", () => {
        const of = (wanted: number, desired = 1, min = 0) => {
            const configured = { executors: 100, workers: 1, configuration: { "topology.workers": wanted } };
            const listed = supervisors({ 1: 0, 8: 1, 9: 2 });
            const cluster = { supervisors: listed, topologies: [topology("words", [9], 0, configured)] };
            return demandOf({ now: at(0), group: group([machine(1)], { desired, min }), cluster })[0];
        };
        expect(of(3)).toEqual({
            ...{
                about: "demand",
                line: "demand is 0 %: 3 slots wanted, of 6, of which 4 are not the fleet's and suffice",
            },
            actions: [{ kind: "publish", percent: 0 }],
        });
        const percent = (...given: Parameters<typeof of>) => of(...given)?.actions;
        expect([percent(4), percent(3, 2), percent(3, 1, 1)]).toEqual([
            [{ kind: "publish", percent: (100 * 4) / 6 }],
            [{ kind: "publish", percent: 50 }],
            [{ kind: "publish", percent: 50 }],
        ]);

        // One that has left is listed for a while, and is no other one.
        const memory = newMemory(at(0));
        const listed = { supervisors: supervisors({ 1: 1, 2: 0 }), topologies: [topology("words", [1])] };
        const round = (machines: Machine[]) =>
            demand({ now: at(0), group: group(machines), cluster: listed }, memory, configuration)[0]?.actions;
        expect(round([machine(1), machine(2)])).toEqual([{ kind: "publish", percent: 25 }]);
        expect(round([machine(1)])).toEqual([{ kind: "publish", percent: 25 }]);
    });
});

describe("a launched machine", () => {
    const waiting = (uptime: number | undefined, changes: Partial<Machine> = {}) =>
        launches(
            {
                now: at(0),
                group: group([machine(1), machine(2, { state: "Pending:Wait", launched: at(-120), ...changes })]),
                supervisors: [...supervisors({ 1: 0 }), ...(uptime === undefined ? [] : supervisors({ 2: 0 }, uptime))],
            },
            newMemory(at(0)),
        );

    test("is put in service once Nimbus lists its supervisor", () => {
        expect(waiting(5)).toEqual([
            {
                about: "machine i-2",
                line: "is put in service: Nimbus lists 10.0.1.2",
                actions: [{ kind: "admit", machine: "i-2" }],
            },
        ]);
        const line = "waits to be listed by Nimbus at 10.0.1.2";
        expect(waiting(undefined)).toEqual([{ about: "machine i-2", line, actions: [] }]);
    });

    test("is not taken for one that was at its address before", () => {
        expect(waiting(5000)[0]?.actions).toEqual([]);
        expect(waiting(170)[0]?.actions).toEqual([{ kind: "admit", machine: "i-2" }]);
    });

    test("waits while nobody leads, and before it has an address", () => {
        const pending = group([machine(2, { state: "Pending:Wait" })]);
        const memory = newMemory(at(0));
        const round = (seconds: number) => {
            const snapshot = { now: at(seconds), group: pending };
            const { actions, said } = decided(snapshot, memory);
            remember(actions, snapshot, memory);
            return [actions, said["machine i-2"]];
        };
        const line = "waits: nobody says whether it has joined";
        const longer = { kind: "heartbeat", machine: "i-2", hook: "launching" };
        expect([round(0), round(99), round(100)]).toEqual([
            [[longer], line],
            [[], line],
            [[longer], line],
        ]);
        // It has to go, with or without Nimbus.
        expect(launches({ now: at(0), group: { ...pending, max: 0 } }, newMemory(at(0)))[0]?.actions).toEqual([]);
        expect(waiting(5, { address: undefined })[0]?.actions).toEqual([]);
    });

    test("is put in service once", () => {
        const memory = newMemory(at(0));
        const snapshot = {
            ...{ now: at(0), group: group([machine(2, { state: "Pending:Wait" })]) },
            supervisors: supervisors({ 2: 0 }),
        };
        const { actions } = decided(snapshot, memory);
        expect(brief(actions)).toEqual(["admit i-2"]);
        remember(actions, snapshot, memory);
        expect(decided(snapshot, memory).actions).toEqual([]);
    });
});

describe("a machine that is terminated", () => {
    test("is drained: its supervisor is told to stop, and it goes once its work runs elsewhere and no tuple is overdue", () => {
        const memory = newMemory(at(0));
        const round = (seconds: number, on: number, uptime: number, isDraining = true) => {
            const snapshot: Snapshot = {
                ...{ now: at(seconds), group: group([leaving(1, { isDraining }), machine(2)]) },
                cluster: { supervisors: supervisors({ 1: 1, 2: 0 }), topologies: [topology("words", [on], uptime)] },
            };
            const { actions, said } = decided(snapshot, memory);
            remember(actions, snapshot, memory);
            return [brief(actions), said["machine i-1"]];
        };
        expect(round(0, 1, 900, false)).toEqual([["heartbeat i-1", "begin i-1"], "is drained of words"]);
        // DescribeInstances may not have the tag yet.
        expect(round(20, 1, 920, false)).toEqual([[], "stays: Nimbus still has work of words there"]);
        expect(round(60, 1, 930)).toEqual([[], "stays: Nimbus still has work of words there"]);
        const starting = "stays: words does not run elsewhere: these are not up: count on 10.0.1.2:6700";
        expect(round(100, 2, 0)).toEqual([["heartbeat i-1"], starting]);
        expect(round(120, 2, 15)).toEqual([[], "stays: tuples that it had under way have 30 s to be emitted again"]);
        expect(round(140, 2, 35)[0]).toEqual([]);
        expect(round(150, 2, 45)).toEqual([["release i-1"], "may go: its work runs elsewhere"]);
        expect(round(170, 2, 65)).toEqual([[], undefined]);
    });

    const snapshotOf = (
        machines: Machine[],
        used: Record<number, number>,
        topologies: Topology[],
        changes: Partial<Group> = {},
        now = at(0),
    ): Snapshot => ({ now, group: group(machines, changes), cluster: { supervisors: supervisors(used), topologies } });

    test("that was never listed goes at once, and so one that does not run any more", () => {
        const machines = [leaving(2), leaving(3, { address: undefined, isDraining: true }), machine(4)];
        const { actions, said } = decided(snapshotOf(machines, { 4: 1 }, [topology("words", [4])]), newMemory(at(0)));
        expect(brief(actions)).toEqual(["release i-2", "release i-3"]);
        expect(said).toMatchObject({
            "machine i-2": "may go: nothing runs on it, and Nimbus does not list it",
            "machine i-3": "may go: it does not run any more",
        });
    });

    test("with nothing to do is stopped beside those that are drained, so that it gets none of their work", () => {
        const memory = newMemory(at(0));
        const round = (seconds: number, listed: Record<number, number>, on: number[] = [2]) => {
            const topologies = [topology("words", on)];
            const snapshot = snapshotOf([leaving(1), leaving(2), machine(4)], listed, topologies, {}, at(seconds));
            const { actions, said } = decided(snapshot, memory);
            remember(actions, snapshot, memory);
            return [brief(actions), said["machine i-1"]];
        };
        expect(round(0, { 1: 0, 2: 1, 4: 0 })).toEqual([
            ["heartbeat i-1", "begin i-1", "heartbeat i-2", "begin i-2"],
            "is stopped: nothing runs on it",
        ]);
        expect(round(20, { 1: 0, 2: 1, 4: 0 })[1]).toMatch(/^stays: Nimbus lists its supervisor until/);
        // What it was given all the same moves first.
        expect(round(40, { 1: 1, 2: 1, 4: 0 }, [1])[1]).toBe("stays: Nimbus still has work of words there");
        expect(round(60, { 2: 1, 4: 0 })).toEqual([
            ["release i-1"],
            "may go: nothing runs on it, and its supervisor is stopped",
        ]);
    });

    test("does not wait for ever for a topology that does not come up elsewhere", () => {
        const memory = newMemory(at(0));
        const round = (seconds: number, on: number[]) => {
            const machines = [leaving(1, { isDraining: true }), machine(2)];
            const snapshot = snapshotOf(machines, { 1: 0, 2: 1 }, [topology("words", on, 0)], {}, at(seconds));
            const { actions, said } = decided(snapshot, memory);
            remember(actions, snapshot, memory);
            return [brief(actions).includes("release i-1"), said["machine i-1"]];
        };
        expect(round(0, [1])[1]).toMatch("Nimbus still has work");
        expect(round(900, [2])[1]).toMatch("words does not run elsewhere: these are not up");
        expect(round(1499, [2])[1]).toMatch("words does not run elsewhere");
        expect(round(1500, [2])[1]).toBe("stays: tuples that it had under way have 30 s to be emitted again");
        expect(round(1530, [2])).toEqual([
            true,
            "may go: no work is on it, though after 600 s not all of it runs elsewhere",
        ]);
    });

    test("is not drained of what would run nowhere, and gets more time", () => {
        const memory = newMemory(at(0));
        const stranded = (seconds: number, used: number) => {
            const topologies = [topology("words", [1]), topology("wide", [1, 2])];
            const snapshot = snapshotOf([leaving(1), machine(2)], { 1: 2, 2: used }, topologies, {}, at(seconds));
            const { actions, said } = decided(snapshot, memory);
            remember(actions, snapshot, memory);
            return [brief(actions), said["machine i-1"]];
        };
        const held = "stays: no slot is free elsewhere for words";
        expect(stranded(0, 2)).toEqual([["heartbeat i-1"], held]);
        expect(stranded(80, 2)).toEqual([[], held]);
        expect(stranded(100, 2)).toEqual([["heartbeat i-1"], held]);
        expect(stranded(120, 1)).toEqual([["begin i-1"], "is drained of words, wide"]);
    });

    test("does not count slots of other machines that leave as free", () => {
        const topologies = [topology("words", [1])];
        const used = { 1: 1, 2: 0 };
        const { said } = decided(snapshotOf([leaving(1), leaving(2)], used, topologies), newMemory(at(0)));
        expect(said).toMatchObject({
            "machine i-1": "stays: no slot is free elsewhere for words",
            "machine i-2": "is stopped: nothing runs on it",
        });
        expect(
            brief(decided(snapshotOf([leaving(1), machine(2)], used, topologies), newMemory(at(0))).actions),
        ).toEqual([...["heartbeat i-1", "begin i-1"]]);
    });

    describe("waits for its turn", () => {
        const machines = [leaving(1), leaving(2), leaving(3), machine(4), machine(5)];
        const used = { 1: 1, 2: 1, 3: 1, 4: 0, 5: 0 };
        const topologies = ["a", "b", "c"].map((name, index) => topology(name, [index + 1]));

        test.each([
            [1, ["i-1"]],
            [2, ["i-1", "i-2"]],
            [3, ["i-1", "i-2", "i-3"]],
        ])("at a batch of %i", (batch, begun) => {
            const { actions, said } = decided(snapshotOf(machines, used, topologies), newMemory(at(0)), { batch });
            const begin = actions.flatMap((action) => (action.kind === "begin" ? [action.machine] : []));
            expect(begin).toEqual(begun);
            // All of them get more time.
            expect(actions.filter(({ kind }) => kind === "heartbeat").length).toBe(3);
            if (batch < 3) {
                const held = `stays: ${batch} machine${batch === 1 ? "" : "s"} at a time`;
                expect(said["machine i-3"]).toBe(held);
            }
        });

        test("which comes when one before may go", () => {
            const memory = newMemory(at(0));
            const first = snapshotOf(machines, used, topologies);
            remember(decided(first, memory).actions, first, memory);
            const moved = (uptime: number) => [topology("a", [4], uptime), ...topologies.slice(1)];
            const round = (seconds: number, uptime: number) => {
                const snapshot = snapshotOf(machines, { ...used, 1: 0, 4: 1 }, moved(uptime), {}, at(seconds));
                const { actions } = decided(snapshot, memory);
                remember(actions, snapshot, memory);
                return brief(actions).filter((each) => !each.startsWith("heartbeat"));
            };
            expect([round(60, 20), round(80, 40), round(100, 60), round(110, 70), round(130, 90)]).toEqual([
                [],
                [],
                [],
                ["release i-1", "begin i-2"],
                [],
            ]);
        });

        test("and no second one begins if their work together has no room", () => {
            const three = { ...used, 4: 2, 5: 1 };
            const { actions, said } = decided(snapshotOf(machines, three, topologies), newMemory(at(0)), { batch: 2 });
            expect(brief(actions).filter((each) => each.startsWith("begin"))).toEqual(["begin i-1"]);
            expect(said["machine i-2"]).toBe("stays: no slot is free elsewhere for b");
        });

        test("and a topology that runs on these alone is not taken for safe on the other one", () => {
            const both = [topology("words", [1, 2])];
            const full = { 1: 1, 2: 1, 4: 2 };
            const leave = [leaving(1), leaving(2), machine(4)];
            const { actions } = decided(snapshotOf(leave, full, both), newMemory(at(0)), { batch: 2 });
            expect(brief(actions).filter((each) => each.startsWith("begin"))).toEqual(["begin i-1"]);
        });
    });

    test("whose drain another controller has begun waits for all topologies, as any of them may have been there", () => {
        const memory = newMemory(at(0));
        const round = (seconds: number, uptime: number) => {
            const topologies = [topology("words", [2], uptime), topology("other", [2], 900 + seconds)];
            const machines = [leaving(1, { isDraining: true }), machine(2)];
            const snapshot = snapshotOf(machines, { 1: 0, 2: 2 }, topologies, {}, at(seconds));
            const { actions, said } = decided(snapshot, memory);
            remember(actions, snapshot, memory);
            return [brief(actions), said["machine i-1"]];
        };
        expect(round(0, 0)[0]).toEqual(["heartbeat i-1"]);
        expect(round(20, 5)[1]).toMatch(/^stays: words does not run elsewhere: these are not up: count on/);
        expect(round(40, 25)[1]).toBe("stays: tuples that it had under way have 30 s to be emitted again");
        expect(round(70, 55)).toEqual([["release i-1"], "may go: its work runs elsewhere"]);
    });

    test("whose drain another controller has begun takes a turn", () => {
        const machines = [leaving(1), leaving(2, { isDraining: true }), machine(3)];
        const topologies = [topology("a", [1]), topology("b", [2])];
        const { actions } = decided(snapshotOf(machines, { 1: 1, 2: 1, 3: 0 }, topologies), newMemory(at(0)));
        expect(brief(actions)).toEqual(["heartbeat i-2", "heartbeat i-1"]);
    });

    test("waits, by heartbeats, while nobody describes the cluster, whether its drain has begun", () => {
        const memory = newMemory(at(0));
        const round = (seconds: number) => {
            const machines = [leaving(1, { isDraining: true }), leaving(2), leaving(3, { address: undefined })];
            const snapshot = { now: at(seconds), group: group(machines) };
            const { actions, said } = decided(snapshot, memory);
            remember(actions, snapshot, memory);
            return [brief(actions), said["machine i-1"]];
        };
        const three = ["heartbeat i-1", "heartbeat i-2", "heartbeat i-3"];
        expect(round(0)).toEqual([three, "stays: nobody says what runs on it"]);
        expect(round(20)[0]).toEqual([]);
        memory.silentSince = at(20);
        expect(round(100)[0]).toEqual(three);
        expect(round(1000)[0]).toEqual(three);
    });

    describe("as its group is deleted", () => {
        const deleted = { desired: 0, max: 0 };

        test("goes without a drain if no other supervisor is left", () => {
            const topologies = [topology("words", [1])];
            const { actions, said } = decided(
                snapshotOf([leaving(1)], { 1: 1 }, topologies, deleted),
                newMemory(at(0)),
            );
            expect(brief(actions)).toEqual(["release i-1"]);
            expect(said["machine i-1"]).toBe(
                "may go: the group is being deleted, and no supervisor is left that could take its work",
            );
            expect(brief(decided(snapshotOf([leaving(1)], { 1: 1 }, topologies), newMemory(at(0))).actions)).toEqual([
                "heartbeat i-1",
            ]);
        });

        test("is drained if others are left", () => {
            const snapshot = snapshotOf([leaving(1)], { 1: 1, 9: 0 }, [topology("words", [1])], deleted);
            expect(brief(decided(snapshot, newMemory(at(0))).actions)).toEqual(["heartbeat i-1", "begin i-1"]);
        });

        test("is not kept by a topology that has no slot elsewhere, as no machine comes for that", () => {
            const memory = newMemory(at(0));
            const round = (seconds: number, topologies: ReturnType<typeof topology>[]) => {
                const machines = [leaving(1, { isDraining: seconds > 0 })];
                const snapshot = snapshotOf(machines, { 1: 2, 9: 2 }, topologies, deleted, at(seconds));
                const { actions, said } = decided(snapshot, memory);
                remember(actions, snapshot, memory);
                return [brief(actions), said["machine i-1"]];
            };
            const words = (...on: number[]) => topology("words", on, 900);
            expect(round(0, [words(1), topology("wide", [1, 9], 900)])).toEqual([
                ["heartbeat i-1", "begin i-1"],
                "is drained of wide, as the group is being deleted: no slot is free elsewhere for words",
            ]);
            expect(round(20, [words(1), topology("wide", [9], 900)])[0]).toEqual([]);
            // What has no worker at all is nowhere.
            round(40, [words(), topology("wide", [9], 900)]);
            round(50, [words(), topology("wide", [9], 960)]);
            expect(round(400, [words(), topology("wide", [9], 1300)])[0]).toEqual(["release i-1"]);
        });

        test("goes once no Nimbus has answered for a minute, or none has led for ten", () => {
            const memory = newMemory(at(0));
            const round = (seconds: number) =>
                brief(decided({ now: at(seconds), group: group([leaving(1)], deleted) }, memory).actions);
            expect(round(0)).toEqual(["heartbeat i-1"]);
            memory.silentSince = at(0);
            expect([round(59), round(60)]).toEqual([["heartbeat i-1"], ["release i-1"]]);
            [memory.silentSince, memory.leaderlessSince] = [undefined, at(100)];
            expect([round(699), round(700)]).toEqual([["heartbeat i-1"], ["release i-1"]]);
        });
    });
});

describe("topologies", () => {
    /** A round with two settled machines, and others as given. */
    function rounds(memory: Memory, topologies: Topology[] = [topology("words", [1, 2])]) {
        return (seconds: number, others: Machine[], listed = others) => {
            const young = listed.map(({ address = "" }) => ({ host: address, uptime: 10, slots: 2, usedSlots: 0 }));
            const snapshot: Snapshot = {
                ...{ now: at(seconds), group: group([machine(1), machine(2), ...others]) },
                cluster: { supervisors: [...supervisors({ 1: 1, 2: 1 }), ...young], topologies },
            };
            const { actions, said } = decided(snapshot, memory);
            remember(actions, snapshot, memory);
            return [brief(actions).filter((each) => each.startsWith("rebalance")), said.rebalance];
        };
    }

    test("are rebalanced once machines have joined, the cooldown is over, and no machine comes or goes", () => {
        const round = rounds(newMemory(at(0)));
        expect(round(0, [])).toEqual([[], undefined]);
        const pending = machine(3, { state: "Pending:Wait" });
        expect(round(400, [pending], [])).toEqual([[], undefined]);
        expect(round(420, [machine(3)])).toEqual([["rebalance words"], "1 machine joined: rebalanced are words"]);
        expect(round(440, [machine(3)])).toEqual([[], undefined]);
        const cooling = "2 machines joined: topologies are rebalanced 300 s after the last time";
        expect(round(500, [machine(3), machine(4), machine(5)])).toEqual([[], cooling]);
        const coming = machine(6, { state: "Pending" });
        const busy = "2 machines joined: topologies are rebalanced once no machine comes or goes";
        expect(round(720, [machine(3), machine(4), machine(5), coming])).toEqual([[], busy]);
        const going = machine(6, { state: "Terminating:Wait" });
        expect(round(740, [machine(3), machine(4), machine(5), going])).toEqual([[], busy]);
        expect(round(760, [machine(3), machine(4), machine(5)])[0]).toEqual(["rebalance words"]);
        expect(round(9000, [machine(3), machine(4), machine(5)])).toEqual([[], undefined]);
    });

    test("are not rebalanced for machines that Nimbus does not list", () => {
        const round = rounds(newMemory(at(0)));
        round(0, []);
        expect(round(400, [machine(3)], [])).toEqual([[], undefined]);
        expect(round(420, [machine(3)])[0]).toEqual(["rebalance words"]);
    });

    test("are rebalanced after another Nimbus takes the lead for machines that joined within the cooldown before", () => {
        const round = rounds(newMemory(at(0)));
        expect(round(0, [machine(3)])[1]).toMatch(
            "1 machine joined: topologies are rebalanced 300 s after the last time",
        );
        expect(round(300, [machine(3)])[0]).toEqual(["rebalance words"]);
    });

    test("of others, of one worker, and those that are not active, are left alone", () => {
        const of = (owner: unknown) => ({ configuration: { "pulumi.owner": owner, "topology.workers": 2 } });
        const topologies = [
            topology("mine", [1, 2]),
            topology("narrow", [1]),
            topology("quiet", [1, 2], 100, { status: "INACTIVE" }),
            topology("theirs", [1, 2], 100, of("us/storm/ab/words")),
            topology("nobodys", [1, 2], 100, of(undefined)),
        ];
        const round = rounds(newMemory(at(0)), topologies);
        round(0, []);
        expect(round(400, [machine(3)])).toEqual([["rebalance mine"], "1 machine joined: rebalanced are mine"]);
    });

    test("that Nimbus did not rebalance are rebalanced in the next round, unless they are not active any more", () => {
        const memory = newMemory(at(0));
        const snapshot = (seconds: number, status: string): Snapshot => ({
            ...{ now: at(seconds), group: group([machine(1), machine(2), ...(seconds > 0 ? [machine(3)] : [])]) },
            cluster: {
                supervisors: [...supervisors({ 1: 1, 2: 1 }), ...supervisors({ 3: 0 }, 10)],
                topologies: ["one", "two"].map((name) => topology(name, [1, 2], 100, { status })),
            },
        });
        decided(snapshot(0, "ACTIVE"), memory);
        const { actions } = decided(snapshot(400, "ACTIVE"), memory);
        expect(brief(actions)).toEqual(["rebalance one", "rebalance two"]);
        // The first is rebalanced, of the second there is no answer.
        remember(actions.slice(0, 1), snapshot(400, "ACTIVE"), memory);
        expect(brief(decided(snapshot(420, "ACTIVE"), memory).actions)).toEqual(["rebalance two"]);
        expect(brief(decided(snapshot(440, "REBALANCING"), memory).actions)).toEqual([]);
        expect(brief(decided(snapshot(460, "ACTIVE"), memory).actions)).toEqual([]);
    });

    test("are rebalanced at once for the first machines, as none have joined before", () => {
        const memory = newMemory(at(0));
        const round = (seconds: number, machines: Machine[]) => {
            const listed = Object.fromEntries(machines.map((_, index) => [index + 1, 1]));
            const cluster = { supervisors: supervisors(listed, 10), topologies: [topology("words", [1, 2])] };
            return decided({ now: at(seconds), group: group(machines), cluster }, memory).said.rebalance;
        };
        expect(round(0, [])).toBeUndefined();
        expect(round(20, [machine(1)])).toBe("1 machine joined: rebalanced are words");
        expect(round(40, [machine(1), machine(2)])).toMatch("rebalanced 300 s after the last time");
    });

    test("that were submitted after the machines joined are left alone, as they were given their slots", () => {
        const topologies = [topology("late", [1, 2], 5, { uptime: 9 }), topology("early", [1, 2], 100, { uptime: 11 })];
        const round = rounds(newMemory(at(0)), topologies);
        round(0, []);
        expect(round(400, [machine(3)])).toEqual([["rebalance early"], "1 machine joined: rebalanced are early"]);
        const late = rounds(newMemory(at(0)), topologies.slice(0, 1));
        late(0, []);
        expect(late(20, [machine(3)])).toEqual([[], "1 machine joined: rebalanced are no topologies"]);
    });

    test("wait for a machine that never joins for a quarter of an hour, and no longer", () => {
        const round = rounds(newMemory(at(0)));
        round(0, []);
        const others = [machine(3), machine(4, { state: "Pending:Wait" })];
        const waiting = "1 machine joined: topologies are rebalanced once no machine comes or goes";
        expect([round(400, others, [machine(3)]), round(1299, others, [machine(3)])]).toEqual([
            [[], waiting],
            [[], waiting],
        ]);
        expect(round(1300, others, [machine(3)])).toEqual([
            ["rebalance words"],
            "1 machine joined: rebalanced are words",
        ]);
    });

    test("that do not exist yet find machines that joined before, and need no rebalance", () => {
        const memory = newMemory(at(0));
        const none = rounds(memory, []);
        none(0, []);
        expect(none(20, [machine(3)])).toEqual([[], "1 machine joined: rebalanced are no topologies"]);
        expect(rounds(memory)(400, [machine(3)])).toEqual([[], undefined]);
    });
});

test("what is remembered of machines ends with them", () => {
    const memory = newMemory(at(0));
    memory.drains.set("i-9", { seen: new Map() });
    memory.heartbeats.set("i-9", at(0));
    memory.proceeding.set("i-9", "Terminating:Wait");
    memory.settled = new Set(["i-9", "i-1"]);
    decided({ now: at(0), group: group([machine(1)]), cluster: { supervisors: [], topologies: [] } }, memory);
    expect([memory.drains.size, memory.heartbeats.size, memory.proceeding.size, [...memory.settled]]).toEqual([
        ...[0, 0, 0, ["i-1"]],
    ]);
});
