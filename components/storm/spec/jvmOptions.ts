import { majorVersion } from "../../../provider/image";
import type { StormConfig } from "./stormConfig";

/** By this option a JVM passes over options that it does not know. */
const passOver = "-XX:+IgnoreUnrecognizedVMOptions";

/**
 * Options that Java 8 has and Java 17, on which Storm 2's images run, has not: a JVM that receives one does not start. Each was tried on
 * OpenJDK 17. Examples are in many a storm.yaml, and in Storm 1's own defaults.
 */
const removed = [
    /^-d(32|64)$/,
    /^-Xincgc$/,
    /^-XX:[+-]?(Use)?(CMS|ConcMarkSweepGC|ParNewGC|ParallelOldGC)/,
    /^-XX:[+-]?ParallelCMSThreads/,
    /^-XX:[+-]?ExplicitGCInvokesConcurrentAndUnloadsClasses/,
    /^-XX:[+-]?PrintGC(?!Details$)\w/,
    /^-XX:[+-]?Print(HeapAtGC|TenuringDistribution|AdaptiveSizePolicy|ReferenceGC|PromotionFailure|Safepoint|FLS)/,
    /^-XX:[+-]?(UseGCLogFileRotation|NumberOfGCLogFiles|GCLogFileSize)/,
    /^-XX:(Max)?PermSize/,
    /^-XX:[+-]?(AggressiveOpts|UnlockCommercialFeatures|UseCGroupMemoryLimitForHeap|UseCompressedStrings|UseSplitVerifier)/,
    /^-XX:[+-]?(UseFastAccessorMethods|UseMembar|UseStringCache|TraceClass(Loading|Unloading)|CheckEndorsedAndExtDirs)/,
];

/** The options of a value of storm.yaml: a string, a list, or nothing. */
export function optionsIn(value: unknown): string[] {
    return [value].flat().flatMap((each) => (typeof each === "string" ? each.split(/\s+/).filter(Boolean) : []));
}

/** Those of the options that today's Java does not have. */
export function removedOptions(value: unknown): string[] {
    return optionsIn(value).filter((option) => removed.some((pattern) => pattern.test(option)));
}

/**
 * What to put before a JVM's options, so that it starts although some are not today's Java's: workers of Storm as released pass over them.
 * @param options Values of storm.yaml, each with options that the JVM receives.
 * @returns The option that passes over others, or nothing if it is not needed.
 */
export function tolerance(...options: unknown[]): string {
    return options.some((value) => removedOptions(value).length > 0) ? passOver : "";
}

/** Keys of storm.yaml, and of a topology's configuration, with further options of a worker's JVM. */
export const workerOptionKeys = ["topology.worker.childopts", "topology.worker.gc.childopts", "worker.gc.childopts"];

/** The JVM by which Storm starts a worker and writes its output to a file. */
const logWriterKey = "topology.worker.logwriter.childopts";

/** A configuration with which workers start although it has options of an older Java. */
export function tolerant(configuration: StormConfig, image: string): StormConfig {
    if (majorVersion(image) === 1) {
        return configuration;
    }
    const entries = Object.entries(configuration).map(([key, value]) => [
        key,
        [...workerOptionKeys, logWriterKey].includes(key) && tolerance(value)
            ? [tolerance(value), ...optionsIn(value)].join(" ")
            : value,
    ]);
    return Object.fromEntries(entries) as StormConfig;
}

/**
 * The options that a profiler adds to workers, if it is on. Storm's default for them is of an older Java: `+UnlockCommercialFeatures`
 * (conf/defaults.yaml).
 */
export function profilerOptions(config: StormConfig): unknown {
    return config["worker.profiler.enabled"] === true
        ? (config["worker.profiler.childopts"] ?? "-XX:+UnlockCommercialFeatures -XX:+FlightRecorder")
        : undefined;
}
