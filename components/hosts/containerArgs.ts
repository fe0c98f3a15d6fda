import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { labels } from "../network/labels";
import type { Host } from "./host";

/** Whose container it is, and what it may use. */
export interface ContainerOf {
    /** First part of its name, and the value of the label `storm.cluster`. */
    clusterName: string;
    /** What runs in it: the last part of its name, and the value of the label `storm.daemon`. */
    daemon: string;
    /** Where it runs. */
    host: Host;
    /** Memory limit in MiB. */
    memory: number;
}

/** What all containers have in common: whose they are, no privileges, a limit to memory and logs, and to be started again. */
export function containerArgs({ clusterName, daemon, host, memory }: ContainerOf) {
    const identity = { "storm.cluster": clusterName, "storm.daemon": daemon };
    return {
        name: `${clusterName}-${daemon}`,
        // Another machine in the place of this one has no such container: it is made anew there.
        labels: pulumi
            .output(host.docker.identity)
            .apply((machine) => labels({ ...identity, ...(machine !== undefined && { "storm.machine": machine }) })),
        restart: "unless-stopped",
        memory,
        memorySwap: memory,
        logDriver: "json-file",
        logOpts: { "max-size": "10m", "max-file": "3" },
        capabilities: { drops: ["ALL"] },
        securityOpts: ["no-new-privileges:true"],
    } satisfies Partial<docker.ContainerArgs>;
}
