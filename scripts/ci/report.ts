/** What CI writes for people to read, in Markdown. */

/** By this at its beginning, CI finds its own comment on a pull request again. */
export const previewMark = "<!-- storm: preview -->";

/** GitHub refuses a longer comment, or description of an issue. */
export const githubLimit = 65536;

/** What a preview of one stack gave. */
export interface Preview {
    stack: string;
    /** Whether it was compared with no state, so that everything is shown as new. */
    fromNothing: boolean;
    /** Number of resources by operation; undefined where the preview did not come to count them. */
    changes?: Record<string, number>;
    violations: Violation[];
    failed: boolean;
    /** What Pulumi printed: the diff, and errors. */
    output: string;
}

/** A policy that a resource violates. */
export interface Violation {
    policy: string;
    mandatory: boolean;
    /** The resource's name. */
    resource: string;
    message: string;
}

const columns = ["create", "update", "replace", "delete"];

/** One report of all stacks' previews, of `limit` characters at most: a table, what is wrong, and each stack's diff. */
export function previewReport(previews: Preview[], limit = githubLimit): string {
    const head = [previewMark, "### What this changes", "", ...table(previews), "", ...violations(previews), ""].join(
        "\n",
    );
    const shown = previews.filter(({ failed, changes }) => failed || columns.some((operation) => changes?.[operation]));
    // What a short diff leaves of its share is for the longer ones.
    let left = limit - head.length;
    const details = new Map<string, string>();
    [...shown]
        .sort((a, b) => a.output.length - b.output.length)
        .forEach(({ stack, output }, index) => {
            const text = `\n<details><summary>${stack}</summary>\n\n${fenced(output, Math.floor(left / (shown.length - index)) - 100, "diff")}\n</details>\n`;
            left -= text.length;
            details.set(stack, text);
        });
    return head + shown.map(({ stack }) => details.get(stack)).join("");
}

function table(previews: Preview[]): string[] {
    const rows = previews.map(({ stack, fromNothing, changes, violations, failed }) => [
        stack,
        fromNothing ? "nothing" : "its state",
        // A program that failed had not declared all of its resources.
        ...columns.map((operation) =>
            changes && (!failed || violations.length > 0) ? String(changes[operation] ?? 0) : "",
        ),
        violations.length === 0 ? "" : `${violations.length} violated`,
        failed ? "**failed**" : "ok",
    ]);
    const header = ["stack", "compared with", ...columns, "policies", "preview"];
    return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

function violations(previews: Preview[]): string[] {
    return previews.flatMap(({ stack, violations }) =>
        violations.map(
            ({ policy, mandatory, resource, message }) =>
                `- ${stack}, \`${resource}\`, ${mandatory ? "" : "advice of "}\`${policy}\`: ${oneLine(message)}`,
        ),
    );
}

function oneLine(text: string): string {
    return text.trim().replace(/\s*\n\s*/g, " ");
}

/** Text as it is, between fences that nothing in it ends, in `limit` characters at most; its beginning where it is longer. */
export function fenced(text: string, limit: number, language = ""): string {
    const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
    const fence = "`".repeat(Math.min(longest, 100) + 1);
    const room = limit - 2 * fence.length - language.length - 100;
    const shown = text.length <= room ? text : text.slice(0, Math.max(0, text.lastIndexOf("\n", room)));
    const rest = text.length - shown.length;
    return `${fence}${language}\n${shown.trimEnd()}\n${fence}${rest === 0 ? "" : `\n... and ${rest} characters more, which the job's log has.`}`;
}

/** What Pulumi prints, without its signs of progress. */
export function withoutProgress(output: string): string {
    return output
        .replace(/^@ previewing update\.*$/gm, "")
        .replace(/\n{2,}/g, "\n")
        .trim();
}
