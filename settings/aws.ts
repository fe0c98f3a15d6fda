import { z } from "zod";
import { hostCount, subnetAt } from "../components/network/subnet";
import { type DaemonKind, type DaemonRef, parseDaemonName } from "../components/daemonRef";
import { controllerMemory, mostMachines } from "../components/fleet/spec";
import { monitoringLimits } from "../components/monitoring/defaults";
import { architectureOf, instanceTypeProblem, memoryOf } from "../components/hosts/ec2/instanceTypes";
import { heapSum, type Jvms, reverseProxyMemory } from "../components/storm/spec/memory";
import { hasBastion, isNameOfAnother, type MachineArgs } from "../components/targets/ec2Machine";
import { bastionName, ec2Defaults, kindsWithAddress, kindsWithData } from "../components/targets/ec2TargetArgs";
import { isOfficialForX86Only } from "../provider/image";
import type { Fields } from "./fields";
import { misplacements, suggestion } from "./placement";
import { count, flag, machineName, subnet } from "./values";

const zone = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, "must be an availability zone, such as eu-central-1a");
const origins = z
    .array(
        subnet("203.0.113.7/32 for one address").refine(
            (cidr) => !cidr.endsWith("/0"),
            "would let everybody in: list your own subnets",
        ),
        { error: "must be a list of subnets" },
    )
    .refine((cidrs) => new Set(cidrs).size === cidrs.length, "lists a subnet twice")
    .default([]);
const image = z
    .string("must be the id of a machine image, such as ami-0123456789abcdef0")
    .regex(/^ami-[0-9a-f]{8,17}$/, "must be the id of a machine image, such as ami-0123456789abcdef0");
const instanceType = z.string("must be an instance type, such as t3.medium");
const gibibytes = count(8, 16384);
const instance = z.strictObject({
    name: machineName,
    type: instanceType,
    daemons: z.array(z.string(), { error: "must be a list of daemons" }).min(1, "names no daemon: remove the instance"),
    zone: zone.optional(),
});
/** Settings of the target `aws`: what docs/aws.md describes. */
export const aws = z
    .strictObject({
        ami: image.optional(),
        amiArm64: image.optional(),
        amis: z
            .record(z.string(), image, {
                error: "must have the ids of machine images by instance, as in { zookeeper-2: ami-0123456789abcdef0 }",
            })
            .default({}),
        publicKey: z
            .string()
            .regex(
                /^(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/]+=*( .*)?$/,
                "must be a public key, such as `ssh-ed25519 AAAA...`: EC2 takes ed25519 and RSA",
            )
            .optional(),
        zones: z
            .array(zone, { error: "must be a list of availability zones" })
            .max(8, "has more than 8 zones")
            .default([]),
        cidr: subnet("10.20.0.0/16")
            .refine((cidr) => hostCount(cidr) >= 254 && hostCount(cidr) <= 65534, "must be between a /16 and a /24")
            .default(ec2Defaults.cidr),
        vpc: z
            .strictObject({
                id: z.string().regex(/^vpc-[0-9a-f]+$/, "must be the id of a VPC"),
                subnets: z.record(zone, z.string().regex(/^subnet-[0-9a-f]+$/, "must be the id of a subnet")),
            })
            .optional(),
        private: flag.default(false),
        flowLogs: flag.default(false),
        from: z.strictObject({ ssh: origins, ui: origins, clients: origins, prometheus: origins }).prefault({}),
        instances: z.array(instance, { error: "must be a list of instances" }).default([]),
        instanceTypes: z
            .strictObject({
                zookeeper: instanceType,
                nimbus: instanceType,
                supervisor: instanceType,
                ui: instanceType,
                drpc: instanceType,
                bastion: instanceType,
            })
            .partial()
            .default({}),
        rootGibibytes: gibibytes.default(ec2Defaults.rootGibibytes),
        dataGibibytes: gibibytes.default(ec2Defaults.dataGibibytes),
        protect: flag.default(false),
    })
    .prefault({});

/** Settings of the target `aws`. */
export type AwsSettings = z.infer<typeof aws>;

type Instance = AwsSettings["instances"][number];

/** Further settings that decide about machines. */
type OtherSettings = Partial<
    Pick<Fields, "stormImage" | "discovery" | "ssh" | "monitoring" | "security" | "logviewers" | "fleet">
>;

/** Receives each mistake: the key's path below `aws`, and what is wrong. */
type TellProblem = (path: (string | number)[], message: string) => void;

/** What `storm:ssh` says of the way to machines, as the target's argument `login` has it. */
export function waysToLogIn({ bastion, via }: { bastion?: unknown; via?: unknown }): MachineArgs["login"] {
    return { bastion, sessionManager: via };
}

/** EC2 keeps five addresses of each subnet for itself, two of which no machine could have anyway. */
const keptAddresses = 3;
/** A NAT gateway and a bastion may stand in a subnet too. */
const otherMachines = 2;
/** MiB of an instance that its system and Docker Engine use. */
const systemMebibytes = 400;

