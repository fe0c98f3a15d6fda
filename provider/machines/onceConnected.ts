import { Readable } from "stream";
import { messageOf, waitUntil } from "../waiting";
import { run } from "./command";

/** Seconds that a machine has to accept a connection: it was reached before, but may be busy. */
const connectionSeconds = 60;

/**
 * Runs a command on a machine, again while `ssh` itself fails, which exits with 255.
 * @param login The `ssh` command line that logs in on it; undefined: it is this machine.
 * @param seconds Until the command is given up; default: 30.
 * @param input What it reads; default: nothing.
 * @throws Error with what the command has printed when it fails.
 */
export async function runOnceConnected(
    login: string[] | undefined,
    words: string[],
    seconds?: number,
    input?: string,
): Promise<Buffer | undefined> {
    let output: Buffer | undefined;
    const attempt = async () => {
        try {
            output = await run(login, words, {
                ...(seconds !== undefined && { seconds }),
                ...(input !== undefined && { input: Readable.from([input]) }),
            });
            return undefined;
        } catch (error) {
            if (!login || (error as { code?: unknown }).code !== 255) {
                throw error;
            }
            return messageOf(error);
        }
    };
    const problem = await waitUntil("a connection", attempt, { seconds: connectionSeconds, milliseconds: 1000 });
    if (problem !== undefined) {
        throw new Error(`${login?.at(-1)} does not answer within ${connectionSeconds} s: ${problem}`);
    }
    return output;
}
