/** What a command costs, together with all that it starts: it runs in a control group of its own. */
import { spawn } from "child_process";
import * as fs from "fs";
import * as path from "path";
import type { TestStack } from "../e2e/stack";

export interface Cost {
    seconds: number;
    /** Processor time of all its processes, in user and in kernel mode, in seconds: not of what they ask, as Docker's daemon. */
    cpu: number;
    /** Resident memory of all its processes at its highest, in MiB. What processes share counts in each. */
    memory: number;
    /** The processes that had it, summed by what they are. */
    memoryOf: Record<string, number>;
    /** Seconds until the last line that says of a container that it has been created; undefined where there is none. */
    lastContainer?: number;
    output: string;
}

/** Milliseconds between looks at memory. */
const sampling = 100;

/** What a process is, by its command line. */
const kinds: [RegExp, string][] = [
    [/cmd\/run(\.js)? /, "program"],
    [/language-nodejs/, "language host"],
    [/pulumi-resource-(docker|command|aws)/, "plugins"],
    [/pulumi-resource-storm/, "own provider"],
    [/pulumi/, "CLI"],
];

let groups = 0;

/**
 * Runs Pulumi's CLI on a stack.
 * @throws Error with what it has printed, when it fails.
 */
export async function costOf(stack: TestStack, ...args: string[]): Promise<Cost> {
    const group = path.join(groupsFolder(), `storm-bench-${process.pid}-${++groups}`);
    fs.mkdirSync(group);
    try {
        return await run(group, stack, args);
    } finally {
        fs.rmdirSync(group);
    }
}

async function run(group: string, stack: TestStack, args: string[]): Promise<Cost> {
    const inGroup = ["-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', group];
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    const child = spawn("sh", [...inGroup, "pulumi", ...args, "--stack", stack.name], { env: stack.environment });
    let output = "";
    let lastContainer: number | undefined;
    const collect = (chunk: Buffer) => {
        output += String(chunk);
        if (/docker:index:Container \S+ created/.test(String(chunk))) {
            lastContainer = seconds();
        }
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    let memory = 0;
    let memoryOf: Record<string, number> = {};
    const look = setInterval(() => {
        const now = memoryIn(group);
        const sum = Object.values(now).reduce((total, each) => total + each, 0);
        [memory, memoryOf] = sum > memory ? [sum, now] : [memory, memoryOf];
    }, sampling);
    const code = await new Promise((resolve) => child.on("close", resolve));
    const whole = seconds();
    clearInterval(look);
    if (code !== 0) {
        throw new Error(
            `pulumi ${args.join(" ")} ended with ${String(code)}:\n${output.slice(Math.max(0, output.indexOf("Diagnostics:")))}`,
        );
    }
    // Plugins that it has killed may take a moment.
    await ended(group);
    const usage = /^usage_usec (\d+)$/m.exec(fs.readFileSync(path.join(group, "cpu.stat"), "utf8"))?.[1];
    return { seconds: whole, cpu: Number(usage) / 1e6, memory, memoryOf, lastContainer, output };
}

/** Where control groups of version 2 are; next to version 1 they count processor time too. */
function groupsFolder(): string {
    const mounts = fs
        .readFileSync("/proc/mounts", "utf8")
        .split("\n")
        .map((line) => line.split(" "));
    const folder = mounts.find(([, , type]) => type === "cgroup2")?.[1];
    if (folder === undefined) {
        throw new Error("processor time is counted by control groups of version 2, and none are mounted here");
    }
    return folder;
}

/** Resident memory of a group's processes in MiB, by what they are. */
function memoryIn(group: string): Record<string, number> {
    const memory: Record<string, number> = {};
    for (const pid of fs.readFileSync(path.join(group, "cgroup.procs"), "utf8").split("\n").filter(Boolean)) {
        try {
            const command = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
            const resident = /^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
            const kind = kinds.find(([pattern]) => pattern.test(command))?.[1] ?? "others";
            memory[kind] = (memory[kind] ?? 0) + Number(resident ?? 0) / 1024;
        } catch {
            // It has ended meanwhile.
        }
    }
    return memory;
}

async function ended(group: string): Promise<void> {
    while (/^populated 1$/m.test(fs.readFileSync(path.join(group, "cgroup.events"), "utf8"))) {
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}
