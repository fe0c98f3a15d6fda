import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as yaml from "yaml";
import { Checkout, sweep } from "../checkout";
import { docker, machineSettings, until } from "../stack";
import { jar } from "../topologies/topologies";

const stack = "e2e-make";
const cluster = `storm-${stack}`;
const config = {
    // Strings, as Pulumi writes scalars back.
    ...Object.fromEntries(Object.entries(machineSettings()).map(([key, value]) => [key, String(value)])),
    "storm:target": "local",
    "storm:supervisors": "1",
    "storm:subnet": "172.30.80.0/24",
    "storm:uiPort": "18082",
    "storm:heap": { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128, ui: 256 },
};
const settings = `# Settings of a test.\n${yaml.stringify({ config })}`;

const checkout = new Checkout(stack, settings);
const make = (...args: string[]) => checkout.make(...args);

const labelled = (kind: string) => docker(kind, "ls", "--quiet", "--filter", `label=storm.cluster=${cluster}`);

beforeAll(() => {
    sweep(cluster);
    // As `make wordcount` builds it.
    fs.cpSync(jar, path.join(checkout.folder, jar));
});
afterAll(() => {
    sweep(cluster);
    checkout.remove();
});

let up: ReturnType<typeof make>;

test("before it, `make status` and `make storm` say that there is no cluster", () => {
    expect(make("status")).toEqual({
        code: 0,
        output: expect.stringMatching(/^There is no cluster \S+\. `make up` creates it\.$/m) as string,
    });
    expect(make("storm", "ARGS=list").output).toContain("No Nimbus runs: make up");
});

test("`make up` ends with addresses, daemons and the next commands", () => {
    up = make("up");
    expect(up).toEqual({ code: 0, output: expect.stringContaining(`cluster ${cluster}`) as string });
    expect(up.output).toMatch(/Nimbus +172\.30\.80\.33:6627/);
    expect(up.output).toMatch(/supervisor-1 +Up /);
    expect(up.output).toMatch(/leader +172\.30\.80\.33/);
    expect(up.output).toMatch(/slots +0 of 2 used, on 1 supervisors/);
    expect(up.output).toContain('make storm ARGS="list"');
});

