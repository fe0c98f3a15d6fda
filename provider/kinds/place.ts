import { type Kind, unknown } from "../kind";
import { connectFrom } from "../machines/container";
import { clusterSummary, rareBlobs } from "../nimbus/client";
import { type Inputs as Of, type NimbusContainer, schema } from "../schema";
import { messageOf, missingAfter } from "../waiting";

type Inputs = Of<"Place">;

/** Refuses another machine than the one that has the daemon's data, and waits until others have that where it may move. */
export const place: Kind<Inputs> = {
    inputs: schema.Place,
    id: ({ daemon }) => daemon,
    updates: ["address"],
    refuses(news, olds) {
        if (!isMoved(olds, news)) {
            return [];
        }
        if (news.unusable) {
            const reason = `storm:hosts places ${news.daemon}, which runs on ${olds.host}, on ${news.host}, which ${news.unusable}`;
            return [{ property: "host", reason }];
        }
        if (news.mayStartEmpty) {
            return [];
        }
        const to = olds.host === news.host ? `${news.host} is another machine now` : `storm:hosts places it on ${news.host}`;
        const reason =
            `${news.daemon} has its data on ${olds.host}, and ${to}, where it would start empty. ` +
            `Place it on ${olds.host} again, or, to have it start empty, add ${news.daemon} to storm:startEmpty`;
        return [{ property: "host", reason }];
    },
    differs: (olds, news) => ({ updates: isMoved(olds, news) ? ["host"] : [] }),
    async update(olds, news) {
        if (isMoved(olds, news) && news.replicas.length > 0) {
            await waitUntilReplicated(olds, news);
        }
        return {};
    },
};

/** A key that is not known yet, in a preview, does not tell machines apart: then their names have to. */
function isMoved(olds: Partial<Inputs>, news: Inputs): boolean {
    const isKnown = news.machine !== unknown;
    return olds.host !== undefined && (isKnown ? olds.machine !== news.machine : olds.host !== news.host);
}

async function waitUntilReplicated(olds: Inputs, { daemon, replicas, seconds }: Inputs): Promise<void> {
    const lacking = await missingAfter(
        `another Nimbus that has all that ${daemon} has`,
        async () => {
            const missing = await Promise.all(replicas.map((replica) => missingOn(replica, olds.address)));
            return missing.includes(undefined) ? undefined : missing.join("; ");
        },
        { seconds, milliseconds: 1000 },
    );
    if (lacking !== undefined) {
        throw new Error(`${daemon} was left on ${olds.host}, as within ${seconds} s no other Nimbus had all that it has: ${lacking}`);
    }
}

/** What a Nimbus lacks to go on without the one at `leaving`; undefined: nothing. */
async function missingOn({ container, ssh, address, port }: NimbusContainer, leaving: string): Promise<string | undefined> {
    try {
        const connect = connectFrom({ container, ssh });
        const { nimbuses } = await clusterSummary(connect, address, port);
        const leading = nimbuses.find(({ leader }) => leader);
        if (!leading) {
            return "no Nimbus leads";
        }
        if (nimbuses.every(({ host }) => host !== leaving)) {
            // The one that leads has every blob, or it would have given leadership up.
            return undefined;
        }
        const rare = await rareBlobs(connect, leading.host, leading.port, 2);
        return rare.length ? `only one Nimbus has ${rare.join(", ")}` : undefined;
    } catch (error) {
        return `${container}: ${messageOf(error)}`;
    }
}
