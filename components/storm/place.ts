import * as pulumi from "@pulumi/pulumi";
import { dialFrom } from "../hosts/container";
import type { NimbusContainer } from "./leader";
import { clusterSummary, rareBlobs } from "./nimbusClient";

/** Arguments of {@link Place}. */
export interface PlaceArgs {
    /** The daemon that runs there. */
    daemon: string;
    /** The address or name by which it is dialled. */
    address: pulumi.Input<string>;
    /** The host's name in the settings. */
    host: string;
    /** The key by which the host's machine proves to be the same. */
    machine: pulumi.Input<string>;
    /** Why nothing can be made on that machine now, such as `is lost`; default: it can. */
    unusable?: string;
    /** Whether the daemon may start on another machine without its data. */
    mayStartEmpty: boolean;
    /** Those other daemons of which one has to have all of its data first; default: none has to. */
    replicas: pulumi.Input<NimbusContainer[]>;
    /** Seconds until waiting for them is given up. */
    seconds: number;
}

type Inputs = pulumi.Unwrap<PlaceArgs> & { __provider?: string };

const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async check(olds, news) {
        const failures = [];
        if (isMoved(olds, news) && news.unusable) {
            const reason = `storm:hosts places ${news.daemon}, which runs on ${olds.host}, on ${news.host}, which ${news.unusable}`;
            failures.push({ property: "host", reason });
        } else if (isMoved(olds, news) && !news.mayStartEmpty) {
            const to = olds.host === news.host ? `${news.host} is another machine now` : `storm:hosts places it on ${news.host}`;
            failures.push({
                property: "host",
                reason:
                    `${news.daemon} has its data on ${olds.host}, and ${to}, where it would start empty. ` +
                    `Place it on ${olds.host} again, or, to have it start empty, add ${news.daemon} to storm:startEmpty`,
            });
        }
        return { inputs: news, failures };
    },
    async create(inputs) {
        return { id: inputs.daemon, outs: inputs };
    },
    async diff(_id, olds, news) {
        return { changes: isMoved(olds, news) || olds.address !== news.address };
    },
    async update(_id, olds, news) {
        if (isMoved(olds, news) && news.replicas.length > 0) {
            await waitUntilReplicated(olds, news);
        }
        return { outs: news };
    },
};

/** A key that is not known yet, in a preview, does not tell machines apart: then their names have to. */
function isMoved(olds: Partial<Inputs>, news: Inputs): boolean {
    const isKnown = news.machine.includes(" ");
    return olds.host !== undefined && (isKnown ? olds.machine !== news.machine : olds.host !== news.host);
}

async function waitUntilReplicated(olds: Inputs, news: Inputs): Promise<void> {
    const deadline = Date.now() + news.seconds * 1000;
    for (;;) {
        const missing = await Promise.all(news.replicas.map((replica) => missingOn(replica, olds.address)));
        if (missing.includes(undefined)) {
            return;
        }
        if (Date.now() >= deadline) {
            throw new Error(
                `${news.daemon} was left on ${olds.host}, as within ${news.seconds} s no other Nimbus had all that it has: ${missing.join("; ")}`,
            );
        }
        await new Promise((resolve) => setTimeout(resolve, 1000));
    }
}

/** What a Nimbus lacks to go on without the one at `leaving`; undefined: nothing. */
async function missingOn({ container, ssh, address, port }: NimbusContainer, leaving: string): Promise<string | undefined> {
    try {
        const dial = dialFrom({ container, ssh });
        const { nimbuses } = await clusterSummary(dial, address, port);
        const leading = nimbuses.find(({ leader }) => leader);
        if (!leading) {
            return "no Nimbus leads";
        }
        if (nimbuses.every(({ host }) => host !== leaving)) {
            // The one that leads has every blob, or it would have given leadership up.
            return undefined;
        }
        const rare = await rareBlobs(dial, leading.host, leading.port, 2);
        return rare.length ? `only one Nimbus has ${rare.join(", ")}` : undefined;
    } catch (error) {
        return `${container}: ${(error as Error).message}`;
    }
}

/** The machine that a daemon runs on and that has its data. It stays there, unless it may start empty on another. */
export class Place extends pulumi.dynamic.Resource {
    constructor(name: string, args: PlaceArgs, opts?: pulumi.CustomResourceOptions) {
        super(provider, name, args, opts, "storm", "Place");
    }
}
