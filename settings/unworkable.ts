/** What Storm accepts of its configuration, and what does not work in this program's containers. */
import { optionsIn } from "../components/storm/spec/jvmOptions";
import type { TellProblem } from "./stormConfiguration";

interface Unworkable {
    /** The first major version of Storm that it does not work with; default: all. */
    since?: number;
    keys: RegExp;
    values: (value: unknown) => boolean;
    message: string;
}

const isOn = (value: unknown) => value === true;
const anything = () => true;
const noPrivileges = "which containers without privileges cannot have: remove it";

const unworkable: Unworkable[] = [
    {
        keys: /^supervisor\.run\.worker\.as\.user$/,
        values: isOn,
        message: `needs a worker-launcher that becomes root, ${noPrivileges}`,
    },
    {
        keys: /^storm\.resource\.isolation\.plugin\.enable$/,
        values: isOn,
        message: `needs control groups to write to, ${noPrivileges}; storm:memory.supervisor limits a supervisor with its workers`,
    },
    {
        keys: /^storm\.cluster\.mode$/,
        values: (value) => value !== "distributed" && value !== null,
        message: "is for a cluster within one JVM: remove it",
    },
    {
        keys: /^storm\.thrift\.transport$/,
        values: (value) => typeof value === "string" && !/\.SimpleTransportPlugin$/.test(value),
        message:
            "needs a login, and this program connects to Nimbus without one, to wait until daemons and topologies are ready: remove it",
    },
    {
        keys: /^nimbus\.authorizer$/,
        values: (value) => typeof value === "string" && !/\.NoopAuthorizer$/.test(value),
        message:
            "decides by who has logged in, and this program connects to Nimbus without a login, so that it would refuse it: remove it",
    },
    {
        keys: /^worker\.heap\.memory\.mb$/,
        values: anything,
        message: "has no effect, as storm:heap.worker sets the heap: set that, and remove this",
    },
    {
        since: 3,
        keys: /\.childopts$/,
        values: (value) => optionsIn(value).some((option) => /^-Djava\.security\.manager(?!=disallow$)/.test(option)),
        message:
            "has -Djava.security.manager, with which Java 24 and newer, which images of Storm 3 have, do not start (JEP 486): remove it",
    },
    {
        // LocalState.java, Config.java of Storm 1.0: its packages were `backtype.storm` before.
        keys: /./,
        values: (value) => [value].flat().some((each) => typeof each === "string" && /^backtype\.storm\./.test(each)),
        message: "is a class of Storm before 1.0, which Storm does not find: write org.apache.storm for backtype.storm",
    },
];

/**
 * Tells what does not work of a configuration of daemons or of a topology.
 * @param version The major version of Storm, if it is known.
 */
export function unworkableProblems(
    configuration: Record<string, unknown>,
    version: number | undefined,
    problem: TellProblem,
): void {
    const possible = unworkable.filter(({ since = 0 }) => (version ?? 0) >= since);
    for (const [key, value] of Object.entries(configuration)) {
        for (const { message } of possible.filter(({ keys, values }) => keys.test(key) && values(value))) {
            problem([key], message);
        }
    }
    for (const [timeout, frequency] of heartbeats) {
        const [longest, each] = [secondsOf(configuration, timeout), secondsOf(configuration, frequency)];
        if (longest > each || longest <= 0 || each <= 0) {
            continue;
        }
        if (timeout in configuration) {
            problem([timeout], `must be above ${frequency}, which is ${each}: heartbeats would always be too old`);
        } else {
            problem([frequency], `must be below ${timeout}, which is ${longest}: heartbeats would always be too old`);
        }
    }
}

/** After how long a daemon or worker is taken for dead, and how often it says that it is not. */
const heartbeats = [
    ["nimbus.task.timeout.secs", "task.heartbeat.frequency.secs"],
    ["nimbus.supervisor.timeout.secs", "supervisor.heartbeat.frequency.secs"],
    ["supervisor.worker.timeout.secs", "worker.heartbeat.frequency.secs"],
] as const;

/** Storm's defaults in seconds: conf/defaults.yaml of 1.2.4 and 2.8.3. */
const defaultSeconds = {
    "nimbus.task.timeout.secs": 30,
    "task.heartbeat.frequency.secs": 3,
    "nimbus.supervisor.timeout.secs": 60,
    "supervisor.heartbeat.frequency.secs": 5,
    "supervisor.worker.timeout.secs": 30,
    "worker.heartbeat.frequency.secs": 1,
};

function secondsOf(configuration: Record<string, unknown>, key: keyof typeof defaultSeconds): number {
    const value = configuration[key];
    return typeof value === "number" ? value : defaultSeconds[key];
}
