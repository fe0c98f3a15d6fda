import { createHash } from "crypto";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as yaml from "yaml";
import { previewMark } from "../../../scripts/ci/report";
import { GitHub } from "../../ci/github";
import { Checkout, sweep } from "../checkout";
import { docker, machineSettings, type Result } from "../stack";

/**
 * The workflows' steps, as a runner runs them, on a clean clone: npm's packages are those of this checkout, GitHub is a stand-in, and the
 * team's backend a folder, in which a stack on this machine is.
 */
const stack = "e2e-workflow";
const cluster = `storm-${stack}`;
const settings = {
    ...machineSettings(),
    "storm:target": "local",
    "storm:supervisors": 1,
    "storm:subnet": "172.30.90.0/24",
    "storm:uiPort": 18098,
    "storm:heap": { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 },
};
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-workflow-"));
const backend = path.join(folder, "state");
const summary = path.join(folder, "summary.md");
const github = new GitHub(folder);
const checkout = new Checkout(stack, yaml.stringify({ config: settings }), {
    ...github.environment,
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_REF: "refs/pull/7/merge",
    GITHUB_REPOSITORY: "o/r",
    GITHUB_RUN_ID: "1",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_STEP_SUMMARY: summary,
});
/** The values of the workflows' expressions, on a branch of the repository. A fork has none. */
const values: Record<string, string> = {
    "github.token": "stand-in",
    "secrets.PULUMI_CONFIG_PASSPHRASE": "the team's",
    "vars.PULUMI_BACKEND_URL": `file://${backend}`,
};

interface Step {
    run?: string;
    if?: string;
    env?: Record<string, string>;
}

/** Runs the package scripts of a job, one after the other; once one has failed, those that run all the same. */
function run(workflow: string, job: string, expressions: Record<string, string>): Result {
    const text = fs.readFileSync(path.join(checkout.folder, `.github/workflows/${workflow}.yml`), "utf8");
    const { jobs } = yaml.parse(text) as { jobs: Record<string, { steps: Step[] }> };
    const ended: Result = { code: 0, output: "" };
    for (const step of jobs[job]?.steps.filter((each) => each.run?.startsWith("npm run")) ?? []) {
        if (ended.code === 0 || step.if?.includes("!cancelled()")) {
            const evaluated = (value: string) =>
                value.replace(/\$\{\{ (.*?) \}\}/g, (_all, name: string) => expressions[name] ?? "");
            const variables = Object.entries({ GH_TOKEN: "", ...step.env }).map(
                ([name, value]) => `${name}=${evaluated(value)}`,
            );
            const { code, output } = checkout.run("env", ...variables, "bash", "-c", step.run ?? "");
            ended.code ||= code;
            ended.output += output;
        }
    }
    return ended;
}

/** Brings the stack up, by main's step for dev. */
const up = () => run("main", stack, values);
const preview = () => run("pull-request", "preview", values);
const drift = () => run("drift", "drift", { ...values, "matrix.stack": stack });

/** The comment on the pull request. */
const report = () => github.comments.map(({ body }) => body).join("");
/** Cells of a stack's row: creates, updates, replacements, deletions; policies; result. */
const row = (name: string, text = report()) =>
    new RegExp(`^\\| ${name} \\| (.*) \\|$`, "m").exec(text)?.[1]?.split(" | ");

function file(name: string): string {
    return path.join(checkout.folder, name === "local" ? "templates" : "", `Pulumi.${name}.yaml`);
}
const committed = Object.fromEntries(
    ["dev", "prod", "local", stack].map((name) => [name, fs.readFileSync(file(name), "utf8")]),
);

/** Changes settings in a stack's file; undefined takes one out. */
function change(name: string, changed: Record<string, unknown>): void {
    const { config, ...rest } = yaml.parse(committed[name] ?? "") as { config: object };
    fs.writeFileSync(file(name), yaml.stringify({ ...rest, config: { ...config, ...changed } }));
}

/** Takes the other stacks' files away, as their previews take time. */
function keepOnly(...names: string[]): void {
    for (const name of Object.keys(committed).filter((each) => !names.includes(each))) {
        fs.rmSync(file(name));
    }
}

/** A sum over all files of the backend. */
function backendSum(): string {
    const sum = createHash("sha256");
    for (const each of fs
        .readdirSync(backend, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())) {
        sum.update(path.join(each.parentPath, each.name)).update(
            fs.readFileSync(path.join(each.parentPath, each.name)),
        );
    }
    return sum.digest("hex");
}

beforeAll(() => {
    sweep(cluster);
    fs.mkdirSync(backend);
    // What main does for dev, for a stack that needs no account.
    const main = path.join(checkout.folder, ".github/workflows/main.yml");
    fs.writeFileSync(
        main,
        fs
            .readFileSync(main, "utf8")
            .replace(/^  dev:/m, `  ${stack}:`)
            .replace("ci:up -- dev", `ci:up -- ${stack}`),
    );
});
afterEach(() => {
    Object.entries(committed).forEach(([name, text]) => fs.writeFileSync(file(name), text));
});
afterAll(() => {
    sweep(cluster);
    checkout.remove();
    fs.rmSync(folder, { recursive: true });
});

test("on main, dev is brought up, held against the policies", () => {
    expect(up()).toEqual({
        code: 0,
        output: expect.stringMatching(/Policies:\n.*storm@v[^]*supervisor-1 +Up /) as string,
    });
});

