/** A container whose daemon is waited for. */
import { Unanswered } from "./connector";
import { ageOf, type Connect, connectFrom, type ContainerAt, type ContainerState, getFrom, inspect } from "./container";

/** How often a container may end with the same exit code before nobody waits for it any longer. */
const fewRestarts = 3;

/** A container that is looked at again and again. */
export interface Watched {
    /** Connects from within it. */
    connect: Connect;
    /** Requests a page by HTTP, from within it: its image has wget. */
    get: (url: string) => Promise<void>;
    /** Seconds for which it has run. */
    age: () => Promise<number>;
    /**
     * Why waiting for it has no use, such as `ends again and again, by exit code 1`; undefined: it has, or its machine cannot be
     * asked. Ask it after a connection: Docker is asked only where no command ran in the container.
     */
    ending: () => Promise<string | undefined>;
}

/** Begins to watch a container. */
export function watched(at: ContainerAt): Watched {
    const endings = new Endings();
    const connect = connectFrom(at);
    let runs = true;
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
        get: async (url) => {
            runs = false;
            await getFrom(at, url);
            runs = true;
        },
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
