import * as pulumi from "@pulumi/pulumi";
import * as runtimeConfig from "@pulumi/pulumi/runtime/config";
import { z } from "zod";
import { addressAt, hostCount, isSubnet } from "./components/network/subnet";
import { type DaemonCounts, daemonNames } from "./components/storm/daemonNames";
import { defaultHeap, heapSum, type Memory } from "./components/storm/memory";

/** The SDK has it without a type; its Config reads a secret as plain text without a word. */
const { isConfigSecret } = runtimeConfig as unknown as { isConfigSecret: (key: string) => boolean };

/** Keys of storm.yaml that the program sets, with the setting that decides their value. */
const wiredKeys: Record<string, string> = {
    "storm.zookeeper.servers": "storm:zookeepers",
    "storm.zookeeper.port": "storm:zookeepers",
    "nimbus.seeds": "storm:nimbuses",
    "nimbus.host": "storm:nimbuses",
    "supervisor.slots.ports": "storm:slots",
    "drpc.servers": "storm:drpcs",
    "storm.local.hostname": "the daemon's host",
    "storm.local.dir": "the image",
    "storm.log.dir": "the image",
    "topology.min.replication.count": "storm:nimbuses",
    "nimbus.thrift.port": "the program",
    "ui.port": "the program",
    "logviewer.port": "the program",
    "drpc.port": "the program",
};

const mebibytes = z.int({ error: "is not a whole number of MiB" }).min(32, "is below 32 MiB, too little for a JVM");
const count = (minimum: number, maximum: number) => {
    const wanted = `is not a whole number from ${minimum} to ${maximum}`;
    return z.int({ error: wanted }).min(minimum, wanted).max(maximum, wanted);
};
const tagged = z
    .string()
    .regex(
        /^[a-z0-9][a-z0-9._/:-]*:[A-Za-z0-9_][A-Za-z0-9._-]*(@sha256:[0-9a-f]{64})?$/,
        "is not an image with a tag, such as `storm:2.8.9`",
    )
    .refine((image) => !/:latest(@|$)/.test(image), "has the tag `latest`, which moves to other versions: name a version");

const fields = {
    target: z.enum(["local"], { error: "is not a target: `local` is the one there is" }),
    stormImage: tagged,
    zookeeperImage: tagged,
    zookeepers: z.literal([1, 3, 5], {
        error: "is not 1, 3 or 5: an even ensemble survives no more failures than the odd one below it",
    }),
    nimbuses: count(1, 9),
    supervisors: count(1, 10000),
    slots: count(1, 64),
    ui: z.boolean({ error: "is not true or false" }),
    logviewers: z.boolean({ error: "is not true or false" }),
    drpcs: count(0, 9),
    heap: z
        .strictObject({
            zookeeper: mebibytes,
            nimbus: mebibytes,
            supervisor: mebibytes,
            worker: mebibytes,
            logviewer: mebibytes,
            ui: mebibytes,
            drpc: mebibytes,
        })
        .partial()
        .transform((heap) => ({ ...defaultHeap, ...heap })),
    memory: z
        .strictObject({
            zookeeper: mebibytes,
            nimbus: mebibytes,
            supervisor: mebibytes,
            ui: mebibytes,
            drpc: mebibytes,
        })
        .partial(),
    stormYaml: z.record(z.string(), z.unknown(), { error: "is not a map of storm.yaml's keys" }).superRefine((map, context) => {
        const problem = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
        for (const [key, value] of Object.entries(map)) {
            const jvm = key.replace(/\.childopts$/, "");
            if (wiredKeys[key]) {
                problem(key, `is set by ${wiredKeys[key]}: take it out`);
            } else if (jvm !== key && jvm in defaultHeap && /-Xmx/.test(String(value))) {
                problem(key, `sets a heap: set storm:heap.${jvm} instead`);
            }
        }
    }),
    readySeconds: count(1, 3600),
    subnet: z
        .string()
        .refine(isSubnet, { error: "is not an IPv4 subnet, such as 172.30.77.0/24", abort: true })
        .refine((subnet) => hostCount(subnet) >= 254, "is smaller than a /24"),
    uiPort: count(1, 65535),
};
const schema = z.strictObject(fields);

