/** The way of a topology from its submission until it runs as wanted. */
import { endOf } from "../machines/container";
import { activateTopology, rebalanceTopology, topologyState, type TopologyState } from "../nimbus/client";
import { leaderOf } from "../nimbus/leader";
import { missing, type Seen, spreadProblem, unknownComponents, workersOf } from "../nimbus/running";
import { orError, waitUntil } from "../waiting";
import { contentOf, find, type Found, freeSlots, type Inputs, pollMilliseconds } from "./onCluster";

/** Spreads the topology as wanted, and waits until it is running so. */
export async function settle(inputs: Inputs, existed: boolean, isGrown: boolean): Promise<Found> {
    const { topology, nimbuses, seconds, workers, parallelism, rebalanceSeconds } = inputs;
    let seen: Seen = new Map();
    let last: { id: string; state: TopologyState } | undefined;
    let mistake: string | undefined;
    let shortfall: string | undefined;
    let isSpread = false;
    let limit = seconds;

    /** Does the next step. Returns what is missing after it. */
    const step = async (): Promise<string | undefined> => {
        const leader = await leaderOf(nimbuses);
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
        mistake = unknownComponents(state, parallelism);
        if (mistake !== undefined) {
            return undefined;
        }
        shortfall = spreadProblem(state, inputs, freeSlots(leader.summary));
        if (!isSpread && (isGrown || shortfall !== undefined)) {
            // A topology that was just submitted has no tuples under way.
            const waitSeconds = existed ? rebalanceSeconds : 0;
            const waits = waitSeconds ?? found.messageTimeout;
            seen = new Map();
            isSpread = true;
            limit += waits;
            await rebalanceTopology(leader.nimbus, topology, { waitSeconds, workers, parallelism }).catch(
                (error: Error) => {
                    // Without an answer it may have begun, which the next request shows.
                    mistake = error.message.startsWith("Nimbus: ") ? `is not rebalanced. ${error.message}` : undefined;
                },
            );
            return mistake === undefined ? "it is being rebalanced" : undefined;
        }
        return problem;
    };
    const problem = await waitUntil(`topology ${topology} to run`, orError(step), {
        seconds: () => limit,
        milliseconds: pollMilliseconds,
    });
    if (problem !== undefined) {
        const proof = last ? await evidence(inputs, last.id, last.state, seen) : "";
        throw new Error(`topology ${topology} was not running within ${limit} s: ${problem}${proof}`);
    }
    if (mistake !== undefined) {
        throw new Error(`topology ${topology} ${mistake}`);
    }
    if (shortfall === undefined && workers !== undefined && last && workersOf(last.state) < workers) {
        shortfall = `it has ${workersOf(last.state)} of ${workers} workers, as there are no more free slots, or no more executors`;
    }
    return { content: contentOf(inputs), drift: "", shortfall: shortfall ?? "" };
}

/** Evidence for the user if a topology does not run: its errors, and the end of the log of a worker that is not up. */
async function evidence({ supervisors }: Inputs, id: string, state: TopologyState, seen: Seen): Promise<string> {
    const errors = state.errors
        .slice(0, 3)
        .map(({ component, error }) => `\nError of ${component}:\n${error.split("\n").slice(0, 8).join("\n")}`);
    const waiting = state.executors.find((executor) => missing({ ...state, executors: [executor] }, seen));
    const supervisor = waiting && supervisors.find(({ address }) => address === waiting.host);
    if (!supervisor) {
        return errors.join("");
    }
    const file = `/logs/workers-artifacts/${id}/${waiting.port}/worker.log`;
    return `${errors.join("")}\nLast lines of ${file} in ${supervisor.container}:\n${await endOf(supervisor, file)}`;
}
