// What dies again and again while it is waited for, and what it shows. Limits of an hour end no wait here: the reason does.
import { drain } from "../../provider/kinds/drain";
import { ready } from "../../provider/kinds/ready";
import { restartGate } from "../../provider/kinds/restartGate";
import { fields } from "../../provider/nimbus/fields";
import { addedSeconds, workerStartSeconds } from "../../provider/nimbus/timeouts";
import { connectOn } from "../../provider/machines/container";
import type { Inputs } from "../../provider/schema";
import { settle } from "../../provider/topologies/settle";
import { setContainers, ssh, writeFile } from "./containersStandIn";
import { startNimbus } from "./nimbusReply";

jest.setTimeout(60_000);

const supervisor = "127.0.0.2";
const id = "words-1-1700000000";
let nimbus: { port: number; stop: () => void };
/** What Nimbus runs with, beside Storm's defaults. */
let configuration: Record<string, number>;
beforeAll(async () => {
    const { ClusterSummary, NimbusSummary, SupervisorSummary, TopologySummary } = fields;
    const { TopologyInfo, ExecutorSummary, ExecutorInfo } = fields;
    // A topology that waits for its only worker.
    const answers: Record<string, () => unknown> = {
        getNimbusConf: () => JSON.stringify({ "nimbus.task.timeout.secs": 30, ...configuration }),
        getTopologyConf: () => JSON.stringify({ "topology.message.timeout.secs": 30 }),
        getClusterInfo: () => ({
            [ClusterSummary.nimbuses]: [
                {
                    [NimbusSummary.host]: "127.0.0.1",
                    [NimbusSummary.port]: nimbus.port,
                    [NimbusSummary.isLeader]: true,
                },
            ],
            [ClusterSummary.supervisors]: [supervisor, "127.0.0.3"].map((host) => ({
                [SupervisorSummary.host]: host,
                [SupervisorSummary.uptimeSeconds]: 0,
                [SupervisorSummary.workers]: 1,
            })),
            [ClusterSummary.topologies]: [
                { [TopologySummary.id]: id, [TopologySummary.name]: "words", [TopologySummary.status]: "ACTIVE" },
            ],
        }),
        getTopologyInfo: () => ({
            [TopologyInfo.status]: "ACTIVE",
            [TopologyInfo.executors]: [
                {
                    [ExecutorSummary.executorInfo]: { [ExecutorInfo.taskStart]: 1, [ExecutorInfo.taskEnd]: 1 },
                    [ExecutorSummary.component]: "count",
                    [ExecutorSummary.host]: supervisor,
                    [ExecutorSummary.port]: 6700,
                },
            ],
        }),
    };
    nimbus = await startNimbus((method) => answers[method]?.());
});
afterAll(() => nimbus.stop());
beforeEach(() => (configuration = {}));

const nimbuses = (...containers: string[]) =>
    containers.map((container) => ({ container, ssh, address: "127.0.0.1", port: nimbus.port }));
const port = () => ({ kind: "port" as const, address: "127.0.0.1", port: nimbus.port });
const before = (daemon: string, check: Inputs<"Ready">["check"]) => ({
    ...{ daemon, container: daemon, containerId: "new", ssh, check },
});
const supervisorCheck = () => ({
    ...{ kind: "supervisor" as const, address: supervisor, nimbuses: ["127.0.0.1"], nimbusPort: nimbus.port },
});
/** Waits at a restart gate. One before supervisors gives workers two minutes more, which tests take off its seconds. */
const wait = (inputs: Inputs<"RestartGate">) => restartGate.update?.({ ...inputs, before: [] }, inputs);
const log = `/logs/workers-artifacts/${id}/6700/worker.log.err`;

