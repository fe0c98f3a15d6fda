import { clusterConfiguration, type NimbusAt } from "./client";

/**
 * The time-outs that work waits for when it moves or starts again, and what Storm sets them to, in seconds: conf/defaults.yaml of every
 * version from 1.2 to 3.
 */
const released = {
    "nimbus.task.timeout.secs": 30,
    "nimbus.supervisor.timeout.secs": 60,
    "nimbus.task.launch.secs": 120,
    "supervisor.worker.start.timeout.secs": 120,
};

/** Seconds that Storm gives a worker to start, before it starts another one in its place, where nobody has changed that. */
export const workerStartSeconds = released["supervisor.worker.start.timeout.secs"];

/**
 * Seconds by which a cluster may take longer than one with Storm's own time-outs until work runs elsewhere, or again.
 * @throws Error when Nimbus does not answer.
 */
export async function addedSeconds(nimbus: NimbusAt): Promise<number> {
    const configuration = await clusterConfiguration(nimbus);
    return Object.entries(released).reduce(
        (sum, [key, seconds]) => sum + Math.max(0, Number(configuration[key] ?? seconds) - seconds),
        0,
    );
}
