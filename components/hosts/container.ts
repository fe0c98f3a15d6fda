import * as childProcess from "child_process";
import type { Readable } from "stream";
import { pipeline } from "stream/promises";
import { quote } from "./shell";

/**
 * Sends `request` over TCP to `address:port` and gives what comes back: nothing, all until the other side closes, or, by the
 * number of bytes of its length, one frame: its length, then as many bytes, which are given.
 * @throws Error when the connection fails.
 */
export type Dial = (address: string, port: number, request: Buffer, reply: "all" | "none" | number) => Promise<Buffer>;

/** What dials: the official images have bash and coreutils, and no other TCP client in common. */
const script = `
exec 3<>"/dev/tcp/$0/$1" || exit
[ "$3" = none ] && exit
printf %s "$2" | base64 -d >&3
[ "$3" = all ] && exec cat <&3
length=0
for byte in $(head -c "$3" <&3 | od -An -tu1); do length=$(( (length << 8) + byte )); done
head -c "$length" <&3
`;

/** Seconds until a connection that says nothing is given up. */
const dialSeconds = 5;

/** Seconds until a command is given up: a Docker daemon that hangs says nothing either. */
const runSeconds = 30;

/** A container, and where it is. */
export interface ContainerAt {
    /** Its name in Docker. */
    container: string;
    /** The `ssh` command line that logs in on its machine; undefined: it is this one. */
    ssh?: string[];
}

/**
 * Dials from within a container, as its daemon would: the machine that runs Pulumi may not reach containers' addresses,
 * by Docker Desktop or a firewall.
 */
export function dialFrom({ container, ssh }: ContainerAt): Dial {
    return (address, port, request, reply) => run(ssh, ["docker", "exec", container, ...dialling(address, port, request, reply)]);
}

/** Dials from the machine that `ssh` logs in on. */
export function dialOn(ssh: string[] | undefined): Dial {
    return (address, port, request, reply) => run(ssh, dialling(address, port, request, reply));
}

function dialling(...[address, port, request, reply]: Parameters<Dial>): string[] {
    return ["timeout", String(dialSeconds), "bash", "-c", script, address, String(port), request.toString("base64"), String(reply)];
}

/** Seconds since a container was started, by the wall clock of its host, which Storm's uptimes go by too. */
export async function ageOf({ container, ssh }: ContainerAt): Promise<number> {
    const started = await run(ssh, ["docker", "inspect", "--format", "{{.State.StartedAt}}", container]);
    const now = await run(ssh, ["docker", "exec", container, "date", "+%s"]);
    return Number(now) - Date.parse(String(started).trim()) / 1000;
}

/** What a person needs to see of a container whose daemon is not ready: its state, and the last lines of its log. */
export async function describe({ container, ssh }: ContainerAt, logFiles: string[]): Promise<string> {
    const format = "{{.State.Status}}, exit code {{.State.ExitCode}}{{if .State.OOMKilled}}, out of memory{{end}}, restarted {{.RestartCount}} times";
    const output = (...command: string[]) => run(ssh, command).then(String, (error: Error) => `${error.message}\n`);
    const state = await output("docker", "inspect", "--format", format, container);
    const printed = await output("sh", "-c", 'docker logs --tail 20 "$0" 2>&1', container);
    const lines = [`Container ${container}: ${state.trim()}`, `Last lines of its output:\n${printed.trimEnd()}`];
    for (const file of logFiles) {
        lines.push(`Last lines of its ${file}:\n${await endOf({ container, ssh }, file)}`);
    }
    return lines.join("\n");
}

/** The last lines of a file in a container, or why there are none. */
export async function endOf({ container, ssh }: ContainerAt, file: string): Promise<string> {
    // Unlike exec, cp works on a container that is not running.
    const command = ["sh", "-c", 'docker cp "$0:$1" - | tar -xOf - | tail -n 20', container, file];
    return (await run(ssh, command).then(String, (error: Error) => error.message)).trimEnd();
}

/** Seconds between SIGTERM and SIGKILL: ZooKeeper and Nimbus close their files, a supervisor its workers. */
export const graceSeconds = 30;

/** Seconds that Docker has to stop a container, beyond its grace: a busy machine takes its time. */
const stopSeconds = 120;

/** Stops a container, gracefully; why that could not be done, or undefined where it does not run any more. */
export function stop({ container, ssh }: ContainerAt): Promise<string | undefined> {
    return run(ssh, ["docker", "stop", "--time", String(graceSeconds), container], { seconds: graceSeconds + stopSeconds }).then(
        () => undefined,
        (error: Error) => (/No such container/.test(error.message) ? undefined : error.message),
    );
}

/**
 * Runs a command on the machine that `ssh` logs in on.
 * @param input What it reads; default: nothing.
 * @param seconds Until it is given up.
 * @throws Error with what it has printed, on stderr or else on stdout, and its exit code as `code`, when it fails.
 */
export function run(
    ssh: string[] | undefined,
    words: string[],
    { input, seconds = runSeconds }: { input?: Readable; seconds?: number } = {},
): Promise<Buffer> {
    const [command = "", ...args] = ssh ? [...ssh, words.map(quote).join(" ")] : words;
    const options = { encoding: "buffer", maxBuffer: 64 << 20, timeout: seconds * 1000 } as const;
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
