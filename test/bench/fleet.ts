/**
 * A preview, by the engine, of a new stack on `aws` whose supervisors are a fleet: of 1000 machines, of 3, and of a program without
 * resources that is run as this one is. They take turns, as the machine is shared.
 */
import { fleetOf, stackWithFleet } from "../e2e/fleet/settings";
import { TestStack } from "../e2e/stack";
import { costOf } from "./cost";
import { alike } from "./empty";
import { cpu, memory, printComparison, takeTurns, wall } from "./report";

const sizes = [1000, 3];
const rounds = 5;

async function main(): Promise<void> {
    const title = "preview of a fleet";
    const program = alike();
    const stack = new TestStack("bench-fleet", stackWithFleet(3));
    const empty = new TestStack("bench-empty", {});
    try {
        const contenders = [
            ...sizes.map((machines) => ({
                name: `${machines} machines`,
                measure: () => {
                    stack.set({ fleet: fleetOf(machines) });
                    return costOf(stack, "preview");
                },
            })),
            {
                name: "empty, this program's options",
                measure: () => costOf(empty, "preview", "--cwd", program.folder),
            },
        ];
        const figures = [wall, cpu, memory];
        printComparison(title, await takeTurns(title, rounds, contenders, figures), figures);
    } finally {
        await stack.remove();
        await empty.remove();
        program.remove();
    }
}

void main();
