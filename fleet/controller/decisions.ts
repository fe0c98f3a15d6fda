/**
 * What the controller does, decided from what it knows at one moment. These functions ask nobody, and change nothing but the memory that
 * they are given.
 */
import type { ClusterSummary, TopologyState } from "../../provider/nimbus/client";
import {
    type Affected,
    affected,
    hasWorkOn,
    notMoved,
    overdueSeconds,
    strandedBy,
} from "../../provider/nimbus/leaving";
import { loadOf, wantedSlots, workersGiven } from "../../provider/nimbus/load";
import type { Seen } from "../../provider/nimbus/running";
import { ownerKey } from "../../provider/topologies/keys";
import type { hooks } from "../names";
import type { Configuration } from "./configuration";

/** An instance of the group. */
export interface Machine {
    id: string;
    /** Its state in its life cycle, such as `Pending:Wait`. */
    state: string;
    /** Its private address; undefined: it does not run any more. */
    address?: string | undefined;
    /** When it was launched, in milliseconds; undefined where it does not run. */
    launched?: number | undefined;
    /** Whether its drain has begun, as its tag says. */
    isDraining: boolean;
}

/** The group, as AWS describes it. */
export interface Group {
    /** How many machines it is to have. */
    desired: number;
    /** How many it has at least. */
    min: number;
    /** How many it may have; 0: it is being deleted, as neither the setting nor a schedule takes 0. */
    max: number;
    machines: Machine[];
}

/** A topology, as Nimbus describes it. */
export type Topology = ClusterSummary["topologies"][number] & {
    configuration: Record<string, unknown>;
    /** How it runs; undefined where no machine leaves, or it is being killed. */
    state?: TopologyState | undefined;
};

/** The cluster, as its leader describes it. */
export interface Cluster {
    supervisors: ClusterSummary["supervisors"];
    topologies: Topology[];
}

/** What is known at one moment. */
export interface Snapshot {
    /** In milliseconds. */
    now: number;
    group: Group;
    /** The supervisors that the leader lists; undefined: nobody leads. */
    supervisors?: ClusterSummary["supervisors"] | undefined;
    /** Undefined: nobody leads, or it does not describe its topologies. */
    cluster?: Cluster | undefined;
}

/** A drain that has begun. */
export interface Drain {
    /** The topologies that had work there when it began; undefined: another controller has begun it, and it may be any of them. */
    affected?: Affected[];
    /** Of their executors. */
    seen: Seen;
    /** Since when no work of theirs is on the machine, in milliseconds; undefined: some is. */
    left?: number | undefined;
    /** When their work ran elsewhere, in milliseconds; undefined: it does not yet. */
    moved?: number;
}

/** What a controller remembers, for as long as its Nimbus leads. Without it the next one takes longer, and loses nothing. */
export interface Memory {
    /** When the last rebalance was, or when this memory began, in milliseconds; -Infinity: no machine had joined then. */
    rebalanced: number;
    /** Machines that joined before the last rebalance; undefined: nothing is known yet. */
    settled?: Set<string>;
    /** Ids of topologies that are still to be rebalanced. */
    due: Set<string>;
    /** The state in which a machine was told to proceed: AWS may show it a moment longer. */
    proceeding: Map<string, string>;
    /** Drains that have begun, by machine. */
    drains: Map<string, Drain>;
    /** When the last heartbeat was sent for a machine, in milliseconds. */
    heartbeats: Map<string, number>;
    /** Since when the cluster has too few slots, and the group no machine, in milliseconds; undefined: that is not so. */
    shortSince?: number | undefined;
    /** Addresses of supervisors that are or were machines of the group: Nimbus lists one that has gone for a while. */
    own: Set<string>;
    /** Whether supervisors were listed that are no machines of the group. */
    hasOthers: boolean;
    /** Since when machines that have joined wait for topologies to be rebalanced, in milliseconds; undefined: none does. */
    joinedSince?: number | undefined;
    /** Since when no Nimbus leads, in milliseconds; undefined: one does. */
    leaderlessSince?: number | undefined;
    /** Since when no Nimbus answers, in milliseconds; undefined: one does. */
    silentSince?: number | undefined;
}

