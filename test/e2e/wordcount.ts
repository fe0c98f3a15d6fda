/** What the example topology says in the logs of its workers. */
import { until } from "./stack";

/** Prints the logs of a supervisor's workers; to be run in its container. */
export const workerLogs = "cat /logs/workers-artifacts/wordcount-*/*/worker.log || true";

/** Words that the `count` tasks have counted over all restarts: a worker that starts anew counts from zero, in the same log. */
export function wordsCounted(logs: string): number {
    const last: Record<string, number> = {};
    let words = 0;
    for (const [, task = "", count] of logs.matchAll(/(count-executor\S*).*counted (\d+) words/g)) {
        const now = Number(count);
        const before = last[task] ?? 0;
        words += now < before ? now : now - before;
        last[task] = now;
    }
    return words;
}

/** Waits until each of some workers has counted more words than it has now: `counted` gives them, by a name for messages. */
export async function untilCounting(counted: Record<string, () => number | Promise<number>>): Promise<void> {
    for (const [name, words] of Object.entries(counted)) {
        const first = await words();
        await until(`words counted on ${name}`, 300, async () => (await words()) > first);
    }
}
