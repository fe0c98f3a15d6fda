/**
 * Asks, four times a second, what something still lacks, until it lacks nothing or time is over.
 * @param seconds Until it is given up.
 * @param lacks What it lacks; undefined: nothing.
 * @returns What it lacks at the end.
 */
export async function lackingAfter(seconds: number, lacks: () => Promise<string | undefined>): Promise<string | undefined> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
        const lacking = await lacks();
        if (lacking === undefined || Date.now() >= deadline) {
            return lacking;
        }
        await new Promise((resolve) => setTimeout(resolve, 250));
    }
}
