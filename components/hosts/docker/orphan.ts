import * as pulumi from "@pulumi/pulumi";
import { run } from "../../../provider/machines/command";
import { stop } from "../../../provider/machines/container";
import { runOnceConnected } from "../../../provider/machines/onceConnected";

/** The label by which containers and networks are known to be the stack's own. */
export const ownerLabel = "storm.owner";

/** Arguments of {@link removeOrphan}. */
export interface OrphanArgs {
    kind: "container" | "network";
    /** Its name in Docker. */
    named: string;
    /** The value of its {@link ownerLabel}. */
    owner: pulumi.Input<string>;
    /** The `ssh` command line that logs in to its machine; undefined: it is this machine. */
    ssh?: pulumi.Input<string[]>;
}

/**
 * A hook that removes an orphan before a container or network is created: one of the same name that belongs to the stack, created
 * by an update that was killed before it wrote that to the state. If it belongs to somebody else it stays, and Docker refuses
 * the second one.
 */
export function removeOrphan({ kind, named, owner, ssh }: OrphanArgs): pulumi.ResourceHookBinding {
    const remove = async () => {
        const [key, login] = await new Promise<[string, string[] | undefined]>((resolve) =>
            pulumi.all([owner, ssh]).apply(resolve),
        );
        const filters = ["--filter", `name=^${named}$`, "--filter", `label=${ownerLabel}=${key}`];
        const all = kind === "container" ? ["--all"] : [];
        const listed = await runOnceConnected(login, ["docker", kind, "ls", ...all, "--quiet", ...filters]);
        for (const id of String(listed).split("\n").filter(Boolean)) {
            if (kind === "container") {
                await stop({ container: id, ssh: login });
            }
            await run(login, ["docker", kind, "rm", id]);
        }
    };
    return { beforeCreate: [remove] };
}
