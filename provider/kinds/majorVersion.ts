import type { Kind } from "../kind";
import { type Inputs, schema } from "../schema";

/** Refuses an image of another major version than the one that wrote the cluster's data. */
export const majorVersion: Kind<Inputs<"MajorVersion">> = {
    inputs: schema.MajorVersion,
    id: () => "major-version",
    refuses({ image }, olds) {
        const [before, now] = [majorOf(olds.image ?? ""), majorOf(image)];
        if (!before || !now || before === now) {
            return [];
        }
        const reason =
            `storm:stormImage is ${image}, and the cluster's data was written by Storm ${before}, which another major version cannot read. ` +
            `Set it to ${olds.image} again; for Storm ${now}, remove the cluster with its data first (make down DATA=yes), or make a stack of its own`;
        return [{ property: "image", reason }];
    },
};

/** The major version that an image's tag says; undefined: it says none. */
function majorOf(image: string): string | undefined {
    return /:v?(\d+)\.[^:/]*$/.exec(image.split("@")[0] ?? "")?.[1];
}
