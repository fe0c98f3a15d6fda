/** Who may connect to a server, as one from outside finds out. */
import type { IncomingHttpHeaders } from "http";
import * as https from "https";
import * as net from "net";
import * as tls from "tls";

/** What has to be read for {@link listening}. */
export const sockets = "cat /proc/net/tcp /proc/net/tcp6";

/** TCP ports at which a machine or a container can be reached from others, by its {@link sockets}. */
export function listening(text: string): number[] {
    const ports = text
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .filter(([, , , state]) => state === "0A")
        .map(([, local = ""]) => local.split(":") as [string, string])
        .filter(([address]) => !/^(0{24}|0{16}FFFF0{4})?[0-9A-F]{6}7F$|^0{24}01000000$/.test(address))
        .map(([, port]) => parseInt(port, 16));
    return [...new Set(ports)].sort((one, other) => one - other);
}

/** How a connection by TLS begins: with a session, which a server gives once it knows who the client is, or with an error. */
export function beginning(host: string, port: number, client: tls.ConnectionOptions): Promise<string> {
    return new Promise((resolve) => {
        const socket = tls.connect({ host, port, rejectUnauthorized: false, ...client });
        const end = (how: string) => {
            socket.destroy();
            resolve(how);
        };
        socket.setTimeout(20_000, () => end("no answer"));
        socket.on("session", () => end("session"));
        socket.on("error", ({ code }: NodeJS.ErrnoException) => end(String(code)));
        socket.on("close", () => end("closed"));
    });
}

/** When the certificate ends that a server shows to a client that it accepts. */
export function endAt(host: string, port: number, client: tls.ConnectionOptions): Promise<number> {
    return new Promise((resolve, reject) => {
        const socket = tls.connect({ host, port, rejectUnauthorized: false, ...client }, () => {
            resolve(Date.parse(socket.getPeerCertificate().valid_to));
            socket.destroy();
        });
        socket.setTimeout(20_000, () => socket.destroy(new Error(`${host}:${port} does not answer`)));
        socket.on("error", reject);
    });
}

/** What a server answers to a request without TLS, but for the alert of one that has TLS. */
export function answerInPlain(host: string, port: number, request: string): Promise<string> {
    return new Promise((resolve) => {
        let answer = Buffer.alloc(0);
        const socket = net.connect(port, host, () => socket.end(request));
        socket.on("data", (chunk) => (answer = Buffer.concat([answer, chunk])));
        // A reset ends an answer as well: of a server that has not read all of the request.
        socket.on("error", ({ code, message }: NodeJS.ErrnoException) => {
            if (code !== "ECONNRESET") {
                resolve(message);
            }
        });
        socket.on("close", () => resolve(answer[0] === 0x15 ? "" : answer.toString("latin1")));
    });
}

/** What a server of pages answers. */
export interface Page {
    status: number | undefined;
    headers: IncomingHttpHeaders;
    text: string;
}

/** Asks a server of pages by https. A failed handshake is an error. */
export function page(options: https.RequestOptions): Promise<Page> {
    return new Promise((resolve, reject) => {
        const request = https.get({ agent: false, ...options }, (response) => {
            let text = "";
            response.on("data", (chunk) => (text += String(chunk)));
            response.on("error", reject);
            response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
        });
        request.on("error", reject);
    });
}
