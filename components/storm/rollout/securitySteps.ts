import * as pulumi from "@pulumi/pulumi";
import { SecurityStep } from "../../../provider/resources";
import type { NimbusContainer } from "../../../provider/schema";
import { type ExistingResource, ofKindIn } from "../../stackState";
import type { NimbusStep, Security, SecurityStep as MembersStep } from "../spec/security";

/** What of a cluster goes step by step from plain connections to TLS. */
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
    open: { 1: "everybody may call Nimbus", 2: undefined },
};

const nameOf = (cluster: string, { record }: { record: string }, state: "begun" | "done") =>
    `${cluster}-${record}-${state}`;

/**
 * The step that an update takes something to. What is new starts with the last. What exists takes one step in an update, after which every
 * member and every daemon of Storm is there; an update that was interrupted is continued.
 * @param state The stack's resources, as of its last update.
 * @param cluster Name of the cluster's resource.
 */
export function nextStep<Step extends number>(state: ExistingResource[], cluster: string, steps: Steps<Step>): Step {
    const stepOf = (record: "begun" | "done") =>
        ofKindIn("SecurityStep", state).find(({ name }) => name === nameOf(cluster, steps, record))?.outputs.step;
    const begun = stepOf("begun") as Step | undefined;
    if (begun === undefined) {
        const exists = state.some(({ name }) => name === `${cluster}-${steps.daemon}-container`);
        return exists ? (1 as Step) : steps.last;
    }
    return begun === stepOf("done") ? (Math.min(begun + 1, steps.last) as Step) : begun;
}

/** How far a cluster is protected, or has begun to be. */
export function securedBy(state: ExistingResource[]): Security | undefined {
    const records = ofKindIn("SecurityStep", state).map(({ name }) => name);
    if (records.length === 0) {
        return undefined;
    }
    return records.some((name) => name.endsWith(`-${nimbusSteps.record}-begun`)) ? "tls" : "zookeeper";
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
export function announce(
    progress: { steps: Steps<number>; step: pulumi.Output<number> }[],
    record: pulumi.Resource,
): void {
    pulumi.all(progress.map(({ step }) => step)).apply((reached) => {
        const unfinished = progress
            .map(({ steps }, index) => ({ ...steps, at: reached[index] as number }))
            .filter(({ at, last }) => at < last)
            .sort((one, other) => other.last - other.at - (one.last - one.at));
        const [longest] = unfinished;
        if (longest) {
            void pulumi.log.warn(
                `This is update ${longest.at} of ${longest.last} in which the cluster gets storm:security. Until the next, ` +
                    `${unfinished.map(({ open, at }) => open[at]).join(", and ")}: run \`make up\` again.`,
                record,
            );
        }
    });
}

/** Records that all daemons are at a step. */
export function end<Step extends number>(
    cluster: string,
    steps: Steps<Step>,
    step: pulumi.Output<Step>,
    opts: pulumi.CustomResourceOptions,
): void {
    new SecurityStep(nameOf(cluster, steps, "done"), { step }, opts);
}
