/**
 * The target `local`. What is compared takes turns, as the machine is shared:
 * - from nothing to a cluster that is ready, by `pulumi up`, by a script of `docker run` (script.ts), and by docker-compose (compose.ts);
 * - an update that changes nothing, of this program and of empty ones (empty.ts).
 */
import * as fs from "fs";
import { TestStack } from "../e2e/stack";
import { localCluster } from "./cluster";
import { ComposedCluster } from "./compose";
import { costOf } from "./cost";
import { alike, template } from "./empty";
import { type PlainCluster, plainCluster } from "./plain";
import { cpu, printComparison, secondsOf, takeTurns, wall } from "./report";
import { ScriptedCluster } from "./script";

const rounds = 5;

const newStack = () => localCluster("bench-local", { supervisors: 2, subnet: "172.30.83.0/24" });

/** An update of a stack that is up already. */
async function compareWithoutChange(stack: TestStack): Promise<void> {
    const title = "nothing to change";
    const [pulumis, ours] = [template(), alike()];
    const empty = new TestStack("bench-empty", {});
    const update = (updated: TestStack, ...args: string[]) =>
        costOf(updated, "up", "--yes", "--skip-preview", "--expect-no-changes", ...args);
    try {
        await empty.up("--cwd", pulumis.folder);
        const contenders = [
            { name: "this program", measure: () => update(stack) },
            { name: "empty, Pulumi's template", measure: () => update(empty, "--cwd", pulumis.folder) },
            { name: "empty, this program's options", measure: () => update(empty, "--cwd", ours.folder) },
        ];
        printComparison(title, await takeTurns(title, rounds, contenders, [wall, cpu]), [wall, cpu]);
    } finally {
        await empty.remove();
        pulumis.remove();
        ours.remove();
    }
}

/** A cluster made from nothing; what is left of the one before is removed outside of what is measured. */
async function compareFromNothing(plain: PlainCluster): Promise<void> {
    const title = "nothing to ready";
    const contender = (
        name: string,
        make: () => { up: () => Promise<unknown>; remove: () => void | Promise<void> },
    ) => ({
        name,
        measure: async () => {
            const cluster = make();
            try {
                return await secondsOf(() => cluster.up());
            } finally {
                await cluster.remove();
            }
        },
    });
    const contenders = [
        contender("pulumi up", newStack),
        contender("docker run", () => new ScriptedCluster(plain)),
        contender("docker-compose up", () => new ComposedCluster(plain)),
    ];
    printComparison(title, await takeTurns(title, rounds, contenders, [wall]), [wall]);
}

/** Brings the cluster up once, and learns from it what to compare with. */
async function main(): Promise<void> {
    const stack = newStack();
    let plain: PlainCluster | undefined;
    try {
        try {
            console.log("bringing the cluster up");
            await stack.up();
            plain = await plainCluster(stack);
            await compareWithoutChange(stack);
        } finally {
            await stack.remove();
        }
        await compareFromNothing(plain);
    } finally {
        if (plain) {
            fs.rmSync(plain.folder, { recursive: true });
        }
    }
}

void main();
