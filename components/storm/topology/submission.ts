import { createHash } from "crypto";
import { isDeepStrictEqual } from "util";
import * as pulumi from "@pulumi/pulumi";
import { type ContainerAt, endOf, run } from "../../hosts/container";
import { type Leader, leaderInTime, leaderOf, leaderUnlessStopped, type NimbusContainer } from "../leader";
import {
    activateTopology,
    killTopology,
    messageTimeout,
    rebalanceTopology,
    topologyConfiguration,
    topologyState,
    type TopologyState,
} from "../nimbusClient";
import { launchArguments } from "../stormConfig";
import { jarPath } from "./jar";
import { missing, type Seen, spreadProblem, unknownComponents, workersOf } from "./running";

/** A supervisor, as topologies see it. */
export interface SupervisorContainer extends ContainerAt {
    /** The address or name by which its workers are dialled. */
    address: string;
    /** Tells its machine from another in its place, which has none of its work; undefined: it is this one. */
    machine?: string;
}

/** Arguments of {@link Submission}. */
export interface SubmissionArgs {
    /** The topology's name on the cluster. */
    topology: string;
    /** The SHA-256 of its jar. */
    sha256: string;
    /** The class in the jar that submits it. */
    mainClass: string;
    /** Arguments of that class. */
    arguments: string[];
    /** Entries of its configuration, over those that the jar sets, as arguments of `storm`. */
    configuration: string[];
    /** Workers; default: what the jar says. */
    workers?: number;
    /** Executors by component, where they are to be others than the jar says. */
    parallelism: Record<string, number>;
    /** Seconds for which it is deactivated before it is killed; default: its message timeout. */
    killSeconds?: number;
    /** Seconds for which it is deactivated before it is spread anew; default: its message timeout. */
    rebalanceSeconds?: number;
    /** Seconds that it has to be running; past it the update fails. */
    seconds: number;
    /** Who submits it: another's topology of this name is left alone. */
    owner: string;
    /** The Nimbus daemons. */
    nimbuses: pulumi.Input<NimbusContainer[]>;
    /** The one that keeps the jar. */
    client: pulumi.Input<ContainerAt & { seeds: string[]; port: number }>;
    /** Image of Storm. */
    image: string;
    /** The supervisors. */
    supervisors: pulumi.Input<SupervisorContainer[]>;
}

type Inputs = pulumi.Unwrap<SubmissionArgs> & { __provider?: string };

/** The inputs, and what has been found of the topology. */
interface State extends Inputs {
    /** Tells what it was submitted from, and with what. */
    content: string;
    /** How it differs from what was wanted, as of the last refresh; empty: it does not. */
    drift: string;
    /** How its spread differs from what is wanted, as it came to run; empty: it does not. */
    shortfall: string;
}

/** Keys of a topology's configuration that say whose it is and what it was submitted from. */
const ownerKey = "pulumi.owner";
const contentKey = "pulumi.content";

/** Seconds that the main class may take. */
const submitSeconds = 600;

/** How often the cluster is asked. */
const pollMilliseconds = 2000;

/** The topology of a name, as the cluster has it. */
interface Found {
    id: string;
    status: string;
    /** As its configuration says; undefined: nobody's. */
    owner?: string;
    content?: string;
}

