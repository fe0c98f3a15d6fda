import { setTimeout as sleep } from "timers/promises";

const cancellation = new AbortController();

/** Aborted once Pulumi cancels the update, as at Ctrl-C. */
export const cancelled = cancellation.signal;

/** Ends all waiting. */
export function cancel(): void {
    cancellation.abort();
}

/** Limits of waiting. */
export interface Limit {
    /** Seconds until it is given up; a function where that may grow meanwhile. */
    seconds: number | (() => number);
    /** Milliseconds between two looks; default: 250. */
    milliseconds?: number;
}

/**
 * Waits until nothing is missing any more.
 * @param what What is waited for, for the message of a cancelled update.
 * @param look Returns what is missing; undefined: nothing. An error that it throws ends the waiting.
 * @returns What is missing when time is over; undefined: nothing.
 * @throws Error with what was missing when the update is cancelled.
 */
export async function waitUntil(
    what: string,
    look: () => Promise<string | undefined>,
    { seconds, milliseconds = 250 }: Limit,
): Promise<string | undefined> {
    const limit = typeof seconds === "number" ? () => seconds : seconds;
    const started = Date.now();
    let missing: string | undefined;
    let end: (reason: Error) => void = () => undefined;
    const ended = new Promise<never>((_, reject) => (end = reject));
    const onAbort = () => end(new Error("cancelled"));
    cancelled.addEventListener("abort", onAbort, { once: true });
    try {
        for (;;) {
            cancelled.throwIfAborted();
            missing = await Promise.race([look(), ended]);
            if (missing === undefined || Date.now() - started >= limit() * 1000) {
                return missing;
            }
            await sleep(milliseconds, undefined, { signal: cancelled });
        }
    } catch (error) {
        throw cancelled.aborted
            ? new Error(`Cancelled while waiting for ${what}${missing === undefined ? "" : `: ${missing}`}`)
            : error;
    } finally {
        cancelled.removeEventListener("abort", onAbort);
    }
}

/** Waits for a time that nothing can shorten. */
export async function pause(what: string, seconds: number): Promise<void> {
    await waitUntil(what, () => Promise.resolve(`${seconds} s must pass`), { seconds });
}

/** Why waiting has no use any more. */
export class Hopeless extends Error {
    constructor(
        reason: string,
        /** What a person needs to see of it. */
        readonly evidence: string,
    ) {
        super(reason);
    }
}

/** As a look of {@link waitUntil}: an error is what is missing, unless it is {@link Hopeless}, which ends the waiting. */
export function orError(look: () => Promise<string | undefined>): () => Promise<string | undefined> {
    return () =>
        look().catch((error) => {
            if (error instanceof Hopeless) {
                throw error;
            }
            return messageOf(error);
        });
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
    // Thrift's have a name and no message.
    return error instanceof Error && error.message ? error.message : String(error);
}