/** The memory of a controller that begins to lead. */
export function newMemory(now: number): Memory {
    const byMachine = { proceeding: new Map(), drains: new Map(), heartbeats: new Map() };
    return { rebalanced: now, due: new Set(), own: new Set(), hasOthers: false, ...byMachine };
}

/** What is to be done. */
export type Action =
    | { kind: "publish"; percent: number }
    | { kind: "launch"; desired: number }
    | { kind: "admit"; machine: string }
    | { kind: "begin"; machine: string; drain: Drain }
    | { kind: "heartbeat"; machine: string; hook: keyof typeof hooks }
    | { kind: "release"; machine: string }
    | { kind: "rebalance"; id: string; topology: string };

/** A decision, and what it makes necessary. */
export interface Decision {
    /** What it is about, such as a machine. */
    about: string;
    /** What is decided, and why. */
    line: string;
    actions: Action[];
}

/** Seconds between two heartbeats: a third of what a machine has that is being terminated, which is less than one that is launched has. */
const heartbeatSeconds = 100;

/** Seconds for which all Nimbus daemons have to be silent before a group that is being deleted is released without them. */
const silentSeconds = 60;

/** The same where Nimbus daemons answer, and none leads: an election that goes on may take a while. */
const leaderlessSeconds = 600;

/** Seconds for which others have to have too few slots before a group gets its first machine. */
const shortSeconds = 120;

/** Seconds for which a machine waits for its work to run elsewhere, once none is on it: a topology that keeps failing never does. */
const elsewhereSeconds = 600;

/** How many cooldowns topologies wait at most until no machine comes or goes: one that never joins comes again and again. */
const unsettledCooldowns = 3;

/** Seconds by which clocks may differ. */
const clockSeconds = 60;

/** All that is decided. */
export function decide(seen: Snapshot, memory: Memory, configuration: Configuration): Decision[] {
    forgetOthers(seen, memory);
    const machines = seen.group.machines.map((machine) =>
        memory.proceeding.get(machine.id) === machine.state
            ? { ...machine, state: machine.state.replace("Wait", "Proceed") }
            : machine,
    );
    const snapshot = { ...seen, group: { ...seen.group, machines } };
    return [
        ...demand(snapshot, memory, configuration),
        ...launches(snapshot, memory),
        ...drains(snapshot, memory, configuration),
        ...rebalances(snapshot, memory, configuration),
    ];
}

function forgetOthers({ group }: Snapshot, memory: Memory): void {
    const ids = group.machines.map(({ id }) => id);
    const { drains, heartbeats, proceeding, settled = new Set<string>() } = memory;
    for (const remembered of [drains, heartbeats, proceeding, settled]) {
        [...remembered.keys()].filter((id) => !ids.includes(id)).forEach((id) => remembered.delete(id));
    }
}

/**
 * What is published of the slots that topologies want. Slots of machines that leave do not count. Target tracking multiplies the number
 * of machines, and rounds up. So a group without machines gets its first one here, and one whose only machine is not needed beside other
 * supervisors loses it by a demand of 0.
 */
export function demand({ now, group, cluster }: Snapshot, memory: Memory, { target }: Configuration): Decision[] {
    if (!cluster) {
        return [];
    }
    const staying = without(leavingOf(group), cluster);
    const topologies = cluster.topologies.map((each) => [each.id, wantedSlots(each, workersGiven(each.configuration))]);
    const wants = Object.fromEntries(topologies) as Record<string, number>;
    const { wanted, slots } = loadOf(staying, 0, wants);
    const total = sum(slots);
    const own = [...memory.own, ...group.machines.map(addressOf)];
    memory.own = new Set(cluster.supervisors.map(({ host }) => host).filter((host) => own.includes(host)));
    const others = without(own, cluster);
    memory.hasOthers ||= others.supervisors.length > 0;
    const ofOthers = sum(loadOf(others, 0, wants).slots);
    const isSpare = group.desired === 1 && group.min === 0 && ofOthers > 0 && 100 * wanted <= target * ofOthers;
    const seen = `${count(wanted, "slot")} wanted, of ${total}`;
    const percent = total > 0 && !isSpare ? (100 * wanted) / total : 0;
    const why = isSpare ? `${seen}, of which ${ofOthers} are not the fleet's and suffice` : seen;
    const published: Decision =
        total > 0 || wanted === 0
            ? {
                  about: "demand",
                  line: `demand is ${Math.round(percent)} %: ${why}`,
                  actions: [{ kind: "publish", percent }],
              }
            : { about: "demand", line: `demand is not published, as no supervisor is listed: ${seen}`, actions: [] };
    const isShort = wanted > total && group.desired === 0;
    memory.shortSince = isShort ? (memory.shortSince ?? now) : undefined;
    if (memory.shortSince === undefined) {
        return [published];
    }
    const first = (line: string, actions: Action[] = []): Decision[] => [
        published,
        { about: "group", line: `${line}: ${seen}`, actions },
    ];
    if (group.max === 0) {
        return first("stays without machines, as it may have none");
    }
    // Supervisors that are restarted are not listed for a while.
    if (memory.hasOthers && now - memory.shortSince < shortSeconds * 1000) {
        return first(`gets its first machine if that lasts ${shortSeconds} s`);
    }
    return first("gets its first machine, as target tracking cannot multiply none", [{ kind: "launch", desired: 1 }]);
}

