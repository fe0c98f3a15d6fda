/**
 * How setting a cluster up grows with its hosts: seconds from nothing to the last container's start, and memory of Pulumi's
 * plugins. `make bench`. Hosts are those of test/lab, with the images there already; sizes take turns, and the best of
 * each counts, as the machine is shared.
 */
import { spawn } from "child_process";
import * as fs from "fs";
import { heap } from "../e2e/hosts/fleet";
import { TestStack } from "../e2e/stack";
import { Lab, labMissing } from "../lab/lab";
import { printTable } from "./report";

const sizes = [3, 6, 12];
const rounds = 2;

interface Measured {
    seconds: number;
    /** Resident memory of all plugins together, at its highest, in MiB. */
    mebibytes: number;
}

/** One ZooKeeper member, one Nimbus, supervisors on the others. */
function stackOn(lab: Lab, size: number): TestStack {
    const daemons = ["zookeeper-1", "nimbus-1", ...Array.from({ length: size - 2 }, (_, index) => `supervisor-${index + 1}`)];
    const hosts = Object.values(lab.hosts).slice(0, size);
    return new TestStack(`bench-${size}`, {
        target: "hosts",
        supervisors: size - 2,
        slots: 1,
        ui: false,
        logviewers: false,
        heap,
        ssh: { user: "storm", keyFile: lab.keyFile },
        hosts: hosts.map(({ name, address }, index) => ({ name, address, daemons: [daemons[index]] })),
    });
}

/** Brings a stack up, and measures until its last container has been started. */
function measure(stack: TestStack, containers: number): Promise<Measured> {
    const started = Date.now();
    const child = spawn("npx", ["pulumi", "up", "--yes", "--skip-preview", "--stack", stack.name], { env: stack.environment });
    const created = new Set<string>();
    let output = "";
    let seconds = 0;
    let mebibytes = 0;
    child.stderr.on("data", (chunk: Buffer) => (output += String(chunk)));
    child.stdout.on("data", (chunk: Buffer) => {
        output += String(chunk);
        for (const [, name = ""] of output.matchAll(/docker:index:Container (\S+) created/g)) {
            created.add(name);
        }
        if (created.size === containers && seconds === 0) {
            seconds = (Date.now() - started) / 1000;
        }
    });
    const sampling = setInterval(() => (mebibytes = Math.max(mebibytes, pluginMemory(child.pid ?? 0))), 500);
    return new Promise((resolve, reject) =>
        child.on("close", (code) => {
            clearInterval(sampling);
            if (code === 0) {
                resolve({ seconds, mebibytes });
            } else {
                reject(new Error(output));
            }
        }),
    );
}

/** Resident memory in MiB of those descendants of a process that are plugins of Pulumi's. */
function pluginMemory(root: number): number {
    const parents = new Map<number, number>();
    const plugins = new Map<number, number>();
    for (const pid of fs.readdirSync("/proc").map(Number).filter(Boolean)) {
        try {
            const status = fs.readFileSync(`/proc/${pid}/status`, "utf8");
            parents.set(pid, Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]));
            if (/pulumi-resource-|dynamic-provider/.test(fs.readFileSync(`/proc/${pid}/cmdline`, "utf8"))) {
                plugins.set(pid, Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
            }
        } catch {
            // It has ended meanwhile.
        }
    }
    const isBelow = (pid: number | undefined): boolean => pid === root || (!!pid && isBelow(parents.get(pid)));
    return [...plugins].filter(([pid]) => isBelow(pid)).reduce((sum, [, size]) => sum + size, 0);
}

async function main(): Promise<void> {
    const missing = labMissing();
    if (missing !== undefined) {
        console.log(`Skipped: ${missing}`);
        return;
    }
    const largest = Math.max(...sizes);
    const lab = await Lab.create({ name: "bench", subnet: "10.77.9.0/24" });
    try {
        for (let number = 1; number <= largest; number++) {
            await lab.addHost(`h${number}`, { withImages: true });
        }
        const best = new Map<number, Measured>();
        for (let round = 1; round <= rounds; round++) {
            for (const size of sizes) {
                const stack = stackOn(lab, size);
                try {
                    const { seconds, mebibytes } = await measure(stack, size);
                    console.log(`round ${round}: ${size} hosts, ${seconds.toFixed(1)} s, plugins ${mebibytes.toFixed(0)} MiB`);
                    const before = best.get(size);
                    best.set(size, {
                        seconds: Math.min(seconds, before?.seconds ?? Infinity),
                        mebibytes: Math.max(mebibytes, before?.mebibytes ?? 0),
                    });
                } finally {
                    await stack.remove();
                }
            }
        }
        const base = best.get(sizes[0] ?? 0)?.seconds ?? NaN;
        printTable(
            ["hosts", "seconds", "× of the smallest", "plugins MiB", "MiB per host"],
            [...best].map(([size, { seconds, mebibytes }]) => [
                ...[String(size), seconds.toFixed(1), (seconds / base).toFixed(2)],
                ...[mebibytes.toFixed(0), (mebibytes / size).toFixed(0)],
            ]),
        );
    } finally {
        await lab.remove();
    }
}

void main();
