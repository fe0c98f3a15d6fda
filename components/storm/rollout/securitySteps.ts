import * as pulumi from "@pulumi/pulumi";
import { SecurityStep } from "../../../provider/resources";
import { type ExistingResource, ofKindIn } from "../../stackState";
import type { SecurityStep as Step } from "../spec/security";

/** Names of the two records of a cluster: the step that an update has begun, and the one that an update has ended. */
const records = (cluster: string) => ({ begun: `${cluster}-security-begun`, done: `${cluster}-security-done` });

/**
 * The step that an update takes members to. A new ensemble starts with the last. An ensemble that exists takes one step in an update, after
 * which every member and every daemon of Storm is there; an update that was interrupted is continued.
 * @param state The stack's resources, as of its last update.
 * @param cluster Name of the cluster's resource.
 */
export function nextStep(state: ExistingResource[], cluster: string): Step {
    const { begun, done } = records(cluster);
    const stepOf = (record: string) =>
        ofKindIn("SecurityStep", state).find(({ name }) => name === record)?.outputs.step as Step | undefined;
    const last = stepOf(begun);
    if (last === undefined) {
        return state.some(({ name }) => name === `${cluster}-zookeeper-1-container`) ? 1 : 3;
    }
    return last === stepOf(done) ? (Math.min(last + 1, 3) as Step) : last;
}

/** Whether a cluster has begun to use TLS for ZooKeeper. */
export function isSecured(state: ExistingResource[]): boolean {
    return ofKindIn("SecurityStep", state).length > 0;
}

/**
 * Says that an update takes a step, before the first member does.
 * @param opts Parent, and what has to exist before a change.
 */
export function begin(cluster: string, step: pulumi.Output<Step>, opts: pulumi.CustomResourceOptions): pulumi.Resource {
    const record = new SecurityStep(records(cluster).begun, { step }, opts);
    step.apply((at) => {
        if (at < 3) {
            const open =
                at === 1
                    ? "Clients may connect to ZooKeeper in plain too"
                    : "Members accept plain connections of each other";
            void pulumi.log.warn(
                `This is update ${at} of 3 in which the cluster gets storm:security. ${open} until the next: run \`make up\` again.`,
                record,
            );
        }
    });
    return record;
}

/** Says that all daemons are at a step. */
export function end(cluster: string, step: pulumi.Output<Step>, opts: pulumi.CustomResourceOptions): void {
    new SecurityStep(records(cluster).done, { step }, opts);
}
