/** A preview, by the engine, of so many new supervisors on `local`: from an empty state, with a cluster of nothing else than it needs. */
import { TestStack } from "../e2e/stack";
import { type Cost, costOf } from "./cost";
import { cell, cpu, median, memory, printTable, takeTurns, wall } from "./report";

/** The first tells what a preview takes without supervisors to speak of. */
const sizes = [1, 100, 1000];
const rounds = 3;

async function main(): Promise<void> {
    // A /24 has addresses for 128 supervisors.
    const stack = new TestStack("bench-preview", { subnet: "172.30.96.0/20" });
    try {
        const contenders = sizes.map((supervisors) => ({
            name: String(supervisors),
            measure: () => {
                stack.set({ supervisors });
                return costOf(stack, "preview");
            },
        }));
        const measured = await takeTurns("preview of supervisors", rounds, contenders, [wall, cpu, memory]);
        const [base] = measured;
        const rows = measured.map((each, index) => {
            const further = (sizes[index] ?? 0) - (sizes[0] ?? 0);
            const perSupervisor = (1000 * (median(each, cpu) - median(base, cpu))) / further;
            return [
                ...[
                    each.name,
                    cell(each, wall),
                    cell(each, cpu),
                    further === 0 ? "" : perSupervisor.toFixed(0),
                    cell(each, memory),
                ],
                highest(each.rounds),
            ];
        });
        printTable(
            [
                "preview of supervisors",
                "seconds",
                "CPU seconds",
                "CPU ms per further supervisor",
                "peak MiB",
                "of which",
            ],
            rows,
        );
    } finally {
        await stack.remove();
    }
}

/** What had the memory in the round that had the most. */
function highest(costs: Cost[]): string {
    const most = costs.reduce((one, other) => (other.memory > one.memory ? other : one));
    const parts = Object.entries(most.memoryOf).sort(([, one], [, other]) => other - one);
    return parts.map(([name, mebibytes]) => `${name} ${mebibytes.toFixed(0)}`).join(", ");
}

void main();
