/** What `make autoscale` does with the topologies that have `autoscale`: it measures each, decides, prints why, and rebalances. */
import * as fs from "fs";
import { typesOf } from "../provider/formerKinds";
import { rebalanceTopology } from "../provider/nimbus/client";
import type { Leader } from "../provider/nimbus/leader";
import { executorsOf, type Spread, workersOf } from "../provider/nimbus/running";
import {
    decideTopology,
    type Measured,
    type Memory,
    type TopologyAutoscale,
    type TopologyDecision,
} from "../provider/topologies/autoscale";
import { measured } from "../provider/topologies/measure";
import { find, freeSlots } from "../provider/topologies/onCluster";
import { messageOf } from "../provider/waiting";
import type { Settings } from "../settings";
import type { Resource } from "./wiring";

/** A topology that has `autoscale`. */
export type Varying = Settings["topologies"][number] & { autoscale: TopologyAutoscale };

/** The topologies that have `autoscale`. */
export function varyingIn({ topologies }: Pick<Settings, "topologies">): Varying[] {
    return topologies.filter((topology): topology is Varying => topology.autoscale !== undefined);
}

/** What is remembered of each topology, by name. */
export type Memories = Record<string, Memory | undefined>;

/** What a file has of it; nothing where there is none, or an interrupted run has left half of one. */
export function remembered(file: string): Memories {
    try {
        return JSON.parse(fs.readFileSync(file, "utf8")) as Memories;
    } catch {
        return {};
    }
}

function remember(file: string, memories: Memories): void {
    const half = `${file}.new`;
    fs.writeFileSync(half, `${JSON.stringify(memories, undefined, 2)}\n`);
    fs.renameSync(half, file);
}

/** Who has submitted each topology of a stack, by its name on the cluster, as of the last update. */
export function ownersIn(resources: (Resource & { outputs?: Record<string, unknown> })[]): Record<string, string> {
    return Object.fromEntries(
        resources
            .filter(({ type }) => typesOf("Submission").includes(type))
            .map(({ outputs = {} }) => [String(outputs.topology), String(outputs.owner)]),
    );
}

/** What scales topologies needs to know. */
export interface Scaled {
    cluster: string;
    topologies: Varying[];
    owners: Record<string, string>;
    /** The Nimbus that leads. */
    leader: Leader;
    /** Where the memory is. */
    file: string;
    /** Whether it only says what it would do. */
    isDry: boolean;
}

/**
 * Does one round.
 * @returns Whether nothing is missing that a person has to look after.
 */
export async function scaleTopologies({ cluster, topologies, owners, leader, file, isDry }: Scaled): Promise<boolean> {
    const before = remembered(file);
    const after: Memories = Object.fromEntries(topologies.map(({ name }) => [name, before[name]]));
    let free = freeSlots(leader.summary);
    let isWell = true;
    for (const topology of topologies) {
        const { name, autoscale, rebalanceSeconds: waitSeconds } = topology;
        console.log(`Autoscale, topology ${name} on ${cluster}, ${new Date().toISOString()}`);
        const of = await measuredOf(topology, owners[name], leader, free).catch((error: unknown) => messageOf(error));
        if (typeof of === "string") {
            console.log(line("decision", `hold: ${of}`));
            isWell = false;
            continue;
        }
        const { change, ...decision } = decideTopology(autoscale, before[name], of);
        console.log(report(topology, of, { change, ...decision }, isDry).join("\n"));
        free -= Math.max(0, (change?.workers ?? 0) - workersOf(of.state));
        isWell &&= !decision.isUnsure;
        if (isDry) {
            continue;
        }
        if (change) {
            try {
                await rebalanceTopology(leader.nimbus, name, { waitSeconds, ...change });
            } catch (error) {
                console.log(line("failed", messageOf(error)));
                isWell = false;
                continue;
            }
        }
        after[name] = decision.memory;
        remember(file, after);
    }
    return isWell;
}

async function measuredOf(
    { name, autoscale }: Varying,
    owner: string | undefined,
    leader: Leader,
    free: number,
): Promise<Measured> {
    if (owner === undefined) {
        throw new Error("the stack has not submitted it yet: make up");
    }
    const found = await find(leader, name);
    if (!found || found.owner !== owner) {
        const whose = found && (found.owner === undefined ? "was submitted by hand" : `belongs to ${found.owner}`);
        throw new Error(found ? `the one on the cluster ${whose}` : "it is not on the cluster: make up");
    }
    return measured(leader.nimbus, found.id, autoscale, free);
}

/** The lines that are printed of a topology before anything is changed. */
export function report(
    { autoscale, parallelism = {}, ...topology }: Varying,
    { state }: Pick<Measured, "state">,
    { change, found, reason }: TopologyDecision,
    isDry: boolean,
): string[] {
    const { workers, executors = {} } = autoscale;
    const has = Object.keys({ ...executors, ...parallelism }).map((name) => {
        const { executors: number, tasks } = executorsOf(state, name);
        return `${number} executors of ${name} for ${tasks} tasks`;
    });
    const bounds = Object.entries(executors).map(([name, { min, max }]) => `${min} to ${max} executors of ${name}`);
    const rebalance = change && `rebalance ${topology.name}: ${textOf(change)}`;
    return [
        line("has", [`${workersOf(state)} workers`, ...has].join(", ")),
        line("bounds", [...(workers ? [`${workers.min} to ${workers.max} workers`] : []), ...bounds].join(", ")),
        ...found.map((text) => line("measured", text)),
        line("decision", `${change ? "rebalance" : "hold"}: ${reason}`),
        line("next", !rebalance ? "nothing" : isDry ? `nothing, because of DRY=yes; else ${rebalance}` : rebalance),
    ];
}

function textOf({ workers, parallelism = {} }: Spread): string {
    const executors = Object.entries(parallelism).map(([name, number]) => `${number} executors of ${name}`);
    return [...(workers === undefined ? [] : [`${workers} workers`]), ...executors].join(", ");
}

function line(what: string, text: string): string {
    return `  ${what.padEnd(12)} ${text}`;
}
