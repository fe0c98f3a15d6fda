/**
 * Adds or removes supervisors as topologies ask for, and then rebalances topologies as their rules ask for:
 * `autoscaling.ts <stack> <cluster> <memory> [yes]`, with the stack's state, as `pulumi stack export` prints it, on standard input, and
 * the file of what is remembered from one run to the next. With `yes` it says what it would do, and does nothing.
 */
import { spawnSync } from "child_process";
import * as fs from "fs";
import { ofKind, parseDaemonName } from "../components/daemonRef";
import { topologyConfiguration } from "../provider/nimbus/client";
import { loadOf, wantedSlots, workersGiven } from "../provider/nimbus/load";
import { messageOf } from "../provider/waiting";
import { checkSettings, type Settings } from "../settings";
import { wantedWorkers } from "../provider/topologies/autoscale";
import { stormImageIn } from "../settings/stormImage";
import { valuesOf } from "./checkSettings";
import { type Answer, answerOf, deployed, machinesOf, type Outputs } from "./containers";
import { decide, report } from "./scaleDecision";
import { type Memories, ownersIn, remembered, scaleTopologies, varyingIn } from "./topologyAutoscaling";
import { containerType } from "./wiring";

/** Why nothing can be decided. */
class Undecided extends Error {}

const noLeader = "no Nimbus leads: make status";

/** What the stack's file says, and what the stack has. */
interface Stack {
    settings: Settings;
    outputs: Outputs;
    /** Who has submitted each of its topologies, by name. */
    owners: Record<string, string>;
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
    if (!settings.autoscale && varyingIn(settings).length === 0) {
        throw new Undecided(
            `neither storm:autoscale nor autoscale of a topology is set in ${file} (docs/autoscale.md)`,
        );
    }
    const containers = resources.filter(({ type }) => type === containerType);
    const names = containers.map(({ inputs }) => String(inputs?.name).replace(`${cluster}-`, ""));
    const daemons = names.flatMap((name) => parseDaemonName(name) ?? []);
    const supervisors = ofKind(daemons, "supervisor").at(-1)?.index ?? 0;
    return { settings, outputs, owners: ownersIn(resources), supervisors };
}

/**
 * Asks Nimbus for the slots that each topology wants. What the stack's settings say of one is newer than how it was submitted, and what a
 * decision has given it is newer than that.
 * @throws Undecided if Nimbus does not say it.
 */
export async function wantedBy(
    { summary, leader }: Answer,
    { topologies }: Pick<Settings, "topologies">,
    memories: Memories,
): Promise<Record<string, number>> {
    if (!leader) {
        throw new Undecided(noLeader);
    }
    const wanted: Record<string, number> = {};
    for (const topology of summary.topologies) {
        const { id, name } = topology;
        const { workers: given, autoscale } = topologies.find((each) => each.name === name) ?? {};
        const start =
            given ??
            (await topologyConfiguration(leader, id).then(workersGiven, (error: unknown) => {
                throw new Undecided(`Nimbus does not say how many workers ${name} has: ${messageOf(error)}`);
            }));
        const workers = autoscale?.workers ? wantedWorkers(autoscale.workers, memories[name], id, start) : start;
        wanted[name] = wantedSlots(topology, workers);
    }
    return wanted;
}

async function main(stack: string, cluster: string, file: string, isDry: boolean): Promise<number> {
    const of = stackOf(stack, cluster, fs.readFileSync(0, "utf8"));
    const { settings, outputs, owners } = of;
    const { isUpdated, ...first } = settings.autoscale
        ? await scaleSupervisors(cluster, of, settings.autoscale, remembered(file), isDry)
        : { code: 0, isUpdated: true };
    const topologies = varyingIn(settings);
    if (topologies.length === 0 || !isUpdated) {
        return first.code;
    }
    // An update may have moved the leader, and has given topologies other workers.
    const { summary, leader } = await answered(cluster, outputs);
    if (!leader) {
        throw new Undecided(noLeader);
    }
    const isWell = await scaleTopologies({
        cluster,
        topologies,
        owners,
        leader: { nimbus: leader, summary },
        file,
        isDry,
    });
    return isWell ? first.code : 1;
}

async function answered(cluster: string, outputs: Outputs): Promise<Answer> {
    const answer = await answerOf(await machinesOf(cluster, outputs), outputs);
    if (!answer) {
        throw new Undecided("no Nimbus answers: make status");
    }
    return answer;
}

/** Decides about supervisors, and does it. `isUpdated`: no update has failed. */
async function scaleSupervisors(
    cluster: string,
    { settings, outputs, supervisors }: Stack,
    bounds: NonNullable<Settings["autoscale"]>,
    memories: Memories,
    isDry: boolean,
): Promise<{ code: number; isUpdated: boolean }> {
    const answer = await answered(cluster, outputs);
    const { summary } = answer;
    const wanted = await wantedBy(answer, settings, memories);
    const load = loadOf(summary, supervisors, wanted);
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
    if (isUnsure || isDone || isDry) {
        return { code: isUnsure ? 1 : 0, isUpdated: true };
    }
    const code = spawnSync("scripts/scale", [String(goal)], { stdio: "inherit" }).status ?? 1;
    return { code, isUpdated: code === 0 };
}

if (require.main === module) {
    const [, , stack = "", cluster = "", file = "", dry = ""] = process.argv;
    main(stack, cluster, file, dry === "yes").then(
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
