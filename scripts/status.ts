/**
 * Prints a stack's addresses, its daemons, who leads, slots and topologies, and what is wrong: `status.ts <cluster>`, with the stack's
 * state, as `pulumi stack export` prints it, on standard input.
 */
import * as fs from "fs";
import { firingAlerts } from "./alerts";
import { deployed, explanationOf, machinesOf, summaryOf } from "./containers";
import { hasRestarted, report } from "./statusReport";
import { wiring } from "./wiring";

async function main(cluster: string): Promise<void> {
    const { resources, outputs } = deployed(fs.readFileSync(0, "utf8"));
    if (!outputs) {
        console.log(`There is no cluster ${cluster}. \`make up\` creates it.`);
        return;
    }
    const machines = await machinesOf(cluster, outputs);
    const restarted = machines.flatMap((machine) =>
        machine.containers.filter(hasRestarted).map((container) => ({ machine, container })),
    );
    const logs = await Promise.all(
        restarted.map(
            async ({ machine, container }) => [container.container, await explanationOf(container, machine)] as const,
        ),
    );
    const { lines, isWell } = report({
        cluster,
        outputs,
        machines,
        expected: wiring(resources).daemons,
        logs: Object.fromEntries(logs),
        summary: await summaryOf(machines, outputs),
        alerts: await firingAlerts(machines, resources),
    });
    console.log(lines.join("\n"));
    process.exitCode = isWell ? 0 : 1;
}

void main(process.argv[2] ?? "");
