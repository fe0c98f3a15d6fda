import * as childProcess from "child_process";
import type { Readable } from "stream";
import { pipeline } from "stream/promises";
import { cancelled } from "../waiting";
import { quote } from "./shell";

/** Seconds until a command is given up: a Docker daemon that hangs says nothing either. */
export const runSeconds = 30;

/** The command line that runs words on the machine that `ssh` logs in on; undefined: on this one. */
export function on(ssh: string[] | undefined, words: string[]): [string, string[]] {
    const [command = "", ...args] = ssh ? [...ssh, words.map(quote).join(" ")] : words;
    return [command, args];
}

/** Options of {@link run}. */
export interface RunOptions {
    /**
     * What the command reads.
     * @default nothing
     */
    input?: Readable;
    /**
     * Seconds until it is given up.
     * @default 30
     */
    seconds?: number;
}

/**
 * Runs a command on the machine that `ssh` logs in on. It is killed when the update is cancelled.
 * @throws Error with what it has printed, on stderr or else on stdout, and its exit code as `code`, when it fails.
 */
export function run(
    ssh: string[] | undefined,
    words: string[],
    { input, seconds = runSeconds }: RunOptions = {},
): Promise<Buffer> {
    const [command, args] = on(ssh, words);
    const options = { encoding: "buffer", maxBuffer: 64 << 20, timeout: seconds * 1000, signal: cancelled } as const;
    return new Promise((resolve, reject) => {
        const child = childProcess.execFile(command, args, options, (error, stdout, stderr) => {
            if (error) {
                const said = String(stderr).trim() || String(stdout).trim() || `${command} failed: ${error.message}`;
                reject(Object.assign(new Error(said), { code: error.code }));
            } else {
                resolve(stdout);
            }
        });
        if (!input || !child.stdin) {
            child.stdin?.end();
            return;
        }
        input.once("error", (error) => {
            reject(error);
            child.kill();
        });
        // A command that ends before it has read everything says why itself.
        pipeline(input, child.stdin).catch(() => undefined);
    });
}