/** What is wrong with settings that are valid each by itself; those that are not are left out of `settings`. */
function contradictions({ heap, memory, slots, logviewers, subnet, supervisors }: Partial<Settings>): z.core.$ZodIssue[] {
    const issues: z.core.$ZodIssue[] = [];
    const problem = (path: string[], message: string) => issues.push({ code: "custom", path, message, input: undefined });
    if (heap && memory && slots !== undefined && logviewers !== undefined) {
        for (const [kind, limit] of Object.entries(memory) as [keyof Memory, number][]) {
            const needed = heapSum(kind, { heap, slots, logviewers });
            if (limit < needed) {
                problem(["memory", kind], `is below the ${needed} MiB of the heaps in that container: raise it, or lower storm:heap`);
            }
        }
    }
    if (subnet !== undefined && supervisors !== undefined) {
        const last = `supervisor-${supervisors}`;
        if (addressOffset(last) > hostCount(subnet)) {
            problem(["subnet"], `has no address for ${last}: give a larger one, such as a /16`);
        }
    }
    return issues;
}

/** A stack's settings: what `config:` in Pulumi.yaml declares, validated. */
export type Settings = z.infer<typeof schema>;

/**
 * Validates a stack's settings.
 * @param values Values by key, without the namespace.
 * @throws pulumi.RunError that lists every mistake: key, value, what is wrong and what would be right.
 */
export function parseSettings(values: Record<string, unknown>): Settings {
    const parsed = schema.safeParse(values);
    const valid = Object.entries(fields).flatMap(([key, field]) => {
        const { success, data } = field.safeParse(values[key]);
        return success ? [[key, data]] : [];
    });
    const issues = [...(parsed.error?.issues ?? []), ...contradictions(Object.fromEntries(valid) as Partial<Settings>)];
    if (parsed.success && issues.length === 0) {
        return parsed.data;
    }
    const lines = issues.flatMap((issue) => describe(issue, values));
    throw new pulumi.RunError(`The stack's settings have ${lines.length === 1 ? "a mistake" : `${lines.length} mistakes`}:\n${lines.join("\n")}`);
}

/** A stack's settings, with what may hold secrets as the Output that keeps them so. */
export type StackSettings = Omit<Settings, "stormYaml"> & { stormYaml: pulumi.Input<Settings["stormYaml"]> };

/**
 * The settings of the stack that is being deployed.
 * @throws pulumi.RunError as {@link parseSettings} does.
 */
export function readSettings(): StackSettings {
    const namespace = `${pulumi.getProject()}:`;
    const values: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(pulumi.runtime.allConfig())) {
        if (key.startsWith(namespace)) {
            const name = key.slice(namespace.length);
            values[name] = isText(name) ? value : parseJson(value);
        }
    }
    const settings = parseSettings(values);
    const { stormYaml } = settings;
    return { ...settings, stormYaml: isConfigSecret(`${namespace}stormYaml`) ? pulumi.secret(stormYaml) : stormYaml };
}

/** The address of a daemon on the stack's own network: it goes by the daemon's name, whatever others there are. */
export function localAddress(subnet: string, daemon: string): string {
    return addressAt(subnet, addressOffset(daemon));
}

/** Names of all daemons that the settings ask for. */
export function daemonsOf(settings: DaemonCounts): string[] {
    return Object.values(daemonNames(settings)).flat() as string[];
}

/** The version that an image's tag names: `2.8.9` of `storm:2.8.9-jre21@sha256:...`. */
export function imageVersion(image: string): string {
    const [name = ""] = image.split("@");
    return name.slice(name.lastIndexOf(":") + 1).replace(/-.*/, "");
}

/** Where each kind's addresses begin; those below 16 are for containers without a fixed address. */
const firstOffset: Record<string, number> = { zookeeper: 16, nimbus: 32, drpc: 48, ui: 64, supervisor: 127 };

function addressOffset(daemon: string): number {
    const [kind = "", number = "0"] = daemon.split("-");
    return (firstOffset[kind] ?? NaN) + Number(number);
}

function isText(key: string): boolean {
    return ["target", "stormImage", "zookeeperImage", "subnet"].includes(key);
}

function parseJson(value: string): unknown {
    try {
        return JSON.parse(value);
    } catch {
        return value;
    }
}

function describe(issue: z.core.$ZodIssue, values: Record<string, unknown>): string[] {
    const name = (path: PropertyKey[]) => `storm:${path.map(String).join(".")}`;
    if (issue.code === "unrecognized_keys") {
        const known = issue.path.length ? "" : ": `config:` in Pulumi.yaml lists the settings";
        return issue.keys.map((key) => `  ${name([...issue.path, key])} is not a setting${known}`);
    }
    const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], values);
    return [`  ${name(issue.path)} ${value === undefined ? "" : `(${JSON.stringify(value)}) `}${issue.message}`];
}
