/** Milliseconds after which a line that still holds is written again. */
const againMilliseconds = 10 * 60_000;

/** Writes what is decided and what fails: a line about the same is written when it changes, and each ten minutes. */
export class Journal {
    private readonly last = new Map<string, { line: string; at: number }>();

    /** @param write Writes a line. */
    constructor(private readonly write: (line: string) => void) {}

    /**
     * @param about What the line is about.
     * @param text What is said; what AWS says may be of several lines.
     * @param now In milliseconds.
     */
    say(about: string, text: string, now: number): void {
        const line = text.replace(/\s*\n\s*/g, " ");
        const before = this.last.get(about);
        if (before?.line !== line || now - before.at >= againMilliseconds) {
            this.write(`${new Date(now).toISOString()} ${about}: ${line}`);
            this.last.set(about, { line, at: now });
        }
    }

    /** Forgets what was said, except about these: where it is said again, it is written again. */
    keep(abouts: string[]): void {
        [...this.last.keys()].filter((about) => !abouts.includes(about)).forEach((about) => this.last.delete(about));
    }
}
