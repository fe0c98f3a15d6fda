import { majorVersion } from "../image";
import type { Kind } from "../kind";
import { type Inputs, schema } from "../schema";

/** Refuses an image of another major version than the one that wrote the cluster's data. */
export const stormVersionGuard: Kind<Inputs<"StormVersionGuard">> = {
    inputs: schema.StormVersionGuard,
    id: () => "major-version",
    refuses({ image }, olds) {
        const [before, now] = [majorVersion(olds.image ?? ""), majorVersion(image)];
        if (!before || !now || before === now) {
            return [];
        }
        const reason =
            `stormImage is ${image}, and the cluster's data was written by Storm ${before}, which another major version cannot read. ` +
            `Set it to ${olds.image} again; for Storm ${now}, destroy the cluster with its data first, or create another stack`;
        return [{ property: "image", reason }];
    },
};
