import * as childProcess from "child_process";
import * as net from "net";
import type { Readable } from "stream";
import { waitUntil } from "../waiting";
import { bastionCommand, connectSeconds, type SshAccess, type SshEndpoint } from "./ssh";

/**
 * Whether an SSH server greets at an endpoint, within a limit. Nobody logs in on it: its key may not be known yet.
 * @param seconds The limit.
 */
export async function isReachable(endpoint: SshEndpoint, access: SshAccess, seconds: number): Promise<boolean> {
    const look = async () => ((await greets(endpoint, access)) ? undefined : "it does not greet");
    return (await waitUntil(endpoint.address, look, { seconds, milliseconds: 1000 })) === undefined;
}

/** Why nobody gets through a bastion, in the words of `ssh`; undefined: one does. */
export function bastionProblem({ keyPath, bastion }: SshAccess): Promise<string | undefined> {
    if (!bastion) {
        return Promise.resolve(undefined);
    }
    const [command = "", ...options] = bastionCommand(bastion, { keyPath });
    return new Promise((resolve) => {
        childProcess.execFile(command, [...options, "true"], (error, _stdout, stderr) => {
            // Other codes are those of the command, which a bastion may refuse to run.
            resolve(
                error?.code === 255 || typeof error?.code === "string" ? stderr.trim() || error.message : undefined,
            );
        });
    });
}

function greets({ address, port }: SshEndpoint, { keyPath, bastion }: SshAccess): Promise<boolean> {
    if (!bastion) {
        const socket = net.connect({ host: address, port });
        return greeting(socket, socket).finally(() => socket.destroy());
    }
    const [command = "", ...options] = bastionCommand(bastion, { keyPath });
    const [destination = ""] = options.splice(-1);
    const through = childProcess.spawn(command, [...options, "-W", `[${address}]:${port}`, destination], {
        stdio: ["pipe", "pipe", "ignore"],
    });
    return greeting(through.stdout, through).finally(() => through.kill());
}

/** Whether the first line of a stream is that of an SSH server. */
function greeting(stream: Readable, source: NodeJS.EventEmitter): Promise<boolean> {
    return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), connectSeconds * 1000);
        const end = (greeted: boolean) => {
            clearTimeout(timer);
            resolve(greeted);
        };
        stream.once("data", (chunk: Buffer) => end(chunk.toString("latin1").startsWith("SSH-")));
        source.once("error", () => end(false));
        source.once("close", () => end(false));
    });
}
