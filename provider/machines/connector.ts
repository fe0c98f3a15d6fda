import { type ChildProcessWithoutNullStreams, spawn } from "child_process";
import * as fs from "fs";
import type { Socket } from "net";
import * as path from "path";
import { createInterface } from "readline";
import { on, runSeconds } from "./command";
import { shellFile } from "./shell";

/** Seconds until a connection that says nothing is given up. */
const connectSeconds = 5;

/** Milliseconds for which an unused connector stays open. */
const idleMilliseconds = 2000;

const exchange = shellFile(__dirname, "exchange.sh");
const serve = shellFile(__dirname, "serve.sh");
const exchangeByTls = fs.readFileSync(path.join(__dirname, "exchangeByTls.py"), "utf8");

/** PEM files, where one connects from, by which a client and a server of mutual TLS know each other. */
export interface Tls {
    /** The client's certificate. */
    certificate: string;
    /** The key of that certificate, without a password. */
    key: string;
    /** The authority that signs the server's certificate. */
    authority: string;
}

/** What `timeout` exits with when time is over. */
const timedOut = 124;

/**
 * A process that opens connections from where it runs, on a machine or within a container: bash or, by TLS, Python. It answers one
 * request at a time, and stays open between two of them: a look at a daemon starts no process of Docker's or SSH's.
 */
class Connector {
    /** Closes it when nobody uses it. */
    closing: NodeJS.Timeout | undefined;
    private readonly child: ChildProcessWithoutNullStreams;
    private answer: { resolve: (line: string) => void; reject: (error: Error) => void } | undefined;
    private printed = "";
    private ended = false;

    constructor(ssh: string[] | undefined, within: string[], tls: Tls | undefined, onEnd: () => void) {
        const answers = tls
            ? ["python3", "-c", exchangeByTls, tls.certificate, tls.key, tls.authority]
            : ["bash", "-c", serve, exchange];
        const [command, args] = on(ssh, [...within, ...answers, String(connectSeconds)]);
        this.child = spawn(command, args);
        this.child.stderr.on("data", (chunk: Buffer) => (this.printed = (this.printed + String(chunk)).slice(-2000)));
        createInterface(this.child.stdout).on("line", (line) => {
            this.answer?.resolve(line);
            this.answer = undefined;
        });
        const end = (error: Error) => {
            this.ended = true;
            onEnd();
            this.answer?.reject(error);
            this.answer = undefined;
        };
        this.child.on("error", end);
        this.child.on("close", (code) =>
            end(new Error(this.printed.trim() || `${command} ended with exit code ${code}`)),
        );
        // It says why at its end.
        this.child.stdin.on("error", () => undefined);
    }

    /** Sends a line, and returns the answer. */
    async ask(request: string): Promise<string> {
        this.hold(true);
        const timer = setTimeout(() => this.child.kill(), runSeconds * 1000);
        try {
            const line = await new Promise<string>((resolve, reject) => {
                if (this.ended) {
                    reject(new Error(this.printed.trim() || "the connection has ended"));
                    return;
                }
                this.answer = { resolve, reject };
                this.child.stdin.write(`${request}\n`);
            });
            const [code = "", text = ""] = line.split(" ");
            if (code === "0") {
                return text;
            }
            const said = Buffer.from(text, "base64").toString().trim();
            throw new Unanswered(
                Number(code) === timedOut ? `no answer within ${connectSeconds} s` : said || `exit code ${code}`,
            );
        } finally {
            clearTimeout(timer);
            this.hold(false);
        }
    }

    close(): void {
        this.child.stdin.end();
    }

    /** Whether this process has to wait for it. */
    private hold(held: boolean): void {
        const { stdin, stdout, stderr } = this.child;
        for (const each of [
            this.child,
            stdin as unknown as Socket,
            stdout as unknown as Socket,
            stderr as unknown as Socket,
        ]) {
            each[held ? "ref" : "unref"]();
        }
    }
}

/** What was to be connected to did not answer; where one connects from, commands run. */
export class Unanswered extends Error {}

/** Connectors that nobody uses, by where they are. */
const idle = new Map<string, Connector[]>();

/**
 * Asks a connector: one that is open, or else another one.
 * @param ssh The `ssh` command line that logs in on the machine; undefined: it is this one.
 * @param within Words that run a command within a container there; empty: it is the machine's own bash.
 * @param tls By which it connects; default: without TLS.
 */
export async function ask(ssh: string[] | undefined, within: string[], request: string, tls?: Tls): Promise<string> {
    const where = JSON.stringify([ssh, within, tls]);
    const pool = idle.get(where) ?? [];
    idle.set(where, pool);
    const remove = (connector: Connector) => {
        const index = pool.indexOf(connector);
        return index >= 0 && pool.splice(index, 1).length > 0;
    };
    const connector: Connector = pool.pop() ?? new Connector(ssh, within, tls, () => remove(connector));
    clearTimeout(connector.closing);
    const release = () => {
        pool.push(connector);
        connector.closing = setTimeout(() => remove(connector) && connector.close(), idleMilliseconds).unref();
    };
    try {
        const answer = await connector.ask(request);
        release();
        return answer;
    } catch (error) {
        if (error instanceof Unanswered) {
            release();
        }
        throw error;
    }
}
