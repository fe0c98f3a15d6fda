import { Readable } from "stream";
import { run, type RunOptions } from "./command";
import { ask, type Tls } from "./connector";

/**
 * Sends `request` over TCP to `address:port` and returns the answer: nothing, all until the other side closes, or, by the
 * number of bytes of its length, one frame: its length, then as many bytes, which are given. By `tls` request and answer are Thrift
 * messages without frames, and the server's certificate has to be for `address`.
 * @throws Error when the connection fails.
 */
export type Connect = (
    address: string,
    port: number,
    request: Buffer,
    reply: "all" | "none" | "message" | number,
    tls?: Tls,
) => Promise<Buffer>;

/** A container, and where it is. */
export interface ContainerAt {
    /** Its name in Docker. */
    container: string;
    /** The `ssh` command line that logs in on its machine; undefined: it is this one. */
    ssh?: string[] | undefined;
}

/**
 * Connects from within a container, as its daemon would: the machine that runs Pulumi may not reach containers' addresses,
 * by Docker Desktop or a firewall.
 */
export function connectFrom({ container, ssh }: ContainerAt): Connect {
    return connecting(ssh, within(container));
}

/** Connects from the machine that `ssh` logs in on. */
export function connectOn(ssh: string[] | undefined): Connect {
    return connecting(ssh, []);
}

function connecting(ssh: string[] | undefined, inside: string[]): Connect {
    return async (address, port, request, reply, tls) => {
        const question = [address, port, ...(tls ? [] : [reply]), request.toString("base64")].join(" ");
        const answer = await ask(ssh, inside, question, tls).catch((error: Error) => {
            // Docker's client has several words for it.
            throw /is not running|is restarting|received 409/.test(error.message)
                ? new Error("its container does not run")
                : error;
        });
        return Buffer.from(answer, "base64");
    };
}

function within(container: string): string[] {
    return ["docker", "exec", "--interactive", container];
}

/** What Docker says of a container. */
export interface ContainerState {
    /** Such as `running`, `restarting` or `exited`. */
    status: string;
    /** Its last exit code; 0 while it runs. */
    exitCode: number;
    /** Whether it was killed for want of memory. */
    outOfMemory: boolean;
    /** How often Docker has started it again by itself. */
    restarts: number;
}

/**
 * What Docker says of a container.
 * @throws Error where there is no such container, or its machine cannot be asked.
 */
export async function inspect({ container, ssh }: ContainerAt): Promise<ContainerState> {
    const format = `{"state": {{json .State}}, "restarts": {{.RestartCount}}}`;
    const said = await run(ssh, ["docker", "container", "inspect", "--format", format, container]);
    const { state, restarts } = JSON.parse(String(said)) as {
        state: { Status: string; ExitCode: number; OOMKilled: boolean };
        restarts: number;
    };
    const { Status: status, ExitCode: exitCode, OOMKilled: outOfMemory } = state;
    return { status, exitCode, outOfMemory, restarts };
}

/** Whether a container runs; `unknown` where its machine cannot be asked. */
export async function stateOf(at: ContainerAt): Promise<"running" | "stopped" | "unknown"> {
    try {
        return ["running", "restarting"].includes((await inspect(at)).status) ? "running" : "stopped";
    } catch (error) {
        return isMissing(error as Error) ? "stopped" : "unknown";
    }
}

function isMissing(error: Error): boolean {
    return /No such (object|container)/i.test(error.message);
}

/** What a person needs to see of a container whose daemon is not ready: its state, and the last lines of its log. */
export async function describe(at: ContainerAt, logFiles: string[]): Promise<string> {
    const state = await inspect(at).then(
        ({ status, exitCode, outOfMemory, restarts }) =>
            `${status}, exit code ${exitCode}${outOfMemory ? ", out of memory" : ""}, restarted ${restarts} times`,
        (error: Error) => error.message,
    );
    const printed = run(at.ssh, ["sh", "-c", 'docker logs --tail 20 "$0" 2>&1', at.container]);
    const output = await printed.then(String, (error: Error) => error.message);
    const lines = [`Container ${at.container}: ${state}`, `Last lines of its output:\n${output.trimEnd()}`];
    for (const file of logFiles) {
        lines.push(`Last lines of its ${file}:\n${await endOf(at, file)}`);
    }
    return lines.join("\n");
}

/** The last lines of a file in a container, or why there are none. */
export async function endOf({ container, ssh }: ContainerAt, file: string): Promise<string> {
    // Unlike exec, cp works on a container that is not running.
    const command = ["sh", "-c", 'docker cp "$0:$1" - | tar -xOf - | tail -n 20', container, file];
    return (await run(ssh, command).then(String, (error: Error) => error.message)).trimEnd();
}

/**
 * Puts standard input into a file of a container, whose image has no shell, and which may not run. The archive has the file alone: Docker
 * creates its folder where there is none, and changes none that exists. On macOS tar would add files of its own.
 */
const put =
    'd=$(mktemp -d) && mkdir -p "$d$(dirname "$1")" && cat >"$d$1" && chmod 644 "$d$1" && COPYFILE_DISABLE=1 tar -C "$d" -cf - "${1#/}" | docker cp - "$0:/"; ' +
    'status=$?; rm -rf "$d"; exit "$status"';

/** Writes a file into a container, for everybody to read. Its folder is created where there is none. */
export async function putFile({ container, ssh }: ContainerAt, file: string, content: string): Promise<void> {
    await run(ssh, ["sh", "-c", put, container, file], { input: Readable.from([content]) });
}

/**
 * Runs a command in a container.
 * @throws Error as {@link run} does.
 */
export function exec({ container, ssh }: ContainerAt, command: string[], options?: RunOptions): Promise<Buffer> {
    return run(ssh, [...within(container), ...command], options);
}

/**
 * What a URL answers to a container, whose image has wget, as all with Busybox or Debian's package do.
 * @throws Error where it does not answer by a status of success.
 */
export async function httpGet(at: ContainerAt, url: string): Promise<string> {
    return String(await exec(at, ["wget", "-q", "-O", "-", url]));
}

/** Seconds between SIGTERM and SIGKILL: ZooKeeper and Nimbus close their files, a supervisor its workers. */
export const graceSeconds = 30;

/** Seconds that Docker has to stop a container, beyond its grace: a busy machine takes its time. */
const stopSeconds = 120;

/** Stops a container, gracefully; why that could not be done, or undefined where it does not run any more. */
export function stop({ container, ssh }: ContainerAt): Promise<string | undefined> {
    return run(ssh, ["docker", "stop", "--time", String(graceSeconds), container], {
        seconds: graceSeconds + stopSeconds,
    }).then(
        () => undefined,
        (error: Error) => (isMissing(error) ? undefined : error.message),
    );
}

/** Seconds for which a container has run. */
export async function ageOf({ container, ssh }: ContainerAt): Promise<number> {
    return Number(await ask(ssh, within(container), "age"));
}
