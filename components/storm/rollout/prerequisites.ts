import type * as pulumi from "@pulumi/pulumi";
import type { DaemonKind } from "../../daemonRef";
import { byDockerEngine, type PlacedDaemon } from "../../discovery/placedDaemon";
import { hostImage } from "../../hosts/docker/hostImage";
import type { PlacedReverseProxy } from "../security/reverseProxies";
import { heapSum, memoryLimit, reverseProxyMemory } from "../spec/memory";
import type { CompleteArgs } from "../stormClusterArgs";
import { type Existing, versionGuard } from "./versionGuard";

/** Resources that must exist before containers are created. */
export interface Prerequisites {
    /** Before the first one of the cluster. */
    first: pulumi.Resource[];
    /** Before the first one on a host, by the name of its Docker Engine. */
    byEngine: Record<string, pulumi.Resource[]>;
}

/**
 * Images on all machines, and a check of their memory: a tag that does not exist, or a machine that is too small, fails the update
 * before the first container is created. A machine that waits for others does so before its own first container.
 */
export function prerequisites(
    name: string,
    args: CompleteArgs,
    daemons: readonly PlacedDaemon[],
    reverseProxies: readonly PlacedReverseProxy[],
    existing: Existing,
    parent: pulumi.Resource,
): Prerequisites {
    const sum = (on: PlacedDaemon[], of: (kind: DaemonKind) => number) =>
        on.reduce((total, { kind }) => total + of(kind), 0);
    const first: pulumi.Resource[] = [];
    const byEngine: Prerequisites["byEngine"] = {};
    for (const [engine, on] of byDockerEngine(daemons)) {
        const { host } = on[0] as PlacedDaemon;
        const proxies = reverseProxies.filter((proxy) => proxy.host.docker.name === engine);
        const images = {
            ...(on.some(({ kind }) => kind === "zookeeper") && { zookeeper: args.zookeeperImage }),
            ...(on.some(({ kind }) => kind !== "zookeeper") && { storm: args.stormImage }),
            ...(proxies.length > 0 && { proxy: args.proxyImage }),
        };
        const pulled = Object.entries(images).map(([role, image]) =>
            hostImage(`${name}-image-${engine}-${role}`, image, host, { parent }),
        );
        const { besideNimbus = 0, onEachMachine = 0 } = args.monitoringMemory ?? {};
        const watching = onEachMachine + (on.some(({ name: daemon }) => daemon === "nimbus-1") ? besideNimbus : 0);
        const memory = host.requireMemory?.(
            `${name}-memory-${engine}`,
            sum(on, (kind) => heapSum(kind, args)),
            sum(on, (kind) => memoryLimit(kind, args)) + watching + proxies.length * reverseProxyMemory,
            { parent },
        );
        const resources = [...pulled, ...(memory ? [memory] : [])];
        byEngine[engine] = resources;
        if (!host.waits) {
            first.push(...resources);
        }
    }
    // Another major version is refused at once; a change to one that is allowed waits for images and checks.
    const dependsOn = args.allowMajorVersion === undefined ? [] : [...first];
    const guard = versionGuard(name, args, daemons, existing, { parent, dependsOn });
    return { first: [guard, ...first], byEngine };
}
