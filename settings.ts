import * as pulumi from "@pulumi/pulumi";
import * as runtimeConfig from "@pulumi/pulumi/runtime/config";
import { z } from "zod";
import { dnsServers, isZone, zoneOf } from "./components/discovery/names";
import { addressAt, hostCount } from "./components/network/subnet";
import { misplacements } from "./components/hosts/placement";
import { type DaemonCounts, daemonNames } from "./components/storm/daemonNames";
import { edges } from "./components/storm/edges";
import { defaultHeap, heapSum, type Memory } from "./components/storm/memory";
import { aws, awsProblems } from "./settings/aws";
import { openedPorts, stormYaml } from "./settings/stormYaml";
import { topologies } from "./settings/topologies";
import { zookeeperServers } from "./settings/zookeeper";
import { count, flag, hostKey, ipv4, mebibytes, port, subnet, tagged, user } from "./settings/values";

/** The SDK has it without a type; its Config reads a secret as plain text without a word. */
const { isConfigSecret } = runtimeConfig as unknown as { isConfigSecret: (key: string) => boolean };

const fields = {
    target: z.enum(["local", "hosts", "aws"], { error: "is not a target: `local`, `hosts` and `aws` are" }),
    stormImage: tagged,
    zookeeperImage: tagged,
    zookeepers: z.literal([1, 3, 5], {
        error: "is not 1, 3 or 5: an even ensemble survives no more failures than the odd one below it",
    }),
    zookeeperServers,
    nimbuses: count(1, 9),
    supervisors: count(1, 10000),
    slots: count(1, 64),
    ui: flag,
    logviewers: flag,
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
    stormYaml,
    discovery: z.enum(["addresses", "dns", "ambassador"], { error: "is not a way to find others: `addresses`, `dns` and `ambassador` are" }),
    ambassadorTls: flag,
    dnsImage: tagged,
    etcdImage: tagged,
    proxyImage: tagged,
    delivery: z.enum(["arguments", "file"], { error: "is not a delivery: `arguments` and `file` are" }),
    readySeconds: count(1, 3600),
    subnet: subnet("172.30.77.0/24").refine((subnet) => hostCount(subnet) >= 254, "is smaller than a /24"),
    uiPort: port,
    hosts: z.array(
        z.strictObject({
            name: z.string().regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/, "is not a name of lower-case letters, digits and dashes"),
            address: ipv4,
            daemons: z.array(z.string()).default([]),
            ssh: z.strictObject({ address: z.string().min(1), user, port }).partial().default({}),
            hostKey: hostKey.optional(),
            lost: flag.default(false),
        }),
        { error: "is not a list of hosts" },
    ),
    ssh: z.strictObject({
        user: user.optional(),
        port: port.default(22),
        keyFile: z.string().min(1).optional(),
        seconds: count(1, 3600).optional(),
        bastion: z.strictObject({ address: z.string().min(1), user: user.default("root"), port: port.default(22), hostKey }).optional(),
    }),
    sshKey: z
        .string()
        .refine((key) => key === "" || /^-----BEGIN [A-Z ]*PRIVATE KEY-----\n/.test(key), "is not a private key, as `ssh-keygen` writes it"),
    aws,
    topologies,
    startEmpty: z.array(z.string(), { error: "is not a list of daemons" }),
    mayLeave: z.array(z.string().regex(/^zookeeper-[1-5]$/, "is no ZooKeeper member, such as zookeeper-3"), { error: "is not a list of daemons" }),
    supervisorBatch: count(1, 10000),
    registryMirror: z.string().regex(/^(https?:\/\/\S+)?$/, "is not a URL"),
};
const schema = z.strictObject(fields);
const countKeys = ["zookeepers", "nimbuses", "supervisors", "drpcs", "ui"] as const;

