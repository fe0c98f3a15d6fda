import { z } from "zod";
import { hostCount, subnetAt } from "../components/network/subnet";
import { daemonKinds, type DaemonRef, ofKind } from "../components/daemonRef";
import { monitoringLimits } from "../components/monitoring/defaults";
import { architectureOf, instanceTypeProblem, memoryOf } from "../components/hosts/ec2/instanceTypes";
import { heapSum, type Jvms, reverseProxyMemory } from "../components/storm/spec/memory";
import { hasBastion, type MachineArgs } from "../components/targets/ec2Machine";
import { bastionName, ec2Defaults, kindsWithData } from "../components/targets/ec2TargetArgs";
import { isOfficialForX86Only } from "../provider/image";
import type { Fields } from "./fields";
import { suggestion } from "./placement";
import { count, flag, subnet } from "./values";

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
/** Settings of the target `aws`: what docs/aws.md describes. */
export const aws = z
    .strictObject({
        ami: image.optional(),
        amiArm64: image.optional(),
        amis: z
            .record(z.string(), image, {
                error: "must have the ids of machine images by daemon, as in { zookeeper-2: ami-0123456789abcdef0 }",
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
            .transform((types) => ({ ...ec2Defaults.instanceTypes, ...types }))
            .prefault({}),
        rootGibibytes: gibibytes.default(ec2Defaults.rootGibibytes),
        dataGibibytes: gibibytes.default(ec2Defaults.dataGibibytes),
        protect: flag.default(false),
    })
    .prefault({});

/** Settings of the target `aws`. */
export type AwsSettings = z.infer<typeof aws>;

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
 * @param problem Receives each mistake: the key's path below `aws`, and what is wrong.
 */
export function awsProblems(
    { vpc, zones, cidr, flowLogs, instanceTypes, amis, private: isPrivate }: AwsSettings,
    settings: Partial<Pick<Fields, "stormImage" | "discovery" | "ssh" | "monitoring" | "security" | "logviewers">>,
    daemons: DaemonRef[] | undefined,
    jvms: Jvms | undefined,
    problem: (path: (string | number)[], message: string) => void,
): void {
    for (const [kind, type] of Object.entries(instanceTypes)) {
        const { besideNimbus, onEachMachine } = monitoringLimits(settings.monitoring);
        const beside = {
            "storm:monitoring": onEachMachine + (kind === "nimbus" ? besideNimbus : 0),
            "the reverse proxy": settings.security === "tls" && servesPages(kind, settings) ? reverseProxyMemory : 0,
        };
        const message =
            instanceTypeProblem(type, kindsWithData.includes(kind)) ??
            processorProblem(kind, type, daemons, settings) ??
            memoryProblem(kind, type, daemons, jvms, beside);
        if (message !== undefined) {
            problem(["instanceTypes", kind], message);
        }
    }
    for (const name of daemons ? Object.keys(amis) : []) {
        const reason = nameProblem(
            name,
            daemons ?? [],
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
        // While supervisors and UI are replaced, both the old and the new ones exist.
        const doubled = daemons.filter(({ kind }) => kind === "supervisor" || kind === "ui");
        const machines = [...daemons, ...doubled].map(({ index }) => (index - 1) % zones.length);
        const most = Math.max(...zones.map((_, zone) => machines.filter((each) => each === zone).length));
        const room = hostCount(subnetAt(cidr, 4, 0)) - keptAddresses - otherMachines;
        if (most > room) {
            problem(
                ["cidr"],
                `has room for ${room} machines in a zone, a sixteenth of it, and ${most} are to be there: give a larger one, or more zones`,
            );
        }
    }
}

/** Why a name is not that of a machine; undefined: it is. */
function nameProblem(name: string, daemons: DaemonRef[], isThereBastion: boolean): string | undefined {
    if (name === bastionName) {
        return isThereBastion
            ? undefined
            : "it creates a bastion only if storm:aws.private is true, and none of storm:aws.vpc, storm:ssh.bastion and storm:ssh.via is set";
    }
    return daemons.some((daemon) => daemon.name === name) ? undefined : suggestion(name, daemons);
}

/** Why the image of Storm does not run on a type; undefined: it does, as far as is known, or it is not to run there. */
function processorProblem(
    machine: string,
    type: string,
    daemons: DaemonRef[] = [],
    { stormImage = "", discovery }: Parameters<typeof awsProblems>[1],
): string | undefined {
    const runsStorm = daemons.some(
        // Beside a ZooKeeper member, it is an ambassador's registrar that runs it.
        ({ kind }) => kind === machine && (kind !== "zookeeper" || discovery === "ambassador"),
    );
    return runsStorm && architectureOf(type) === "arm64" && isOfficialForX86Only(stormImage)
        ? `has a Graviton processor, and storm:stormImage (${stormImage}) exists for x86 processors only: choose an x86 type, such as t3.medium, ` +
              "or an image for arm64, such as storm:2.8.9 or, for Storm 1.2, storm:1.2.4-temurin"
        : undefined;
}

/** Whether machines of a kind have pages that a reverse proxy is in front of. */
function servesPages(kind: string, { logviewers }: Partial<Pick<Fields, "logviewers">>): boolean {
    return ["ui", "drpc"].includes(kind) || (["nimbus", "supervisor"].includes(kind) && logviewers !== false);
}

/** Why the daemon of a kind cannot run on a type; undefined: it can, as far as is known, or the cluster has none of that kind. */
function memoryProblem(
    machine: string,
    type: string,
    daemons: DaemonRef[] = [],
    jvms: Jvms | undefined,
    beside: Record<string, number>,
): string | undefined {
    const kind = daemonKinds.find((each) => each === machine);
    const memory = memoryOf(type);
    if (kind === undefined || ofKind(daemons, kind).length === 0 || jvms === undefined || memory === undefined) {
        return undefined;
    }
    const heaps = heapSum(kind, jvms);
    const others = Object.entries(beside).filter(([, needed]) => needed > 0);
    const sum = others.reduce((total, [, needed]) => total + needed, 0);
    const list = others.map(([name, needed]) => `, ${name} ${needed} MiB`).join("");
    return memory >= heaps + sum + systemMebibytes
        ? undefined
        : `has too little memory: ${type} has ${memory} MiB, the heaps in the container need ${heaps} MiB${list}, and the system ${systemMebibytes} MiB: ` +
              `choose a larger type, or lower storm:heap${kind === "supervisor" ? " or storm:slots" : ""}`;
}
