import { spawn } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as readline from "readline";
import type { Tls } from "../../provider/machines/connector";
import { certify } from "../../provider/kinds/certificate";
import { closes, startStandIn } from "./nimbusStandIn";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-tls-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** A certificate and its key, as PEM. */
export type Pair = ReturnType<typeof certify>;

/** Writes a certificate, its key and an authority into files. */
export function files(name: string, { certificate, key }: Pair, authority: Pair): Tls {
    const written = { certificate, key, authority: authority.certificate };
    const named = Object.entries(written).map(([file, content]) => {
        const at = path.join(folder, `${name}-${file}.pem`);
        fs.writeFileSync(at, content);
        return [file, at];
    });
    return Object.fromEntries(named) as Tls;
}

/** A certificate that was made 11 years ago, and so has expired. */
export function expired(args: Parameters<typeof certify>[0], by: Pair): Pair {
    const then = jest.spyOn(Date, "now").mockReturnValue(Date.now() - 11 * 365 * 86_400_000);
    try {
        return certify(args, by);
    } finally {
        then.mockRestore();
    }
}

/**
 * Starts a TLS port of 127.0.0.1 before a stand-in for a Nimbus.
 * @param behind The stand-in's port.
 */
export async function startTlsPort(
    { certificate, key, authority }: Tls,
    behind: number,
): Promise<{ port: number; stop: () => void }> {
    const words = [path.join(__dirname, "tlsNimbus.py"), certificate, key, authority, String(behind)];
    const server = spawn("python3", words, { stdio: ["ignore", "pipe", "inherit"] });
    const lines = readline.createInterface({ input: server.stdout });
    const port = await new Promise<number>((resolve) => lines.once("line", (line) => resolve(Number(line))));
    return { port, stop: () => server.kill() };
}

/**
 * Starts a Nimbus of which there is the TLS port alone.
 * @param results Result, or exception, by method, for its port; the connection is closed at a call of another.
 */
export async function startTlsNimbus(
    serves: Tls,
    results: (port: number) => Record<string, object>,
): Promise<{ port: number; stop: () => void }> {
    const nimbus = await startStandIn(({ method }) => results(front.port)[method] ?? closes);
    const front = await startTlsPort(serves, nimbus.port);
    const stop = () => [front, nimbus].forEach((each) => each.stop());
    return { port: front.port, stop };
}
