import { stringify } from "yaml";
import { nativeAccess, profilerOptions, tolerance } from "./jvmOptions";
import { reservedHeap, reservesResources } from "./scheduler";

/** Configuration of a Storm daemon: keys of storm.yaml and their values. */
export type StormConfig = Record<string, unknown>;

/** The content of a storm.yaml, with the directories that the images' entrypoint would otherwise have set. */
export function stormYaml(config: StormConfig): string {
    // Storm's YAML is 1.1, in which a bare `yes` is no text.
    return stringify({ "storm.local.dir": "/data", "storm.log.dir": "/logs", ...config }, { version: "1.1" });
}

/** Options of a cluster's JVMs, beside those of storm.yaml. */
export interface JvmArgs {
    /** Heap in MiB by JVM, such as `nimbus`. */
    heaps: Record<string, number>;
    /** Options of them all, which those of storm.yaml may override. */
    options: string;
    /** The image, whose Java decides which options the JVMs need. */
    image: string;
    /** Which scripts and options the containers run with: those of before the second are without native access. */
    revision: number;
}

/** The `childopts` entries of JVMs: the heap, behind the Java options that `config` has for them. */
export function childopts({ heaps, options, image, revision }: JvmArgs, config: StormConfig): StormConfig {
    const entries = Object.entries(heaps).map(([jvm, size]) => {
        const key = `${jvm}.childopts`;
        const isWorker = jvm === "worker";
        const heap = isWorker && reservesResources(config) ? reservedHeap : size;
        const native = revision > 1 ? nativeAccess(image) : "";
        const passOver = tolerance(image, config[key], isWorker ? profilerOptions(config) : "");
        // Storm takes a list too.
        return [key, [passOver, native, options, config[key], `-Xmx${heap}m`].flat().filter(Boolean).join(" ")];
    });
    return Object.fromEntries(entries) as StormConfig;
}
