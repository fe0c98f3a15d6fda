/** What a stack's settings are allowed to say, and what its user may not expect. */
import { mostWanted } from "../components/fleet/spec";
import { javaOf, removedOptions, workerOptionKeys } from "../components/storm/spec/jvmOptions";
import { clusterDefaults } from "../components/storm/spec/defaults";
import { reservesResources } from "../components/storm/spec/scheduler";
import { majorVersion } from "../provider/image";
import { loggingWarnings } from "./logging";
import type { Problem, Valid } from "./rules";
import { ineffective } from "./stormConfiguration";
import { jvmOf } from "./stormYaml";
import { sessionTimeouts } from "./zooCfg";

const { certificateDays: defaultDays } = clusterDefaults;

/** Tells what the user of valid settings should know. */
export function warnings(settings: Valid, warn: Problem): void {
    const { stormImage = "", stormYaml = {}, topologies = [] } = settings;
    entryWarnings(stormYaml, stormImage, (key, message) => warn(["stormYaml", key], message));
    for (const [index, { configuration = {} }] of topologies.entries()) {
        entryWarnings(configuration, stormImage, (key, message) =>
            warn(["topologies", index, "configuration", key], message),
        );
    }
    schedulerWarnings(settings, warn);
    sessionWarning(settings, warn);
    certificateWarnings(settings, warn);
    if (settings.fleet && (settings.monitoring?.nodeExporter || settings.monitoring?.cadvisor)) {
        warn(["monitoring"], "has metrics of the stack's own machines, and not of those of storm:fleet");
    }
    loggingWarnings(settings.logging, (path, message) => warn(["logging", ...path], message));
}

function entryWarnings(
    configuration: Record<string, unknown>,
    image: string,
    warn: (key: string, message: string) => void,
): void {
    for (const [key, value] of Object.entries(configuration)) {
        const isOptions = jvmOf(key) !== undefined || workerOptionKeys.includes(key);
        const removed = isOptions ? removedOptions(value, image) : [];
        if (removed.length > 0) {
            warn(key, `has ${removed.join(", ")}, which Java ${javaOf(image)} does not have: the JVM starts without`);
        }
        const reason = ineffective(key, majorVersion(image));
        if (reason !== undefined) {
            warn(key, reason);
        }
    }
}

/** No mistakes: without them, a cluster that goes back would replace all of the certificates that it has until the last update. */
function certificateWarnings({ security, certificateDays, authority }: Valid, warn: Problem): void {
    const message = "has no effect once no certificate of storm:security is left";
    if (security === "none" && (certificateDays ?? defaultDays) !== defaultDays) {
        warn(["certificateDays"], message);
    }
    if (security === "none" && authority !== undefined) {
        warn(["authority"], message);
    }
}

function schedulerWarnings(
    { stormYaml = {}, topologies = [], slots, supervisors, autoscale, fleet }: Valid,
    warn: Problem,
): void {
    if (reservesResources(stormYaml)) {
        const message =
            "has no effect with ResourceAwareScheduler, which starts as many workers as memory and CPU ask for";
        for (const [index, { workers, autoscale: varying }] of topologies.entries()) {
            if (workers !== undefined) {
                warn(["topologies", index, "workers"], message);
            }
            if (varying?.workers) {
                warn(["topologies", index, "autoscale", "workers"], message);
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
    const [most, setting] = autoscale
        ? [slots * Math.max(supervisors, autoscale.max), "storm:autoscale.max"]
        : fleet
          ? [slots * (supervisors + mostWanted(fleet)), "storm:fleet.max"]
          : [slots * supervisors, "storm:supervisors"];
    if (wanted > most) {
        warn(
            ["topologies"],
            `ask for ${wanted} workers, and the cluster has ${autoscale || fleet ? "at most " : ""}${most} slots: raise ${setting} or storm:slots`,
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
