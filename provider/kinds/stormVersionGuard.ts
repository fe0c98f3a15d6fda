import { majorVersion } from "../image";
import type { Kind } from "../kind";
import { type Inputs as Of, schema } from "../schema";
import { goBack, upgrade } from "../upgrade/upgrade";

type Inputs = Of<"StormVersionGuard">;

/** The first major version that a cluster can be upgraded from: the next one reads its data. */
const firstUpgradable = 2;

/** Refuses an image of another major version than the one that wrote the cluster's data, unless that change is allowed and possible. */
export const stormVersionGuard: Kind<Inputs> = {
    inputs: schema.StormVersionGuard,
    id: () => "major-version",
    updates: ["image", "imageRegistry"],
    // One that says none has the first.
    differs: (olds, news) => ({ updates: (olds.revision ?? 1) === (news.revision ?? 1) ? [] : ["revision"] }),
    refuses({ image, change }, olds) {
        const versions = changed(olds, { image });
        if (!versions) {
            return [];
        }
        const { from, to } = versions;
        const way = wayOf(from, to);
        return way !== undefined && change?.to === to
            ? []
            : [{ property: "image", reason: refusal(image, olds.image ?? "", from, to) }];
    },
    async update(olds, news) {
        const versions = changed(olds, news);
        if (versions && news.change) {
            const { from, to } = versions;
            await (wayOf(from, to) === "upgrade"
                ? upgrade(news.image, news.change)
                : goBack(news.image, news.change, from));
        }
        return {};
    },
};

/** The major versions, if another one is asked for. */
function changed(olds: Partial<Inputs>, { image }: Pick<Inputs, "image">): { from: number; to: number } | undefined {
    const [from, to] = [majorVersion(olds.image ?? ""), majorVersion(image)];
    return from && to && from !== to ? { from, to } : undefined;
}

/** How a cluster gets from one major version to another; undefined: it does not. */
function wayOf(from: number, to: number): "upgrade" | "back" | undefined {
    if (Math.min(from, to) < firstUpgradable || Math.abs(from - to) !== 1) {
        return undefined;
    }
    return from < to ? "upgrade" : "back";
}

function refusal(image: string, before: string, from: number, to: number): string {
    const start = `stormImage is ${image}, and the cluster's data was written by Storm ${from}`;
    switch (wayOf(from, to)) {
        case "upgrade":
            return (
                `${start}. To upgrade the cluster to Storm ${to}, set allowMajorVersion to ${to}: the update deactivates all topologies, ` +
                `stops Storm's daemons, copies ZooKeeper's and Nimbus's data, starts Storm ${to}, and activates the topologies again. ` +
                `Otherwise set stormImage to ${before} again`
            );
        case "back":
            return (
                `${start}, which Storm ${to} cannot read. To go back to the copy of the data that the upgrade to Storm ${from} made, and ` +
                `lose all that has changed since, set allowMajorVersion to ${to}. Otherwise set stormImage to ${before} again`
            );
        default:
            return (
                `${start}, which another major version cannot read. ` +
                `Set it to ${before} again; for Storm ${to}, destroy the cluster with its data first, or create another stack`
            );
    }
}
