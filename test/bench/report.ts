/** What the benches print: figures of rounds, tables, and the machine, in Markdown, as docs/benchmarks.md has them. */
import { spawnSync } from "child_process";
import * as os from "os";

/** What is measured of something: a heading with the unit, its value, and how it is printed. */
export interface Figure<T> {
    heading: string;
    of: (measured: T) => number | undefined;
    digits: number;
}

/** What is compared with others. */
export interface Contender<T> {
    name: string;
    measure: () => Promise<T>;
}

/** One of those that are compared, and what was measured of it. */
export interface Measured<T> {
    name: string;
    rounds: T[];
}

export const wall = { heading: "seconds", of: ({ seconds }: { seconds: number }) => seconds, digits: 1 };
export const cpu = { heading: "CPU seconds", of: ({ cpu }: { cpu: number }) => cpu, digits: 1 };
export const memory = { heading: "peak MiB", of: ({ memory }: { memory: number }) => memory, digits: 0 };

/** Seconds that something takes. */
export async function secondsOf(action: () => Promise<unknown>): Promise<{ seconds: number }> {
    const started = performance.now();
    await action();
    return { seconds: (performance.now() - started) / 1000 };
}

/** Measures all, which take turns, with a line for each. */
export async function takeTurns<T>(
    title: string,
    rounds: number,
    contenders: Contender<T>[],
    figures: Figure<T>[],
): Promise<Measured<T>[]> {
    const measured = contenders.map((contender) => ({ ...contender, rounds: [] as T[] }));
    for (let round = 1; round <= rounds; round++) {
        for (const { name, measure, rounds: before } of measured) {
            process.stdout.write(`${title}, round ${round} of ${rounds}: ${name}: `);
            const now = await measure();
            before.push(now);
            const values = figures.map(
                (figure) => `${figure.of(now)?.toFixed(figure.digits) ?? "no"} ${figure.heading}`,
            );
            console.log(values.join(", "));
        }
    }
    return measured;
}

/** Prints medians with minimum and maximum, and ratios: how many times the median of each the median of the first is. */
export function printComparison<T>(title: string, measured: Measured<T>[], figures: Figure<T>[]): void {
    const [first] = measured;
    const headings = figures.flatMap(({ heading }) => [heading, `ratio of ${heading}`]);
    const rows = measured.map((each) => [
        each.name,
        ...figures.flatMap((figure) => [cell(each, figure), (median(first, figure) / median(each, figure)).toFixed(2)]),
    ]);
    printTable([title, ...headings], rows);
}

/** Median of a figure, and in brackets its minimum and maximum. */
export function cell<T>(measured: Measured<T>, figure: Figure<T>): string {
    const sorted = values(measured, figure);
    const [minimum, maximum] = [sorted[0] ?? NaN, sorted.at(-1) ?? NaN].map((value) => value.toFixed(figure.digits));
    return `${median(measured, figure).toFixed(figure.digits)} (${minimum} to ${maximum})`;
}

export function median<T>(measured: Measured<T> | undefined, figure: Figure<T>): number {
    const sorted = measured ? values(measured, figure) : [];
    const half = (sorted.length - 1) / 2;
    return ((sorted[Math.floor(half)] ?? NaN) + (sorted[Math.ceil(half)] ?? NaN)) / 2;
}

/** In ascending order. */
function values<T>({ rounds }: Measured<T>, { of }: Figure<T>): number[] {
    return rounds.map((round) => of(round) ?? NaN).sort((one, other) => one - other);
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
    const said = (command: string, ...args: string[]) =>
        spawnSync(command, args, { encoding: "utf8" }).stdout?.trim() || "none";
    const [cpu] = os.cpus();
    const lines = [
        `${os.cpus().length} cores (${cpu?.model.trim()}), ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB of memory, ${os.type()} ${os.release()} ${os.arch()}`,
        `Docker ${said("docker", "version", "--format", "{{.Server.Version}}")}, Node.js ${process.version}, Pulumi ${said("pulumi", "version")}`,
        `docker-compose ${said("docker-compose", "version", "--short")}`,
        `${new Date().toISOString().slice(0, 10)}, commit ${said("git", "describe", "--always", "--dirty")}`,
        `load average at the start: ${os
            .loadavg()
            .map((load) => load.toFixed(1))
            .join(", ")}`,
    ];
    console.log(lines.map((text) => `- ${text}`).join("\n"));
}
