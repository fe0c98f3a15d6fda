import { spawn } from "child_process";
import { once } from "events";
import * as fs from "fs";
import * as path from "path";
import * as yaml from "yaml";
import { Checkout, sweep } from "../checkout";
import { docker, frugalJvms, machineSettings, until } from "../stack";
import { jar } from "../topologies/topologies";

const stack = "e2e-scaling";
const cluster = `storm-${stack}`;
const settings = yaml.stringify({
    config: {
        ...machineSettings(),
        "storm:target": "local",
        "storm:ui": false,
        "storm:logviewers": false,
        "storm:subnet": "172.30.99.0/24",
        "storm:supervisors": 1,
        "storm:slots": 2,
        "storm:autoscale": { max: 2 },
        "storm:heap": { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 },
        "storm:stormYaml": { ...frugalJvms, "wordcount.sentences.per.second": 4 },
    },
});

const checkout = new Checkout(stack, settings);
const make = (...args: string[]) => checkout.make(...args);
const autoscale = (...args: string[]) => make("autoscale", ...args);

const containers = () =>
    docker("container", "ls", "--all", "--no-trunc", "--quiet", "--filter", `label=storm.cluster=${cluster}`)
        .split("\n")
        .sort();
/** Everything that a run could change. */
const all = () => [containers(), fs.readFileSync(checkout.stackFile, "utf8")];
const supervisors = () =>
    docker("container", "ls", "--filter", `label=storm.cluster=${cluster}`, "--format", '{{.Label "storm.daemon"}}')
        .split("\n")
        .filter((daemon) => daemon.startsWith("supervisor"))
        .sort();
const setting = () =>
    (yaml.parse(fs.readFileSync(checkout.stackFile, "utf8")) as { config: Record<string, unknown> }).config[
        "storm:supervisors"
    ];
const status = (what: string, pattern: RegExp) => until(what, 300, () => pattern.test(make("status").output));
const printed = (pattern: RegExp) => expect.stringMatching(pattern) as string;

beforeAll(() => {
    sweep(cluster);
    fs.cpSync(jar, path.join(checkout.folder, jar));
});
afterAll(() => {
    sweep(cluster);
    checkout.remove();
});

test("without a cluster nothing is decided", () => {
    expect(autoscale()).toEqual({ code: 2, output: printed(/no stack named|there is no cluster/) });
});

test("a cluster without topologies holds at the minimum", () => {
    expect(make("up")).toMatchObject({ code: 0 });
    const before = all();
    const held = autoscale();
    expect(held).toEqual({
        code: 0,
        output: printed(
            /^ {2}wanted +0 slots: no topology\n {2}slots +0 of 2 used, on 1 of 1 supervisor\n {2}bounds +1 to 2 supervisors, step 2, headroom 20 %\n {2}decision +hold: 0 wanted slots are within 80 % of 2, and storm:autoscale\.min is 1\n {2}next +nothing$/m,
        ),
    });
    expect(held.output).not.toContain("setup:");
    expect(all()).toEqual(before);
});

test("with DRY=yes it says what a topology that wants more slots than there are would change, and changes nothing", async () => {
    const submitted = make("storm", `ARGS=jar ${jar} wordcount.WordCountTopology words 3`);
    expect(submitted).toMatchObject({ code: 0 });
    await status("it has both slots", /topology +words ACTIVE, 2 workers/);
    const before = all();
    const dry = autoscale("DRY=yes");
    expect(dry).toEqual({
        code: 0,
        output: printed(/decision +add 1: 3 wanted slots are more than 80 % of 2\n/),
    });
    expect(dry.output).toContain("next         nothing, because of DRY=yes; else make scale SUPERVISORS=2\n");
    expect(autoscale("DRY=true")).toEqual({ code: 2, output: printed(/usage: make autoscale \[DRY=yes\]/) });
    expect(all()).toEqual(before);
});