test("Pulumi adds its salt to the stack's file; other files of the checkout stay as they are", () => {
    const written = fs.readFileSync(checkout.stackFile, "utf8");
    expect(written).toMatch(/^# Settings of a test\.\n/);
    expect(yaml.parse(written)).toEqual({ config, encryptionsalt: expect.stringMatching(/^v1:/) as string });
    const known = new Set(["node_modules", ".local", "Pulumi.local.yaml", path.basename(checkout.stackFile)]);
    const made = fs.readdirSync(checkout.folder).filter((name) => !known.has(name) && !fs.existsSync(name));
    expect(made).toEqual([]);
});

test("with the exports that it prints, plain Pulumi works on the same stack", () => {
    const exports = up.output.split("\n").filter((line) => line.startsWith("export "));
    expect(exports).toHaveLength(2);
    expect(exports.join()).not.toContain("CONFIG_FILE");
    const before = fs.readFileSync(checkout.stackFile, "utf8");
    const plain = (command: string) => checkout.run("bash", "-c", `${exports.join("\n")}\nnpx pulumi ${command}`);
    expect(plain("preview --expect-no-changes")).toMatchObject({ code: 0 });
    expect(plain("stack output nimbusSeeds").output).toContain("172.30.80.33");
    expect(plain("refresh --yes --skip-preview --expect-no-changes")).toMatchObject({ code: 0 });
    expect(fs.readFileSync(checkout.stackFile, "utf8")).toBe(before);
});

test("again, it changes nothing", () => {
    const before = labelled("container");
    const again = make("up");
    expect(again.output).toMatch(/Resources:\n +\d+ unchanged\n/);
    expect(labelled("container")).toBe(before);
});

test("`make preview` shows what a changed setting would do", () => {
    checkout.set({ "storm:supervisors": 2 });
    expect(make("preview").output).toContain("7 to create");
    checkout.set({ "storm:supervisors": 1 });
    expect(make("preview").output).not.toContain("to create");
});

test("`make scale` shows what is there before and after; what is no number leaves the settings as they are", async () => {
    const scaled = make("scale", "SUPERVISORS=2");
    expect(scaled).toEqual({
        code: 0,
        output: expect.stringContaining("make scale: from 1 to 2 supervisors") as string,
    });
    expect(scaled.output).toMatch(/on 1 supervisors[^]*7 to create[^]*on 2 supervisors/);
    expect(scaled.output).toMatch(/, after\n(export .*\n){2}/);
    const refused = make("scale", "SUPERVISORS=none");
    expect([refused.code === 0, refused.output]).toEqual([
        false,
        expect.stringContaining("there are 2 supervisors as before"),
    ]);
    expect(make("scale", "SUPERVISORS=1").output).toMatch(/on 2 supervisors[^]*7 to delete/);
    // Storm gives a supervisor a second to end its session: one that takes longer is registered until that expires.
    await until("the one that went is forgotten", 300, () => make("status").output.includes("on 1 supervisors"));
});

test("`make storm`, `make status`, `make logs` answer", () => {
    expect(make("storm", "ARGS=list").output).toContain("No topologies running");
    expect(make("status")).toEqual({ code: 0, output: expect.stringMatching(/topology +none/) as string });
    expect(make("logs", "D=nimbus").output).toContain("Nimbus");
    expect(make("logs", "D=zookeeper-1").output).toContain("zookeeper");
    docker("stop", `${cluster}-nimbus-1`);
    expect(make("status")).toEqual({
        code: 2,
        output: expect.stringContaining("nimbus-1 does not run: make up starts it again") as string,
    });
    expect(make("wordcount").output).toContain("no Nimbus answers, so nothing is submitted");
    expect(make("logs", "D=nimbus").output).toContain("Running: java");
    expect(make("logs", "D=nimbus").output).toContain("o.a.s.d.n.Nimbus");
    docker("start", `${cluster}-nimbus-1`);
    const unknown = make("logs", "D=storm");
    expect(unknown.code).not.toBe(0);
    expect(unknown.output).toContain("give one of: nimbus-1 supervisor-1");
});

test("`make wordcount` submits quietly, and shows the first counts; again, it shows those of the same topology", async () => {
    await until("Nimbus leads again", 300, () => /leader +172/.test(make("status").output));
    const first = make("wordcount");
    expect(first).toEqual({ code: 0, output: expect.stringContaining("submitting topology wordcount") as string });
    expect(first.output).toMatch(/^ {2}supervisor-1 {2}counted \d+ words, \d+ different; most frequent: \w+=\d+$/m);
    expect(first.output).toMatch(
        new RegExp(`^  docker exec ${cluster}-supervisor-1 sh -c 'tail -f /logs/workers-artifacts/wordcount-1-`, "m"),
    );
    expect(first.output).not.toMatch(/\[main\]|\[INFO\]|Running: /);
    const again = make("wordcount");
    expect(again).toEqual({
        code: 0,
        output: expect.stringMatching(
            /is on the cluster already, and ACTIVE[^]* {2}supervisor-1 {2}counted /,
        ) as string,
    });
    expect(again.output).not.toContain("submitting");
    expect(make("status").output).toMatch(/topology +wordcount ACTIVE, 2 workers/);
});

test("`make down` keeps the data, and `make down DATA=yes` removes it", () => {
    expect(make("down").output).toContain(
        `Kept the data, which the next \`make up\` finds again: ${cluster}-nimbus-1-data`,
    );
    expect([labelled("container"), labelled("network")]).toEqual(["", ""]);
    // One of them is of the supervisor that went.
    expect(labelled("volume").split("\n")).toHaveLength(5);
    expect(make("status").output).toContain("There is no cluster");
    expect(make("down", "DATA=yes").output).toContain("Removed the data");
    expect(labelled("volume")).toBe("");
});

test("a backend and a passphrase of the user's own are used", () => {
    const state = fs.mkdtempSync(path.join(os.tmpdir(), "storm-state-"));
    const script =
        "source scripts/env.sh; use_stack >/dev/null; select_stack >/dev/null; print_exports; pulumi stack ls --json";
    const env = {
        ...checkout.environment,
        STACK: stack,
        PULUMI_BACKEND_URL: `file://${state}`,
        PULUMI_CONFIG_PASSPHRASE: "own",
    };
    // As before the stack: the salt is of the other passphrase.
    fs.rmSync(path.join(checkout.folder, ".local"), { recursive: true });
    fs.writeFileSync(checkout.stackFile, settings);
    const done = spawnSync("bash", ["-c", script], { cwd: checkout.folder, env, encoding: "utf8" });
    expect(done.stdout).not.toContain("export");
    expect(done.stdout).toContain(`"name": "${stack}"`);
    expect(fs.existsSync(path.join(state, ".pulumi", "stacks", "storm", `${stack}.json`))).toBe(true);
    fs.rmSync(state, { recursive: true });
});
