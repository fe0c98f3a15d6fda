import type { Kind } from "../kind";
import { type Inputs, schema } from "../schema";

/** Refuses another zone than the one that has the daemon's data. */
export const dataZone: Kind<Inputs<"DataZone">> = {
    inputs: schema.DataZone,
    id: ({ daemon }) => daemon,
    updates: ["zone"],
    refuses({ daemon, zone, mayStartEmpty }, olds) {
        if (olds.zone === undefined || olds.zone === zone || mayStartEmpty) {
            return [];
        }
        const reason =
            `${daemon} has its data in ${olds.zone}, and storm:aws places it in ${zone}, where it would start empty: a volume stays in ` +
            `its zone. Put the zones back in their order, or, to have it start empty, add ${daemon} to storm:startEmpty`;
        return [{ property: "zone", reason }];
    },
};
