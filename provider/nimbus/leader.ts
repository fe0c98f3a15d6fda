import { type Connect, connectFrom, describe, stateOf } from "../machines/container";
import { watched } from "../machines/watched";
import type { NimbusContainer } from "../schema";
import { Hopeless, messageOf, waitUntil } from "../waiting";
import type { ClusterSummary, NimbusAt } from "./client";
import { leaderAmong } from "./leading";

/** The Nimbus that leads, and what it says of the cluster. */
export interface Leader {
    nimbus: NimbusAt;
    summary: ClusterSummary;
}

/**
 * As {@link leaderAmong}, from within the containers of the Nimbus daemons.
 * @throws Leaderless as it does.
 */
export async function leaderOf(nimbuses: (NimbusContainer & { connect?: Connect })[]): Promise<Leader> {
    return leaderAmong(
        nimbuses.map(({ container, ssh, address, port, tls, connect = connectFrom({ container, ssh }) }) => ({
            ...{ name: container, connect, address, port, tls },
        })),
    );
}

/**
 * Begins to watch Nimbus daemons. What it returns asks them as {@link leaderOf} does.
 * @throws Hopeless, when it asks, once each of them ends again and again: as long as one runs, that one may lead.
 */
export function watchedLeader(nimbuses: NimbusContainer[]): () => Promise<Leader> {
    const all = nimbuses.map((nimbus) => ({ ...nimbus, ...watched(nimbus) }));
    return () =>
        leaderOf(all).catch(async (error) => {
            const endings = await Promise.all(all.map(({ ending }) => ending()));
            const [first] = nimbuses;
            if (first && endings.every((ending) => ending !== undefined)) {
                throw new Hopeless(`${first.container} ${endings[0]}`, await describe(first, []));
            }
            throw error;
        });
}

/** Seconds that a cluster has to elect a leader, for example after the leader was killed, and a busy one to answer. */
const answerSeconds = 60;

/**
 * The leader's answer to a question that changes nothing, which is asked again until it is answered; undefined where all
 * Nimbus daemons have stopped, as while the cluster is taken down.
 * @throws Error when one runs, or its machine cannot be asked, and none answers within 60 s.
 */
export async function answerUnlessStopped<T>(
    nimbuses: NimbusContainer[],
    question: (leader: Leader) => Promise<T>,
): Promise<T | undefined> {
    let answer: T | undefined;
    const missing = await waitUntil(
        "a Nimbus that leads",
        async () => {
            try {
                answer = await question(await leaderOf(nimbuses));
                return undefined;
            } catch (error) {
                const states = await Promise.all(nimbuses.map(stateOf));
                if (states.every((state) => state === "stopped")) {
                    return undefined;
                }
                if (!states.includes("running")) {
                    throw error;
                }
                return messageOf(error);
            }
        },
        { seconds: answerSeconds, milliseconds: 1000 },
    );
    if (missing !== undefined) {
        throw new Error(missing);
    }
    return answer;
}

/**
 * As {@link answerUnlessStopped}, where a Nimbus has to run.
 * @throws Error when none answers.
 */
export async function answerOf<T>(nimbuses: NimbusContainer[], question: (leader: Leader) => Promise<T>): Promise<T> {
    const answered = await answerUnlessStopped(nimbuses, async (leader) => ({ answer: await question(leader) }));
    return answered ? answered.answer : question(await leaderOf(nimbuses));
}