/** What is wrong with settings that are valid each by itself; those that are not are left out of `settings`. */
function contradictions(settings: Partial<Settings>, clusterName: string): z.core.$ZodIssue[] {
    const { target, discovery, heap, memory, slots, logviewers, subnet, supervisors, hosts, ssh, sshKey, startEmpty, uiPort } = settings;
    const issues: z.core.$ZodIssue[] = [];
    const problem = (path: (string | number)[], message: string) => issues.push(mistake(path, message));
    if (heap && memory && slots !== undefined && logviewers !== undefined) {
        for (const [kind, limit] of Object.entries(memory) as [keyof Memory, number][]) {
            const needed = heapSum(kind, { heap, slots, logviewers });
            if (limit < needed) {
                problem(["memory", kind], `is below the ${needed} MiB of the heaps in that container: raise it, or lower storm:heap`);
            }
        }
    }
    const names = countKeys.every((key) => settings[key] !== undefined) ? daemonNames(withoutOwnEnsemble(settings as Settings)) : undefined;
    if (target === "hosts" && hosts && names) {
        for (const { path, message } of misplacements(hosts, { ...names, dns: discovery === "dns" ? dnsServers : [] })) {
            problem(["hosts", ...path], message);
        }
    }
    if (uiPort !== undefined && slots !== undefined) {
        const all = edges({ slots, uiPort, ambassadors: ambassadorsOf(settings) });
        const owner = (port: unknown, others = all) =>
            others.find(({ ports: [first, last] }) => typeof port === "number" && first <= port && port <= last)?.to;
        const taken = owner(uiPort, all.filter(({ to }) => to !== "ui"));
        if (target === "hosts" && settings.ui && taken) {
            problem(["uiPort"], `is a port of ${taken}`);
        }
        for (const key of openedPorts.filter((each) => owner(settings.stormYaml?.[each]))) {
            problem(["stormYaml", key], `is a port of ${owner(settings.stormYaml?.[key])}`);
        }
    }
    if (discovery === "dns" && !isZone(zoneOf(clusterName))) {
        const limits = "whose parts have 1 to 63 characters, and none of them a dash at an end";
        problem(["discovery"], `needs a domain, ${limits}, and the stack's name makes ${zoneOf(clusterName)}: name the stack otherwise`);
    }
    if ((target === "hosts" || target === "aws") && uiPort !== undefined && uiPort < 1024 && settings.ui) {
        problem(["uiPort"], "is below 1024, which a container without privileges cannot open on a host");
    }
    if (target && target !== "hosts" && hosts?.length) {
        problem(["hosts"], "is for the target `hosts`: set storm:target to it, or take the hosts out");
    }
    if (target === "aws" && ssh && ssh.port !== 22) {
        problem(["ssh", "port"], "is for the target `hosts`, as instances listen on 22: take it out");
    }
    if (target === "aws" && settings.aws) {
        awsProblems(settings.aws, names, (path, message) => problem(["aws", ...path], message));
    }
    if (settings.ambassadorTls && discovery && discovery !== "ambassador") {
        problem(["ambassadorTls"], "is for the discovery `ambassador`: set storm:discovery to it, or take this out");
    }
    if (settings.ambassadorTls && target === "local") {
        problem(["ambassadorTls"], "is for the targets `hosts` and `aws`, as on this machine nothing leaves it: take it out");
    }
    if (target === "aws" && settings.mayLeave?.length) {
        problem(["mayLeave"], "is for the targets `local` and `hosts`, as on `aws` an ensemble can only grow: take it out, and set storm:zookeepers back");
    }
    if (settings.zookeeperServers) {
        // What everybody has by default is no contradiction.
        if (settings.zookeepers !== undefined && settings.zookeepers !== 1) {
            problem(["zookeepers"], "is for an ensemble of the stack's own, and storm:zookeeperServers is given: take one of the two out");
        }
        if (settings.mayLeave?.length) {
            problem(["mayLeave"], "is for an ensemble of the stack's own, and storm:zookeeperServers is given: take it out");
        }
        if (discovery === "ambassador") {
            problem(["discovery"], "leads to an ensemble of the stack's own alone, and storm:zookeeperServers is given: set `addresses` or `dns`");
        }
    }
    if (ssh?.keyFile && sshKey) {
        problem(["sshKey"], "is set, and so is storm:ssh.keyFile: take one of the two out");
    }
    for (const [index, daemon] of names && startEmpty ? startEmpty.entries() : []) {
        if (![...(names?.zookeeper ?? []), ...(names?.nimbus ?? [])].includes(daemon)) {
            problem(["startEmpty", index], "is no ZooKeeper member and no Nimbus of this cluster; others may always start empty");
        }
    }
    if (target === "local" && subnet !== undefined && supervisors !== undefined) {
        const last = `supervisor-${supervisors}`;
        if (addressOffset(last) > hostCount(subnet)) {
            problem(["subnet"], `has no address for ${last}: give a larger one, such as a /16`);
        }
    }
    return issues;
}

/** The settings, with no members of an ensemble where there is one already. */
function withoutOwnEnsemble(settings: Settings): Settings {
    return settings.zookeeperServers ? { ...settings, zookeepers: 0 } : settings;
}

function mistake(path: (string | number)[], message: string): z.core.$ZodIssue {
    return { code: "custom", path, message, input: undefined };
}

/** A stack's settings: what `config:` in Pulumi.yaml declares, validated. `zookeepers` is 0 where there is an ensemble already. */
export type Settings = Omit<z.infer<typeof schema>, "zookeepers"> & DaemonCounts;

