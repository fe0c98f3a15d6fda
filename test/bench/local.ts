/**
 * The target `local`: seconds from nothing to a cluster that is ready, by `pulumi up` and by a script of `docker run`
 * (plain.ts), and seconds of an update that changes nothing, of this program and of an empty one. Those that are compared
 * take turns, as the machine is shared.
 */
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { TestStack } from "../e2e/stack";
import { PlainCluster } from "./plain";
import { compare, secondsOf } from "./report";

const rounds = 5;

/** What all machines' images have: no Storm UI, logviewers and DRPC. */
function clusterStack(): TestStack {
    return new TestStack("bench-local", {
        subnet: "172.30.83.0/24",
        zookeepers: 3,
        nimbuses: 1,
        supervisors: 2,
        slots: 1,
        ui: false,
        logviewers: false,
        heap: { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 },
    });
}

/** A folder with a program that does nothing, run as this one is: by the same packages, and transpiled by the same options. */
function emptyProgram(): string {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-bench-empty-"));
    fs.writeFileSync(path.join(folder, "Pulumi.yaml"), "name: storm\nmain: index.ts\nruntime: { name: nodejs, options: { typescript: true } }\n");
    fs.writeFileSync(
        path.join(folder, "index.ts"),
        'import * as pulumi from "@pulumi/pulumi";\n\nexport const stack = pulumi.getStack();\n',
    );
    for (const file of ["package.json", "tsconfig.json"]) {
        fs.copyFileSync(file, path.join(folder, file));
    }
    fs.symlinkSync(path.resolve("node_modules"), path.join(folder, "node_modules"));
    return folder;
}

/** An update of a stack that is up already. */
async function compareWithoutChange(stack: TestStack): Promise<void> {
    const folder = emptyProgram();
    const empty = new TestStack("bench-empty", {});
    const update = (updated: TestStack, ...args: string[]) => secondsOf(() => updated.up("--expect-no-changes", ...args));
    try {
        await empty.up("--cwd", folder);
        await compare(
            "nothing to change",
            rounds,
            { name: "this program", measure: () => update(stack) },
            { name: "empty program", measure: () => update(empty, "--cwd", folder) },
        );
    } finally {
        await empty.remove();
        fs.rmSync(folder, { recursive: true });
    }
}

/** A cluster made from nothing; what is left of the one before is removed outside of what is measured. */
async function compareFromNothing(plain: PlainCluster): Promise<void> {
    const pulumi = async () => {
        const stack = clusterStack();
        try {
            return await secondsOf(() => stack.up());
        } finally {
            await stack.remove();
        }
    };
    const script = async () => {
        try {
            return await secondsOf(() => plain.up());
        } finally {
            plain.down();
        }
    };
    await compare("nothing to ready", rounds, { name: "pulumi up", measure: pulumi }, { name: "docker run", measure: script });
}

/** Brings the cluster up once, and learns from it what to compare with. */
async function main(): Promise<void> {
    const stack = clusterStack();
    let plain: PlainCluster | undefined;
    try {
        try {
            console.log("nothing to change: bringing the cluster up");
            await stack.up();
            plain = await PlainCluster.like(stack);
            await compareWithoutChange(stack);
        } finally {
            await stack.remove();
        }
        await compareFromNothing(plain);
    } finally {
        plain?.forget();
    }
}

void main();