const provider: pulumi.dynamic.ResourceProvider<Inputs, State> = {
    async create(inputs) {
        return { id: inputs.topology, outs: await ensure(inputs, inputs.owner, false) };
    },
    async read(id, state) {
        const { nimbuses, topology, owner } = state as State;
        const leader = await leaderOf(nimbuses).catch(() => undefined);
        if (!leader) {
            return { id, props: state };
        }
        const found = await find(leader, topology);
        if (!found || found.status === "KILLED" || found.owner !== owner) {
            return { id: "" };
        }
        return { id, props: { ...(state as State), content: found.content ?? "", drift: await driftOf(leader, found, state as State) } };
    },
    async diff(_id, olds, news) {
        const replaces = ["topology", "sha256", "mainClass", "arguments", "configuration"].filter((key) => differs(olds, news, key as keyof Inputs));
        const isOther = olds.content !== contentOf(olds);
        const updates: (keyof Inputs)[] = ["workers", "parallelism", "supervisors", "nimbuses", "client", "killSeconds", "rebalanceSeconds", "seconds", "__provider"];
        return {
            changes: replaces.length > 0 || isOther || olds.drift !== "" || updates.some((key) => differs(olds, news, key)),
            replaces: isOther && replaces.length === 0 ? ["sha256"] : replaces,
            deleteBeforeReplace: true,
        };
    },
    async update(id, olds, news) {
        const isGrown = cameSince(olds, news);
        const isSame = olds.drift === "" && !isGrown && !(["workers", "parallelism"] as const).some((key) => differs(olds, news, key));
        const wanted = { ...news, owner: olds.owner };
        if (isSame && (await isRunningAs(wanted))) {
            return { outs: { ...wanted, content: olds.content, drift: olds.drift, shortfall: olds.shortfall } };
        }
        return { outs: await ensure(wanted, id, isGrown) };
    },
    async delete(_id, state) {
        // Without a Nimbus nothing can be killed; what is in ZooKeeper's data is for the next start.
        const leader = await leaderUnlessStopped(state.nimbuses).catch((error: Error) => {
            throw new Error(
                `topology ${state.topology} cannot be killed. ${error.message}\nIf the whole cluster is to go all the same: ` +
                    "stop the Nimbus containers, or, where their machines are gone, take the topology out of the state by " +
                    "`npx pulumi state delete <its URN>` (`npx pulumi stack --show-urns` has it); then again.",
            );
        });
        const found = leader && (await find(leader, state.topology));
        if (found?.owner === state.owner) {
            await killAndWait(state, found);
        }
    },
};

function differs(olds: Inputs, news: Inputs, key: keyof Inputs): boolean {
    return !isDeepStrictEqual(olds[key], news[key]);
}

/** Whether supervisors came, which get work by a rebalance alone. */
function cameSince(olds: Inputs, news: Inputs): boolean {
    const place = ({ address, machine }: SupervisorContainer) => `${address} ${machine}`;
    const before = olds.supervisors.map(place);
    return news.supervisors.some((supervisor) => !before.includes(place(supervisor)));
}

/** Tells what a topology is submitted from and with: jar, class, arguments and configuration, which cannot be changed later. */
function contentOf({ sha256, mainClass, arguments: words, configuration }: Inputs): string {
    return createHash("sha256").update(JSON.stringify([sha256, mainClass, words, configuration])).digest("hex");
}

async function find({ nimbus, summary }: Leader, name: string): Promise<Found | undefined> {
    const topology = summary.topologies.find((each) => each.name === name);
    if (!topology) {
        return undefined;
    }
    const { id, status } = topology;
    const configuration = await topologyConfiguration(nimbus, id).catch((error: Error) => {
        // It has gone between the two questions.
        if (error.message.includes(id)) {
            return undefined;
        }
        throw error;
    });
    const [owner, content] = [ownerKey, contentKey].map((key) => configuration?.[key] as string | undefined);
    return configuration && { id, status, owner, content };
}

async function isRunningAs(inputs: Inputs): Promise<boolean> {
    const found = await find(await leaderInTime(inputs.nimbuses), inputs.topology);
    return found?.owner === inputs.owner && found.content === contentOf(inputs) && found.status === "ACTIVE";
}

/** How a topology of ours differs from how it came to run; empty: it does not. */
async function driftOf({ nimbus, summary }: Leader, { id, status }: Found, wanted: State): Promise<string> {
    if (status !== "ACTIVE") {
        return status === "INACTIVE" ? "it is not active" : "";
    }
    const spread = spreadProblem(await topologyState(nimbus, id), wanted, freeSlots(summary)) ?? "";
    return spread === wanted.shortfall ? "" : spread;
}

function freeSlots({ supervisors }: Leader["summary"]): number {
    return supervisors.reduce((sum, { slots, usedSlots }) => sum + slots - usedSlots, 0);
}

/** Sees to it that the topology is there once, as wanted, and running. */
async function ensure(inputs: Inputs, id: string, isGrown: boolean): Promise<State> {
    const found = await find(await leaderInTime(inputs.nimbuses), inputs.topology);
    if (found && found.status !== "KILLED" && found.owner !== inputs.owner) {
        const whose = found.owner === undefined ? "was submitted by hand" : `belongs to ${found.owner}`;
        throw new Error(
            `A topology ${inputs.topology} is there which ${whose}, and is left alone. Kill it yourself, or give this one another name.`,
        );
    }
    const isOurs = found?.status !== "KILLED" && found?.content === contentOf(inputs);
    if (found && !isOurs) {
        await killAndWait(inputs, found);
    }
    if (!isOurs) {
        await submit(inputs).catch(async (error: Error) => {
            // What a killed update began may have ended meanwhile.
            const now = await find(await leaderOf(inputs.nimbuses), inputs.topology);
            if (now?.owner !== inputs.owner || now.content !== contentOf(inputs)) {
                throw error;
            }
        });
    }
    try {
        return await settle(inputs, isOurs, isGrown);
    } catch (error) {
        // The topology is there: it stays in the stack's state, so that the next update mends, replaces or kills it.
        const { message } = error as Error;
        const properties: State = { ...inputs, content: contentOf(inputs), drift: "it has not come to run", shortfall: "" };
        throw Object.assign(new Error(message), { id, properties, reasons: [message] });
    }
}

