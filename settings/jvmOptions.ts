/** What is wrong with options of a JVM. */
import { optionsIn } from "../components/storm/spec/jvmOptions";

/** The heap of a JVM, and the setting that decides it. */
export interface HeapSetting {
    /** MiB. */
    heap: number;
    /** Such as `storm:heap.nimbus`. */
    setting: string;
    /**
     * The most in MiB that its own options may set.
     * @default its own options may set none
     */
    most?: number;
}

/** Options by which a JVM's heap follows from the machine's memory: java(1), "Advanced Garbage Collection Options". */
const shares = /^-XX:(MaxRAMPercentage|MinRAMPercentage|MaxRAMFraction|MinRAMFraction|MaxRAM)=/;
const maximum = /^(?:-Xmx|-XX:MaxHeapSize=)(.*)$/;
const minimum = /^(?:-Xms|-XX:(?:InitialHeapSize|MinHeapSize)=)(.*)$/;
const collectors = /^-XX:\+Use(Serial|Parallel|G1|Z|Shenandoah|Epsilon)GC$/;

const units: Record<string, number> = { "": 2 ** -20, k: 2 ** -10, m: 1, g: 2 ** 10, t: 2 ** 20 };

/** A size as Java options have it, such as `2g`, in MiB; undefined: it is none. */
function mebibytesOf(size: string): number | undefined {
    const [, digits, unit = ""] = /^(\d+)([kmgt]?)$/i.exec(size) ?? [];
    return digits === undefined ? undefined : Number(digits) * (units[unit.toLowerCase()] as number);
}

/**
 * Finds options by which a JVM would not start, or would have another heap than its setting says.
 * @param value As storm.yaml has it: a string or a list.
 */
export function heapProblems(value: unknown, { heap, setting, most }: HeapSetting): string[] {
    const options = optionsIn(value);
    // The last one counts.
    const own = options.flatMap((option) => maximum.exec(option)?.[1] ?? []).at(-1);
    const problems: string[] = [];
    if (own !== undefined && most === undefined) {
        problems.push(`sets a heap: set ${setting} instead`);
    }
    if (own !== undefined && most !== undefined && (mebibytesOf(own) ?? Infinity) > most) {
        problems.push(
            `sets a heap of ${own}, and its container has room for ${most} MiB: lower it, or raise ${setting}`,
        );
    }
    if (options.some((option) => shares.test(option))) {
        problems.push(`sets a heap by the machine's memory, which has no effect beside ${setting}: remove that option`);
    }
    const limit = (most !== undefined && own !== undefined && mebibytesOf(own)) || heap;
    for (const option of options) {
        const size = mebibytesOf(minimum.exec(option)?.[1] ?? "");
        if (size !== undefined && size > limit) {
            problems.push(
                `has ${option}, which is above the heap of ${limit} MiB, so that the JVM does not start: lower it, or raise ${setting}`,
            );
        }
    }
    const chosen = new Set(options.filter((option) => collectors.test(option)));
    if (chosen.size > 1) {
        problems.push(`has ${[...chosen].join(" and ")}, with which the JVM does not start: keep one of them`);
    }
    return problems;
}

/** Options by which a JVM listens on a TCP port: for JMX, or for a debugger. */
const listening = [
    /^-Dcom\.sun\.management\.jmxremote(?:\.rmi)?\.port=([1-9]\d*)$/,
    /^-(?:agentlib:jdwp=|Xrunjdwp:)(?=.*server=y).*address=(?:[^,:]*:)?([1-9]\d*)/,
];

/**
 * Finds options of workers by which all workers of a supervisor would listen on one port: only the first would start.
 * @param value As storm.yaml has it: a string or a list.
 */
export function sharedPortProblems(value: unknown): string[] {
    const ports = optionsIn(value).flatMap((option) => listening.flatMap((pattern) => pattern.exec(option)?.[1] ?? []));
    return [...new Set(ports)].map(
        (port) =>
            `has every worker listen on port ${port}, and only the first on each supervisor would start: ` +
            "use %ID%, which Storm replaces by the worker's own port, as in 1%ID%",
    );
}
