/**
 * Delivery by `arguments`: the configuration as arguments of the `storm` command, which parses each value as JSON.
 * Java options (`*.childopts`) cannot be delivered so: the launcher reads them from storm.yaml alone.
 */
export function launchArguments(config: Record<string, unknown>): string[] {
    return Object.entries(config).flatMap(([key, value]) => ["-c", `${key}=${JSON.stringify(value)}`]);
}