async function killAndWait({ nimbuses, topology, killSeconds, seconds }: Inputs, { id, status }: Found): Promise<void> {
    const { nimbus } = await leaderOf(nimbuses);
    const waits = killSeconds ?? messageTimeout(await topologyConfiguration(nimbus, id));
    if (status !== "KILLED") {
        await killTopology(nimbus, topology, killSeconds);
    }
    const limit = waits + seconds;
    await until(() => limit, () => `topology ${topology} was killed, and is still there after ${limit} s`, async () => {
        const { summary } = await leaderOf(nimbuses);
        return summary.topologies.every((each) => each.id !== id);
    });
}

/** Asks again until it holds; an error, such as that of a leader who has just gone, is no answer. */
async function until(seconds: () => number, problem: () => string, holds: () => Promise<boolean>): Promise<void> {
    const started = Date.now();
    for (;;) {
        const answer = await holds().catch((error: Error) => error.message);
        if (answer === true) {
            return;
        }
        if (Date.now() - started >= seconds() * 1000) {
            throw new Error(typeof answer === "string" ? `${problem()} (${answer})` : problem());
        }
        await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
    }
}

/** Runs on the machine that has the container `$0`: a container for the client, on the same network and with the same settings. */
const clientScript = `
docker cp "$0:/conf/storm.yaml" - | docker run --rm --interactive --network "container:$0" --volumes-from "$0:ro" \
    --user 1000:1000 --cap-drop ALL --security-opt no-new-privileges "$@"
`;
/** Runs in that container, with what Nimbus is dialled by, and at which port, as its first arguments. */
const stormScript = `
export STORM_CONF_DIR=/tmp
tar -xf - -C /tmp || exit
grep -q '^nimbus.seeds:' /tmp/storm.yaml || echo "nimbus.seeds: $1" >>/tmp/storm.yaml
sed -i '/^nimbus.thrift.port:/d' /tmp/storm.yaml
echo "nimbus.thrift.port: $2" >>/tmp/storm.yaml
shift 2
exec storm jar "$@" 2>&1
`;

async function submit(inputs: Inputs): Promise<void> {
    const { topology, nimbuses, client, image, mainClass, workers, owner } = inputs;
    const marks = { ...(workers !== undefined && { "topology.workers": workers }), [ownerKey]: owner, [contentKey]: contentOf(inputs) };
    const seeds = JSON.stringify(client.seeds);
    // Storm 2's parser would take words that begin with a dash for its own, and Storm 1's knows no end of options.
    const end = inputs.arguments.some((word) => word.startsWith("-")) && !/:1\./.test(image) ? ["--"] : [];
    const storm = [...inputs.configuration, ...launchArguments(marks), ...end, jarPath(inputs.sha256), mainClass, ...inputs.arguments];
    const command = ["sh", "-c", clientScript, client.container, image, "bash", "-c", stormScript, "storm", seeds, String(client.port), ...storm];
    const output = await run(client.ssh, command, { seconds: submitSeconds }).then(String, (error: Error) => {
        throw new Error(`${mainClass} has not submitted topology ${topology}:\n${lastLines(error.message)}`);
    });
    const leader = await leaderOf(nimbuses);
    if (await find(leader, topology)) {
        return;
    }
    const others: string[] = [];
    for (const { name, id } of leader.summary.topologies) {
        const { [ownerKey]: by, [contentKey]: from } = await topologyConfiguration(leader.nimbus, id);
        if (by === owner && from === contentOf(inputs)) {
            others.push(name);
            await killTopology(leader.nimbus, name, 0);
        }
    }
    const instead = others.length ? `submitted ${others.join(", ")} instead, which was killed` : "submitted nothing, without an error";
    throw new Error(
        `${mainClass} has not submitted topology ${topology}: it ${instead}. Is the name among its arguments, ` +
            `${JSON.stringify(inputs.arguments)}?\n${lastLines(output)}`,
    );
}

