/**
 * The state of a cluster on this machine with two supervisors, and with one more: bytes by type of resource, as a backend keeps them and
 * rewrites them at each step, without white space, and in all, as `pulumi stack export` prints them.
 */
import type { TestStack } from "../e2e/stack";
import { localCluster } from "./cluster";
import { printTable } from "./report";

const supervisors = 2;

interface State {
    /** Bytes that `pulumi stack export` prints. */
    exported: number;
    /** Resources, and bytes that are kept of them, by type. */
    types: Map<string, { count: number; bytes: number }>;
}

async function stateOf(stack: TestStack): Promise<State> {
    const { output } = await stack.pulumi("stack", "export");
    const { resources } = (JSON.parse(output) as { deployment: { resources: { type: string }[] } }).deployment;
    const types: State["types"] = new Map();
    for (const resource of resources) {
        const { count, bytes } = types.get(resource.type) ?? { count: 0, bytes: 0 };
        types.set(resource.type, {
            count: count + 1,
            bytes: bytes + Buffer.byteLength(JSON.stringify(resource)) + ",".length,
        });
    }
    return { exported: Buffer.byteLength(output), types };
}

async function main(): Promise<void> {
    const stack = localCluster("bench-state", { supervisors, subnet: "172.30.84.0/24" });
    try {
        console.log(`state: bringing ${supervisors} supervisors up`);
        await stack.up();
        const before = await stateOf(stack);
        console.log("state: adding one");
        stack.set({ supervisors: supervisors + 1 });
        await stack.up();
        const after = await stateOf(stack);
        const rows = [...after.types].map(([type, { count, bytes }]) => {
            const former = before.types.get(type) ?? { count: 0, bytes: 0 };
            return {
                type,
                count: former.count,
                bytes: former.bytes,
                further: count - former.count,
                furtherBytes: bytes - former.bytes,
            };
        });
        rows.sort((one, other) => other.furtherBytes - one.furtherBytes);
        const sum = (key: Exclude<keyof (typeof rows)[number], "type">) =>
            rows.reduce((total, row) => total + row[key], 0);
        const all = {
            type: "all",
            count: sum("count"),
            bytes: sum("bytes"),
            further: sum("further"),
            furtherBytes: sum("furtherBytes"),
        };
        const exported = {
            ...all,
            type: "all, exported",
            bytes: before.exported,
            furtherBytes: after.exported - before.exported,
        };
        printTable(
            ["state", "resources", `bytes of ${supervisors} supervisors`, "resources of one more", "bytes of one more"],
            [all, exported, ...rows].map(({ type, ...figures }) => [type, ...Object.values(figures).map(String)]),
        );
    } finally {
        await stack.remove();
    }
}

void main();
