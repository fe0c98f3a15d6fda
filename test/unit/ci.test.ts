import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as yaml from "yaml";
import { comment } from "../../scripts/ci/comment";
import { keepIssue } from "../../scripts/ci/driftIssue";
import {
    fenced,
    githubLimit,
    type Preview,
    previewMark,
    previewReport,
    withoutProgress,
} from "../../scripts/ci/report";
import { withoutSecrets } from "../../scripts/stackFile";
import { GitHub, type Post, type Store } from "../ci/github";

const preview = (more: Partial<Preview>): Preview => ({
    ...{
        stack: "dev",
        fromNothing: false,
        changes: { same: 140 },
        violations: [],
        failed: false,
        output: "Resources:",
    },
    ...more,
});

describe("the report", () => {
    test("has a row for each stack, and the diffs of those that change or fail", () => {
        const report = previewReport([
            preview({}),
            preview({ stack: "prod", changes: { same: 9, create: 8, replace: 1 }, output: "+ prod" }),
            preview({
                stack: "test",
                changes: { create: 1 },
                fromNothing: true,
                failed: true,
                output: "error: unknown setting",
            }),
        ]);
        expect(report.startsWith(previewMark)).toBe(true);
        expect(report).toContain("| dev | its state | 0 | 0 | 0 | 0 |  | ok |");
        expect(report).toContain("| prod | its state | 8 | 0 | 1 | 0 |  | ok |");
        expect(report).toContain("| test | nothing |  |  |  |  |  | **failed** |");
        expect(report).not.toContain("<summary>dev");
        expect(report).toMatch(/<summary>prod<\/summary>\n\n```diff\n\+ prod\n```\n<\/details>/);
        expect(report).toContain("error: unknown setting");
    });

    test("says which policies are violated, and by what", () => {
        const violation = {
            policy: "survives-losses",
            mandatory: true,
            resource: "storm",
            message: "In production.\nSet storm:zookeepers.",
        };
        const report = previewReport([
            preview({ failed: true, violations: [violation, { ...violation, policy: "a", mandatory: false }] }),
        ]);
        expect(report).toContain("- dev, `storm`, `survives-losses`: In production. Set storm:zookeepers.\n");
        expect(report).toContain("- dev, `storm`, advice of `a`: ");
        expect(report).toContain("| 2 violated | **failed** |");
    });

    test("fits into a comment: the longer diffs are cut, at a line's end, and short ones stay whole", () => {
        const line = `${"x".repeat(99)}\n`;
        const long = (stack: string) => preview({ stack, changes: { create: 1 }, output: line.repeat(2000) });
        const short = preview({ stack: "short", changes: { create: 1 }, output: line.repeat(10) });
        const report = previewReport([long("a"), short, long("b")]);
        expect(report.length).toBeLessThanOrEqual(githubLimit);
        expect(report.length).toBeGreaterThan(githubLimit - 1000);
        expect(report.match(/x{99}\n/g)?.length).toBe(report.match(/x+/g)?.filter((word) => word.length > 1).length);
        expect(report.match(/characters more, which the job's log has/g)).toHaveLength(2);
        expect(report.match(/<\/details>/g)).toHaveLength(3);
    });

    test("shows what looks like the end of a fence as it is", () => {
        expect(fenced("a\n````\n</details>", 1000)).toBe("`````\na\n````\n</details>\n`````");
    });

    test("has no signs of progress", () => {
        expect(withoutProgress("Previewing\n@ previewing update....\n\n@ previewing update\n+ create\n")).toBe(
            "Previewing\n+ create",
        );
    });
});

test("a stack's file without secrets says the rest", () => {
    const text = `# comment
encryptionsalt: v1:abc
config:
  storm:target: aws
  storm:sshKey: { secure: v1:def }
  storm:aws: { zones: [a], other: { secure: v1:ghi }, list: [1, { secure: v1:jkl }] }
`;
    expect(yaml.parse(withoutSecrets(text))).toEqual({
        config: { "storm:target": "aws", "storm:aws": { zones: ["a"], list: [1] } },
    });
    expect(() => withoutSecrets("config: {a: b: c}")).toThrow();
});

describe("on GitHub", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-ci-"));
    const before = { ...process.env };
    const use = (store: Store = {}) => {
        const github = new GitHub(folder, store);
        Object.assign(process.env, github.environment);
        return github;
    };
    afterAll(() => {
        process.env = before;
        fs.rmSync(folder, { recursive: true });
    });
    const post = (id: number, more: Partial<Post>): Post => ({
        ...{ id, body: "", user: { login: "somebody" } },
        ...more,
    });

    test("there is one comment, which later runs write anew, whatever else is said", () => {
        const said = Array.from({ length: 150 }, (_, index) =>
            post(index, { issue: "7", body: `${previewMark} quoted` }),
        );
        const github = use({
            comments: [...said, post(900, { issue: "8", body: previewMark, user: { login: "github-actions[bot]" } })],
        });
        comment("o/r", "7", `${previewMark}\nfirst`);
        comment("o/r", "7", `${previewMark}\nsecond`);
        expect(github.comments).toHaveLength(152);
        expect(github.comments.filter(({ body }) => !body.endsWith("quoted"))).toMatchObject([
            { id: 900, body: previewMark },
            { issue: "7", body: `${previewMark}\nsecond` },
        ]);
    });

    test("what GitHub refuses is an error with what it says", () => {
        use({ readOnly: true });
        expect(() => comment("o/r", "7", previewMark)).toThrow("Resource not accessible by integration (HTTP 403)");
        expect(() => comment("o/r/s", "7", previewMark)).toThrow("Not Found (HTTP 404)");
        use();
        expect(() => comment("o/r", "7", "x".repeat(githubLimit + 1))).toThrow("body is too long");
        delete process.env.GH_TOKEN;
        expect(() => comment("o/r", "7", previewMark)).toThrow("set the GH_TOKEN environment variable");
    });

    test("there is one issue for a stack's drift, which is closed when there is none any more", () => {
        const github = use({
            issues: [post(1, { number: 1, state: "open", body: "<!-- storm: drift of dev --> quoted" })],
        });
        keepIssue("o/r", "dev", "none", "", "run 1");
        expect([github.issues.length, github.comments.length]).toEqual([1, 0]);
        keepIssue("o/r", "dev", "drift", "- container", "run 2");
        keepIssue("o/r", "prod", "drift", "- other", "run 2");
        keepIssue("o/r", "dev", "failed", "x".repeat(100_000), "run 3");
        expect(github.issues.map(({ title, state }) => [title, state])).toEqual([
            [undefined, "open"],
            ["Drift: dev", "open"],
            ["Drift: prod", "open"],
        ]);
        expect(github.issues[1]?.body).toMatch(/could not be compared.*run 3/);
        keepIssue("o/r", "dev", "none", "", "run 4");
        expect(github.issues[1]).toMatchObject({ state: "closed" });
        expect(github.comments).toMatchObject([{ issue: "2", body: "There is no drift any more: run 4" }]);
        keepIssue("o/r", "dev", "drift", "- again", "run 5");
        expect(github.issues[3]).toMatchObject({ title: "Drift: dev", state: "open" });
    });
});

interface Job {
    environment?: string;
    permissions: Record<string, string>;
    concurrency?: { "cancel-in-progress": boolean };
    needs?: string;
    "timeout-minutes": number;
    steps: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}
interface Workflow {
    permissions: Record<string, string>;
    concurrency?: { "cancel-in-progress": boolean };
    jobs: Record<string, Job>;
}
const workflow = (name: string) => yaml.parse(fs.readFileSync(`.github/workflows/${name}.yml`, "utf8")) as Workflow;
const names = ["pull-request", "main", "drift"];

describe("the workflows", () => {
    const jobs = names.flatMap((name) =>
        Object.entries(workflow(name).jobs).map(([job, value]) => [`${name}, ${job}`, value] as const),
    );

    test.each(jobs)("%s: its steps are package scripts that are there", (_name, { steps }) => {
        const { scripts } = JSON.parse(fs.readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
        for (const { run } of steps.filter((step) => step.run && step.run !== "npm ci")) {
            expect(Object.keys(scripts)).toContain(/^npm run (\S+)( -- \S+)?$/.exec(run ?? "")?.[1]);
        }
    });

    test.each(jobs)("%s: has an identity only to assume a role", (_name, { permissions, steps }) => {
        const assumes = steps.some(({ uses }) => uses?.startsWith("aws-actions/configure-aws-credentials@"));
        expect(permissions["id-token"] === "write").toBe(assumes);
        expect(permissions.contents).toBe("read");
    });

    test.each(jobs)("%s: its session at AWS, by which the state is written, outlives it", (_name, job) => {
        const sessions = job.steps
            .filter(({ uses }) => uses?.startsWith("aws-actions/configure-aws-credentials@"))
            .map((step) => (step.with?.["role-duration-seconds"] as number | undefined) ?? 3600);
        expect(sessions.filter((seconds) => seconds < job["timeout-minutes"] * 60)).toEqual([]);
    });

    test("docs/ci.md says how long the role's sessions must be able to last", () => {
        const { dev, prod } = workflow("main").jobs;
        const seconds = [dev, prod].flatMap((job) =>
            job?.steps.flatMap((step) => step.with?.["role-duration-seconds"] ?? []),
        );
        const [, said] = /--max-session-duration (\d+)/.exec(fs.readFileSync("docs/ci.md", "utf8")) ?? [];
        expect(seconds).toEqual([Number(said), Number(said)]);
    });

    test("check what CI checks of the sources", () => {
        const runs = workflow("pull-request").jobs.check?.steps.flatMap(({ run }) => run ?? []);
        expect(runs).toEqual(["npm ci", "npm run lint", "npm run lint:workflows", "npm run typecheck", "npm run test"]);
    });

    test("cancel previews, and never updates; prod follows dev, behind its environment", () => {
        expect(workflow("pull-request").concurrency?.["cancel-in-progress"]).toBe(true);
        const { dev, prod } = workflow("main").jobs;
        expect(workflow("main").concurrency).toBeUndefined();
        expect([dev, prod].map((job) => job?.concurrency?.["cancel-in-progress"])).toEqual([false, false]);
        expect([dev?.environment, prod?.environment, prod?.needs]).toEqual(["dev", "prod", "dev"]);
    });
});
