/** The way of a topology from its submission until it runs as wanted. */
import { activateTopology, rebalanceTopology, topologyState, type TopologyState } from "../nimbus/client";
import { watchedLeader } from "../nimbus/leader";
import {
    missing,
    type Seen,
    type Spread,
    spreadProblem,
    unknownComponents,
    wantedWithin,
    workersOf,
} from "../nimbus/running";
import { Hopeless, orError, waitUntil } from "../waiting";
import { evidence } from "./evidence";
import { contentOf, find, type Found, freeSlots, type Inputs, pollMilliseconds } from "./onCluster";

/** Spreads the topology as wanted, and waits until it is running so. */
export async function settle(inputs: Inputs, existed: boolean, isGrown: boolean): Promise<Found> {
    const { topology, nimbuses, supervisors, seconds, parallelism, bounds = {}, rebalanceSeconds } = inputs;
    const leading = watchedLeader(nimbuses);
    let seen: Seen = new Map();
    let last: { id: string; state: TopologyState } | undefined;
    let mistake: string | undefined;
    let spread: Spread = {};
    let shortfall: string | undefined;
    let isSpread = false;
    let limit = seconds;

    /** Does the next step. Returns what is missing after it. */
    const step = async (): Promise<string | undefined> => {
        const leader = await leading();
        const found = await find(leader, topology);
        if (!found) {
            return "it does not exist";
        }
        const state = await topologyState(leader.nimbus, found.id);
        // Nimbus reports errors only at times, while a worker restarts again and again.
        last = {
            id: found.id,
            state: { ...state, errors: state.errors.length > 0 ? state.errors : (last?.state.errors ?? []) },
        };
        const problem = missing(state, seen);
        if (state.status === "INACTIVE") {
            await activateTopology(leader.nimbus, topology);
            return "it is not active";
        }
        if (state.status !== "ACTIVE" || state.executors.length === 0) {
            return problem;
        }
        mistake = unknownComponents(state, [...Object.keys(parallelism), ...Object.keys(bounds.executors ?? {})]);
        if (mistake !== undefined) {
            return undefined;
        }
        spread = wantedWithin(state, inputs, bounds, !existed);
        shortfall = spreadProblem(state, spread, freeSlots(leader.summary));
        if (!isSpread && (isGrown || shortfall !== undefined)) {
            // A topology that was just submitted has no tuples under way.
            const waitSeconds = existed ? rebalanceSeconds : 0;
            const waits = waitSeconds ?? found.messageTimeout;
            seen = new Map();
            isSpread = true;
            limit += waits;
            await rebalanceTopology(leader.nimbus, topology, { waitSeconds, ...spread }).catch((error: Error) => {
                // Without an answer it may have begun, which the next request shows.
                mistake = error.message.startsWith("Nimbus: ") ? `is not rebalanced. ${error.message}` : undefined;
            });
            return mistake === undefined ? "it is being rebalanced" : undefined;
        }
        return problem;
    };
    const problem = await waitUntil(`topology ${topology} to run`, orError(step), {
        seconds: () => limit,
        milliseconds: pollMilliseconds,
    }).catch((error) => {
        throw error instanceof Hopeless
            ? new Error(`topology ${topology} is not running, because ${error.message}\n${error.evidence}`)
            : error;
    });
    if (problem !== undefined) {
        const shown = last ? await evidence(last.id, last.state, seen, supervisors) : "";
        throw new Error(`topology ${topology} was not running within ${limit} s: ${problem}\n${shown}`.trimEnd());
    }
    if (mistake !== undefined) {
        throw new Error(`topology ${topology} ${mistake}`);
    }
    const { workers } = spread;
    if (shortfall === undefined && workers !== undefined && last && workersOf(last.state) < workers) {
        shortfall = `it has ${workersOf(last.state)} of ${workers} workers, as there are no more free slots, or no more executors`;
    }
    return { content: contentOf(inputs), drift: "", shortfall: shortfall ?? "" };
}
