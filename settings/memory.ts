/** What of the settings does not agree about memory. */
import { workerOptionKeys } from "../components/storm/spec/jvmOptions";
import { type Heap, heapSum, type Jvms, type Memory } from "../components/storm/spec/memory";
import { reservesResources } from "../components/storm/spec/scheduler";
import { heapProblems, type HeapSetting, sharedPortProblems } from "./jvmOptions";
import type { Problem, Valid } from "./rules";
import { jvmOf } from "./stormYaml";

/** What the settings say of JVMs; undefined if that is not valid. */
export function jvmsOf({ heap, slots, logviewers }: Valid): Jvms | undefined {
    return heap && slots !== undefined && logviewers !== undefined ? { heap, slots, logviewers } : undefined;
}

/** Tells of memory limits below the heaps in their containers, and of Java options that set other heaps than storm:heap. */
export function memoryProblems(settings: Valid, problem: Problem): void {
    const { memory, stormYaml = {} } = settings;
    const jvms = jvmsOf(settings);
    if (!jvms || !memory) {
        return;
    }
    for (const [kind, limit] of Object.entries(memory) as [keyof Memory, number][]) {
        const needed = heapSum(kind, jvms);
        if (limit < needed) {
            const message = `is below the ${needed} MiB of the heaps in that container: raise it, or lower storm:heap`;
            problem(["memory", kind], message);
        }
    }
    const largest = largestWorker(jvms, memory);
    optionProblems(stormYaml, jvms.heap, largest, (key, message) => problem(["stormYaml", key], message));
    for (const [index, { configuration = {} }] of (settings.topologies ?? []).entries()) {
        optionProblems(configuration, jvms.heap, largest, (key, message) =>
            problem(["topologies", index, "configuration", key], message),
        );
    }
    capacityProblem(stormYaml, jvms.slots * largest, problem);
}

function optionProblems(
    configuration: Record<string, unknown>,
    heap: Heap,
    largest: number,
    problem: (key: string, message: string) => void,
): void {
    for (const [key, value] of Object.entries(configuration)) {
        const own = heapFor(key, heap, largest);
        const isOfWorkers = jvmOf(key) === "worker" || workerOptionKeys.includes(key);
        const found = [...(own ? heapProblems(value, own) : []), ...(isOfWorkers ? sharedPortProblems(value) : [])];
        found.forEach((message) => problem(key, message));
    }
}

/** The heap of the JVM that a key's options are for; undefined: they are for none. */
function heapFor(key: string, heap: Heap, largest: number): HeapSetting | undefined {
    const jvm = jvmOf(key);
    if (jvm !== undefined) {
        return { heap: heap[jvm], setting: `storm:heap.${jvm}` };
    }
    // What a topology says of its workers comes after, and in place of, what the cluster says.
    return workerOptionKeys.includes(key)
        ? { heap: heap.worker, setting: "storm:heap.worker", most: largest }
        : undefined;
}

/** The largest heap in MiB that each worker may have: more than by storm:heap if its container is larger than it needs to be. */
function largestWorker(jvms: Jvms, { supervisor: limit = 0 }: Memory): number {
    const others = heapSum("supervisor", { ...jvms, heap: { ...jvms.heap, worker: 0 } });
    return Math.max(jvms.heap.worker, Math.floor((limit - others) / jvms.slots));
}

/** The scheduler by resources may reserve as much as a supervisor says to have: its container must have it. */
function capacityProblem(stormYaml: Record<string, unknown>, most: number, problem: Problem): void {
    const key = "supervisor.memory.capacity.mb";
    const capacity = stormYaml[key];
    if (typeof capacity === "number" && capacity > most && reservesResources(stormYaml)) {
        problem(
            ["stormYaml", key],
            `is above the ${most} MiB that workers have in a supervisor's container: remove it, or raise storm:heap.worker, storm:slots or storm:memory.supervisor`,
        );
    }
}
