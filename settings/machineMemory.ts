import { execFile } from "child_process";
import * as os from "os";
import { promisify } from "util";
import { monitoringLimits } from "../components/monitoring/defaults";
import { daemonRefs } from "../components/storm/spec/composition";
import { heapSum, memoryLimit, reverseProxyMemory } from "../components/storm/spec/memory";
import { hasReverseProxies, type SecurityInUpdate } from "../components/storm/spec/security";
import type { Settings } from "../settings";

/** Memory in MiB of the machine whose Docker runs the containers of `local`; undefined: it is not known. */
export async function dockerMemory(): Promise<number | undefined> {
    const isThisMachine = process.platform === "linux" && !process.env.DOCKER_HOST;
    try {
        const bytes = isThisMachine
            ? os.totalmem()
            : Number((await promisify(execFile)("docker", ["info", "--format", "{{.MemTotal}}"])).stdout);
        return bytes > 0 ? Math.floor(bytes / 2 ** 20) : undefined;
    } catch {
        return undefined;
    }
}

/** What a machine is missing for a cluster, as target `hosts` compares it too. */
export interface Shortage {
    /** Why the cluster cannot run there; undefined: it can. */
    mistake?: string;
    /** What may happen there; undefined: nothing. */
    warning?: string;
}

/** Compares a machine's memory, in MiB, with what a cluster on it needs and may come to use. */
export function memoryShortage(
    settings: Omit<Settings, "stormYaml" | "logging" | "authority" | "security"> & {
        security: Settings["security"] | SecurityInUpdate | undefined;
    },
    machine: number | undefined,
): Shortage {
    const { security } = settings;
    const kinds = daemonRefs(settings).map(({ kind }) => kind);
    const sum = (of: (kind: (typeof kinds)[number]) => number) => kinds.reduce((total, kind) => total + of(kind), 0);
    const needed = sum((kind) => heapSum(kind, settings));
    const { besideNimbus, onEachMachine } = monitoringLimits(settings.monitoring);
    const reverseProxy =
        hasReverseProxies(security === "none" ? undefined : security) && settings.ui ? reverseProxyMemory : 0;
    const limits = sum((kind) => memoryLimit(kind, settings)) + besideNimbus + onEachMachine + reverseProxy;
    if (machine === undefined || limits <= machine) {
        return {};
    }
    const has = `this machine has ${machine} MiB`;
    return needed > machine
        ? {
              mistake: `The heaps of the daemons need ${needed} MiB, and ${has}: lower storm:heap, storm:slots or storm:supervisors`,
          }
        : { warning: `The daemons may use ${limits} MiB, and ${has}: if all are busy, it may run short` };
}
