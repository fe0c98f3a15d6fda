import { spawn } from "child_process";
import { once } from "events";
import * as fs from "fs";
import * as path from "path";
import * as yaml from "yaml";
import { ports } from "../../../components/storm/spec/ports";
import { executorsOf } from "../../../provider/nimbus/running";
import { Checkout, sweep } from "../checkout";
import { frugalJvms, machineSettings, until } from "../stack";
import { jar, running, type Running, wordcount } from "../topologies/topologies";

const stack = "e2e-varying";
const cluster = `storm-${stack}`;
const settings = yaml.stringify({
    config: {
        ...machineSettings(),
        "storm:target": "local",
        "storm:ui": false,
        "storm:logviewers": false,
        "storm:subnet": "172.30.66.0/24",
        "storm:supervisors": 1,
        "storm:heap": { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 },
        "storm:stormYaml": frugalJvms,
    },
});

const checkout = new Checkout(stack, settings);
const make = (...args: string[]) => checkout.make(...args);
const autoscale = (...args: string[]) => make("autoscale", ...args);
const printed = (pattern: RegExp) => expect.stringMatching(pattern) as string;

const only = async (): Promise<Running> => {
    const found = await running([{ container: `${cluster}-nimbus-1`, address: "172.30.66.33", port: ports.nimbus }]);
    expect(found.map(({ name }) => name)).toEqual(["wordcount"]);
    return found[0] as Running;
};
/** Executors of `count` and of `split`. */
const executors = async () => {
    const state = await only();
    return ["count", "split"].map((component) => executorsOf(state, component).executors);
};
const untilRunsWith = (wanted: number[]) =>
    until(`it runs with ${wanted.join(" and ")} executors`, 300, async () => {
        const { status } = await only();
        return status === "ACTIVE" && (await executors()).join() === wanted.join();
    });

/** What the URL of a rule answers; without the file nothing. */
const answer = path.join(checkout.folder, "lag.json");
// A process of its own, as `make` is waited for without a break.
const server = spawn(process.execPath, [
    "-e",
    `require("http").createServer((_, response) => {
        try { response.end(fs.readFileSync(process.argv[1])); } catch { response.destroy(); }
    }).listen(0, "127.0.0.1", function () { console.log(this.address().port); });`,
    answer,
]);

let url: string;
let id: string;
beforeAll(async () => {
    sweep(cluster);
    fs.cpSync(jar, path.join(checkout.folder, jar));
    const [port] = (await once(server.stdout, "data")) as [Buffer];
    url = `http://127.0.0.1:${String(port).trim()}/consumer/lag`;
    checkout.set({
        "storm:topologies": [
            wordcount({
                workers: 1,
                // Some 80 words a second are to be counted; one executor counts 25.
                configuration: { "wordcount.sentences.per.second": 4, "wordcount.count.millis": 40 },
                parallelism: { count: 1, split: 1 },
                autoscale: {
                    executors: { count: { min: 1, max: 3 }, split: { min: 1, max: 2 } },
                    rounds: 2,
                    rules: [
                        { component: "count", capacity: 0.8 },
                        { component: "split", url, path: "status.totallag", above: 1000 },
                    ],
                },
            }),
        ],
    });
});
afterAll(() => {
    server.kill();
    sweep(cluster);
    checkout.remove();
});

test("a topology starts with the executors that it is given", async () => {
    expect(make("up")).toMatchObject({ code: 0 });
    expect(await executors()).toEqual([1, 1]);
    ({ id } = await only());
});

test("a bolt is busy, and a URL does not answer: with DRY=yes it says so, remembers nothing and fails", async () => {
    let dry = autoscale("DRY=yes");
    await until("count is busy", 300, () => {
        dry = autoscale("DRY=yes");
        return / above 0\.8, for 1 of 2 rounds\n/.test(dry.output);
    });
    expect(dry).toEqual({
        code: 2,
        output: printed(
            /^ {2}has +1 workers, 1 executors of count for 4 tasks, 1 executors of split for 2 tasks\n[^]* {2}decision +hold: http:\/\/127\.0\.0\.1:\d+\/consumer\/lag does not answer: .*\n {2}next +nothing$/m,
        ),
    });
    expect(await executors()).toEqual([1, 1]);
});

test("after two rounds the busy bolt and the one with a lag get executors, by one rebalance", async () => {
    fs.writeFileSync(answer, JSON.stringify({ status: { totallag: 5000 } }));
    expect(autoscale()).toEqual({
        code: 0,
        output: printed(
            /capacity of count is .*, above 0\.8, for 1 of 2 rounds\n.* answers 5000, above 1000, for 1 of 2 rounds\n.*hold: no rule has held for its rounds\n/,
        ),
    });
    expect(await executors()).toEqual([1, 1]);
    expect(autoscale()).toEqual({
        code: 0,
        output: printed(
            /decision +rebalance: 1 to 2 executors of count: .*; 1 to 2 executors of split: .*\n {2}next +rebalance wordcount: 2 executors of count, 2 executors of split\n/,
        ),
    });
    await untilRunsWith([2, 2]);
    expect((await only()).id).toBe(id);
});

test("then figures of before do not count", () => {
    expect(autoscale()).toEqual({
        code: 0,
        output: printed(
            /decision +hold: (it is REBALANCING|not all of its executors have sent|its youngest worker has run|it was rebalanced \d+ s ago)/,
        ),
    });
});

test("an update leaves the executors as they are", async () => {
    expect(make("up")).toEqual({ code: 0, output: printed(/Resources:\s+\d+ unchanged\n/) });
    expect([await executors(), (await only()).id]).toEqual([[2, 2], id]);
});

test("an update brings executors that are out of their bounds to the nearest", async () => {
    expect(make("storm", "ARGS=rebalance wordcount -w 1 -e count=4")).toMatchObject({ code: 0 });
    await untilRunsWith([4, 2]);
    expect(make("up")).toMatchObject({ code: 0 });
    expect([await executors(), (await only()).id]).toEqual([[3, 2], id]);
});
