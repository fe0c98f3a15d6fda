import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link DataZone}. */
export interface DataZoneArgs {
    /** The daemon whose data is there. */
    daemon: string;
    /** The availability zone. */
    zone: string;
    /** Whether the daemon may start in another zone without its data. */
    mayStartEmpty: boolean;
}

const provider: pulumi.dynamic.ResourceProvider<DataZoneArgs, DataZoneArgs> = {
    async check(olds, news) {
        const { daemon, zone, mayStartEmpty } = news;
        const isMoved = olds.zone !== undefined && olds.zone !== zone && !mayStartEmpty;
        const reason =
            `${daemon} has its data in ${olds.zone}, and storm:aws places it in ${zone}, where it would start empty: a volume stays in ` +
            `its zone. Put the zones back in their order, or, to have it start empty, add ${daemon} to storm:startEmpty`;
        return { inputs: news, failures: isMoved ? [{ property: "zone", reason }] : [] };
    },
    async create(inputs) {
        return { id: inputs.daemon, outs: inputs };
    },
    async diff(_id, olds, news) {
        return { changes: olds.zone !== news.zone };
    },
    async update(_id, _olds, news) {
        return { outs: news };
    },
};

/** The availability zone that has a daemon's data. It stays there, unless the daemon may start empty in another. */
export class DataZone extends pulumi.dynamic.Resource {
    constructor(name: string, args: DataZoneArgs, opts?: pulumi.CustomResourceOptions) {
        super(provider, name, args, opts, "storm", "DataZone");
    }
}
