import { type ChildProcess, spawn } from "child_process";
import * as readline from "readline";

/**
 * Starts the exporter on a free port of 127.0.0.1.
 * @param nimbuses Addresses and ports of the Nimbus daemons that it asks.
 * @param tls Folder with the files by which it asks them by TLS; default: it asks in plain.
 * @returns Its URL, its process id, the lines that it has printed, and what stops it.
 */
export async function startExporter(
    nimbuses: string[],
    tls?: string,
): Promise<{ url: string; pid: number; printed: string[]; stop: () => void }> {
    const program = tls === undefined ? "exporter.py" : "exporterByTls.py";
    const exporter: ChildProcess = spawn("python3", ["-B", `components/monitoring/${program}`], {
        env: {
            ...process.env,
            ...{ STORM_EXPORTER_NIMBUSES: nimbuses.join(), STORM_EXPORTER_LISTEN: "127.0.0.1:0" },
            // In its container all files are in one folder.
            ...(tls !== undefined && { STORM_EXPORTER_TLS: tls, PYTHONPATH: "provider/machines" }),
        },
        stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = readline.createInterface({ input: exporter.stdout as NodeJS.ReadableStream });
    const printed: string[] = [];
    lines.on("line", (line) => printed.push(line));
    await new Promise((resolve) => lines.once("line", resolve));
    const [line] = printed;
    return {
        printed,
        url: `http://${/127\.0\.0\.1:\d+/.exec(line ?? "")?.[0]}`,
        pid: exporter.pid as number,
        stop: () => exporter.kill(),
    };
}