/**
 * Validates a stack's settings.
 * @param values Values by key, without the namespace.
 * @param clusterName The cluster's name, which follows from the stack's.
 * @param secret Whether a key's value must not be shown; default: none must not.
 * @throws pulumi.RunError that lists every mistake: key, value, what is wrong and what would be right.
 */
export function parseSettings(
    values: Record<string, unknown>,
    clusterName: string,
    secret: (key: string) => boolean = () => false,
): Settings {
    const parsed = schema.safeParse(values);
    const valid = Object.entries(fields).flatMap(([key, field]) => {
        const { success, data } = field.safeParse(values[key]);
        return success ? [[key, data]] : [];
    });
    const issues = [...(parsed.error?.issues ?? []), ...contradictions(Object.fromEntries(valid) as Partial<Settings>, clusterName)];
    if (values.sshKey && !secret("sshKey")) {
        issues.push(mistake(["sshKey"], "is not encrypted: `pulumi config set --secret sshKey <file`, and take this key out of use"));
    }
    if (secret("topologies")) {
        issues.push(mistake(["topologies"], "is encrypted, which Storm does not keep: take out what is secret, and give topologies another way to it"));
    }
    if (parsed.success && issues.length === 0) {
        return withoutOwnEnsemble(parsed.data);
    }
    const lines = issues.flatMap((issue) => describe(issue, values, secret));
    throw new pulumi.RunError(`The stack's settings have ${lines.length === 1 ? "a mistake" : `${lines.length} mistakes`}:\n${lines.join("\n")}`);
}

/** A stack's settings, with what may hold secrets as the Output that keeps them so. */
export type StackSettings = Omit<Settings, "stormYaml"> & { stormYaml: pulumi.Input<Settings["stormYaml"]> };

/**
 * The settings of the stack that is being deployed.
 * @param clusterName The cluster's name, which follows from the stack's.
 * @throws pulumi.RunError as {@link parseSettings} does.
 */
export function readSettings(clusterName: string): StackSettings {
    const namespace = `${pulumi.getProject()}:`;
    const values: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(pulumi.runtime.allConfig())) {
        if (key.startsWith(namespace)) {
            const name = key.slice(namespace.length);
            values[name] = settingValue(name, value);
        }
    }
    const isSecret = (key: string) => isConfigSecret(namespace + key);
    const settings = parseSettings(values, clusterName, isSecret);
    const { stormYaml } = settings;
    return { ...settings, stormYaml: isSecret("stormYaml") ? pulumi.secret(stormYaml) : stormYaml };
}

/** The address of a daemon on the stack's own network: it goes by the daemon's name, whatever others there are. */
export function localAddress(subnet: string, daemon: string): string {
    return addressAt(subnet, addressOffset(daemon));
}

/** Whether there are ambassadors, and whether they talk to each other by TLS. */
export function ambassadorsOf({ discovery, ambassadorTls = false }: Partial<Pick<Settings, "discovery" | "ambassadorTls">>): { tls: boolean } | undefined {
    return discovery === "ambassador" ? { tls: ambassadorTls } : undefined;
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
const firstOffset: Record<string, number> = {
    ...{ zookeeper: 16, nimbus: 32, drpc: 48, ui: 64, supervisor: 127 },
    ...{ registrar: 80, proxy: 81, etcd: 82 },
};

function addressOffset(daemon: string): number {
    const [kind = "", number = "0"] = daemon.split("-");
    return (firstOffset[kind] ?? NaN) + Number(number);
}

/** The value of a setting that is written as text, as Pulumi writes all that are no lists or maps. */
function settingValue(key: string, text: string): unknown {
    if (["target", "discovery", "delivery", "stormImage", "zookeeperImage", "dnsImage", "etcdImage", "proxyImage", "subnet", "sshKey", "registryMirror"].includes(key)) {
        return text;
    }
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}

function describe(issue: z.core.$ZodIssue, values: Record<string, unknown>, secret: (key: string) => boolean): string[] {
    const name = (path: PropertyKey[]) => `storm:${path.map(String).join(".")}`;
    if (issue.code === "unrecognized_keys") {
        const known = issue.path.length ? "" : ": `config:` in Pulumi.yaml lists the settings";
        return issue.keys.map((key) => `  ${name([...issue.path, key])} is not a setting${known}`);
    }
    const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], values);
    const isHidden = issue.path[0] === "sshKey" || secret(String(issue.path[0]));
    const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "");
    const shown = isHidden || text === "" || text.length > 100 ? "" : `(${text}) `;
    return [`  ${name(issue.path)} ${shown}${issue.message}`];
}
