import { messageOf, waitUntil } from "../waiting";
import { type ContainerAt, describe, inspect } from "./container";
import { Endings } from "./watched";

/**
 * Waits until a server in a container answers as it should.
 * @param look What is missing; undefined: nothing. An error is what is missing, too.
 * @throws Error with the end of the container's output, if the server does not in time, or its container ends again and again.
 */
export async function untilItAnswers(
    at: ContainerAt,
    look: () => Promise<string | undefined>,
    seconds: number,
): Promise<void> {
    const endings = new Endings();
    let ended: string | undefined;
    const missing = await waitUntil(
        at.container,
        async () => {
            const problem = await look().catch(messageOf);
            ended = problem === undefined ? undefined : endings.problem(await inspect(at));
            return ended === undefined ? problem : undefined;
        },
        { seconds },
    );
    if (ended !== undefined || missing !== undefined) {
        const reason = ended ?? `did not answer within ${seconds} s: ${missing}`;
        throw new Error(`${at.container} ${reason}\n${await describe(at, [])}`);
    }
}
