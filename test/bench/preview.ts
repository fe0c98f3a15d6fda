/**
 * How a preview of the program grows with supervisors: seconds of a process that runs index.ts with mocks in the engine's
 * place (mockedPreview.ts), from its start to its end, and the peak of its resident memory.
 */
import { spawn } from "child_process";
import * as fs from "fs";
import * as yaml from "yaml";
import { cells, printTable } from "./report";

const sizes = [10, 100, 1000];
const rounds = 3;

/** The program is run with the options that Pulumi runs it with. */
const project = yaml.parse(fs.readFileSync("Pulumi.yaml", "utf8")) as { runtime: { options: { nodeargs: string } } };

interface Measured {
    seconds: number;
    mebibytes: number;
}

function preview(supervisors: number): Promise<Measured> {
    const started = performance.now();
    const program = ["test/bench/mockedPreview.ts", String(supervisors)];
    const child = spawn("node", [...project.runtime.options.nodeargs.split(" "), ...program], {
        stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
    return new Promise((resolve, reject) =>
        child.on("close", (code) => {
            if (code === 0) {
                resolve({ seconds: (performance.now() - started) / 1000, mebibytes: Number(output) });
            } else {
                reject(new Error(`preview of ${supervisors} supervisors: exit code ${code}`));
            }
        }),
    );
}

async function main(): Promise<void> {
    const measured = new Map<number, Measured[]>(sizes.map((size) => [size, []]));
    for (let round = 1; round <= rounds; round++) {
        for (const [size, before] of measured) {
            const now = await preview(size);
            before.push(now);
            console.log(
                `preview, round ${round} of ${rounds}: ${size} supervisors, ${now.seconds.toFixed(1)} s, ${now.mebibytes.toFixed(0)} MiB`,
            );
        }
    }
    const rows = [...measured].map(([size, values]) => {
        const memory = Math.max(...values.map(({ mebibytes }) => mebibytes));
        return [String(size), ...cells(values.map(({ seconds }) => seconds)), memory.toFixed(0)];
    });
    printTable(["preview of supervisors", "minimum s", "median s", "maximum s", "peak MiB"], rows);
}

void main();
