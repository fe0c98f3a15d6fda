import type { Problem, Valid } from "./rules";

/** A setting that only some stacks may set, and what is wrong if another does. */
interface Scope {
    setting: string[];
    /** Whether it is set: defaults do not count. */
    isSet: (settings: Valid) => boolean;
    /** Whether the stack may set it. What is not known allows it. */
    isFor: (settings: Valid) => boolean;
    message: string;
}

const onTarget =
    (...targets: string[]) =>
    ({ target }: Valid) =>
        target === undefined || targets.includes(target);
const ownEnsemble = ({ zookeeperServers }: Valid) => zookeeperServers === undefined;

/** Whether machines are reached through Session Manager. */
const sessions = ({ ssh }: Valid) => ssh?.via !== undefined;

const scopes: Scope[] = [
    {
        setting: ["hosts"],
        isSet: ({ hosts = [] }) => hosts.length > 0,
        isFor: onTarget("hosts"),
        message: "is for the target `hosts`: set storm:target to it, or remove the hosts",
    },
    {
        setting: ["autoscale"],
        isSet: ({ autoscale }) => autoscale !== undefined,
        isFor: onTarget("local", "hosts"),
        message: "is for the targets `local` and `hosts`: remove it",
    },
    {
        setting: ["fleet"],
        isSet: ({ fleet }) => fleet !== undefined,
        isFor: onTarget("aws"),
        message: "is for the target `aws`: remove it",
    },
    {
        setting: ["ssh", "port"],
        isSet: ({ ssh }) => ssh !== undefined && ssh.port !== 22,
        isFor: onTarget("local", "hosts"),
        message: "is for the target `hosts`, as instances listen on 22: remove it",
    },
    {
        setting: ["ssh", "via"],
        isSet: sessions,
        isFor: onTarget("aws"),
        message: "is for the target `aws`: remove it",
    },
    {
        setting: ["ssh", "bastion"],
        isSet: ({ ssh }) => ssh?.bastion !== undefined,
        isFor: (settings) => !sessions(settings),
        message: "is another way to the machines than storm:ssh.via: remove one of the two",
    },
    {
        setting: ["aws", "from", "ssh"],
        isSet: ({ aws }) => (aws?.from.ssh ?? []).length > 0,
        isFor: (settings) => !sessions(settings),
        message: "would open a port that nobody uses, as storm:ssh.via is set: remove one of the two",
    },
    {
        setting: ["aws", "from", "prometheus"],
        isSet: ({ aws }) => (aws?.from.prometheus ?? []).length > 0,
        isFor: ({ monitoring }) => monitoring?.prometheus === false,
        message:
            "is for a Prometheus server of your own: set storm:monitoring to { prometheus: false }, or remove this",
    },
    {
        setting: ["ambassadorTls"],
        isSet: ({ ambassadorTls = false }) => ambassadorTls,
        isFor: ({ discovery }) => discovery === undefined || discovery === "ambassador",
        message: "is for the discovery `ambassador`: set storm:discovery to it, or remove this",
    },
    {
        setting: ["ambassadorTls"],
        isSet: ({ ambassadorTls = false }) => ambassadorTls,
        isFor: onTarget("hosts", "aws"),
        message: "is for the targets `hosts` and `aws`, as on `local` no connection leaves this machine: remove it",
    },
    {
        setting: ["users"],
        isSet: ({ users = [] }) => users.length > 0,
        isFor: ({ security }) => security === undefined || security === "tls",
        message:
            "is for storm:security `tls`, without which Storm knows no users: set storm:security to it, or remove this",
    },
    {
        setting: ["mayLeave"],
        isSet: ({ mayLeave = [] }) => mayLeave.length > 0,
        isFor: onTarget("local", "hosts"),
        message:
            "is for the targets `local` and `hosts`, as on `aws` an ensemble can only grow: remove it, and set storm:zookeepers back",
    },
    {
        setting: ["mayLeave"],
        isSet: ({ mayLeave = [] }) => mayLeave.length > 0,
        isFor: ownEnsemble,
        message: "is for an ensemble of the stack's own, and storm:zookeeperServers is given: remove it",
    },
    {
        setting: ["zookeepers"],
        isSet: ({ zookeepers = 1 }) => zookeepers !== 1,
        isFor: ownEnsemble,
        message: "is for an ensemble of the stack's own, and storm:zookeeperServers is given: remove one of the two",
    },
    {
        setting: ["zooCfg"],
        isSet: ({ zooCfg = {} }) => Object.keys(zooCfg).length > 0,
        isFor: ownEnsemble,
        message: "is for an ensemble of the stack's own, and storm:zookeeperServers is given: remove it",
    },
    {
        setting: ["discovery"],
        isSet: ({ discovery }) => discovery === "ambassador",
        isFor: ownEnsemble,
        message:
            "forwards to an ensemble of the stack's own only, and storm:zookeeperServers is given: set `addresses` or `dns`",
    },
];

/** Finds settings that are not for the stack's target, discovery or ensemble. */
export function scopeProblems(settings: Valid, problem: Problem): void {
    for (const { setting, isSet, isFor, message } of scopes) {
        if (isSet(settings) && !isFor(settings)) {
            problem(setting, message);
        }
    }
}
