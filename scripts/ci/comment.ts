/** Puts the report of ci:preview on its pull request: into CI's comment where there is one, else as a new one. */
import * as fs from "fs";
import { call, findOwn, ofRunner } from "./github";
import { previewMark } from "./report";

const report = ".local/preview.md";

/** Creates CI's comment on a pull request, or updates it. */
export function comment(repository: string, pullRequest: string, body: string): void {
    const comments = `repos/${repository}/issues/${pullRequest}/comments`;
    const own = findOwn(`${comments}?per_page=100`, previewMark);
    if (own) {
        call("PATCH", `repos/${repository}/issues/comments/${own.id}`, { body });
    } else {
        call("POST", comments, { body });
    }
}

function main(): void {
    const pullRequest = /^refs\/pull\/(\d+)\//.exec(ofRunner("GITHUB_REF"))?.[1];
    if (!pullRequest) {
        throw new Error(`GITHUB_REF is ${ofRunner("GITHUB_REF")}, which is no pull request`);
    }
    comment(ofRunner("GITHUB_REPOSITORY"), pullRequest, fs.readFileSync(report, "utf8"));
}

if (require.main === module) {
    try {
        main();
    } catch (error) {
        console.error(`ci:comment: ${(error as Error).message}`);
        process.exit(1);
    }
}
