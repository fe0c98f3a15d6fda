/** What of the settings does not agree about memory. */
import { workerOptionKeys } from "../components/storm/spec/jvmOptions";
import { defaultHeap, heapSum, type Memory } from "../components/storm/spec/memory";
import { reservesResources } from "../components/storm/spec/scheduler";
import { heapProblems, type HeapSetting, sharedPortProblems } from "./jvmOptions";
import type { Problem, Valid } from "./rules";
import { jvmOf } from "./stormYaml";

/** Tells of memory limits below the heaps in their containers, and of Java options that set other heaps than storm:heap. */
export function memoryProblems(settings: Valid, problem: Problem): void {
    const { heap = defaultHeap, memory = {}, slots = 1, logviewers = false, stormYaml = {} } = settings;
    for (const [kind, limit] of Object.entries(memory) as [keyof Memory, number][]) {
        const needed = heapSum(kind, { heap, slots, logviewers });
        if (limit < needed) {
            const message = `is below the ${needed} MiB of the heaps in that container: raise it, or lower storm:heap`;
            problem(["memory", kind], message);
        }
    }
    optionProblems(stormYaml, settings, (key, message) => problem(["stormYaml", key], message));
    for (const [index, { configuration = {} }] of (settings.topologies ?? []).entries()) {
        optionProblems(configuration, settings, (key, message) =>
            problem(["topologies", index, "configuration", key], message),
        );
    }
    capacityProblem(settings, problem);
}

function optionProblems(
    configuration: Record<string, unknown>,
    settings: Valid,
    problem: (key: string, message: string) => void,
): void {
    for (const [key, value] of Object.entries(configuration)) {
        const heap = heapFor(key, settings);
        const isOfWorkers = jvmOf(key) === "worker" || workerOptionKeys.includes(key);
        const found = [...(heap ? heapProblems(value, heap) : []), ...(isOfWorkers ? sharedPortProblems(value) : [])];
        found.forEach((message) => problem(key, message));
    }
}

/** The heap of the JVM that a key's options are for; undefined: they are for none. */
function heapFor(key: string, settings: Valid): HeapSetting | undefined {
    const { heap = defaultHeap } = settings;
    const jvm = jvmOf(key);
    if (jvm !== undefined) {
        return { heap: heap[jvm], setting: `storm:heap.${jvm}` };
    }
    // What a topology says of its workers comes after, and in place of, what the cluster says.
    return workerOptionKeys.includes(key)
        ? { heap: heap.worker, setting: "storm:heap.worker", most: largestWorker(settings) }
        : undefined;
}

/** The largest heap in MiB that each worker may have: more than by storm:heap if its container is larger than it needs to be. */
function largestWorker({ heap = defaultHeap, memory, slots = 1, logviewers = false }: Valid): number {
    const others = heapSum("supervisor", { heap: { ...heap, worker: 0 }, slots, logviewers });
    const rest = Math.floor(((memory?.supervisor ?? 0) - others) / slots);
    return Math.max(heap.worker, rest);
}

/** The scheduler by resources may reserve as much as a supervisor says to have: its container must have it. */
function capacityProblem(settings: Valid, problem: Problem): void {
    const { slots = 1, stormYaml = {} } = settings;
    const key = "supervisor.memory.capacity.mb";
    const capacity = stormYaml[key];
    if (typeof capacity !== "number" || !reservesResources(stormYaml)) {
        return;
    }
    const most = slots * largestWorker(settings);
    if (capacity > most) {
        problem(
            ["stormYaml", key],
            `is above the ${most} MiB that workers have in a supervisor's container: remove it, or raise storm:heap.worker, storm:slots or storm:memory.supervisor`,
        );
    }
}
