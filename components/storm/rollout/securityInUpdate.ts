import * as pulumi from "@pulumi/pulumi";
import type { Inputs } from "../../../provider/schema";
import { type ExistingResource, ofKindIn, stackState } from "../../stackState";
import { certifiedFor, connectionsBy, type NimbusStep, type Security, type SecurityInUpdate } from "../spec/security";
import { existingNimbuses } from "./existingNimbuses";
import { membersSteps, nextStep, nimbusSteps, recorded } from "./securitySteps";

/**
 * How far an update takes a cluster on the way to what is wanted of it, by the state of the stack that is being deployed. A cluster that
 * has less in the end than it has now gets there step by step: a target and a cluster whose `security` is this take the same step.
 * @param cluster Name of the cluster's resource.
 * @param wanted What is to be protected; undefined: nothing.
 * @returns undefined if nothing is protected, or not any more.
 */
export async function securityInUpdate(
    cluster: string,
    wanted: Security | undefined,
): Promise<SecurityInUpdate | undefined> {
    return nextSecurity(await stackState(), cluster, wanted);
}

/**
 * The same for a state.
 * @param state The stack's resources, as of its last update.
 */
export function nextSecurity(
    state: ExistingResource[],
    cluster: string,
    wanted: Security | undefined,
): SecurityInUpdate | undefined {
    const { begun } = recorded(state, cluster, nimbusSteps);
    let members = nextStep(state, cluster, membersSteps, wanted !== undefined);
    let nimbus = nextStep(state, cluster, nimbusSteps, wanted === "tls");
    // Clients of both go back to plain in the same update: all daemons restart once.
    if (wanted === undefined && members && begun && nimbus === 0) {
        nimbus = 1;
    }
    // Workers of before and after do not connect to each other. Reverse proxies have the ports of pages until the update has deleted them.
    const isLeaving = Boolean(begun) && nimbus === 0;
    const topologies = isLeaving ? submitted(state, cluster) : [];
    if (topologies.length > 0 || (isLeaving && runsReverseProxies(state, cluster))) {
        nimbus = 1;
    }
    if (wanted === undefined && nimbus !== undefined) {
        members = Math.max(members ?? 0, Math.min(nimbus, 1)) as typeof members;
    }
    // Nimbus is called by TLS no sooner than ZooKeeper.
    return members === undefined
        ? undefined
        : { wanted, members, nimbus: members === 0 && nimbus ? begun : nimbus, topologies };
}

/** Whether an update changes how Nimbus is called: it begins to be called by TLS, or in plain. */
export function changesCalls(state: ExistingResource[], cluster: string, to: NimbusStep): boolean {
    const { begun, done } = recorded(state, cluster, nimbusSteps);
    return begun === undefined ? to === 1 : begun === done && begun > 0 !== to > 0;
}

/** Names of the stack's topologies on a cluster. */
export function submitted(state: ExistingResource[], cluster: string): string[] {
    const containers = existingNimbuses(state, cluster).map(({ container }) => container);
    return ofKindIn("Submission", state)
        .map(({ outputs }) => outputs as Inputs<"Submission">)
        .filter(({ nimbuses }) => nimbuses.some(({ container }) => containers.includes(container)))
        .map(({ topology }) => topology);
}

function runsReverseProxies(state: ExistingResource[], cluster: string): boolean {
    return state.some(({ type, name }) => type.endsWith(":Container") && name.startsWith(`${cluster}-reverse-proxy-`));
}

/**
 * Refuses that a cluster gets less than it has at once, and that it turns before an interrupted update is finished.
 * @param state The stack's resources, as of its last update.
 * @param cluster Name of the cluster's resource.
 * @param security Its argument.
 * @throws pulumi.InputPropertyError with what to give instead.
 */
export function requireSteps(
    state: ExistingResource[],
    cluster: string,
    security: Security | SecurityInUpdate | undefined,
): void {
    if (typeof security === "object") {
        return;
    }
    const next = nextSecurity(state, cluster, security);
    if (connectionsBy(next) !== security || certifiedFor(next) !== security) {
        const reason =
            `cannot be ${security ?? "left out"} in one update, which would cut off daemons. Give the target and the cluster what ` +
            `\`await securityInUpdate("${cluster}", ${security ? `"${security}"` : "undefined"})\` returns, and update until it is that`;
        throw new pulumi.InputPropertyError({ propertyPath: "security", reason });
    }
}