/** Which launched machines are put in service: those whose supervisor Nimbus lists. While nobody leads, they have longer for it. */
export function launches({ now, group, supervisors }: Snapshot, memory: Memory): Decision[] {
    const waiting = group.machines.filter(({ state }) => state === "Pending:Wait");
    return waiting.map(({ id, address, launched = now }) => {
        const about = `machine ${id}`;
        if (!supervisors) {
            const longer = group.max > 0 ? heartbeat(id, "launching", now, memory) : [];
            return { about, line: "waits: nobody says whether it has joined", actions: longer };
        }
        // At its address another one may have been, which Nimbus still lists.
        const age = (now - launched) / 1000 + clockSeconds;
        return supervisors.some(({ host, uptime }) => host === address && uptime <= age)
            ? { about, line: `is put in service: Nimbus lists ${address}`, actions: [{ kind: "admit", machine: id }] }
            : { about, line: `waits to be listed by Nimbus at ${address ?? "an address"}`, actions: [] };
    });
}

/** What happens to machines that are being terminated: their work is moved away, from `batch` machines at a time. */
export function drains({ now, group, cluster }: Snapshot, memory: Memory, { batch }: Configuration): Decision[] {
    const waiting = group.machines
        .filter(({ state }) => state === "Terminating:Wait")
        .sort((one, other) => (one.id < other.id ? -1 : 1));
    const isDeleted = group.max === 0;
    const release = ({ id }: Machine, why: string): Decision => ({
        ...{ about: `machine ${id}`, line: `may go: ${why}`, actions: [{ kind: "release", machine: id }] },
    });
    const hold = ({ id }: Machine, why: string): Decision => ({
        about: `machine ${id}`,
        line: `stays: ${why}`,
        actions: heartbeat(id, "terminating", now, memory),
    });
    if (!cluster) {
        const lasts = (since: number | undefined, seconds: number) =>
            since !== undefined && now - since >= seconds * 1000;
        const isAlone = lasts(memory.silentSince, silentSeconds) || lasts(memory.leaderlessSince, leaderlessSeconds);
        return waiting.map((machine) =>
            isDeleted && isAlone
                ? release(machine, "the group is being deleted, and no Nimbus leads")
                : hold(machine, "nobody says what runs on it"),
        );
    }
    const leaving = leavingOf(group);
    const staying = without(leaving, cluster);
    const isOver = isDeleted && staying.supervisors.length === 0;
    const running = cluster.topologies.flatMap(({ state, ...topology }) => (state ? [{ ...topology, state }] : []));
    /** Addresses of machines whose work moves. */
    const moving: string[] = [];
    const decisions: Decision[] = [];
    const undecided: Machine[] = [];
    for (const machine of waiting) {
        const { id, address } = machine;
        if (address === undefined) {
            decisions.push(release(machine, "it does not run any more"));
        } else if (isOver) {
            decisions.push(
                release(machine, "the group is being deleted, and no supervisor is left that could take its work"),
            );
        } else if (machine.isDraining || memory.drains.has(id)) {
            const drain = memory.drains.get(id) ?? { seen: new Map() };
            memory.drains.set(id, drain);
            const isListed = cluster.supervisors.some(({ host }) => host === address);
            const why = remaining(address, isListed, drain, running, now);
            decisions.push(why === undefined ? release(machine, whyReleased(drain)) : hold(machine, why));
            moving.push(...(why === undefined || isIdle(drain) ? [] : [address]));
        } else if (running.some(({ state }) => hasWorkOn([address], state))) {
            undecided.push(machine);
        } else if (cluster.supervisors.some(({ host }) => host === address)) {
            // Else Nimbus could give it the work of another one that leaves.
            const { about, actions } = hold(machine, "");
            const drain: Drain = { affected: [], seen: new Map() };
            const begin: Action = { kind: "begin", machine: id, drain };
            decisions.push({ about, line: "is stopped: nothing runs on it", actions: [...actions, begin] });
        } else {
            decisions.push(release(machine, "nothing runs on it, and Nimbus does not list it"));
        }
    }
    for (const machine of undecided) {
        const address = machine.address ?? "";
        const workOn = (addresses: string[]) =>
            running
                .filter(({ state }) => hasWorkOn(addresses, state))
                .map((topology) => affected(addresses, topology, topology.state, topology.configuration));
        const stranded = strandedBy([...moving, address], workOn([...moving, address]), staying);
        if (moving.length >= batch) {
            decisions.push(hold(machine, `${count(batch, "machine")} at a time`));
        } else if (stranded.length > 0 && !isDeleted) {
            decisions.push(hold(machine, `no slot is free elsewhere for ${stranded.join(", ")}`));
        } else {
            // No machine comes any more for what has no slot elsewhere, so that nothing waits for it.
            const topologies = workOn([address]).filter(({ name }) => !stranded.includes(name));
            moving.push(address);
            const { about, actions } = hold(machine, "");
            const drain: Drain = { affected: topologies, seen: new Map() };
            const names = topologies.map(({ name }) => name).join(", ") || "nothing";
            const lost = `, as the group is being deleted: no slot is free elsewhere for ${stranded.join(", ")}`;
            const line = `is drained of ${names}${stranded.length > 0 ? lost : ""}`;
            decisions.push({ about, line, actions: [...actions, { kind: "begin", machine: machine.id, drain }] });
        }
    }
    return decisions;
}

