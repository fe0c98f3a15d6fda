/** What a stack's settings are allowed to say, and what its user may not expect. */
import { removedOptions, workerOptionKeys } from "../components/storm/spec/jvmOptions";
import { reservesResources } from "../components/storm/spec/scheduler";
import { majorVersion } from "../provider/image";
import type { Problem, Valid } from "./rules";
import { jvmOf } from "./stormYaml";
import { sessionTimeouts } from "./zooCfg";

/** Tells what the user of valid settings should know. */
export function warnings(settings: Valid, warn: Problem): void {
    const { stormYaml = {}, topologies = [] } = settings;
    removedOptionWarnings(stormYaml, settings, (key, message) => warn(["stormYaml", key], message));
    for (const [index, { configuration = {} }] of topologies.entries()) {
        removedOptionWarnings(configuration, settings, (key, message) =>
            warn(["topologies", index, "configuration", key], message),
        );
    }
    schedulerWarnings(settings, warn);
    sessionWarning(settings, warn);
}

function removedOptionWarnings(
    configuration: Record<string, unknown>,
    { stormImage = "" }: Valid,
    warn: (key: string, message: string) => void,
): void {
    if (majorVersion(stormImage) === 1) {
        return;
    }
    for (const [key, value] of Object.entries(configuration)) {
        const removed = jvmOf(key) !== undefined || workerOptionKeys.includes(key) ? removedOptions(value) : [];
        if (removed.length > 0) {
            warn(key, `has ${removed.join(", ")}, which Java 17 does not have: the JVM starts without`);
        }
    }
}

function schedulerWarnings({ stormYaml = {}, topologies = [], slots, supervisors }: Valid, warn: Problem): void {
    if (reservesResources(stormYaml)) {
        for (const [index, { workers }] of topologies.entries()) {
            if (workers !== undefined) {
                warn(
                    ["topologies", index, "workers"],
                    "has no effect with ResourceAwareScheduler, which starts as many workers as memory and CPU ask for",
                );
            }
        }
        return;
    }
    for (const key of ["supervisor.memory.capacity.mb", "supervisor.cpu.capacity"]) {
        if (key in stormYaml) {
            warn(["stormYaml", key], "has no effect but with ResourceAwareScheduler in `storm.scheduler`");
        }
    }
    if (slots === undefined || supervisors === undefined) {
        return;
    }
    const wanted = topologies.reduce((sum, { workers = 0 }) => sum + workers, 0);
    if (wanted > slots * supervisors) {
        warn(
            ["topologies"],
            `ask for ${wanted} workers, and the cluster has ${slots * supervisors} slots: raise storm:supervisors or storm:slots`,
        );
    }
}

function sessionWarning({ stormYaml = {}, zookeeperServers, zooCfg = {} }: Valid, warn: Problem): void {
    const key = "storm.zookeeper.session.timeout";
    const timeout = stormYaml[key];
    const [shortest, longest] = sessionTimeouts(zooCfg);
    if (zookeeperServers === undefined && typeof timeout === "number" && (timeout < shortest || timeout > longest)) {
        const limit = timeout < shortest ? "minSessionTimeout" : "maxSessionTimeout";
        warn(
            ["stormYaml", key],
            `is not what ZooKeeper grants, which is ${shortest} to ${longest} ms: set ${limit} in storm:zooCfg too`,
        );
    }
}
