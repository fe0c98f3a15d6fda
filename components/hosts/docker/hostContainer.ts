import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { labels } from "../../network/labels";
import { stackState } from "../../stackState";
import type { Host } from "../host";
import { logArguments } from "./logging";
import { ownerLabel, removeOrphan } from "./orphan";

/** The daemon of a container, its host and its memory. */
export interface ContainerOf {
    /** First part of its name, and the value of the label `storm.cluster`. */
    clusterName: string;
    /** What runs in it: the last part of its name, and the value of the label `storm.daemon`. */
    daemon: string;
    /** Where it runs. */
    host: Host;
    /** Memory limit in MiB. */
    memory: pulumi.Input<number>;
}

/** Arguments of one container alone, beside those that all have. */
export type BareArgs = Omit<docker.ContainerArgs, "name" | "labels">;

/** Arguments of one container alone, whose resource {@link hostContainer} creates. */
export interface OwnArgs extends Omit<BareArgs, "readOnly"> {
    /**
     * Whether its root file system is read-only; a container that exists keeps its own, as another would replace it. Docker then puts
     * no file into the container, so that it must not have `uploads`.
     * @default false
     */
    readOnly?: boolean;
}

/**
 * The arguments of a container, with what all containers have: labels, no privileges, limits of memory and logs, and a restart whenever
 * it ends.
 * @param args Arguments of this container alone.
 */
export function containerArgs(
    { clusterName, daemon, host, memory }: ContainerOf,
    args: BareArgs,
): docker.ContainerArgs & { name: string } {
    const { identity, owner, logging } = host.docker;
    return {
        name: `${clusterName}-${daemon}`,
        labels: pulumi.all([owner, identity]).apply(([key, machine]) =>
            labels({
                ...{ "storm.cluster": clusterName, "storm.daemon": daemon, [ownerLabel]: key },
                // Another machine at this one's address has no such container: it is created there.
                ...(machine !== undefined && { "storm.machine": machine }),
            }),
        ),
        restart: "unless-stopped",
        memory,
        memorySwap: memory,
        ...logArguments(logging),
        capabilities: { drops: ["ALL"] },
        securityOpts: ["no-new-privileges:true"],
        ...args,
    };
}

/**
 * A container on a host, with the arguments that {@link containerArgs} gives it. A replaced container is deleted before its successor is
 * created.
 * @param name Name of the resource.
 * @param args Arguments of this container alone.
 * @param opts Parent of the resource.
 */
export function hostContainer(
    name: string,
    of: ContainerOf,
    { readOnly, ...args }: OwnArgs,
    opts: pulumi.CustomResourceOptions,
): docker.Container {
    const { provider, owner, ssh, options } = of.host.docker;
    const whole = containerArgs(of, { ...(readOnly && { readOnly: readOnlyIfNew(name) }), ...args });
    return new docker.Container(name, whole, {
        ...options,
        provider,
        deleteBeforeReplace: true,
        hooks: removeOrphan({ kind: "container", named: whole.name, owner, ssh }),
        ...opts,
    });
}

/** `true` for a new container, and for one that has been created so. */
function readOnlyIfNew(name: string): pulumi.Output<true | undefined> {
    return pulumi.output(stackState()).apply((state) => {
        const existing = state.find((each) => each.type === "docker:index/container:Container" && each.name === name);
        return existing === undefined || existing.outputs.readOnly === true ? true : undefined;
    });
}
