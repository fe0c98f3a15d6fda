import * as pulumi from "@pulumi/pulumi";

/** Where a daemon's data says by which major version of Storm it was written. */
const file = "/data/storm-major-version";

/**
 * What a container with data runs first, in `bash`: data of another major version stops it there. What version it is itself, Storm's
 * jars say: a tag may say anything.
 */
export const guardData = `
home=$(dirname "$(dirname "$(readlink -f "$(command -v storm)")")")
own=$(ls "$home/lib" | sed -nE 's/^storm-core-([0-9]+)\\..*\\.jar$/\\1/p' | head -n 1)
data=$(cat ${file} 2>/dev/null || echo "$own")
if [ "$data" != "$own" ]; then
  echo "The data of $HOSTNAME was written by Storm $data, and this image is of Storm $own, which cannot read it: nothing was changed." \\
    "Go back to an image of Storm $data, or remove the cluster with its data (make down DATA=yes), or make a stack of its own for Storm $own." >&2
  exit 78
fi
[ -z "$own" ] || echo "$own" >${file}
`.trim();

/** Arguments of {@link MajorVersion}. */
export interface MajorVersionArgs {
    /** The image of Storm's daemons. */
    image: string;
}

const provider: pulumi.dynamic.ResourceProvider<MajorVersionArgs, MajorVersionArgs> = {
    async check(olds: Partial<MajorVersionArgs>, news) {
        const [before, now] = [majorOf(olds.image ?? ""), majorOf(news.image)];
        const reason =
            `storm:stormImage is ${news.image}, and the cluster's data was written by Storm ${before}, which another major version cannot read. ` +
            `Set it to ${olds.image} again; for Storm ${now}, remove the cluster with its data first (make down DATA=yes), or make a stack of its own`;
        return { inputs: news, failures: before && now && before !== now ? [{ property: "image", reason }] : [] };
    },
    async create(inputs) {
        return { id: "major-version", outs: inputs };
    },
    async diff(_id, olds, news) {
        return { changes: olds.image !== news.image };
    },
    async update(_id, _olds, news) {
        return { outs: news };
    },
};

/** The major version that an image's tag says; undefined: it says none. */
function majorOf(image: string): string | undefined {
    return /:v?(\d+)\.[^:/]*$/.exec(image.split("@")[0] ?? "")?.[1];
}

/** The major version of a cluster's Storm: another one is refused before anything is touched, as it cannot read what is there. */
export class MajorVersion extends pulumi.dynamic.Resource {
    constructor(name: string, args: MajorVersionArgs, opts: pulumi.CustomResourceOptions) {
        super(provider, name, args, opts, "storm", "MajorVersion");
    }
}
