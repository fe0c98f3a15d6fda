/** GitHub's API, by its CLI `gh`, which is on the runners and takes GH_TOKEN. */
import { spawnSync } from "child_process";

/** A comment or an issue. */
export interface Text {
    id: number;
    /** Of an issue. */
    number: number;
    body: string | null;
    user: { login: string } | null;
}

/** Who a workflow's own token is. */
const self = "github-actions[bot]";

/** What GitHub answers. @throws Error with what it says where it refuses. */
export function call(method: "POST" | "PATCH", path: string, fields: Record<string, string>): void {
    gh(["--method", method, path, "--input", "-"], JSON.stringify(fields));
}

/** Of the comments or issues at a path, the first that CI wrote and that begins with a mark. People may quote the mark. */
export function findOwn(path: string, mark: string): Text | undefined {
    const pages = JSON.parse(gh(["--paginate", "--slurp", path])) as Text[][];
    return pages.flat().find(({ user, body }) => user?.login === self && body?.startsWith(mark));
}

function gh(args: string[], input?: string): string {
    const options = { input, env: process.env, encoding: "utf8", maxBuffer: 64 << 20 } as const;
    const { status, stdout, stderr, error } = spawnSync("gh", ["api", ...args], options);
    if (status !== 0) {
        throw new Error(`gh api ${args.join(" ")}: ${error?.message ?? stderr.trim()}`);
    }
    return stdout;
}

/** A variable that a runner sets. @throws Error where it is not set. */
export function ofRunner(name: string): string {
    const value = process.env[name];
    if (!value) {
        throw new Error(`${name} is not set: this runs in a workflow (docs/ci.md)`);
    }
    return value;
}
