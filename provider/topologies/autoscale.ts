/**
 * When a topology gets other numbers of workers and executors: a decision from what is measured now and what has been remembered, which
 * asks nobody. `make autoscale` keeps the memory in a file; who decides again and again in one process keeps it there.
 */
import { figureSeconds, type TopologyFigures, type TopologyState } from "../nimbus/client";
import {
    type Bounds,
    executorsOf,
    nearest,
    type Spread,
    type SpreadBounds,
    unknownComponents,
    workersOf,
} from "../nimbus/running";

/** For a bolt's executors: how busy they are. */
export interface CapacityRule {
    /** The bolt's name. */
    component: string;
    /** The share of the last 600 seconds for which its busiest executor executed tuples, as in Storm UI; above 0, up to 1. */
    capacity: number;
}

/** For workers: how long tuples take. */
export interface LatencyRule {
    /** Milliseconds from a spout's emit to the ack, on average of the last 600 seconds. */
    latencyMs: number;
}

/** For a component's executors, or for workers: a number that a URL answers, such as a lag. */
export interface UrlRule {
    /** The URL, by http or https, as seen from where the decision is made. */
    url: string;
    /** Where the number is in a JSON answer: names and indices, joined by dots; default: the answer is the number. */
    path?: string;
    /** The number above which there have to be more. */
    above: number;
    /** The component whose executors it is for; default: it is for workers. */
    component?: string;
}

/**
 * What is measured, and the number above which more are wanted; below half of it fewer are. By half, because one fewer of two doubles
 * what the other has to do.
 */
export type AutoscaleRule = CapacityRule | LatencyRule | UrlRule;

/** Between which numbers of workers and executors a topology varies, and by which rules. */
export interface TopologyAutoscale extends SpreadBounds {
    /** Rounds in a row for which a rule has to hold; twice as many for fewer. @default 3 */
    rounds?: number;
    /** Rules. More is wanted where one of those for it says so, fewer where all of them do. */
    rules: AutoscaleRule[];
}

/** Rounds where `rounds` is not given. */
export const defaultRounds = 3;

/** What is measured in a round. */
export interface Measured {
    /** The topology's id. */
    id: string;
    /** Seconds since 1970. */
    time: number;
    state: TopologyState;
    figures: TopologyFigures;
    /** Slots of the cluster that nobody uses. */
    freeSlots: number;
    /** What each rule's URL answered, or why there is no number; undefined for rules without one. */
    answers: (number | Error | undefined)[];
}

/** What is remembered of a topology from one round to the next. It is plain JSON. */
export interface Memory {
    /** The topology's id: another one has other figures. */
    id: string;
    /** When the last round was, in seconds since 1970. */
    time: number;
    /** By rule, as JSON: rounds in a row for which its figure was above its limit or, negative, below half of it. */
    rows: Record<string, number>;
    /** When it was rebalanced by a decision, in seconds since 1970. */
    rebalanced?: number;
    /** Workers that a decision gave it. */
    workers?: number;
    /** Workers that it would have by now if there were slots for them. */
    wants?: number;
}

/** What a round comes to. */
export interface TopologyDecision {
    /** What the topology is to be rebalanced to; undefined: it stays as it is. */
    change?: Spread;
    /** What each rule has found. */
    found: string[];
    /** Why. */
    reason: string;
    /** Whether something is missing that a person has to look after. */
    isUnsure: boolean;
    /** What is to be remembered, if the change is made where there is one. */
    memory: Memory;
}

/** Seconds that the youngest worker has to have run: Storm's heartbeats are a minute apart by default, and Java is slow at first. */
const warmUpSeconds = 60;
/** Seconds that may be between the starts of workers that started together. */
const startSeconds = 120;
/** Seconds after which rounds are not in a row any more. */
const memorySeconds = 1800;
/** Seconds between two changes: what waited while it was rebalanced is to be done by then. */
const cooldownSeconds = 600;

/**
 * Decides from one round to the next.
 * @param before What the round before returned as `memory`; undefined: nothing is remembered.
 */
