/** What the benches print: figures of rounds, tables, and the machine, in Markdown, as docs/benchmarks.md has them. */
import { spawnSync } from "child_process";
import * as os from "os";

function figuresOf(values: number[]): { minimum: number; median: number; maximum: number } {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (index: number) => sorted[index] ?? NaN;
    const half = (sorted.length - 1) / 2;
    return { minimum: at(0), median: (at(Math.floor(half)) + at(Math.ceil(half))) / 2, maximum: at(sorted.length - 1) };
}

/** Seconds that something takes. */
export async function secondsOf(action: () => Promise<unknown>): Promise<number> {
    const started = performance.now();
    await action();
    return (performance.now() - started) / 1000;
}

/** One of two that are compared. */
export interface Contender {
    name: string;
    /** Measures once; seconds. */
    measure: () => Promise<number>;
}

/** Measures two, which take turns, with a line for each round, and prints how the first compares with the second. */
export async function compare(title: string, rounds: number, first: Contender, second: Contender): Promise<void> {
    const measured = [first, second].map((contender) => ({ ...contender, seconds: [] as number[] }));
    for (let round = 1; round <= rounds; round++) {
        for (const { name, measure, seconds } of measured) {
            const now = await measure();
            seconds.push(now);
            console.log(`${title}, round ${round} of ${rounds}: ${name} ${now.toFixed(1)} s`);
        }
    }
    const base = figuresOf(measured[1]?.seconds ?? []).median;
    printTable(
        [title, "minimum s", "median s", "maximum s", "ratio of medians"],
        measured.map(({ name, seconds }) => [name, ...cells(seconds), (figuresOf(seconds).median / base).toFixed(2)]),
    );
}

/** Minimum, median and maximum of seconds, for a table. */
export function cells(seconds: number[]): string[] {
    const { minimum, median, maximum } = figuresOf(seconds);
    return [minimum, median, maximum].map((each) => each.toFixed(1));
}

/** Prints a table of Markdown: what a row is about is to the left, figures to the right. */
export function printTable(headings: string[], rows: string[][]): void {
    const widths = headings.map((_, column) => Math.max(...[headings, ...rows].map((row) => row[column]?.length ?? 0)));
    const padded = (cell: string, column: number) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
    const line = (row: string[]) => `| ${row.map(padded).join(" | ")} |`;
    const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
    console.log(["", line(headings), line(rule), ...rows.map(line), ""].join("\n"));
}

/** Prints what figures have to be read with: the machine, its versions, the day, and how busy it is. */
export function printMachine(): void {
    const said = (command: string, ...args: string[]) => spawnSync(command, args, { encoding: "utf8" }).stdout?.trim() || "none";
    const [cpu] = os.cpus();
    const lines = [
        `${os.cpus().length} cores (${cpu?.model.trim()}), ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB of memory, ${os.type()} ${os.release()} ${os.arch()}`,
        `Docker ${said("docker", "version", "--format", "{{.Server.Version}}")}, Node.js ${process.version}, Pulumi ${said("pulumi", "version")}`,
        `${new Date().toISOString().slice(0, 10)}, commit ${said("git", "describe", "--always", "--dirty")}`,
        `load average at the start: ${os.loadavg().map((load) => load.toFixed(1)).join(", ")}`,
    ];
    console.log(lines.map((text) => `- ${text}`).join("\n"));
}
