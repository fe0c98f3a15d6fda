import { stringify } from "yaml";

/** Configuration of a Storm daemon: keys of storm.yaml and their values. */
export type StormConfig = Record<string, unknown>;

/** The content of a storm.yaml, with the directories that the images' entrypoint would otherwise have set. */
export function stormYaml(config: StormConfig): string {
    // Storm's YAML is 1.1, in which a bare `yes` is no text.
    return stringify({ "storm.local.dir": "/data", "storm.log.dir": "/logs", ...config }, { version: "1.1" });
}

/**
 * The `childopts` entries of JVMs: the heap, behind the Java options that `config` has for them.
 * @param heaps MiB by JVM, such as `nimbus`.
 * @param options Java options of them all, which those of `config` may override.
 */
export function childopts(heaps: Record<string, number>, options: string, config: StormConfig): StormConfig {
    const entries = Object.entries(heaps).map(([jvm, heap]) => {
        const key = `${jvm}.childopts`;
        // Storm takes a list too.
        return [key, [options, config[key], `-Xmx${heap}m`].flat().filter(Boolean).join(" ")];
    });
    return Object.fromEntries(entries) as StormConfig;
}
