import { type ChildProcess, spawn } from "child_process";
import * as readline from "readline";

/**
 * Starts the exporter on a free port of 127.0.0.1.
 * @param nimbuses Addresses and ports of the Nimbus daemons that it asks.
 * @returns Its URL, its process id, and what stops it.
 */
export async function startExporter(nimbuses: string[]): Promise<{ url: string; pid: number; stop: () => void }> {
    const exporter: ChildProcess = spawn("python3", ["-B", "components/monitoring/exporter.py"], {
        env: { ...process.env, STORM_EXPORTER_NIMBUSES: nimbuses.join(), STORM_EXPORTER_LISTEN: "127.0.0.1:0" },
        stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = readline.createInterface({ input: exporter.stdout as NodeJS.ReadableStream });
    const [line] = await new Promise<string[]>((resolve) => lines.once("line", (...each: string[]) => resolve(each)));
    return {
        url: `http://${/127\.0\.0\.1:\d+/.exec(line ?? "")?.[0]}`,
        pid: exporter.pid as number,
        stop: () => exporter.kill(),
    };
}
