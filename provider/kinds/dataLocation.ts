import { type Kind, unknown } from "../kind";
import { connectFrom } from "../machines/container";
import { byTls, clusterSummary, rareBlobs } from "../nimbus/client";
import { type Inputs as Of, type NimbusContainer, schema } from "../schema";
import { messageOf, waitUntil } from "../waiting";

type Inputs = Of<"DataLocation">;

/** Machines and zones had kinds of their own before, with these properties. */
type State = Partial<Inputs & { host: string; machine: string; zone: string }>;

/** How a message names a location of a kind. */
const at = { machine: "on", zone: "in" };

/** How the user gets a daemon back to the location that it had before. */
function back(daemon: string, before: string, from: Inputs["kind"], to: Inputs["kind"]): string {
    if (from === "machine") {
        return `Place ${daemon} on ${before} again`;
    }
    return to === "zone"
        ? "A volume stays in its zone. Restore the order of the zones"
        : `Its volume is that of the instance ${daemon}: place it on an instance of this name, in ${before}`;
}

/** Refuses another location than the one that has the daemon's data. Where the daemon may move, waits until others have the data. */
export const dataLocation: Kind<Inputs> = {
    inputs: schema.DataLocation,
    id: ({ daemon }) => daemon,
    updates: ["address"],
    refuses(news, olds) {
        const before = locationOf(olds);
        if (before === undefined || !isMoved(olds, news)) {
            return [];
        }
        const { daemon, kind, location, unusable } = news;
        if (unusable) {
            return [
                {
                    property: "location",
                    reason: `${daemon} runs on ${before} and cannot move to ${location}, which ${unusable}`,
                },
            ];
        }
        if (news.mayStartEmpty) {
            return [];
        }
        const from = kindOf(olds);
        const now =
            before === location ? `${location} is another machine now` : `it is now placed ${at[kind]} ${location}`;
        const reason =
            `${daemon} has its data ${at[from]} ${before}, and ${now}, where it would start empty. ` +
            `${back(daemon, before, from, kind)}, or, to let it start empty, add ${daemon} to startEmpty`;
        return [{ property: "location", reason }];
    },
    differs: (olds, news) => ({ updates: isMoved(olds, news) ? ["location"] : [] }),
    async update(olds, news) {
        if (isMoved(olds, news) && news.replicas.length > 0) {
            await waitUntilReplicated(olds, news);
        }
        return {};
    },
};

function kindOf({ kind, zone }: State): Inputs["kind"] {
    return kind ?? (zone === undefined ? "machine" : "zone");
}

function locationOf({ location, host, zone }: State): string | undefined {
    return location ?? host ?? zone;
}

/** A machine's key that is not known yet, in a preview, does not identify the machine: then its name does. */
function isMoved(olds: State, news: Inputs): boolean {
    const before = locationOf(olds);
    const identity = olds.identity ?? olds.machine ?? olds.zone;
    return before !== undefined && (news.identity === unknown ? before !== news.location : identity !== news.identity);
}

async function waitUntilReplicated(olds: State, { daemon, replicas, seconds }: Inputs): Promise<void> {
    const missing = await waitUntil(
        `another Nimbus that has all that ${daemon} has`,
        async () => {
            const missing = await Promise.all(replicas.map((replica) => missingOn(replica, olds.address)));
            return missing.includes(undefined) ? undefined : missing.join("; ");
        },
        { seconds, milliseconds: 1000 },
    );
    if (missing !== undefined) {
        throw new Error(
            `${daemon} stays on ${locationOf(olds)}, because within ${seconds} s no other Nimbus had all of its data: ${missing}`,
        );
    }
}

/** What a Nimbus is missing to continue without the one at `leaving`; undefined: nothing. */
async function missingOn(
    { container, ssh, address, port, tls }: NimbusContainer,
    leaving: string | undefined,
): Promise<string | undefined> {
    try {
        const connect = connectFrom({ container, ssh });
        const { nimbuses } = await clusterSummary(connect, address, port, tls);
        const leading = nimbuses.find(({ leader }) => leader);
        if (!leading) {
            return "no Nimbus leads";
        }
        if (nimbuses.every(({ host }) => host !== leaving)) {
            // The one that leads has every blob, or it would have given leadership up.
            return undefined;
        }
        const rare = await rareBlobs(byTls(connect, tls), leading.host, leading.port, 2);
        return rare.length ? `only one Nimbus has ${rare.join(", ")}` : undefined;
    } catch (error) {
        return `${container}: ${messageOf(error)}`;
    }
}