/** Whether nothing ran on a machine when its drain began. */
function isIdle({ affected: topologies }: Drain): boolean {
    return topologies?.length === 0;
}

/** Why a machine may go. */
function whyReleased(drain: Drain): string {
    const { left = 0, moved = 0 } = drain;
    if (isIdle(drain)) {
        return "nothing runs on it, and its supervisor is stopped";
    }
    return moved - left < elsewhereSeconds * 1000
        ? "its work runs elsewhere"
        : `no work is on it, though after ${elsewhereSeconds} s not all of it runs elsewhere`;
}

/** Why a machine whose drain has begun may not go yet; undefined: it may. */
function remaining(
    address: string,
    isListed: boolean,
    drain: Drain,
    running: (Topology & { state: TopologyState })[],
    now: number,
): string | undefined {
    const ids = drain.affected?.map(({ id }) => id);
    const concerned = running.filter(({ id, state }) => hasWorkOn([address], state) || (ids?.includes(id) ?? true));
    drain.left = concerned.some(({ state }) => hasWorkOn([address], state)) ? undefined : (drain.left ?? now);
    if (drain.moved === undefined && (drain.left === undefined || now - drain.left < elsewhereSeconds * 1000)) {
        for (const { name, state } of concerned) {
            const reason = notMoved([address], name, state, drain.seen);
            if (reason !== undefined) {
                return reason;
            }
        }
        if (isIdle(drain) && isListed) {
            return "Nimbus lists its supervisor until that has been silent for a while";
        }
    }
    drain.moved ??= now;
    // Until its work moved, tuples were sent to it in vain.
    const seconds = drain.affected
        ? drain.affected.map((each) => each.overdueSeconds)
        : concerned.map(({ configuration }) => overdueSeconds(configuration));
    const overdue = Math.max(0, ...seconds);
    return now - drain.moved < overdue * 1000
        ? `tuples that it had under way have ${overdue} s to be emitted again`
        : undefined;
}

