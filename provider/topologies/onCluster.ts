/** A topology of a name, as the cluster has it. */
import { createHash } from "crypto";
import { killTopology, messageTimeout, topologyConfiguration } from "../nimbus/client";
import { type Leader, leaderOf } from "../nimbus/leader";
import type { Inputs as Of } from "../schema";
import { orError, waitUntil } from "../waiting";
import { contentKey, ownerKey } from "./keys";

export type Inputs = Of<"Submission">;

/** What has been found of the topology. */
export interface Found {
    /** Hash of what it was submitted from, and with what. */
    content: string;
    /** How it differs from what was wanted, as of the last refresh; empty: it does not. */
    drift: string;
    /** How its spread differed from what is wanted when it started to run; empty: it did not. */
    shortfall: string;
}

/** How often the cluster is asked. */
export const pollMilliseconds = 2000;

/** The topology of a name, as the cluster has it. */
export interface OnCluster {
    id: string;
    status: string;
    /** As its configuration says; undefined: nobody's. */
    owner?: string;
    content?: string;
    /** Seconds after which it takes a tuple for failed. */
    messageTimeout: number;
}

/** Hash of what a topology is submitted from and with: jar, class, arguments, files and configuration, which cannot be updated later. */
export function contentOf({ sha256, mainClass, arguments: words, configuration, files }: Inputs): string {
    return createHash("sha256")
        .update(JSON.stringify([sha256, mainClass, words, configuration, ...(files ? [files] : [])]))
        .digest("hex");
}

/** The topology of a name; undefined: the cluster has none. */
export async function find({ nimbus, summary }: Leader, name: string): Promise<OnCluster | undefined> {
    const topology = summary.topologies.find((each) => each.name === name);
    if (!topology) {
        return undefined;
    }
    const { id, status } = topology;
    const configuration = await topologyConfiguration(nimbus, id).catch((error: Error) => {
        // It ended between the two requests.
        if (error.message.includes(id)) {
            return undefined;
        }
        throw error;
    });
    const [owner, content] = [ownerKey, contentKey].map((key) => configuration?.[key] as string | undefined);
    return configuration && { id, status, owner, content, messageTimeout: messageTimeout(configuration) };
}

export function freeSlots({ supervisors }: Leader["summary"]): number {
    return supervisors.reduce((sum, { slots, usedSlots }) => sum + slots - usedSlots, 0);
}

/** Kills a topology, and waits until it has ended. A Nimbus that does not answer is asked again: it may have killed it all the same. */
export async function killAndWait(
    { nimbuses, topology, killSeconds, seconds }: Pick<Inputs, "nimbuses" | "topology" | "killSeconds" | "seconds">,
    { id, messageTimeout: timeout }: OnCluster,
): Promise<void> {
    const limit = (killSeconds ?? timeout) + seconds;
    const problem = await waitUntil(
        `topology ${topology} to end`,
        orError(async () => {
            const { nimbus, summary } = await leaderOf(nimbuses);
            const found = summary.topologies.find((each) => each.id === id);
            if (found && found.status !== "KILLED") {
                await killTopology(nimbus, topology, killSeconds);
            }
            return found && "it still exists";
        }),
        { seconds: limit, milliseconds: pollMilliseconds },
    );
    if (problem !== undefined) {
        throw new Error(`topology ${topology} has not ended within ${limit} s of being killed: ${problem}`);
    }
}