test("without the team's backend nothing is brought up", () => {
    expect(run("main", stack, {})).toEqual({
        code: 2,
        output: expect.stringContaining("PULUMI_BACKEND_URL is not set") as string,
    });
});

let untouched: string;

test("a pull request that changes nothing says so in a comment, and has a row for every stack file", () => {
    untouched = backendSum();
    expect(preview()).toMatchObject({ code: 0 });
    expect(github.comments).toMatchObject([{ issue: "7", body: expect.stringContaining(previewMark) as string }]);
    expect(row(stack)).toEqual(["its state", "0", "0", "0", "0", "", "ok"]);
    for (const name of ["dev", "prod", "local"]) {
        expect(row(name)).toEqual(["nothing", expect.stringMatching(/^\d+$/), "0", "0", "0", "", "ok"]);
    }
    expect(fs.readFileSync(summary, "utf8")).toContain("| dev | nothing |");
});

test("a supervisor more is one host more, and nothing that is there changes", () => {
    const before = Number(row("dev")?.[1]);
    const hosts = (name: string) => {
        const [diff = ""] = new RegExp(`<summary>${name}<[^]*?</details>`).exec(fs.readFileSync(summary, "utf8")) ?? [];
        return diff.match(/\+ storm:hosts:(Ec2|Local)Host: \(create\)/g)?.length ?? 0;
    };
    const hostsBefore = hosts("dev");
    fs.rmSync(summary);
    keepOnly(stack, "dev");
    change(stack, { "storm:supervisors": 2 });
    const { config } = yaml.parse(committed.dev ?? "") as { config: { "storm:aws": { instances: object[] } } };
    const { "storm:aws": aws } = config;
    const instances = [...aws.instances, { name: "worker", type: "t3.large", daemons: ["supervisor-3"] }];
    change("dev", { "storm:supervisors": 3, "storm:aws": { ...aws, instances } });
    expect(preview()).toMatchObject({ code: 0 });
    expect(row(stack)).toEqual(["its state", "7", "0", "0", "0", "", "ok"]);
    expect(hosts(stack)).toBe(1);
    expect(Number(row("dev")?.[1])).toBeGreaterThan(before);
    expect([hostsBefore, hosts("dev")]).toEqual([2, 3]);
    expect(github.comments).toHaveLength(1);
});

test("a typo and a violated policy fail the step, the report says what is wrong, and other stacks are previewed all the same", () => {
    keepOnly(stack, "dev", "prod");
    change("dev", { "storm:supervisor": 3 });
    change("prod", { "storm:zookeepers": 1 });
    expect(preview()).toMatchObject({ code: 1 });
    expect(row("dev")).toEqual(["nothing", "", "", "", "", "", "**failed**"]);
    expect(report()).toContain("storm:supervisor is not a setting");
    expect(row("prod")).toEqual(["nothing", expect.any(String), "0", "0", "0", "1 violated", "**failed**"]);
    expect(report()).toMatch(/^- prod, `storm`, `survives-losses`: .*Set storm:zookeepers to 3 or 5\./m);
    expect(row(stack)?.pop()).toBe("ok");
    expect(github.comments).toHaveLength(1);
});

test("a fork's pull request has a preview from nothing, in the job's summary alone, also of a stack with secrets", () => {
    const before = report();
    fs.rmSync(summary);
    keepOnly("dev");
    const secret = { secure: "v1:0123456789abcdef:AAAA" };
    const { config } = yaml.parse(committed.dev ?? "") as { config: object };
    fs.writeFileSync(
        file("dev"),
        yaml.stringify({ encryptionsalt: "v1:unknown", config: { ...config, "storm:sshKey": secret } }),
    );
    expect(run("pull-request", "preview-fork", {})).toMatchObject({ code: 0 });
    expect(row("dev", fs.readFileSync(summary, "utf8"))).toEqual([
        "nothing",
        expect.any(String),
        "0",
        "0",
        "0",
        "",
        "ok",
    ]);
    expect(report()).toBe(before);
});

test("drift opens one issue, which a later night brings up to date, and which is closed when there is none any more", () => {
    docker("rm", "--force", `${cluster}-supervisor-1`);
    expect(drift()).toMatchObject({ code: 1 });
    expect(drift()).toMatchObject({ code: 1 });
    expect(github.issues).toMatchObject([{ title: `Drift: ${stack}`, state: "open" }]);
    expect(github.issues[0]?.body).toMatch(/The resources differ from[^]*docker:index\/container:Container/);
    expect(docker("ps", "--all", "--quiet", "--filter", `name=${cluster}-supervisor-1`)).toBe("");
    // Neither previews nor this have written to the backend.
    expect(backendSum()).toBe(untouched);
    expect(up()).toMatchObject({ code: 0 });
    // A night without drift: it closes that issue, and opens none.
    expect(drift()).toMatchObject({ code: 0 });
    expect(github.issues).toMatchObject([{ state: "closed" }]);
});

test("a stack that is not in the backend is no quiet night, and is not made", () => {
    const before = backendSum();
    expect(run("drift", "drift", { ...values, "matrix.stack": "prod" })).toMatchObject({ code: 1 });
    expect(github.issues[1]).toMatchObject({
        title: "Drift: prod",
        body: expect.stringContaining("no stack named 'prod' found") as string,
    });
    expect(backendSum()).toBe(before);
});
