import type { DaemonKind } from "../../daemonRef";

/** Java heap in MiB of each kind of JVM. */
export interface Heap {
    /** A member of the ensemble. */
    zookeeper: number;
    /** A Nimbus. */
    nimbus: number;
    /** A supervisor, without its workers. */
    supervisor: number;
    /** Each worker whose topology sets none of its own. */
    worker: number;
    /** The logviewer beside a supervisor. */
    logviewer: number;
    /** Storm UI. */
    ui: number;
    /** A DRPC server. */
    drpc: number;
}

/** Memory limits in MiB by container. */
export type Memory = Partial<Record<DaemonKind, number>>;

/** Storm's and ZooKeeper's own default heaps. */
export const defaultHeap: Heap = {
    zookeeper: 1000,
    nimbus: 1024,
    supervisor: 256,
    worker: 768,
    logviewer: 128,
    ui: 768,
    drpc: 768,
};

/** Heap in MiB of the small JVM by which Storm starts each worker and writes its output to a file. */
const logWriterHeap = 64;

/** The sum in MiB of the heaps of a container's JVMs: it cannot run with less memory. */
export function heapSum(
    kind: DaemonKind,
    { heap, slots, logviewers }: { heap: Heap; slots: number; logviewers: boolean },
): number {
    return sum(heapsIn(kind, heap, slots, logviewers));
}

/** A container's memory limit in MiB: the one given, or the heaps and what JVMs need beside them. */
export function memoryLimit(
    kind: DaemonKind,
    { heap, memory, slots, logviewers }: { heap: Heap; memory: Memory; slots: number; logviewers: boolean },
): number {
    const limits = heapsIn(kind, heap, slots, logviewers).map((size) => Math.ceil(size * 1.25) + 192);
    return memory[kind] ?? sum(limits);
}

function heapsIn(kind: DaemonKind, heap: Heap, slots: number, logviewers: boolean): number[] {
    if (kind !== "supervisor") {
        return [heap[kind]];
    }
    const workers = Array.from({ length: slots }, () => [heap.worker, logWriterHeap]).flat();
    return [heap.supervisor, ...workers, ...(logviewers ? [heap.logviewer] : [])];
}

function sum(numbers: number[]): number {
    return numbers.reduce((total, number) => total + number, 0);
}
