import type { StormConfig } from "./stormConfig";

/** What Storm replaces by the heap in MiB that it has reserved for a worker. */
export const reservedHeap = "%HEAP-MEM%";

/**
 * Whether Storm's scheduler places work by the memory and CPU that it reserves: docs/Resource_Aware_Scheduler_overview.md of Storm. Then a
 * worker's heap is what is reserved for it, and the number of workers follows from that.
 */
export function reservesResources(config: StormConfig): boolean {
    return config["storm.scheduler"] === "org.apache.storm.scheduler.resource.ResourceAwareScheduler";
}
