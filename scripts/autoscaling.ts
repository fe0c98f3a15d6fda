/**
 * Adds or removes supervisors as topologies ask for: `autoscaling.ts <stack> <cluster> [yes]`, with the stack's state, as
 * `pulumi stack export` prints it, on standard input. With `yes` it says what it would do, and does nothing.
 */
import { spawnSync } from "child_process";
import * as fs from "fs";
import { ofKind, parseDaemonName } from "../components/daemonRef";
import { topologyConfiguration } from "../provider/nimbus/client";
import { messageOf } from "../provider/waiting";
import { checkSettings, type Settings } from "../settings";
import type { Autoscale } from "../settings/autoscale";
import { stormImageIn } from "../settings/stormImage";
import { valuesOf } from "./checkSettings";
import { type Answer, answerOf, deployed, machinesOf, type Outputs } from "./containers";
import { decide, loadOf, report, wantedSlots } from "./scaleDecision";
import { containerType } from "./wiring";

/** Why nothing can be decided. */
class Undecided extends Error {}

/** What the stack's file says, and what the stack has. */
interface Stack {
    settings: Settings & { autoscale: Autoscale };
    outputs: Outputs;
    /** How many supervisors it has, up to the last one with a container: an update that failed may not have created others. */
    supervisors: number;
}

/**
 * What a stack's file and its state say.
 * @param state As `pulumi stack export` prints it.
 * @throws Undecided if there is no cluster, or the settings cannot be used.
 */
export function stackOf(stack: string, cluster: string, state: string): Stack {
    const { resources, outputs } = deployed(state);
    if (!outputs) {
        throw new Undecided(`there is no cluster ${cluster}: make up`);
    }
    const file = `Pulumi.${stack}.yaml`;
    const values = valuesOf(fs.readFileSync("Pulumi.yaml", "utf8"), fs.readFileSync(file, "utf8"));
    // A stack that sets no image keeps the one that it has.
    const stormImage = values.stormImage === "" ? (stormImageIn(resources) ?? "") : values.stormImage;
    const { settings, mistakes } = checkSettings({ ...values, stormImage }, cluster);
    if (!settings) {
        throw new Undecided(`the settings in ${file} are refused:\n${mistakes.join("\n")}`);
    }
    const { autoscale } = settings;
    if (!autoscale) {
        throw new Undecided(`storm:autoscale is not set in ${file} (docs/autoscale.md)`);
    }
    const containers = resources.filter(({ type }) => type === containerType);
    const names = containers.map(({ inputs }) => String(inputs?.name).replace(`${cluster}-`, ""));
    const daemons = names.flatMap((name) => parseDaemonName(name) ?? []);
    const supervisors = ofKind(daemons, "supervisor").at(-1)?.index ?? 0;
    return { settings: { ...settings, autoscale }, outputs, supervisors };
}

/**
 * Asks Nimbus for the slots that each topology wants. What the stack's settings say of one is newer than how it was submitted.
 * @throws Undecided if Nimbus does not say it.
 */
export async function wantedBy(
    { summary, leader }: Answer,
    { topologies }: Pick<Settings, "topologies">,
): Promise<Record<string, number>> {
    if (!leader) {
        throw new Undecided("no Nimbus leads: make status");
    }
    const wanted: Record<string, number> = {};
    for (const topology of summary.topologies) {
        const { id, name } = topology;
        const given = topologies.find((each) => each.name === name)?.workers;
        const workers =
            given ??
            (await topologyConfiguration(leader, id).then(
                (configuration) => Number(configuration["topology.workers"] ?? 1),
                (error: unknown) => {
                    throw new Undecided(`Nimbus does not say how many workers ${name} has: ${messageOf(error)}`);
                },
            ));
        wanted[name] = wantedSlots(topology, workers);
    }
    return wanted;
}

async function main(stack: string, cluster: string, isDry: boolean): Promise<number> {
    const { settings, outputs, supervisors } = stackOf(stack, cluster, fs.readFileSync(0, "utf8"));
    const answer = await answerOf(await machinesOf(cluster, outputs), outputs);
    if (!answer) {
        throw new Undecided("no Nimbus answers: make status");
    }
    const { summary } = answer;
    const wanted = await wantedBy(answer, settings);
    const load = loadOf(summary, supervisors, wanted);
    const bounds = settings.autoscale;
    const decision = decide(load, bounds);
    const { supervisors: goal, isUnsure = false } = decision;
    // An update that has failed, or was not run, may have left another number in the settings.
    const isDone = goal === supervisors && goal === settings.supervisors;
    const command = `make scale SUPERVISORS=${goal}`;
    const next = isUnsure
        ? "nothing before that is repaired: make status, make up"
        : isDone
          ? "nothing"
          : isDry
            ? `nothing, because of DRY=yes; else ${command}`
            : command;
    const seen = { cluster, time: new Date(), summary, wanted, load, bounds, decision, next };
    console.log(report(seen).join("\n"));
    if (isUnsure) {
        return 1;
    }
    return isDone || isDry ? 0 : (spawnSync("scripts/scale", [String(goal)], { stdio: "inherit" }).status ?? 1);
}

if (require.main === module) {
    const [, , stack = "", cluster = "", dry = ""] = process.argv;
    main(stack, cluster, dry === "yes").then(
        (code) => {
            process.exitCode = code;
        },
        (error: Error) => {
            const why = error instanceof Undecided ? error.message : error.stack;
            console.error(`make autoscale: nothing is decided, as ${why}`);
            process.exitCode = 1;
        },
    );
}