function lastLines(text: string): string {
    return text.trimEnd().split("\n").slice(-20).join("\n");
}

/** Spreads the topology as wanted, and waits until it is running so. */
async function settle(inputs: Inputs, wasThere: boolean, isGrown: boolean): Promise<State> {
    const { topology, nimbuses, seconds, workers, parallelism, rebalanceSeconds } = inputs;
    let seen: Seen = new Map();
    let last: { id: string; state: TopologyState } | undefined;
    let problem: string | undefined = "it is not there";
    let mistake: string | undefined;
    let shortfall: string | undefined;
    let isSpread = false;
    let limit = seconds;

    /** Does the next step; tells whether there is none. */
    const step = async (): Promise<boolean> => {
        const leader = await leaderOf(nimbuses);
        const found = await find(leader, topology);
        if (!found) {
            return false;
        }
        const state = await topologyState(leader.nimbus, found.id);
        // Nimbus tells of errors now and then, while a worker starts over and over.
        last = { id: found.id, state: { ...state, errors: state.errors.length > 0 ? state.errors : (last?.state.errors ?? []) } };
        problem = missing(state, seen);
        if (state.status === "INACTIVE") {
            await activateTopology(leader.nimbus, topology);
            return false;
        }
        if (state.status !== "ACTIVE" || state.executors.length === 0) {
            return false;
        }
        mistake = unknownComponents(state, parallelism);
        if (mistake !== undefined) {
            return true;
        }
        shortfall = spreadProblem(state, inputs, freeSlots(leader.summary));
        if (!isSpread && (isGrown || shortfall !== undefined)) {
            // One that has just been submitted has nothing under way yet.
            const waitSeconds = wasThere ? rebalanceSeconds : 0;
            const waits = waitSeconds ?? messageTimeout(await topologyConfiguration(leader.nimbus, found.id));
            seen = new Map();
            isSpread = true;
            limit += waits;
            await rebalanceTopology(leader.nimbus, topology, { waitSeconds, workers, parallelism }).catch((error: Error) => {
                // Without an answer it may well have begun, which is seen then.
                mistake = error.message.startsWith("Nimbus: ") ? `is not rebalanced. ${error.message}` : undefined;
            });
            return mistake !== undefined;
        }
        return problem === undefined;
    };
    try {
        await until(() => limit, () => `topology ${topology} was not running within ${limit} s: ${problem}`, step);
    } catch (error) {
        throw new Error(`${(error as Error).message}${last ? await evidence(inputs, last.id, last.state, seen) : ""}`);
    }
    if (mistake !== undefined) {
        throw new Error(`topology ${topology} ${mistake}`);
    }
    if (shortfall === undefined && workers !== undefined && last && workersOf(last.state) < workers) {
        shortfall = `it has ${workersOf(last.state)} of ${workers} workers, as there are no more free slots, or no more executors`;
    }
    return { ...inputs, content: contentOf(inputs), drift: "", shortfall: shortfall ?? "" };
}

/** What a person needs to see of a topology that does not run: its errors, and the end of the log of a worker that is not up. */
async function evidence({ supervisors }: Inputs, id: string, state: TopologyState, seen: Seen): Promise<string> {
    const errors = state.errors.slice(0, 3).map(({ component, error }) => `\nError of ${component}:\n${error.split("\n").slice(0, 8).join("\n")}`);
    const waiting = state.executors.find((executor) => missing({ ...state, executors: [executor] }, seen));
    const supervisor = waiting && supervisors.find(({ address }) => address === waiting.host);
    if (!supervisor) {
        return errors.join("");
    }
    const file = `/logs/workers-artifacts/${id}/${waiting.port}/worker.log`;
    return `${errors.join("")}\nLast lines of ${file} in ${supervisor.container}:\n${await endOf(supervisor, file)}`;
}

/** A topology that is on the cluster once, as it is wanted, and that is running. */
export class Submission extends pulumi.dynamic.Resource {
    /** How its spread differs from what is wanted; empty: it does not. */
    declare readonly shortfall: pulumi.Output<string>;

    constructor(name: string, args: SubmissionArgs, opts?: pulumi.CustomResourceOptions) {
        super(provider, name, { ...args, content: undefined, drift: undefined, shortfall: undefined }, opts, "storm", "Submission");
    }
}