export function decideTopology(
    autoscale: TopologyAutoscale,
    before: Memory | undefined,
    measured: Measured,
): TopologyDecision {
    const { id, time, state } = measured;
    const { rules, rounds = defaultRounds } = autoscale;
    const own = before?.id === id ? before : undefined;
    const inRow = own && time - own.time <= memorySeconds ? own : undefined;
    const memory: Memory = { ...own, id, time, rows: {}, wants: inRow?.wants };
    const unsettled = unsettledReason(state);
    if (unsettled !== undefined) {
        return { found: [], reason: unsettled, isUnsure: false, memory };
    }
    const mistake = unknownComponents(state, Object.keys(autoscale.executors ?? {}));
    if (mistake !== undefined) {
        return { found: [], reason: `it ${mistake}`, isUnsure: true, memory };
    }
    const findings = rules.map((rule, index) => {
        const finding = findingOf(rule, measured.answers[index], measured);
        const key = JSON.stringify(rule);
        return { ...finding, key, row: rowAfter(inRow?.rows[key] ?? 0, finding.level), component: componentOf(rule) };
    });
    const goals = targetsOf(autoscale, measured).map((target) =>
        goalOf(
            target,
            findings.filter(({ component }) => component === target.component),
            rounds,
        ),
    );
    const ofWorkers = goals.find(({ component }) => component === undefined);
    const isStrained = findings.some(({ component, row }) => component === undefined && row > 0);
    const next: Memory = {
        ...memory,
        rows: Object.fromEntries(findings.map(({ key, row }) => [key, row])),
        // Storm would have used a free slot, had nobody given it another number since.
        workers: memory.workers !== undefined && measured.freeSlots > 0 ? workersOf(state) : memory.workers,
        wants: ofWorkers?.wants ?? (isStrained ? memory.wants : undefined),
    };
    const found = findings.map((finding) => textOf(finding, rounds));
    const isUnsure = findings.some((finding) => finding.isUnsure);
    const changes = goals.filter(({ has, goal }) => goal !== has);
    const since = own?.rebalanced === undefined ? cooldownSeconds : time - own.rebalanced;
    if (changes.length > 0 && since < cooldownSeconds) {
        const reason = `it was rebalanced ${since} s ago, and is not within ${cooldownSeconds} s of that`;
        return { found, reason, isUnsure, memory: next };
    }
    if (changes.length === 0) {
        const limited = goals.flatMap(({ reason }) => reason ?? []);
        const problems = findings.flatMap(({ problem }) => problem ?? []);
        const quiet = findings.some(({ row }) => row !== 0)
            ? "no rule has held for its rounds"
            : "no rule asks for a change";
        const reason = limited.join("; ") || problems.join("; ") || quiet;
        return { found, reason, isUnsure, memory: next };
    }
    const workers = changes.find(({ component }) => component === undefined)?.goal;
    return {
        change: {
            ...(workers !== undefined && { workers }),
            parallelism: Object.fromEntries(
                changes.flatMap(({ component, goal }) => (component === undefined ? [] : [[component, goal]])),
            ),
        },
        found,
        reason: changes.map(({ reason }) => reason).join("; "),
        isUnsure,
        memory: { ...memory, rebalanced: time, workers: workers ?? memory.workers, wants: undefined },
    };
}

/**
 * The workers that a topology whose workers vary wants, for who counts slots: those that it was given, or would have been.
 * @param id The topology's id.
 * @param start Workers with which it was submitted.
 */
export function wantedWorkers(bounds: Bounds, memory: Memory | undefined, id: string, start: number): number {
    const own = memory?.id === id ? memory : undefined;
    return nearest(Math.max(own?.workers ?? start, own?.wants ?? 0), bounds);
}

/** Why nothing can be said of a topology now; undefined: its figures are of it as it is. */
function unsettledReason({ status, executors, scheduling }: TopologyState): string | undefined {
    if (status !== "ACTIVE") {
        return `it is ${status}`;
    }
    if (executors.length === 0) {
        return `it has no worker: ${scheduling || "no slot is free"}`;
    }
    const uptimes = executors.map(({ uptime }) => uptime);
    const [youngest, oldest] = [Math.min(...uptimes), Math.max(...uptimes)];
    if (youngest === 0) {
        return "not all of its executors have sent a heartbeat";
    }
    if (youngest < warmUpSeconds) {
        return `its youngest worker has run for ${youngest} s, and not for ${warmUpSeconds}`;
    }
    // A rebalance restarts the workers that it changes; figures of the others are of before, too.
    return Math.min(oldest, figureSeconds) - youngest > startSeconds
        ? `a worker has started ${youngest} s ago, and figures of the others are of before: it takes ${figureSeconds} s`
        : undefined;
}

/** What may vary. */
interface Target {
    /** undefined: workers. */
    component?: string;
    has: number;
    bounds: Bounds;
    /** How many there would be after one step. */
    more: number;
    /** How many there can be now, and why no more. */
    most: number;
    limit: string;
}

