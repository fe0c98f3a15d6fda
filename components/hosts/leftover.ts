import * as pulumi from "@pulumi/pulumi";
import { run } from "../../provider/machines/command";
import { stop } from "../../provider/machines/container";

/** The label by which containers and networks are known to be the stack's own. */
export const ownerLabel = "storm.owner";

/** What may be left over. */
export interface LeftoverArgs {
    kind: "container" | "network";
    /** Its name in Docker. */
    named: string;
    /** The value of its {@link ownerLabel}. */
    owner: pulumi.Input<string>;
    /** The `ssh` command line that logs in on its machine; undefined: it is this one. */
    ssh?: pulumi.Input<string[]>;
}

/**
 * Removes, before something is made, what has its name and is the stack's own: an update that was killed has made it, and did
 * not come to note it. What is somebody else's stays, and Docker refuses to have two of a name.
 */
export function removingLeftover({ kind, named, owner, ssh }: LeftoverArgs): pulumi.ResourceHookBinding {
    const remove = async () => {
        const [key, login] = await new Promise<[string, string[] | undefined]>((resolve) => pulumi.all([owner, ssh]).apply(resolve));
        const filters = ["--filter", `name=^${named}$`, "--filter", `label=${ownerLabel}=${key}`];
        const listed = await run(login, ["docker", kind, "ls", ...(kind === "container" ? ["--all"] : []), "--quiet", ...filters]);
        for (const id of String(listed).split("\n").filter(Boolean)) {
            if (kind === "container") {
                await stop({ container: id, ssh: login });
            }
            await run(login, ["docker", kind, "rm", id]);
        }
    };
    return { beforeCreate: [remove] };
}
