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

/** MiB that the containers of what watches a cluster may use. */
export interface MonitoringMemory {
    /** On the machine of the first Nimbus alone. */
    besideNimbus: number;
    /** On each machine with daemons. */
    onEachMachine: number;
}

/** What decides which JVMs a container has, and their heaps. */
export interface Jvms {
    /** Java heaps in MiB. */
    heap: Heap;
    /** Worker slots of a supervisor. */
    slots: number;
    /** Whether a logviewer runs beside a supervisor. */
    logviewers: boolean;
    /**
     * Whether one runs beside a Nimbus. Checks of a machine's memory do not count it: whether it runs depends on the stack's state.
     * @default false
     */
    nimbusLogviewer?: boolean;
}

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
export const logWriterHeap = 64;

/** Memory limit in MiB of the reverse proxy of a machine's pages. */
export const reverseProxyMemory = 256;

/** The sum in MiB of the heaps of a container's JVMs: it cannot run with less memory. */
export function heapSum(kind: DaemonKind, jvms: Jvms): number {
    return sum(heapsIn(kind, jvms));
}

/** A container's memory limit in MiB: the one given, or the heaps and what JVMs need beside them. */
export function memoryLimit(kind: DaemonKind, { memory, ...jvms }: Jvms & { memory: Memory }): number {
    const limits = heapsIn(kind, jvms).map((size) => Math.ceil(size * 1.25) + 192);
    return memory[kind] ?? sum(limits);
}

function heapsIn(kind: DaemonKind, { heap, slots, logviewers, nimbusLogviewer = false }: Jvms): number[] {
    if (kind !== "supervisor") {
        return [heap[kind], ...(kind === "nimbus" && nimbusLogviewer ? [heap.logviewer] : [])];
    }
    const workers = Array.from({ length: slots }, () => [heap.worker, logWriterHeap]).flat();
    return [heap.supervisor, ...workers, ...(logviewers ? [heap.logviewer] : [])];
}

function sum(numbers: number[]): number {
    return numbers.reduce((total, number) => total + number, 0);
}
