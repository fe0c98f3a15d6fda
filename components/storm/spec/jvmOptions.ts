import { majorVersion } from "../../../provider/image";
import { logWriterHeap } from "./memory";
import type { StormConfig } from "./stormConfig";

/** By this option a JVM passes over options that it does not know. */
const passOver = "-XX:+IgnoreUnrecognizedVMOptions";

/** The Java of the images of a major version of Storm: Storm 3 needs 21 or newer, and its images have 25. */
export function javaOf(image: string): number {
    const major = majorVersion(image) ?? 2;
    return major === 1 ? 8 : major < 3 ? 17 : 25;
}

/**
 * Options that Java 8 has and Java 17 does not have: a JVM that receives one does not start. Each was tried on OpenJDK 17. Examples are
 * in many a storm.yaml, and in Storm 1's own defaults.
 */
const removedBy17 = [
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

/**
 * The same for options that Java 17 has and Java 25 does not have: all that OpenJDK 17 lists (-XX:+PrintFlagsFinal) and 25.0.2 refuses.
 * Those of biased locking (JEP 374) ended with Java 19, those of restricted transactional memory and -Xnoagent with Java 25, for example.
 * Options of which Java 25 only says that it ignores them, such as ZGenerational (JEP 490), are none of them.
 */
const removedBy25 = [
    /^-X(noagent|future)$/,
    /^-XX:[+-]?(UseBiasedLocking|BiasedLocking|Print(Precise)?BiasedLocking|UseOptoBiasInlining)/,
    /^-XX:[+-]?(UseRTM|RTM|PrintPreciseRTM)/,
    /^-XX:[+-]?(UseHugeTLBFS|UseSHM|UseContainerCpuShares|PreferContainerQuotaForCPUCount|NUMAPageScanRate)/,
    /^-XX:(Initial|Max|Min)RAMFraction/,
    /^-XX:(OldSize|BaseFootPrintEstimate|MaxGCMinorPauseMillis|AdaptiveSizePolicyCollectionCostMargin|GCLockerEdenExpansionPercent)/,
    /^-XX:[+-]?(ScavengeBeforeFullGC|TLABStats|RefDiscoveryPolicy|ProcessDistributionStride|HeapFirstMaximumCompactionCount)/,
    /^-XX:[+-]?(ParallelOldDeadWood|G1ConcRS|G1RSet(Sparse)?RegionEntries|G1UseAdaptiveConcRefinement)/,
    /^-XX:G1ConcRefinement(GreenZone|YellowZone|RedZone|ServiceIntervalMillis|ThresholdStep)/,
    /^-XX:[+-]?(UseHeavyMonitors|CriticalJNINatives|AlwaysLockClassLoader|ExtendedDTraceProbes|FilterSpuriousWakeups|DontYieldALot)/,
    /^-XX:[+-]?(PreserveAllAnnotations|RegisterFinalizersAtInit|UseEmptySlotsInSupers|UseNotificationThread|PrintSharedDictionary)/,
    /^-XX:[+-]?(MinInliningThreshold|UseCodeAging|UseCounterDecay|AliasLevel|PrefetchFieldsAhead|DoReserveCopyInSuperWord|TimeLinearScan)/,
];

/** The options of a value of storm.yaml: a string, a list, or nothing. */
export function optionsIn(value: unknown): string[] {
    return [value].flat().flatMap((each) => (typeof each === "string" ? each.split(/\s+/).filter(Boolean) : []));
}

/** Those of the options that the Java of an image does not have. */
export function removedOptions(value: unknown, image: string): string[] {
    const java = javaOf(image);
    const removed = [...(java >= 17 ? removedBy17 : []), ...(java >= 25 ? removedBy25 : [])];
    return optionsIn(value).filter((option) => removed.some((pattern) => pattern.test(option)));
}

/**
 * What to put before a JVM's options, so that it starts although its Java does not have some of them: workers of Storm as released pass
 * over them.
 * @param options Values of storm.yaml, each with options that the JVM receives.
 * @returns The option that passes over others, or nothing if it is not needed.
 */
export function tolerance(image: string, ...options: unknown[]): string {
    return options.some((value) => removedOptions(value, image).length > 0) ? passOver : "";
}

/** The option without which Java 25 warns of libraries that call native code, as Storm 3's do; earlier versions of Storm need none. */
export function nativeAccess(image: string): string {
    return javaOf(image) >= 25 ? "--enable-native-access=ALL-UNNAMED" : "";
}

/** Keys of storm.yaml, and of a topology's configuration, with further options of a worker's JVM. */
export const workerOptionKeys = ["topology.worker.childopts", "topology.worker.gc.childopts", "worker.gc.childopts"];

/** The JVM by which Storm starts a worker and writes its output to a file. */
const logWriterKey = "topology.worker.logwriter.childopts";

/** Storm's default for that JVM, to which this program adds an option: only for images whose Java needs it. */
export function logWriterDefaults(image: string): StormConfig {
    return nativeAccess(image) ? { [logWriterKey]: `-Xmx${logWriterHeap}m` } : {};
}

/** A configuration with which workers start although it has options of an older Java, and do not warn of native code. */
export function tolerant(configuration: StormConfig, image: string): StormConfig {
    const entries = Object.entries(configuration).map(([key, value]) => {
        const isLogWriter = key === logWriterKey;
        const isOptions = isLogWriter || workerOptionKeys.includes(key);
        const added = [isOptions && tolerance(image, value), isLogWriter && nativeAccess(image)].filter(Boolean);
        return [key, added.length > 0 ? [...added, ...optionsIn(value)].join(" ") : value];
    });
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