test("while another run is under way, nothing is decided", async () => {
    const before = all();
    const lock = path.join(checkout.folder, `.local/autoscale-${stack}.lock`);
    const other = spawn("flock", [lock, "sh", "-c", "echo has it; cat"]);
    await once(other.stdout, "data");
    const second = autoscale();
    other.stdin.end();
    await once(other, "close");
    expect(second).toEqual({
        code: 0,
        output: `make autoscale: another run on the stack ${stack} is under way, and decides\n`,
    });
    expect(all()).toEqual(before);
});

test("a supervisor is added, and the topology takes its slots; the next run holds", async () => {
    expect(autoscale()).toEqual({
        code: 0,
        output: printed(/next +make scale SUPERVISORS=2\n[^]*make scale: from 1 to 2 supervisors\n/),
    });
    expect([supervisors(), setting()]).toEqual([["supervisor-1", "supervisor-2"], "2"]);
    await status("it has its workers", /topology +words ACTIVE, 3 workers/);
    const before = all();
    expect(autoscale()).toEqual({
        code: 0,
        output: printed(
            /decision +hold: 3 wanted slots are within 80 % of 4, and more than 60 % of the 2 that 1 supervisor would have\n/,
        ),
    });
    expect(all()).toEqual(before);
});

test("a supervisor that Nimbus misses: nothing is changed, and the run fails", async () => {
    docker("stop", `${cluster}-supervisor-2`);
    await status("Nimbus misses it", /slots .* on 1 supervisors/);
    const before = all();
    expect(autoscale()).toEqual({
        code: 2,
        output: printed(/decision +hold: Nimbus lists 1 of 2 supervisors, and 3 wanted slots are within 80 % of 4\n/),
    });
    expect(all()).toEqual(before);
    docker("start", `${cluster}-supervisor-2`);
    await status("it is back", /slots .* on 2 supervisors/);
});

test("Nimbus is stopped: nothing is changed, and the run fails", async () => {
    docker("stop", `${cluster}-nimbus-1`);
    const before = all();
    expect(autoscale()).toEqual({ code: 2, output: printed(/nothing is decided, as no Nimbus answers: make status/) });
    expect(all()).toEqual(before);
    docker("start", `${cluster}-nimbus-1`);
    await status("Nimbus leads again", /leader +172/);
});

test("a killed topology: a run meets another update's lock, and fails; the next one removes the supervisor", async () => {
    expect(make("storm", "ARGS=kill words -w 1")).toMatchObject({ code: 0 });
    await status("it is gone", /topology +none/);
    const locks = path.join(checkout.folder, ".local/state/.pulumi/locks/organization/storm", stack);
    fs.mkdirSync(locks, { recursive: true });
    const lock = { pid: 1, username: "somebody", hostname: "elsewhere", timestamp: new Date().toISOString() };
    fs.writeFileSync(path.join(locks, "other.json"), JSON.stringify(lock));
    const before = containers();
    expect(autoscale()).toEqual({ code: 2, output: printed(/the stack is currently locked/) });
    // What it wanted stays in the settings, and the next run decides by what the stack has.
    expect([containers(), setting()]).toEqual([before, "1"]);
    fs.rmSync(path.join(locks, "other.json"));
    expect(autoscale()).toEqual({
        code: 0,
        output: printed(
            /decision +remove 1: 0 wanted slots are within 60 % of the 2 that 1 supervisor would have\n {2}next +make scale SUPERVISORS=1\n/,
        ),
    });
    expect([supervisors(), setting()]).toEqual([["supervisor-1"], "1"]);
});

test("a number that was written by hand, and not applied, is set back", () => {
    checkout.set({ "storm:supervisors": 2 });
    expect(autoscale("DRY=yes")).toEqual({
        code: 0,
        output: printed(/decision +hold: .*\n.* else make scale SUPERVISORS=1\n/),
    });
    expect(setting()).toBe(2);
    expect(autoscale()).toMatchObject({ code: 0 });
    expect([supervisors(), setting()]).toEqual([["supervisor-1"], "1"]);
});
