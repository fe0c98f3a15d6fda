import * as pulumi from "@pulumi/pulumi";
import { SecurityStep } from "../../../provider/resources";
import type { NimbusContainer } from "../../../provider/schema";
import { type ExistingResource, ofKindIn } from "../../stackState";
import type { NimbusStep, SecurityInUpdate, SecurityStep as MembersStep } from "../spec/security";

/** What of a cluster goes step by step from plain connections to TLS, and back. */
export interface Steps<Step extends number> {
    /** Part of the names of its two records: the step that an update has begun, and the one that an update has ended. */
    record: string;
    /** A daemon that has a container if the cluster exists. */
    daemon: string;
    last: Step;
    /** What is open at a step. */
    open: Record<Step, string | undefined>;
}

/** The members of the ensemble. */
export const membersSteps: Steps<MembersStep> = {
    record: "security",
    daemon: "zookeeper-1",
    last: 3,
    open: {
        0: "ZooKeeper is open to everybody, and accepts TLS too",
        1: "clients may connect to ZooKeeper in plain too",
        2: "members accept plain connections of each other",
        3: undefined,
    },
};

/** Nimbus. */
export const nimbusSteps: Steps<NimbusStep> = {
    record: "nimbus-security",
    daemon: "nimbus-1",
    last: 2,
    open: {
        0: "everybody may call Nimbus, which accepts TLS too",
        1: "everybody may call Nimbus",
        2: undefined,
    },
};

const nameOf = (cluster: string, { record }: { record: string }, state: "begun" | "done") =>
    `${cluster}-${record}-${state}`;

/** What the state says of something: the step that an update has begun, and the one that an update has ended; undefined: none. */
export function recorded<Step extends number>(
    state: ExistingResource[],
    cluster: string,
    steps: Steps<Step>,
): Record<"begun" | "done", Step | undefined> {
    const stepOf = (record: "begun" | "done") =>
        ofKindIn("SecurityStep", state).find(({ name }) => name === nameOf(cluster, steps, record))?.outputs.step;
    return { begun: stepOf("begun") as Step | undefined, done: stepOf("done") as Step | undefined };
}

/**
 * The step that an update takes something to; undefined: it has no TLS. What is new starts with the last. What exists takes one step in an
 * update, after which every member and every daemon of Storm is there. An update that was interrupted is finished first, in whichever
 * direction: members, or daemons, of three steps do not work with each other. The first one alone can turn at once.
 * @param state The stack's resources, as of its last update.
 * @param cluster Name of the cluster's resource.
 * @param isWanted Whether it is on the way to TLS; default: it is.
 */
export function nextStep<Step extends number>(
    state: ExistingResource[],
    cluster: string,
    steps: Steps<Step>,
    isWanted = true,
): Step | undefined {
    const { begun, done } = recorded(state, cluster, steps);
    if (begun === undefined) {
        const exists = state.some(({ name }) => name === `${cluster}-${steps.daemon}-container`);
        return !isWanted ? undefined : exists ? (1 as Step) : steps.last;
    }
    if (begun !== done) {
        return !isWanted && begun === 1 && done === undefined ? (0 as Step) : begun;
    }
    return isWanted ? (Math.min(begun + 1, steps.last) as Step) : begun > 0 ? ((begun - 1) as Step) : undefined;
}

/**
 * Records that an update takes a step, before the first container does.
 * @param cluster Name of the cluster's resource.
 * @param opts Parent, and what has to exist before a change.
 * @param withoutTopologies The Nimbus daemons of a cluster that must have no topology when it begins; default: it may have some.
 */
export function begin<Step extends number>(
    cluster: string,
    steps: Steps<Step>,
    step: pulumi.Output<Step>,
    opts: pulumi.CustomResourceOptions,
    withoutTopologies?: pulumi.Output<NimbusContainer[] | undefined>,
): pulumi.Resource {
    return new SecurityStep(nameOf(cluster, steps, "begun"), { step, withoutTopologies }, opts);
}

/** Says in an update, and in its preview, what it leaves open, and that there has to be another. */
export function announce(security: pulumi.Output<SecurityInUpdate>, record: pulumi.Resource): void {
    security.apply(({ wanted, members, nimbus, topologies }) => {
        const all = [
            { ...membersSteps, at: members, isWanted: wanted !== undefined },
            ...(nimbus === undefined ? [] : [{ ...nimbusSteps, at: nimbus, isWanted: wanted === "tls" }]),
        ]
            .map((each) => ({ ...each, more: each.isWanted ? each.last - each.at : each.at + 1 }))
            .filter(({ more }) => more > 0)
            .sort((one, other) => other.more - one.more);
        const [longest] = all;
        if (!longest) {
            return;
        }
        const open = all
            .flatMap(({ open, at }) => (open as Record<number, string | undefined>)[at] ?? [])
            .join(", and ");
        const begins = all.every(({ isWanted, at }) => isWanted && at > 0)
            ? `This is update ${longest.at} of ${longest.last} in which the cluster gets storm:security.`
            : `storm:security is ${wanted ?? "none"}, and the cluster gets there in ${longest.more} more update${longest.more > 1 ? "s" : ""}.`;
        const first = topologies.length > 0 ? ` Before that, ${topologies.join(", ")} must be killed.` : "";
        void pulumi.log.warn(`${begins} Until the next${open && `, ${open}`}: run \`make up\` again.${first}`, record);
    });
}

/** Records that all daemons are at a step. */
export function end<Step extends number>(
    cluster: string,
    steps: Steps<Step>,
    step: pulumi.Output<Step>,
    opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
    return new SecurityStep(nameOf(cluster, steps, "done"), { step }, opts);
}