/**
 * What is wrong with settings that are valid each by itself.
 * @param settings All valid settings: the image of Storm, the discovery, which runs it on other machines too, and the user's bastion.
 * @param daemons All daemons; undefined if they are not known.
 * @param jvms What decides the heaps of their containers; undefined if it is not known.
 */
export function awsProblems(
    aws: AwsSettings,
    settings: OtherSettings,
    daemons: DaemonRef[] | undefined,
    jvms: Jvms | undefined,
    problem: TellProblem,
): void {
    const { vpc, zones, cidr, flowLogs, instances, amis, private: isPrivate } = aws;
    if (instances.length > 0) {
        instanceProblems(aws, settings, daemons, jvms, problem);
    } else {
        for (const [kind, type] of Object.entries({ ...ec2Defaults.instanceTypes, ...aws.instanceTypes })) {
            const on = (daemons ?? []).filter((daemon) => daemon.kind === kind).slice(0, 1);
            const message =
                instanceTypeProblem(type, kindsWithData.includes(kind)) ?? typeProblem(type, on, settings, jvms);
            if (message !== undefined) {
                problem(["instanceTypes", kind], message);
            }
        }
    }
    for (const name of daemons ? Object.keys(amis) : []) {
        const reason = nameProblem(
            name,
            daemons ?? [],
            instances,
            hasBastion({ private: isPrivate, vpc, login: waysToLogIn(settings.ssh ?? {}) }),
        );
        if (reason !== undefined) {
            problem(["amis", name], `is for no machine of this stack: ${reason}`);
        }
    }
    const subnets = Object.keys(vpc?.subnets ?? {});
    if (vpc && zones.length > 0) {
        problem(["zones"], "are for a network of the stack's own, and storm:aws.vpc is given: remove one of the two");
    }
    if (vpc && flowLogs) {
        problem(
            ["flowLogs"],
            "is for a network of the stack's own, and storm:aws.vpc is given, whose owner decides about its flow logs: remove it",
        );
    }
    if (vpc && subnets.length === 0) {
        problem(["vpc", "subnets"], "names no subnet: for each zone to use, the id of the subnet there");
    }
    if (!vpc && zones.length === 0) {
        problem(
            ["zones"],
            "is empty: name at least one zone of the region, such as eu-central-1a, or an existing network as storm:aws.vpc",
        );
    }
    const repeated = zones.find((each, index) => zones.indexOf(each) !== index);
    if (repeated) {
        problem(["zones"], `lists ${repeated} twice`);
    }
    if (!vpc && daemons && zones.length > 0) {
        const machines =
            instances.length > 0
                ? instances.map((each) => ({ kinds: kindsOn(each), zone: each.zone ?? zones[0] }))
                : daemons.map(({ kind, index }) => ({ kinds: [kind], zone: zones[(index - 1) % zones.length] }));
        // While those that keep no address are replaced, both the old and the new ones exist.
        const doubled = machines.filter(({ kinds }) => !kinds.some((kind) => kindsWithAddress.includes(kind)));
        const all = [...machines, ...doubled];
        // A group spreads its machines evenly.
        const ofFleet = settings.fleet ? Math.ceil(mostMachines(settings.fleet) / zones.length) : 0;
        const most = ofFleet + Math.max(...zones.map((each) => all.filter(({ zone: at }) => at === each).length));
        const room = hostCount(subnetAt(cidr, 4, 0)) - keptAddresses - otherMachines;
        if (most > room) {
            problem(
                ["cidr"],
                `has room for ${room} machines in a zone, a sixteenth of it, and ${most} are to be there: give a larger one, or more zones`,
            );
        }
    }
}

/** The kinds of the daemons on an instance. */
function kindsOn({ daemons }: Instance): DaemonKind[] {
    return daemons.flatMap((daemon) => parseDaemonName(daemon)?.kind ?? []);
}

/** What is wrong with the instances that settings name. */
function instanceProblems(
    { instances, instanceTypes, vpc, zones }: AwsSettings,
    settings: OtherSettings,
    daemons: DaemonRef[] | undefined,
    jvms: Jvms | undefined,
    problem: TellProblem,
): void {
    for (const { path, message } of daemons ? misplacements(instances, daemons, "instance") : []) {
        problem(["instances", ...path], message);
    }
    const known = vpc ? Object.keys(vpc.subnets) : zones;
    for (const [index, each] of instances.entries()) {
        const { type } = each;
        const on = (daemons ?? []).filter(({ name }) => each.daemons.includes(name));
        const keepsData = kindsOn(each).some((kind) => kindsWithAddress.includes(kind));
        const message = instanceTypeProblem(type, keepsData) ?? typeProblem(type, on, settings, jvms);
        if (message !== undefined) {
            problem(["instances", index, "type"], message);
        }
        if (isNameOfAnother(each)) {
            problem(
                ["instances", index, "name"],
                each.name === bastionName
                    ? "is that of the stack's bastion: choose another one"
                    : "is that of a daemon that is not on it: choose another one",
            );
        }
        if (each.zone !== undefined && !known.includes(each.zone)) {
            const setting = vpc ? "storm:aws.vpc.subnets" : "storm:aws.zones";
            problem(
                ["instances", index, "zone"],
                `is not in ${setting}: add it at the end there, or name one of these`,
            );
        }
    }
    for (const [kind, type] of Object.entries(instanceTypes)) {
        const message =
            kind === bastionName
                ? instanceTypeProblem(type, false)
                : "is for a stack without storm:aws.instances, each of which has a type of its own: remove it";
        if (message !== undefined) {
            problem(["instanceTypes", kind], message);
        }
    }
}

