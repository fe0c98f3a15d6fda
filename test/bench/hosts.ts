/**
 * How an update grows with hosts: those of test/lab, with Docker and images there already. From nothing, and without a change.
 */
import { heap } from "../e2e/hosts/fleet";
import { TestStack } from "../e2e/stack";
import { Lab, labMissing } from "../lab/lab";
import { type Cost, costOf } from "./cost";
import { cell, cpu, median, memory, printTable, takeTurns, wall } from "./report";

const sizes = [3, 6, 12];
const rounds = 3;

/** One ZooKeeper member, one Nimbus, supervisors on the others. */
function stackOn(lab: Lab, size: number): TestStack {
    const daemons = [
        "zookeeper-1",
        "nimbus-1",
        ...Array.from({ length: size - 2 }, (_, index) => `supervisor-${index + 1}`),
    ];
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

/** From nothing, and then without a change. */
interface Updates {
    first: Cost;
    unchanged: Cost;
}

async function updates(lab: Lab, size: number): Promise<Updates> {
    const stack = stackOn(lab, size);
    const up = (...args: string[]) => costOf(stack, "up", "--yes", "--skip-preview", ...args);
    try {
        return { first: await up(), unchanged: await up("--expect-no-changes") };
    } finally {
        await stack.remove();
    }
}

async function main(): Promise<void> {
    const missing = labMissing();
    if (missing !== undefined) {
        console.log(`Skipped: ${missing}`);
        return;
    }
    const lab = await Lab.create({ name: "bench", subnet: "10.77.9.0/24" });
    try {
        for (let number = 1; number <= Math.max(...sizes); number++) {
            await lab.addHost(`h${number}`, { withImages: true });
        }
        const contenders = sizes.map((size) => ({ name: String(size), measure: () => updates(lab, size) }));
        const of = ({ heading, digits, of }: typeof wall | typeof cpu | typeof memory, which: keyof Updates) => ({
            heading: `${which === "first" ? "first up" : "no change"}: ${heading}`,
            digits,
            of: (both: Updates) => of(both[which]),
        });
        const started = { heading: "last container after", digits: 1, of: ({ first }: Updates) => first.lastContainer };
        const [first, unchanged] = [of(wall, "first"), of(wall, "unchanged")];
        const figures = [first, started, of(cpu, "first"), of(memory, "first"), unchanged, of(cpu, "unchanged")];
        const measured = await takeTurns("hosts", rounds, contenders, figures);
        for (const part of [figures.slice(0, 4), figures.slice(4)]) {
            const rows = measured.map((each) => [
                each.name,
                ...part.map(
                    (figure) =>
                        `${cell(each, figure)} × ${(median(each, figure) / median(measured[0], figure)).toFixed(2)}`,
                ),
            ]);
            printTable(["hosts", ...part.map(({ heading }) => heading)], rows);
        }
    } finally {
        await lab.remove();
    }
}

void main();
