import { Unanswered } from "../machines/connector";
import { ageOf, type Connect, connectFrom, type ContainerState, describe, inspect } from "../machines/container";
import type { Kind } from "../kind";
import { type Inputs as Of, schema } from "../schema";
import { waitUntil } from "../waiting";
import { check } from "./check";

type Inputs = Of<"Ready">;

/**
 * A restarted supervisor writes to the registration of the killed one. When the session of the killed one expires, it is
 * unregistered until its next heartbeat, at most 5 seconds later.
 */
const heartbeatSeconds = 7;

/** How often a container may end with the same exit code before the gate fails. */
const fewRestarts = 3;

/** Waits until a daemon is ready. */
export const ready: Kind<Inputs> = {
    inputs: schema.Ready,
    id: ({ daemon }) => daemon,
    // A changed login must work too.
    updates: ["containerId", "check", "ssh"],
    async create(inputs) {
        await waitUntilReady(inputs);
        return {};
    },
    // To a refresh, a daemon that is not ready any more has no gate: the next update creates one, and so waits.
    read: async (state) => ((await missing(state, heartbeatSeconds)) === undefined ? state : undefined),
    async update(_olds, news) {
        await waitUntilReady(news);
        return {};
    },
};

async function waitUntilReady(inputs: Inputs): Promise<void> {
    const { daemon, seconds, logFiles } = inputs;
    const endings = new Endings();
    let ending: string | undefined;
    const reason = await missing(inputs, seconds, async () => {
        ending = endings.problem(await inspect(inputs));
        return ending !== undefined;
    });
    if (reason !== undefined) {
        const evidence = await describe(inputs, logFiles);
        throw new Error(`${daemon} ${ending ?? `was not ready within ${seconds} s: ${reason}`}\n${evidence}`);
    }
}

/**
 * What a daemon is missing to be ready, after some seconds; undefined: it is ready.
 * @param isHopeless Asked when no command runs in its container: whether waiting has no use; default: it has.
 */
async function missing(
    inputs: Inputs,
    seconds: number,
    isHopeless = () => Promise.resolve(false),
): Promise<string | undefined> {
    let runs = true;
    const connect: Connect = async (...request) => {
        try {
            const answer = await connectFrom(inputs)(...request);
            runs = true;
            return answer;
        } catch (error) {
            runs = error instanceof Unanswered;
            throw error;
        }
    };
    let hopeless: string | undefined;
    const missing = await waitUntil(
        inputs.daemon,
        async () => {
            const reason = await check(inputs.check, { connect, age: () => ageOf(inputs) });
            hopeless = reason !== undefined && !runs && (await isHopeless().catch(() => false)) ? reason : undefined;
            return hopeless === undefined ? reason : undefined;
        },
        { seconds },
    );
    return hopeless ?? missing;
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