/** Why a name is not that of a machine; undefined: it is. */
function nameProblem(
    name: string,
    daemons: DaemonRef[],
    instances: Instance[],
    isThereBastion: boolean,
): string | undefined {
    if (name === bastionName) {
        return isThereBastion
            ? undefined
            : "it creates a bastion only if storm:aws.private is true, and none of storm:aws.vpc, storm:ssh.bastion and storm:ssh.via is set";
    }
    if (instances.length > 0) {
        const names = instances.map((each) => each.name);
        return names.includes(name) ? undefined : `storm:aws.instances has ${names.join(", ")}`;
    }
    return daemons.some((daemon) => daemon.name === name) ? undefined : suggestion(name, daemons);
}

/** Why daemons cannot run together on an instance of a type; undefined: they can, as far as is known, or there are none. */
export function typeProblem(
    type: string,
    on: DaemonRef[],
    settings: OtherSettings,
    jvms: Jvms | undefined,
): string | undefined {
    return processorProblem(type, on, settings) ?? memoryProblem(type, on, settings, jvms);
}

/** Why the image of Storm does not run on a type; undefined: it does, as far as is known, or it is not to run there. */
function processorProblem(
    type: string,
    on: DaemonRef[],
    { stormImage = "", discovery }: OtherSettings,
): string | undefined {
    // Beside a ZooKeeper member, it is an ambassador's registrar that runs it.
    const runsStorm = on.some(({ kind }) => kind !== "zookeeper" || discovery === "ambassador");
    return runsStorm && architectureOf(type) === "arm64" && isOfficialForX86Only(stormImage)
        ? `has a Graviton processor, and storm:stormImage (${stormImage}) exists for x86 processors only: choose an x86 type, such as t3.medium, ` +
              "or an image for arm64, such as storm:2.8.9 or, for Storm 1.2, storm:1.2.4-temurin"
        : undefined;
}

/** Whether a daemon has pages that a reverse proxy is in front of. */
function servesPages({ kind }: DaemonRef, { logviewers }: OtherSettings): boolean {
    return ["ui", "drpc"].includes(kind) || (["nimbus", "supervisor"].includes(kind) && logviewers !== false);
}

/** Why a type has too little memory for daemons; undefined: it has enough, as far as is known. */
function memoryProblem(
    type: string,
    on: DaemonRef[],
    settings: OtherSettings,
    jvms: Jvms | undefined,
): string | undefined {
    const memory = memoryOf(type);
    if (on.length === 0 || jvms === undefined || memory === undefined) {
        return undefined;
    }
    const { besideNimbus, onEachMachine } = monitoringLimits(settings.monitoring);
    const hasProxy = settings.security === "tls" && on.some((daemon) => servesPages(daemon, settings));
    const beside = {
        "storm:monitoring": onEachMachine + (on.some(({ kind }) => kind === "nimbus") ? besideNimbus : 0),
        "the reverse proxy": hasProxy ? reverseProxyMemory : 0,
        "storm:fleet": settings.fleet && on.some(({ kind }) => kind === "nimbus") ? controllerMemory : 0,
    };
    const heaps = on.reduce((total, { kind }) => total + heapSum(kind, jvms), 0);
    const others = Object.entries(beside).filter(([, needed]) => needed > 0);
    const sum = others.reduce((total, [, needed]) => total + needed, 0);
    const list = others.map(([name, needed]) => `, ${name} ${needed} MiB`).join("");
    const [container, elsewhere] = on.length === 1 ? ["container", ""] : ["containers", ", place a daemon elsewhere"];
    const hasSupervisor = on.some(({ kind }) => kind === "supervisor");
    return memory >= heaps + sum + systemMebibytes
        ? undefined
        : `has too little memory: ${type} has ${memory} MiB, the heaps in the ${container} need ${heaps} MiB${list}, and the system ${systemMebibytes} MiB: ` +
              `choose a larger type${elsewhere}, or lower storm:heap${hasSupervisor ? " or storm:slots" : ""}`;
}
