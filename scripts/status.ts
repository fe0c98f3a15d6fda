/**
 * Prints a stack's addresses, its daemons, who leads, slots and topologies, and what is wrong: `status.ts <cluster>`, with the stack's
 * state, as `pulumi stack export` prints it, on standard input.
 */
import * as fs from "fs";
import { firingAlerts } from "./alerts";
import { explanationOf, machinesOf, type Outputs, summaryOf } from "./containers";
import { hasRestarted, report } from "./statusReport";
import { type Resource, wiring } from "./wiring";

/** A state, in what matters here. */
interface State {
    deployment?: { resources?: (Resource & { inputs?: unknown; outputs?: unknown })[] };
}

async function main(cluster: string): Promise<void> {
    const { deployment } = JSON.parse(fs.readFileSync(0, "utf8")) as State;
    const resources = deployment?.resources ?? [];
    const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
    const outputs = (stack?.outputs ?? {}) as Partial<Outputs>;
    if (!outputs.nimbusSeeds) {
        console.log(`There is no cluster ${cluster}. \`make up\` creates it.`);
        return;
    }
    const deployed = outputs as Outputs;
    const machines = await machinesOf(cluster, deployed);
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
        outputs: deployed,
        machines,
        expected: wiring(resources).daemons,
        logs: Object.fromEntries(logs),
        summary: await summaryOf(machines, deployed),
        alerts: await firingAlerts(machines, resources),
    });
    console.log(lines.join("\n"));
    process.exitCode = isWell ? 0 : 1;
}

void main(process.argv[2] ?? "");
