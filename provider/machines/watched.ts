/** A container whose daemon is waited for. */
import { Unanswered } from "./connector";
import { waitUntil } from "../waiting";
import type { RunOptions } from "./command";
import {
    ageOf,
    type Connect,
    connectFrom,
    type ContainerAt,
    type ContainerState,
    describe,
    exec,
    httpGet,
    inspect,
} from "./container";

/** How often a container may end with the same exit code before nobody waits for it any longer. */
const fewRestarts = 3;

/** A container that is looked at again and again. */
export interface Watched {
    /** Connects from within it. */
    connect: Connect;
    /** What a URL answers to it, by its image's wget. */
    get: (url: string) => Promise<string>;
    /** Runs a command in it. */
    exec: (command: string[], options?: RunOptions) => Promise<Buffer>;
    /** Seconds for which it has run. */
    age: () => Promise<number>;
    /**
     * Why waiting for it has no use, such as `ends again and again, by exit code 1`; undefined: it has, or its machine cannot be
     * asked. Ask it after the others: Docker is asked only where the last command may not have run.
     */
    ending: () => Promise<string | undefined>;
}

/** Begins to watch a container. */
export function watched(at: ContainerAt): Watched {
    const endings = new Endings();
    const connect = connectFrom(at);
    let runs = true;
    // A command's failure does not tell whether it ran.
    const ran = async <T>(command: Promise<T>): Promise<T> => {
        runs = false;
        const result = await command;
        runs = true;
        return result;
    };
    return {
        connect: async (...request) => {
            try {
                const answer = await connect(...request);
                runs = true;
                return answer;
            } catch (error) {
                runs = error instanceof Unanswered;
                throw error;
            }
        },
        get: (url) => ran(httpGet(at, url)),
        exec: (command, options) => ran(exec(at, command, options)),
        age: () => ageOf(at),
        ending: async () =>
            runs
                ? undefined
                : inspect(at).then(
                      (state) => endings.problem(state),
                      () => undefined,
                  ),
    };
}

/**
 * Waits until the daemon of a container is ready.
 * @param daemon Its name, for messages.
 * @param seconds Seconds that it has.
 * @param logFiles Files in the container whose last lines a message has, beside those of its output.
 * @param look What is missing until it is ready; undefined: nothing.
 * @throws Error with what was missing, or how the container ended, and the last lines of its logs.
 */
export async function untilReady(
    daemon: string,
    at: ContainerAt,
    { seconds, logFiles }: { seconds: number; logFiles: string[] },
    look: (container: Watched) => Promise<string | undefined>,
): Promise<void> {
    const container = watched(at);
    let ending: string | undefined;
    const reason = await waitUntil(
        daemon,
        async () => {
            const missing = await look(container);
            ending = missing === undefined ? undefined : await container.ending();
            return ending === undefined ? missing : undefined;
        },
        { seconds },
    );
    if (ending !== undefined || reason !== undefined) {
        const evidence = await describe(at, logFiles);
        throw new Error(`${daemon} ${ending ?? `was not ready within ${seconds} s: ${reason}`}\n${evidence}`);
    }
}

/** How a container has ended since one began to look. */
export class Endings {
    private first: number | undefined;
    private readonly codes = new Set<number>();

    /** Why it is not waited for any longer; undefined: it is. */
    problem({
        status,
        restarts,
        exitCode,
    }: Pick<ContainerState, "status" | "restarts" | "exitCode">): string | undefined {
        this.first ??= restarts;
        if (status === "running") {
            return undefined;
        }
        this.codes.add(exitCode);
        const times = restarts - this.first;
        return times >= fewRestarts && this.codes.size === 1
            ? `ends again and again, by exit code ${exitCode}`
            : undefined;
    }
}
