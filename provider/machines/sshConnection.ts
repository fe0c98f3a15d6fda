import * as childProcess from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import type { SshConnectionArgs } from "../schema";
import { cancelled, waitUntil } from "../waiting";
import { sessionProblem } from "./sessionManager";
import { firstContact, knownKey, sshCommand } from "./ssh";

/** What a login gave. */
export interface Answer {
    /** The host key that the machine has shown. */
    hostKey: string;
    /** What the command has printed, trimmed. */
    output: string;
}

/** Seconds for which a machine may refuse the key: one that has just been started may not have it yet. */
const refusedSeconds = 20;

/**
 * Tries once to log in on a machine and to run a command there.
 * @param expected The host key that it has to show; undefined: any.
 * @returns The answer, or what `ssh` says of the failure.
 */
export async function attempt(
    { endpoint, access }: Pick<SshConnectionArgs, "endpoint" | "access">,
    expected: string | undefined,
    command = "true",
): Promise<Answer | { said: string }> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-ssh-"));
    const file = path.join(folder, "known_hosts");
    const [ssh = "", ...options] = sshCommand(endpoint, access, expected ? knownKey(expected) : firstContact(file));
    try {
        return await new Promise((resolve) => {
            childProcess.execFile(ssh, [...options, command], { signal: cancelled }, (error, stdout, stderr) => {
                if (error) {
                    resolve({ said: stderr.trim() || error.message });
                    return;
                }
                const shown = () => fs.readFileSync(file, "utf8").trim().split(" ").slice(1, 3).join(" ");
                resolve({ hostKey: expected ?? shown(), output: stdout.trim() });
            });
        });
    } finally {
        fs.rmSync(folder, { recursive: true });
    }
}

/**
 * Logs in on a machine, within its limit, and runs a command there.
 * @param expected The host key that it has to show; undefined: any.
 * @param whenOther What is done each time that it shows another key, until its limit; default: that is an error at once.
 * @throws Error that says what to do when it cannot be logged in to.
 */
export async function connect(
    args: SshConnectionArgs,
    expected: string | undefined,
    { command, whenOther }: { command?: string; whenOther?: () => Promise<unknown> } = {},
): Promise<Answer> {
    const { host, endpoint, access, seconds, ifGone, ifOtherKey } = args;
    const who = `${host} (${endpoint.address}${endpoint.port === 22 ? "" : `:${endpoint.port}`})`;
    const started = Date.now();
    let found: Answer | undefined;
    const said = await waitUntil(
        `${who} to let us in over SSH`,
        async () => {
            const answer = await attempt(args, expected, command);
            if ("output" in answer) {
                found = answer;
                return undefined;
            }
            const { said } = answer;
            const passed = (Date.now() - started) / 1000;
            const isOther = /Host key verification failed|HOST IDENTIFICATION HAS CHANGED/.test(said);
            if (isOther && whenOther && passed <= seconds) {
                await whenOther();
            } else if (isOther) {
                const shown = /The fingerprint for the (\S+) key sent by the remote host is\s+(\S+?)\.?\s/.exec(said);
                throw new Error(
                    `${who} does not show the host key that is expected, ${expected}` +
                        `${shown ? `, but one of type ${shown[1]} with the fingerprint ${shown[2]}` : ""}. Nothing was sent to it.\n${ifOtherKey}`,
                );
            }
            const problem = access.sessionManager && sessionProblem(said);
            if (problem !== undefined) {
                throw new Error(`No session with ${who} can be opened: ${said}\n${problem}`);
            }
            if (/Permission denied/.test(said) && (passed > refusedSeconds || passed > seconds)) {
                throw new Error(
                    `${who} refuses ${access.keyPath ? "the stack's private key" : "the keys of the SSH agent"}: ${said}\nPut the public ` +
                        `key into ~/.ssh/authorized_keys of the user ${endpoint.user} there, or correct user or key.`,
                );
            }
            return said;
        },
        { seconds, milliseconds: 1000 },
    );
    if (found) {
        return found;
    }
    const isSilent = /onnect to host|timed out|Connection (closed|reset)/.test(said ?? "");
    throw new Error(
        `${who} ${isSilent ? "does not answer" : "does not let us in"} over SSH within ${seconds} s: ${said}` +
            (isSilent ? `\n${ifGone}` : ""),
    );
}
