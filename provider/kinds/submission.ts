import { createHash } from "crypto";
import { isDeepStrictEqual } from "util";
import { jarPath } from "../jars";
import { Incomplete, type Kind } from "../kind";
import { run } from "../machines/command";
import { endOf } from "../machines/container";
import {
    activateTopology,
    killTopology,
    messageTimeout,
    rebalanceTopology,
    topologyConfiguration,
    topologyState,
    type TopologyState,
} from "../nimbus/client";
import { launchArguments } from "../nimbus/launchArguments";
import { type Leader, leaderInTime, leaderOf, leaderUnlessStopped } from "../nimbus/leader";
import { missing, type Seen, spreadProblem, unknownComponents, workersOf } from "../nimbus/running";
import { type Inputs as Of, schema } from "../schema";
import { messageOf, missingAfter, orError } from "../waiting";

type Inputs = Of<"Submission">;

/** What has been found of the topology. */
interface Found {
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
interface OnCluster {
    id: string;
    status: string;
    /** As its configuration says; undefined: nobody's. */
    owner?: string;
    content?: string;
}

/** Keeps a topology on the cluster, once, as it is wanted. */
export const submission: Kind<Inputs, Found> = {
    inputs: schema.Submission,
    id: ({ topology }) => topology,
    updates: ["workers", "parallelism", "supervisors", "nimbuses", "client", "killSeconds", "rebalanceSeconds", "seconds"],
    replaces: ["topology", "sha256", "mainClass", "arguments", "configuration"],
    deleteBeforeReplace: true,
    create: async (inputs) => ensure(inputs, false),
    async read(state) {
        const leader = await leaderOf(state.nimbuses).catch(() => undefined);
        if (!leader) {
            return state;
        }
        const found = await find(leader, state.topology);
        if (!found || found.status === "KILLED" || found.owner !== state.owner) {
            return undefined;
        }
        return { ...state, content: found.content ?? "", drift: await driftOf(leader, found, state) };
    },
    // What the cluster has is another one, or differs from how it came to run.
    differs: (olds) => (olds.content !== contentOf(olds) ? { replaces: ["sha256"] } : { updates: olds.drift === "" ? [] : ["drift"] }),
    async update(olds, news) {
        const isGrown = cameSince(olds, news);
        const isSame = olds.drift === "" && !isGrown && !(["workers", "parallelism"] as const).some((key) => differs(olds, news, key));
        const wanted = { ...news, owner: olds.owner };
        if (isSame && (await isRunningAs(wanted))) {
            return { owner: olds.owner, content: olds.content, drift: olds.drift, shortfall: olds.shortfall };
        }
        return { ...(await ensure(wanted, isGrown)), owner: olds.owner };
    },
    async delete(state) {
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
    const place = ({ address, machine }: Inputs["supervisors"][number]) => `${address} ${machine}`;
    const before = olds.supervisors.map(place);
    return news.supervisors.some((supervisor) => !before.includes(place(supervisor)));
}

/** Tells what a topology is submitted from and with: jar, class, arguments and configuration, which cannot be changed later. */
function contentOf({ sha256, mainClass, arguments: words, configuration }: Inputs): string {
    return createHash("sha256").update(JSON.stringify([sha256, mainClass, words, configuration])).digest("hex");
}

async function find({ nimbus, summary }: Leader, name: string): Promise<OnCluster | undefined> {
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
async function driftOf({ nimbus, summary }: Leader, { id, status }: OnCluster, wanted: Inputs & Found): Promise<string> {
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
async function ensure(inputs: Inputs, isGrown: boolean): Promise<Found> {
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
        // The topology exists: it stays in the stack's state, so that the next update corrects, replaces or kills it.
        throw new Incomplete(messageOf(error), { ...inputs, content: contentOf(inputs), drift: "it has not come to run", shortfall: "" });
    }
}

async function killAndWait({ nimbuses, topology, killSeconds, seconds }: Inputs, { id, status }: OnCluster): Promise<void> {
    const { nimbus } = await leaderOf(nimbuses);
    const waits = killSeconds ?? messageTimeout(await topologyConfiguration(nimbus, id));
    if (status !== "KILLED") {
        await killTopology(nimbus, topology, killSeconds);
    }
    const limit = waits + seconds;
    const lacking = await missingAfter(
        `topology ${topology} to end`,
        orError(async () => {
            const { summary } = await leaderOf(nimbuses);
            return summary.topologies.every((each) => each.id !== id) ? undefined : "it is still there";
        }),
        { seconds: limit, milliseconds: pollMilliseconds },
    );
    if (lacking !== undefined) {
        throw new Error(`topology ${topology} was killed ${limit} s ago, and ${lacking}`);
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
async function settle(inputs: Inputs, wasThere: boolean, isGrown: boolean): Promise<Found> {
    const { topology, nimbuses, seconds, workers, parallelism, rebalanceSeconds } = inputs;
    let seen: Seen = new Map();
    let last: { id: string; state: TopologyState } | undefined;
    let mistake: string | undefined;
    let shortfall: string | undefined;
    let isSpread = false;
    let limit = seconds;

    /** Does the next step; tells what is missing then. */
    const step = async (): Promise<string | undefined> => {
        const leader = await leaderOf(nimbuses);
        const found = await find(leader, topology);
        if (!found) {
            return "it is not there";
        }
        const state = await topologyState(leader.nimbus, found.id);
        // Nimbus tells of errors now and then, while a worker starts over and over.
        last = { id: found.id, state: { ...state, errors: state.errors.length > 0 ? state.errors : (last?.state.errors ?? []) } };
        const problem = missing(state, seen);
        if (state.status === "INACTIVE") {
            await activateTopology(leader.nimbus, topology);
            return "it is not active";
        }
        if (state.status !== "ACTIVE" || state.executors.length === 0) {
            return problem;
        }
        mistake = unknownComponents(state, parallelism);
        if (mistake !== undefined) {
            return undefined;
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
            return mistake === undefined ? "it is being rebalanced" : undefined;
        }
        return problem;
    };
    const lacking = await missingAfter(`topology ${topology} to run`, orError(step), { seconds: () => limit, milliseconds: pollMilliseconds });
    if (lacking !== undefined) {
        const seenThere = last ? await evidence(inputs, last.id, last.state, seen) : "";
        throw new Error(`topology ${topology} was not running within ${limit} s: ${lacking}${seenThere}`);
    }
    if (mistake !== undefined) {
        throw new Error(`topology ${topology} ${mistake}`);
    }
    if (shortfall === undefined && workers !== undefined && last && workersOf(last.state) < workers) {
        shortfall = `it has ${workersOf(last.state)} of ${workers} workers, as there are no more free slots, or no more executors`;
    }
    return { content: contentOf(inputs), drift: "", shortfall: shortfall ?? "" };
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