/**
 * Which topologies are rebalanced: once machines have joined, those of the stack that have several workers and were there before, as a
 * topology that has all of its workers takes no new slot by itself.
 */
export function rebalances(
    { now, group, cluster }: Snapshot,
    memory: Memory,
    configuration: Configuration,
): Decision[] {
    if (!cluster) {
        return [];
    }
    const { owner, cooldownSeconds } = configuration;
    const uptimes = new Map(cluster.supervisors.map(({ host, uptime }) => [host, uptime]));
    const listed = group.machines.filter(({ state, address }) => state === "InService" && uptimes.has(address ?? ""));
    const uptimeOf = ({ address = "" }: Machine) => uptimes.get(address) ?? 0;
    if (!memory.settled) {
        // The leader before may not have seen to the others.
        memory.settled = new Set(listed.filter((each) => uptimeOf(each) > cooldownSeconds).map(({ id }) => id));
        memory.rebalanced = listed.length > 0 ? memory.rebalanced : -Infinity;
    }
    const { settled, due } = memory;
    const joined = listed.filter(({ id }) => !settled.has(id));
    const able = cluster.topologies.filter(
        ({ status, workers, configuration: { [ownerKey]: owned } }) =>
            status === "ACTIVE" && workers > 1 && typeof owned === "string" && owned.startsWith(owner),
    );
    const newest = Math.min(...joined.map(uptimeOf));
    const older = able.filter(({ uptime }) => uptime > newest);
    const decisions: Decision[] = [];
    memory.joinedSince = joined.length > 0 ? (memory.joinedSince ?? now) : undefined;
    if (memory.joinedSince !== undefined) {
        const changing = group.machines.filter(({ state }) => /^(Pending|Terminating)/.test(state)).length;
        const rest = Math.ceil(cooldownSeconds - (now - memory.rebalanced) / 1000);
        const say = (what: string) =>
            decisions.push({
                about: "rebalance",
                line: `${count(joined.length, "machine")} joined: ${what}`,
                actions: [],
            });
        const isUnsettled = changing > 0 && now - memory.joinedSince < unsettledCooldowns * cooldownSeconds * 1000;
        if (older.length > 0 && isUnsettled) {
            say("topologies are rebalanced once no machine comes or goes");
        } else if (older.length > 0 && rest > 0) {
            say(`topologies are rebalanced ${cooldownSeconds} s after the last time`);
        } else {
            joined.forEach(({ id }) => settled.add(id));
            older.forEach(({ id }) => due.add(id));
            memory.joinedSince = undefined;
            memory.rebalanced = older.length > 0 ? now : memory.rebalanced;
            say(`rebalanced are ${older.map(({ name }) => name).join(", ") || "no topologies"}`);
        }
    }
    for (const id of due) {
        const topology = able.find((each) => each.id === id);
        if (topology) {
            const action: Action = { kind: "rebalance", id, topology: topology.name };
            decisions.push({ about: `topology ${topology.name}`, line: "is rebalanced", actions: [action] });
        } else {
            due.delete(id);
        }
    }
    return decisions;
}

/** Tells AWS that a machine waits for a while longer, if it is time to. */
function heartbeat(machine: string, hook: keyof typeof hooks, now: number, { heartbeats }: Memory): Action[] {
    return now - (heartbeats.get(machine) ?? 0) >= heartbeatSeconds * 1000
        ? [{ kind: "heartbeat", machine, hook }]
        : [];
}

/** Addresses of machines that leave the group. */
function leavingOf({ machines }: Group): string[] {
    return machines.filter(({ state }) => state.startsWith("Terminating")).map(addressOf);
}

/** Its address; empty: it has none, as no supervisor does. */
function addressOf({ address = "" }: Machine): string {
    return address;
}

function without(leaving: string[], { supervisors }: Cluster): Pick<Cluster, "supervisors"> {
    return { supervisors: supervisors.filter(({ host }) => !leaving.includes(host)) };
}

function sum(numbers: number[]): number {
    return numbers.reduce((total, each) => total + each, 0);
}

function count(number: number, thing: string): string {
    return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
