// The controller's rounds, with stand-ins for Nimbus, whose frames Thrift's library writes, and for AWS.
import * as net from "net";
import { connectToAws } from "../../fleet/controller/aws";
import { type Configuration, parseConfiguration } from "../../fleet/controller/configuration";
import { Controller } from "../../fleet/controller/controller";
import { connectByTcp } from "../../fleet/controller/tcp";
import { thriftCall, thriftResult } from "../../provider/nimbus/thrift";
import { fields } from "../../provider/nimbus/fields";
import { type AwsState, type Instance, startAws } from "./awsStandIn";
import { type Answer, closes, clusterSummary, framedAnswer, hangs, startStandIn } from "./nimbusStandIn";

jest.setTimeout(60_000);

const environment = { ...process.env };
afterAll(() => (process.env = environment));

const stops: (() => void)[] = [];
afterAll(() => stops.forEach((stop) => stop()));

/** A moment, so many seconds after the first. */
const at = (seconds: number) => 1_700_000_040_000 + seconds * 1000;

/** A topology with an executor on a machine, the worker of which has run for so long. */
interface Words {
    host: string;
    uptime: number;
}

/** Starts both stand-ins, and a controller that uses them. */
async function start() {
    const aws: AwsState = { desired: 2, max: 4, instances: {}, calls: [], refused: {} };
    const nimbus = {
        leader: "127.0.0.1" as string | undefined,
        supervisors: {} as Record<string, number>,
        topologies: {} as Record<string, Words>,
        /** Calls that change something. */
        calls: [] as string[],
        /** In place of an answer. */
        instead: undefined as Answer | undefined,
    };
    const { port, stop } = await startStandIn(({ method, id = "" }) => {
        if (nimbus.instead !== undefined) {
            return nimbus.instead;
        }
        const topology = nimbus.topologies[id.replace("-1", "")];
        switch (method) {
            case "getClusterInfo":
                return clusterSummary({
                    nimbuses: ["127.0.0.1", "127.0.0.9"].map((host) => ({
                        host,
                        port,
                        leader: host === nimbus.leader,
                    })),
                    supervisors: Object.entries(nimbus.supervisors).map(([host, used]) => ({
                        ...{ host, used, slots: 2, uptime: 10 },
                    })),
                    topologies: Object.keys(nimbus.topologies).map((name) => ({ id: `${name}-1`, name })),
                });
            case "getTopologyConf":
                return JSON.stringify({
                    ...{
                        "topology.workers": 2,
                        "topology.message.timeout.secs": 15,
                        "pulumi.owner": "us/storm/a/words",
                    },
                }) as unknown as object;
            case "getTopologyInfo":
                return state(topology);
            default:
                nimbus.calls.push(`${method} ${id}`);
                return Buffer.from(framedAnswer({}));
        }
    });
    const { url, stop: stopAws } = await startAws(aws);
    stops.push(stop, stopAws);
    Object.assign(process.env, { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
    const configuration: Configuration = {
        ...{ cluster: "storm-a", region: "eu-central-1", group: "storm-a-fleet", owner: "us/storm/a/" },
        nimbuses: ["127.0.0.9", "127.0.0.1"].map((address) => ({ address, port })),
        ...{ own: "127.0.0.1", target: 80, batch: 1, cooldownSeconds: 60, seconds: 20 },
    };
    const lines: string[] = [];
    const means = {
        aws: connectToAws(configuration),
        connect: connectByTcp(20),
        write: (line: string) => lines.push(line),
    };
    return { aws, nimbus, lines, port, stop, configuration, controller: new Controller(configuration, means), means };
}

function state(topology: Words | undefined): object {
    const { TopologyInfo, ExecutorSummary, ExecutorInfo } = fields;
    const executor = {
        [ExecutorSummary.executorInfo]: { [ExecutorInfo.taskStart]: 1, [ExecutorInfo.taskEnd]: 1 },
        [ExecutorSummary.component]: "count",
        [ExecutorSummary.host]: topology?.host,
        [ExecutorSummary.port]: 6700,
        [ExecutorSummary.uptimeSeconds]: topology?.uptime,
    };
    return { [TopologyInfo.status]: "ACTIVE", [TopologyInfo.executors]: topology ? [executor] : [] };
}

const instance = (address: string, now: string): Instance => ({
    ...{ address, state: now, running: "running", tags: [], launched: new Date(at(-3600)) },
});
/** What was written, without the time. */
const said = (lines: string[]) => lines.splice(0).map((line) => line.replace(/^\S+Z /, ""));
/** The metric at a demand. */
const published = (percent: number) => `PutMetricData Storm SlotDemand Cluster=storm-a ${percent} Percent`;

test("a round publishes the demand, once a minute, and puts machines in service, once, and says so, once", async () => {
    const { aws, nimbus, controller, lines } = await start();
    nimbus.supervisors = { "10.0.1.1": 2, "10.0.1.2": 0 };
    nimbus.topologies = { words: { host: "10.0.1.1", uptime: 100 } };
    aws.instances = { "i-1": instance("10.0.1.1", "InService"), "i-2": instance("10.0.1.2", "Pending:Wait") };
    for (const seconds of [0, 20, 40, 60]) {
        await controller.round(at(seconds));
    }
    expect(aws.calls).toEqual([published(50), "CompleteLifecycleAction launching i-2 CONTINUE", published(50)]);
    expect(said(lines)).toEqual([
        "leader: 127.0.0.1, beside this controller, which acts",
        "demand: demand is 50 %: 2 slots wanted, of 4",
        "machine i-2: is put in service: Nimbus lists 10.0.1.2",
        "rebalance: 1 machine joined: topologies are rebalanced once no machine comes or goes",
    ]);
    await controller.round(at(620));
    expect(said(lines)).toContain("demand: demand is 50 %: 2 slots wanted, of 4");
});

test("a group without machines gets its first one", async () => {
    const { aws, nimbus, controller } = await start();
    aws.desired = 0;
    nimbus.topologies = { words: { host: "", uptime: 0 } };
    await controller.round(at(0));
    await controller.round(at(20));
    expect(aws.calls).toEqual(["SetDesiredCapacity 1"]);
});

test("a call that fails is logged once, is tried again, and keeps nothing else from being done", async () => {
    const { aws, nimbus, controller, lines } = await start();
    nimbus.supervisors = { "10.0.1.2": 0 };
    aws.instances = { "i-2": instance("10.0.1.2", "Pending:Wait") };
    aws.refused = { PutMetricData: "not\n  authorized", CompleteLifecycleAction: "throttled" };
    await controller.round(at(0));
    await controller.round(at(20));
    const refused = ["PutMetricData refused", "CompleteLifecycleAction refused"];
    expect(aws.calls.splice(0)).toEqual([...refused, ...refused]);
    const why = said(lines).filter((line) => line.startsWith("failed"));
    expect(why).toEqual([
        expect.stringMatching(/^failed to publish for demand: .*; it is tried again$/),
        "failed to admit for machine i-2: throttled; it is tried again",
    ]);
    aws.refused = {};
    await controller.round(at(40));
    expect(aws.calls.splice(0)).toEqual([published(0), "CompleteLifecycleAction launching i-2 CONTINUE"]);
    aws.refused = { DescribeAutoScalingGroups: "no" };
    await controller.round(at(60));
    aws.refused = { DescribeInstances: "no" };
    await controller.round(at(80));
    expect(said(lines).filter((line) => line.startsWith("failed"))).toEqual([
        "failed to describe the group: no; it is tried again",
    ]);
    aws.instances = undefined;
    aws.refused = {};
    await controller.round(at(100));
    expect(aws.calls.splice(0)).toEqual(["DescribeAutoScalingGroups refused", "DescribeInstances refused"]);
});

test("a machine is drained: it is tagged, waits by heartbeats, and goes once its work runs elsewhere", async () => {
    const { aws, nimbus, controller } = await start();
    nimbus.supervisors = { "10.0.1.1": 1, "10.0.1.2": 0 };
    nimbus.topologies = { words: { host: "10.0.1.1", uptime: 100 } };
    aws.instances = { "i-1": instance("10.0.1.1", "Terminating:Wait"), "i-2": instance("10.0.1.2", "InService") };
    const round = async (seconds: number, host: string, uptime: number) => {
        nimbus.topologies = { words: { host, uptime } };
        await controller.round(at(seconds));
        return aws.calls.splice(0).filter((call) => !call.startsWith("PutMetricData"));
    };
    const heartbeat = "RecordLifecycleActionHeartbeat terminating i-1";
    expect(await round(0, "10.0.1.1", 100)).toEqual([heartbeat, "CreateTags i-1 storm:drain"]);
    expect(aws.instances["i-1"]?.tags).toEqual(["storm:drain"]);
    // DescribeInstances may not have the tag for a while.
    aws.instances["i-1"]?.tags.pop();
    expect(await round(20, "10.0.1.1", 120)).toEqual([]);
    aws.instances["i-1"]?.tags.push("storm:drain");
    expect(await round(100, "10.0.1.2", 0)).toEqual([heartbeat]);
    expect(await round(120, "10.0.1.2", 20)).toEqual([]);
    expect(await round(150, "10.0.1.2", 50)).toEqual(["CompleteLifecycleAction terminating i-1 CONTINUE"]);
    expect(await round(170, "10.0.1.2", 70)).toEqual([]);
});

test("a machine that has gone by itself is waited for no longer, whatever Nimbus still has there", async () => {
    const { aws, nimbus, controller } = await start();
    nimbus.supervisors = { "10.0.1.1": 1, "10.0.1.2": 0 };
    nimbus.topologies = { words: { host: "10.0.1.1", uptime: 100 } };
    aws.instances = { "i-1": { ...instance("10.0.1.1", "Terminating:Wait"), running: "shutting-down" } };
    await controller.round(at(0));
    expect(aws.calls).toContain("CompleteLifecycleAction terminating i-1 CONTINUE");
});

test("a drain whose tag was not created is begun in the next round", async () => {
    const { aws, nimbus, controller } = await start();
    nimbus.supervisors = { "10.0.1.1": 1, "10.0.1.2": 0 };
    nimbus.topologies = { words: { host: "10.0.1.1", uptime: 100 } };
    aws.instances = { "i-1": instance("10.0.1.1", "Terminating:Wait") };
    aws.refused = { CreateTags: "no" };
    await controller.round(at(0));
    aws.refused = {};
    await controller.round(at(20));
    expect(aws.calls.filter((call) => call.startsWith("CreateTags"))).toEqual([
        "CreateTags refused",
        "CreateTags i-1 storm:drain",
    ]);
});

describe("while", () => {
    /** With a machine on either way, and demand. */
    async function busy() {
        const started = await start();
        started.nimbus.supervisors = { "10.0.1.1": 1, "10.0.1.2": 0 };
        started.nimbus.topologies = { words: { host: "10.0.1.1", uptime: 100 } };
        started.aws.instances = {
            "i-1": { ...instance("10.0.1.1", "Terminating:Wait"), tags: ["storm:drain"] },
            "i-2": instance("10.0.1.2", "Pending:Wait"),
        };
        return started;
    }
    const heartbeat = "RecordLifecycleActionHeartbeat terminating i-1";

    test("no Nimbus answers, machines that come or go wait by heartbeats, and nothing else is done", async () => {
        const { aws, nimbus, controller, lines } = await busy();
        nimbus.instead = closes;
        for (const seconds of [0, 20, 40, 60, 80, 100]) {
            await controller.round(at(seconds));
        }
        const both = ["RecordLifecycleActionHeartbeat launching i-2", heartbeat];
        expect(aws.calls).toEqual([...both, ...both]);
        const closed = "the connection was closed without an answer";
        expect(said(lines)).toEqual([
            expect.stringMatching(
                RegExp(`^leader: nobody. No Nimbus accepts changes. 127.0.0.1: ${closed}; 127.0.0.9: .*refused`, "i"),
            ),
            "machine i-2: waits: nobody says whether it has joined",
            "machine i-1: stays: nobody says what runs on it",
        ]);
    });

    test("ZooKeeper is away, and no Nimbus leads, neither; also if the group is deleted, for ten minutes", async () => {
        const { aws, nimbus, controller } = await busy();
        nimbus.leader = undefined;
        aws.max = 0;
        for (const seconds of [0, 60, 120]) {
            await controller.round(at(seconds));
        }
        expect(aws.calls).toEqual([heartbeat, heartbeat]);
        await controller.round(at(600));
        expect(aws.calls.slice(2)).toEqual(["CompleteLifecycleAction terminating i-1 CONTINUE"]);
    });

    test("no Nimbus answers, and the group is deleted, the machine goes after a minute", async () => {
        const { aws, controller, stop } = await busy();
        stop();
        aws.max = 0;
        for (const seconds of [0, 40, 60]) {
            await controller.round(at(seconds));
        }
        expect(aws.calls).toEqual([heartbeat, "CompleteLifecycleAction terminating i-1 CONTINUE"]);
    });

    test("Nimbus does not say how topologies run, machines join all the same, and none leaves", async () => {
        const { aws, configuration, means, lines } = await busy();
        const connect: typeof means.connect = (address, port, request, ...rest) =>
            request.includes("getTopologyInfo")
                ? Promise.reject(new Error("Nimbus: words-1 is not alive"))
                : means.connect(address, port, request, ...rest);
        await new Controller(configuration, { ...means, connect }).round(at(0));
        expect(aws.calls).toEqual(["CompleteLifecycleAction launching i-2 CONTINUE", heartbeat]);
        expect(said(lines)).toContain(
            "failed to describe the topologies: Nimbus: words-1 is not alive; it is tried again",
        );
    });

    test("another Nimbus leads, nothing is asked of AWS, until this one takes the lead", async () => {
        const { aws, nimbus, controller, lines } = await busy();
        nimbus.leader = "127.0.0.9";
        aws.refused = { DescribeAutoScalingGroups: "asked" };
        await controller.round(at(0));
        await controller.round(at(20));
        expect(aws.calls).toEqual([]);
        expect(said(lines)).toEqual(["leader: 127.0.0.9; the controller beside it acts"]);
        nimbus.leader = "127.0.0.1";
        aws.refused = {};
        await controller.round(at(40));
        expect(aws.calls).toEqual([published(100), "CompleteLifecycleAction launching i-2 CONTINUE", heartbeat]);
    });
});

test("topologies of the stack are rebalanced once machines have joined", async () => {
    const { aws, nimbus, controller } = await start();
    nimbus.topologies = { words: { host: "10.0.1.1", uptime: 100 } };
    nimbus.supervisors = { "10.0.1.1": 2 };
    aws.instances = { "i-1": instance("10.0.1.1", "InService") };
    await controller.round(at(0));
    expect(nimbus.calls).toEqual([]);
    await controller.round(at(60));
    expect(nimbus.calls).toEqual(["rebalance words"]);
    await controller.round(at(200));
    expect(nimbus.calls.length).toBe(1);
});

test("a cooldown begins anew when the lead comes back, as another controller may have rebalanced them", async () => {
    const { aws, nimbus, controller } = await start();
    nimbus.topologies = { words: { host: "10.0.1.1", uptime: 100 } };
    nimbus.supervisors = { "10.0.1.1": 2 };
    aws.instances = { "i-1": instance("10.0.1.1", "InService") };
    for (const [seconds, leader] of [
        [0, "127.0.0.1"],
        [20, "127.0.0.9"],
        [40, "127.0.0.1"],
        [80, "127.0.0.1"],
    ] as const) {
        nimbus.leader = leader;
        await controller.round(at(seconds));
    }
    expect(nimbus.calls).toEqual([]);
    await controller.round(at(100));
    expect(nimbus.calls).toEqual(["rebalance words"]);
});

describe("a connection", () => {
    const call = thriftCall("getNimbusConf");
    /** A server that answers by these chunks, and then closes the connection. */
    async function serve(...chunks: Buffer[]): Promise<number> {
        const server = net.createServer((socket) => {
            socket.on("error", () => undefined);
            socket.once("data", () => {
                void chunks
                    .reduce(
                        (before, chunk) =>
                            before.then(() => new Promise<void>((done) => socket.write(chunk, () => done()))),
                        Promise.resolve(),
                    )
                    .then(() => socket.end());
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        stops.push(() => server.close());
        return (server.address() as net.AddressInfo).port;
    }
    const ask = (port: number) => connectByTcp(20)("127.0.0.1", port, call, 4);

    test("takes one frame, in whatever pieces it comes", async () => {
        const frame = framedAnswer("{}" as unknown as object);
        const pieces = [frame.subarray(0, 2), frame.subarray(2, 9), frame.subarray(9)];
        expect(thriftResult(await ask(await serve(...pieces)))).toBe("{}");
        expect(thriftResult(await ask(await serve(Buffer.concat([frame, frame]))))).toBe("{}");
    });

    test("that ends within a frame, or is refused, is an error", async () => {
        const frame = framedAnswer("{}" as unknown as object);
        const closed = "the connection was closed without an answer";
        await expect(ask(await serve())).rejects.toThrow(closed);
        await expect(ask(await serve(frame.subarray(0, -1)))).rejects.toThrow(closed);
        await expect(ask(1)).rejects.toThrow("connect ECONNREFUSED 127.0.0.1:1");
    });

    test("that is silent is given up", async () => {
        const { port, stop } = await startStandIn(() => hangs);
        stops.push(stop);
        await expect(connectByTcp(0.1)("127.0.0.1", port, call, 4)).rejects.toThrow("no answer within 0.1 s");
    });
});

describe("the configuration", () => {
    const right = {
        ...{ cluster: "a", region: "r", group: "g", nimbuses: [{ address: "n", port: 1 }], own: "n", owner: "o/p/s/" },
        ...{ target: 80, batch: 1, cooldownSeconds: 0, seconds: 20 },
    };

    test("is one argument", () => {
        expect(parseConfiguration(JSON.stringify(right))).toEqual(right);
        for (const argument of [undefined, "{"]) {
            expect(() => parseConfiguration(argument)).toThrow("the only argument must be the configuration, as JSON");
        }
    });

    test("is refused with all that is wrong", () => {
        const wrong = { ...right, batch: 0, owner: "o/p/s", seconds: 0, more: 1 };
        expect(() => parseConfiguration(JSON.stringify(wrong))).toThrow(
            /^the configuration cannot be used:\nowner: must end with \/[^\n]*\nbatch: [^\n]*\nseconds: [^\n]*\nit: [^\n]*more/,
        );
        expect(() => parseConfiguration(JSON.stringify({ ...right, own: "m" }))).toThrow("own: is none of nimbuses");
    });
});