function targetsOf({ workers, executors = {} }: TopologyAutoscale, { state, freeSlots }: Measured): Target[] {
    const has = workersOf(state);
    const slots = has + freeSlots;
    const all = state.executors.length;
    const ofWorkers = workers && {
        ...{ has, bounds: workers, more: has + 1, most: Math.min(slots, all) },
        limit: all <= slots ? `it has ${all} executors` : "no slot is free",
    };
    const ofExecutors = Object.entries(executors).map(([component, bounds]) => {
        const { executors: number, tasks } = executorsOf(state, component);
        const more = number + Math.ceil(number / 2);
        const limit = `it has ${tasks} tasks, which the jar decides`;
        return { component, has: number, bounds, more, most: tasks, limit };
    });
    return [...(ofWorkers ? [ofWorkers] : []), ...ofExecutors];
}

/** What a rule has found. */
interface Finding {
    /** What was measured. */
    what: string;
    /** 1: more is wanted, -1: fewer are, 0: neither, or there is no figure. */
    level: -1 | 0 | 1;
    /** Why there is no figure. */
    problem?: string;
    isUnsure: boolean;
}

function findingOf(rule: AutoscaleRule, answer: number | Error | undefined, measured: Measured): Finding {
    if ("capacity" in rule) {
        return capacityFinding(rule.component, rule.capacity, measured);
    }
    if ("latencyMs" in rule) {
        const { completeLatencyMs: latency } = measured.figures;
        return latency === undefined
            ? without(`no tuple of its spouts was acked in the last ${figureSeconds} s`, false)
            : compared(`complete latency is ${latency.toFixed(1)} ms`, latency, rule.latencyMs, " ms");
    }
    return typeof answer === "number"
        ? compared(`${rule.url} answers ${answer}`, answer, rule.above)
        : without(`${rule.url} ${answer?.message ?? "was not asked"}`, true);
}

function capacityFinding(component: string, limit: number, { state, figures }: Measured): Finding {
    const bolt = figures.bolts[component];
    if (!bolt && figures.spouts.includes(component)) {
        return without(`${component} is a spout, and has no capacity`, true);
    }
    if (!bolt || bolt.executors < executorsOf(state, component).executors || !Number.isFinite(bolt.capacity)) {
        return without(`not all executors of ${component} have sent a heartbeat`, false);
    }
    return compared(`capacity of ${component} is ${bolt.capacity.toFixed(3)}`, bolt.capacity, limit);
}

function without(problem: string, isUnsure: boolean): Finding {
    return { what: problem, level: 0, problem, isUnsure };
}

function compared(what: string, value: number, limit: number, unit = ""): Finding {
    const [level, where] =
        value > limit
            ? ([1, "above"] as const)
            : value < limit / 2
              ? ([-1, "below half of"] as const)
              : ([0, "within"] as const);
    return { what: `${what}, ${where} ${limit}${unit}`, level, isUnsure: false };
}

function rowAfter(row: number, level: -1 | 0 | 1): number {
    return level === 0 ? 0 : Math.sign(row) === level ? row + level : level;
}

function textOf({ what, row }: { what: string; row: number }, rounds: number): string {
    const needed = row > 0 ? rounds : 2 * rounds;
    return row === 0 ? what : `${what}, for ${Math.min(Math.abs(row), needed)} of ${needed} rounds`;
}

/** The component whose executors a rule is for; undefined: it is for workers. */
function componentOf(rule: AutoscaleRule): string | undefined {
    return "component" in rule ? rule.component : undefined;
}

/** What a target comes to. */
interface Goal extends Target {
    goal: number;
    /** How many there would be if there could be as many. */
    wants?: number;
    /** Why there are to be others, or cannot be; undefined: nobody asks for others. */
    reason?: string;
}

function goalOf(target: Target, findings: { what: string; row: number }[], rounds: number): Goal {
    const { has, bounds, component } = target;
    const name = component === undefined ? "workers" : `executors of ${component}`;
    const to = (wants: number, why: string): Goal => {
        const goal = Math.min(wants, Math.max(target.most, has));
        return goal === has
            ? { ...target, goal, wants, reason: `${has} ${name} stay: ${why}, and ${target.limit}` }
            : { ...target, goal, reason: `${has} to ${goal} ${name}: ${why}` };
    };
    const within = nearest(has, bounds);
    if (within !== has) {
        return to(within, `the bounds are ${bounds.min} to ${bounds.max}`);
    }
    const above = findings.find(({ row }) => row >= rounds);
    if (above) {
        return has === bounds.max
            ? { ...target, goal: has, reason: `${has} ${name} stay: ${above.what}, and the maximum is ${has}` }
            : to(Math.min(target.more, bounds.max), above.what);
    }
    if (findings.length === 0 || findings.some(({ row }) => row > -2 * rounds)) {
        return { ...target, goal: has };
    }
    const low = findings.map(({ what }) => what).join(" and ");
    return has === bounds.min
        ? { ...target, goal: has, reason: `${has} ${name} stay: ${low}, and the minimum is ${has}` }
        : to(has - 1, low);
}
