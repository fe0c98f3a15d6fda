/** How many supervisors `make autoscale` wants, and what it prints. */
import type { ClusterSummary } from "../provider/nimbus/client";
import type { Load } from "../provider/nimbus/load";
import type { Autoscale } from "../settings/autoscale";
import { usedSlots } from "./containers";

/** What is to be done. */
export interface Decision {
    /** How many supervisors there have to be. */
    supervisors: number;
    /** Why. */
    reason: string;
    /** Whether nothing is changed because something is missing that has to be known. */
    isUnsure?: boolean;
}

/**
 * Decides from what a cluster is at one moment, without memory: decisions may be made at any time and on any machine. Demand that stays
 * the same is followed in one direction only: one supervisor leaves if topologies then want `headroom` less of the slots than is needed
 * to add one. Up to `step` supervisors are added, and one is removed.
 *
 * A supervisor that Nimbus does not list counts as if it did: it may come back, and its slots then suffice. While one is missing, none
 * is removed.
 */
export function decide({ supervisors, slots, wanted }: Load, { min, max, step, headroom }: Autoscale): Decision {
    const each = Math.max(0, ...slots);
    if (each === 0) {
        return { supervisors, reason: "Nimbus lists no supervisor", isUnsure: true };
    }
    const [most, least] = [100 - headroom, 100 - 2 * headroom];
    const needed = Math.ceil((100 * wanted) / (most * each));
    const wants = `${wanted} wanted ${wanted === 1 ? "slot is" : "slots are"}`;
    const demand =
        needed > supervisors
            ? `${wants} more than ${most} % of ${supervisors * each}`
            : `${wants} within ${most} % of ${supervisors * each}`;
    const goal = Math.min(Math.max(needed, min), max);
    if (goal > supervisors) {
        return {
            supervisors: Math.min(goal, supervisors + step),
            reason: needed > supervisors ? demand : `storm:autoscale.min is ${min}`,
        };
    }
    if (slots.length < supervisors) {
        const reason = `Nimbus lists ${slots.length} of ${supervisors} supervisors, and ${demand}`;
        return { supervisors, reason, isUnsure: true };
    }
    if (supervisors > max) {
        return { supervisors: supervisors - 1, reason: `storm:autoscale.max is ${max}` };
    }
    if (needed > supervisors) {
        return { supervisors, reason: `${demand}, and storm:autoscale.max is ${max}` };
    }
    if (supervisors === min) {
        return { supervisors, reason: `${demand}, and storm:autoscale.min is ${min}` };
    }
    const fewer = `${least} % of the ${(supervisors - 1) * each} that ${count(supervisors - 1)} would have`;
    return 100 * wanted <= least * (supervisors - 1) * each
        ? { supervisors: supervisors - 1, reason: `${wants} within ${fewer}` }
        : { supervisors, reason: `${demand}, and more than ${fewer}` };
}

/** What a run has seen. */
export interface Seen {
    cluster: string;
    time: Date;
    summary: ClusterSummary;
    /** Slots that each topology wants, by its name. */
    wanted: Record<string, number>;
    load: Load;
    bounds: Autoscale;
    decision: Decision;
    /** What is done now. */
    next: string;
}

/** The lines that `make autoscale` prints before it changes anything. */
export function report({ cluster, time, summary, wanted, load, bounds, decision, next }: Seen): string[] {
    const topologies = Object.entries(wanted).map(([name, slots]) => `${name} ${slots}`);
    const { min, max, step, headroom } = bounds;
    const change = decision.supervisors - load.supervisors;
    const done = change > 0 ? `add ${change}` : change < 0 ? `remove ${-change}` : "hold";
    return [
        `Autoscale, cluster ${cluster}, ${time.toISOString()}`,
        `  wanted       ${load.wanted} slots: ${topologies.join(", ") || "no topology"}`,
        `  slots        ${usedSlots(summary)} used, on ${load.slots.length} of ${count(load.supervisors)}`,
        `  bounds       ${min} to ${max} supervisors, step ${step}, headroom ${headroom} %`,
        `  decision     ${done}: ${decision.reason}`,
        `  next         ${next}`,
    ];
}

function count(supervisors: number): string {
    return supervisors === 1 ? "1 supervisor" : `${supervisors} supervisors`;
}