/** Of another container in each test: what was opened in one that runs stays open for some seconds. */
describe("a daemon that ends again and again", () => {
    test("fails its gate at once, with the end of what it printed", async () => {
        setContainers({ "nimbus-1": "restarting" });
        const made = ready.create?.({ ...before("nimbus-1", port()), logFiles: [], seconds: 3600 });
        await expect(made).rejects.toThrow(
            /^nimbus-1 ends again and again, by exit code 1\nContainer nimbus-1: restarting[^]*the words of nimbus-1$/,
        );
    });

    test("fails its gate at once too if it is asked by HTTP", async () => {
        setContainers({ cadvisor: "restarting" });
        const check = { kind: "http" as const, url: "http://127.0.0.1:1/healthz" };
        const made = ready.create?.({ ...before("cadvisor", check), logFiles: [], seconds: 3600 });
        await expect(made).rejects.toThrow(
            /^cadvisor ends again and again, by exit code 1\n[^]*the words of cadvisor$/,
        );
    });

    test("fails the restart gate after it at once too, whatever the others before it do", async () => {
        setContainers({ "nimbus-1": "running", "nimbus-2": "restarting" });
        const silent = { ...port(), port: 1 };
        await expect(
            wait({ before: [before("nimbus-1", silent), before("nimbus-2", port())], nimbuses: [], seconds: 3600 }),
        ).rejects.toThrow(
            /^The daemons after nimbus-1, nimbus-2 are not restarted, because nimbus-2 ends again and again, by exit code 1\. Repair that, and run this again\.\nContainer nimbus-2: restarting[^]*the words of nimbus-2$/,
        );
    });

    test("fails a restart gate before supervisors at once, if it is each Nimbus: without one they never become ready", async () => {
        setContainers({ "nimbus-3": "restarting", "nimbus-4": "restarting", "supervisor-1": "running" });
        const check = { ...supervisorCheck(), nimbusPort: 1 };
        await expect(
            wait({
                before: [before("supervisor-1", check)],
                nimbuses: nimbuses("nimbus-3", "nimbus-4"),
                seconds: 3600,
            }),
        ).rejects.toThrow(/because nimbus-3 ends again and again, by exit code 1\. [^]*the words of nimbus-3$/);
    });

    test("is no reason to give up while another Nimbus runs, which may lead yet", async () => {
        setContainers({ "nimbus-5": "restarting", "nimbus-6": "running" });
        const asked = [nimbuses("nimbus-5"), nimbuses("nimbus-6").map((each) => ({ ...each, port: 1 }))].flat();
        // For 2 seconds, which are eight looks.
        const waiting = wait({
            before: [before("nimbus-6", port())],
            nimbuses: asked,
            seconds: 2 - workerStartSeconds,
        });
        await expect(waiting).rejects.toThrow(/because 2 s after the restart No Nimbus accepts changes\. /);
    });

    test("fails a topology that waits for it", async () => {
        setContainers({ "nimbus-7": "restarting" });
        await expect(settle(topology(3600, "nimbus-7"), true, false)).rejects.toThrow(
            /^topology words is not running, because nimbus-7 ends again and again, by exit code 1\nContainer nimbus-7: [^]*the words of nimbus-7$/,
        );
    });
});

function topology(seconds: number, container = "nimbus-1"): Inputs<"Submission"> {
    const at = { container, ssh, address: "127.0.0.1", port: nimbus.port };
    return {
        ...{ topology: "words", sha256: "", mainClass: "", arguments: [], configuration: [], parallelism: {} },
        ...{ seconds, owner: "us", nimbuses: [at], client: { ...at, seeds: [] }, image: "storm" },
        supervisors: [{ container: "supervisor-1", ssh, address: supervisor }],
    };
}

describe("a worker that does not come up has the end of its log", () => {
    beforeEach(() => {
        setContainers({ "nimbus-1": "running", "supervisor-1": "running" });
        writeFile("supervisor-1", log, "Error opening /no/such.jar\n", 100);
    });
    const end = `\nLast lines of ${log} in supervisor-1:\nError opening /no/such.jar`;

    test("in the message of a topology", async () => {
        await expect(settle(topology(0.1), true, false)).rejects.toThrow(
            `topology words was not running within 0.1 s: these are not up: count on ${supervisor}:6700${end}`,
        );
    });

    test("in the message of a restart gate", async () => {
        const seconds = 1 - workerStartSeconds;
        await expect(
            wait({ before: [before("supervisor-1", supervisorCheck())], nimbuses: nimbuses("nimbus-1"), seconds }),
        ).rejects.toThrow(
            `because 1 s after the restart topology words did not run: these are not up: count on ${supervisor}:6700. ` +
                `Repair that, and run this again; supervisorBatch says how many supervisors are restarted at once.${end}`,
        );
    });
});

test("a daemon that is not ready in time has the end of what it printed in the message of a restart gate", async () => {
    setContainers({ "nimbus-1": "running" });
    await expect(
        wait({ before: [before("nimbus-1", { ...port(), port: 1 })], nimbuses: [], seconds: 0.1 }),
    ).rejects.toThrow(/nimbus-1 was not ready: [^]*the words of nimbus-1$/);
});

describe("limits follow from the cluster's own time-outs:", () => {
    const raised = { "nimbus.task.timeout.secs": 300, "supervisor.worker.start.timeout.secs": 200 };
    /** Seconds by which these exceed Storm's own. */
    const added = 270 + 80;
    const asked = () => addedSeconds({ connect: connectOn(ssh), address: "127.0.0.1", port: nimbus.port });

    test("they grow by what Storm's own are exceeded by, and do not shrink", async () => {
        expect(await asked()).toBe(0);
        configuration = raised;
        expect(await asked()).toBe(added);
        configuration = {
            "nimbus.supervisor.timeout.secs": 61,
            "nimbus.task.launch.secs": 121,
            "nimbus.task.timeout.secs": 5,
        };
        expect(await asked()).toBe(2);
    });

    test("that of a restart gate", async () => {
        configuration = raised;
        setContainers({ "nimbus-1": "running", "supervisor-1": "running" });
        const seconds = 1 - workerStartSeconds - added;
        await expect(
            wait({ before: [before("supervisor-1", supervisorCheck())], nimbuses: nimbuses("nimbus-1"), seconds }),
        ).rejects.toThrow("because 1 s after the restart topology words did not run");
    });

    test("that of a drain", async () => {
        configuration = raised;
        setContainers({ "nimbus-1": "running", "supervisor-1": "running" });
        const at = { daemon: "supervisor-1", container: "supervisor-1", ssh, address: supervisor };
        await expect(drain.delete?.({ ...at, nimbuses: nimbuses("nimbus-1"), seconds: 1 - added })).rejects.toThrow(
            "supervisor-1 was stopped, and 1 s later Nimbus still has work of words there.",
        );
    });
});
