/**
 * Keeps a stack's issue of drift: `driftIssue.ts <stack> <outcome> <log>`. It is opened, or brought up to date, when the outcome is
 * `drift` or `failed`, and closed when it is `none`.
 */
import * as fs from "fs";
import { call, findOwn, ofRunner } from "./github";
import { fenced, githubLimit } from "./report";

const headlines = {
    drift: "The resources differ from the stack's last update. What to do: docs/ci.md.",
    failed: "The resources could not be compared with the stack's state.",
};

/** How a comparison ended. */
export type Outcome = keyof typeof headlines | "none";

/** Opens, updates or closes the one issue of a stack. */
export function keepIssue(repository: string, stack: string, outcome: Outcome, log: string, run: string): void {
    const mark = `<!-- storm: drift of ${stack} -->`;
    const issues = `repos/${repository}/issues`;
    const own = findOwn(`${issues}?state=open&per_page=100`, mark);
    if (outcome === "none") {
        if (own) {
            call("POST", `${issues}/${own.number}/comments`, { body: `There is no drift any more: ${run}` });
            call("PATCH", `${issues}/${own.number}`, { state: "closed" });
        }
        return;
    }
    const head = `${mark}\n${headlines[outcome]} As of ${run}:\n\n`;
    const issue = { title: `Drift: ${stack}`, body: head + fenced(log, githubLimit - head.length, "diff") };
    if (own) {
        call("PATCH", `${issues}/${own.number}`, issue);
    } else {
        call("POST", issues, issue);
    }
}

function main(stack: string, outcome: Outcome, log: string): void {
    const repository = ofRunner("GITHUB_REPOSITORY");
    const run = `${ofRunner("GITHUB_SERVER_URL")}/${repository}/actions/runs/${ofRunner("GITHUB_RUN_ID")}`;
    keepIssue(repository, stack, outcome, fs.readFileSync(log, "utf8"), run);
}

if (require.main === module) {
    const [stack = "", outcome = "failed", log = ""] = process.argv.slice(2);
    try {
        main(stack, outcome as Outcome, log);
    } catch (error) {
        console.error(`ci:drift: ${(error as Error).message}`);
        process.exit(1);
    }
}
