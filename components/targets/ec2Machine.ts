import * as pulumi from "@pulumi/pulumi";
import { daemonKinds, type DaemonRef, parseDaemonName } from "../daemonRef";
import { architectureOf, instanceTypeProblem, isNitro } from "../hosts/ec2/instanceTypes";
import { daemonRefs } from "../storm/spec/composition";
import {
    bastionName,
    type Ec2Placement,
    ec2Defaults,
    type Ec2TargetArgs,
    type InstanceTypes,
    kindsWithAddress,
    kindsWithData,
} from "./ec2TargetArgs";

/** A kind of machines: the kind of a daemon that runs there, or the bastion. */
export type MachineKind = keyof InstanceTypes;

/** The argument that names the machine image of an architecture. */
export type ImageArgument = "ami" | "amiArm64";

/** The arguments that say which machines there are, and of which instance types. */
export interface MachineArgs extends Pick<
    Ec2TargetArgs,
    "daemons" | "private" | "vpc" | "instances" | "instanceTypes" | "amis"
> {
    /** What a fleet's machines are; default: there is none. */
    fleet?: { instanceTypes?: string[] | undefined } | undefined;
    /** How instances are logged in to. */
    login: { bastion?: unknown; sessionManager?: unknown };
}

/** A machine that the target creates. */
export interface Machine {
    /** Its name: that of its daemon, the one in `instances`, or `bastion`. */
    name: string;
    /** What messages call it: its kind, of which all have one type, or its name in `instances`. */
    called: string;
    /** The daemons on it, in the order of their kinds; none on the bastion. */
    daemons: DaemonRef[];
    /** Its kinds: those of its daemons, or the bastion's. */
    kinds: MachineKind[];
    /** Its instance type. */
    instanceType: string;
    /** The argument that its instance type is from. */
    typeArgument: string;
    /** Whether its addresses stay when it is replaced, for which the old instance is deleted first. */
    keepsAddress: boolean;
    /** Whether it has a data volume, which outlives the instance. */
    keepsData: boolean;
    /** Its zone, if that is given. */
    zone?: string;
    /** Where it is among the zones, from 0, if not. */
    position: number;
}

/** Whether the target creates a bastion: instances have private addresses, in a network of its own, and no other way to them is given. */
export function hasBastion({
    private: isPrivate,
    vpc,
    login,
}: Pick<MachineArgs, "private" | "vpc" | "login">): boolean {
    return isPrivate === true && !vpc && !login.bastion && !login.sessionManager;
}

/** The machines with daemons, in the order in which those that keep their address are replaced, one after the other. */
export function daemonMachines(args: Pick<MachineArgs, "daemons" | "instances" | "instanceTypes">): Machine[] {
    const { instances = [] } = args;
    return instances.length > 0
        ? instances.map(placed).sort((one, other) => rankOf(one) - rankOf(other))
        : daemonRefs(args.daemons).map((daemon) => machineOfKind(daemon.kind, daemon.name, args, [daemon]));
}

/** The machines that the target creates. */
export function machinesOf(args: MachineArgs): Machine[] {
    const bastions = hasBastion(args) ? [machineOfKind("bastion", bastionName, args)] : [];
    return [...daemonMachines(args), ...bastions];
}

/** A machine of one kind, whose instance type is that of its kind. */
export function machineOfKind(
    kind: MachineKind,
    name: string,
    args: Pick<MachineArgs, "instanceTypes">,
    daemons: DaemonRef[] = [],
): Machine {
    return {
        name,
        called: kind,
        daemons,
        kinds: [kind],
        instanceType: args.instanceTypes?.[kind] ?? ec2Defaults.instanceTypes[kind],
        typeArgument: `instanceTypes.${kind}`,
        keepsAddress: kindsWithAddress.includes(kind),
        keepsData: kindsWithData.includes(kind),
        // Of each kind, the second is in the second zone, and so on.
        position: (daemons[0]?.index ?? 1) - 1,
    };
}

/**
 * A machine of `instances`. One that keeps its address has a data volume, whatever its daemons: so it never gets or loses one while it
 * runs, as it would with a Nimbus that comes to, or leaves, a DRPC server. The volume would be mounted over data, or its instance be
 * stopped.
 */
function placed({ name, type, daemons: names, zone }: Ec2Placement, index: number): Machine {
    const refs = names.flatMap((each) => parseDaemonName(each) ?? []);
    const daemons = daemonKinds.flatMap((kind) => refs.filter((ref) => ref.kind === kind));
    const keepsAddress = daemons.some(({ kind }) => kindsWithAddress.includes(kind));
    return {
        name,
        called: name,
        daemons,
        kinds: daemons.map(({ kind }) => kind),
        instanceType: type,
        typeArgument: `instances.${index}.type`,
        keepsAddress,
        keepsData: keepsAddress,
        zone,
        position: 0,
    };
}

/**
 * The place of a machine's first daemon among all daemons that keep their address, in the order in which a cluster creates them. Machines
 * without one come last.
 */
function rankOf({ daemons }: Machine): number {
    const [first] = daemons.filter(({ kind }) => kindsWithAddress.includes(kind));
    return first ? kindsWithAddress.indexOf(first.kind) * 1000 + first.index : Infinity;
}

/** The instance types of a fleet's machines. */
export function fleetTypes({ fleet, instanceTypes }: Pick<MachineArgs, "fleet" | "instanceTypes">): string[] {
    return fleet?.instanceTypes ?? [instanceTypes?.supervisor ?? ec2Defaults.instanceTypes.supervisor];
}

/** A machine as all of a fleet are, which no resource of the stack is; none if there is no fleet. */
function fleetMachines(args: Pick<MachineArgs, "fleet" | "instanceTypes">): Machine[] {
    const machine = machineOfKind("supervisor", "fleet", args);
    const [instanceType = ""] = fleetTypes(args);
    return args.fleet ? [{ ...machine, called: "fleet", instanceType, typeArgument: "fleet.instanceTypes" }] : [];
}

/** The kinds of machines that the target creates, and a fleet. */
export function machineKinds(args: MachineArgs): MachineKind[] {
    const kinds = new Set([...machinesOf(args), ...fleetMachines(args)].flatMap((machine) => machine.kinds));
    return [...daemonKinds, "bastion" as const].filter((kind) => kinds.has(kind));
}

/** The arguments `ami` and `amiArm64`, as far as machines without an image in `amis` need them, with these machines. */
export function neededImages(args: MachineArgs): Map<ImageArgument, Machine[]> {
    const needed = new Map<ImageArgument, Machine[]>();
    for (const machine of [...machinesOf(args).filter(({ name }) => !args.amis?.[name]), ...fleetMachines(args)]) {
        const image = imageArgument(machine);
        needed.set(image, [...(needed.get(image) ?? []), machine]);
    }
    return needed;
}

/** The machine image of a machine. */
export function imageOf(args: Ec2TargetArgs, machine: Machine): string {
    return args.amis?.[machine.name] ?? (args[imageArgument(machine)] as string);
}

/**
 * @throws pulumi.InputPropertiesError that lists every instance type that cannot be used, every machine image that is missing, every image
 *     in `amis` for a machine that the target does not create, what is wrong with `instances`, flow logs of an existing network, and
 *     what excludes another way to log in.
 */
export function validateMachines(name: string, args: Ec2TargetArgs): void {
    const machines = machinesOf(args);
    const types = new Map(
        machines.flatMap(({ instanceType, typeArgument, keepsData }) => {
            const reason = instanceTypeProblem(instanceType, keepsData);
            return reason === undefined ? [] : [[typeArgument, `(${instanceType}) ${reason}`] as const];
        }),
    );
    const fleet = args.fleet ? fleetTypes(args).flatMap((type) => fleetTypeReason(type, fleetTypes(args)) ?? []) : [];
    const missing = [...neededImages(args)].filter(([image]) => !args[image]);
    const flowLogs = {
        propertyPath: "flowLogs",
        reason: "is for a network of the target's own, and `vpc` is given, whose owner decides about its flow logs: leave it out",
    };
    const names = machines.map((machine) => machine.name);
    const unknown = Object.keys(args.amis ?? {}).filter((each) => !names.includes(each));
    const excluded = [
        { propertyPath: "login.bastion", isGiven: args.login.bastion !== undefined },
        { propertyPath: "from.ssh", isGiven: (args.from.ssh ?? []).length > 0 },
    ].filter(({ isGiven }) => isGiven && args.login.sessionManager !== undefined);
    const errors = [
        ...[...types].map(([propertyPath, reason]) => ({ propertyPath, reason })),
        ...placementReasons(args).map((reason) => ({ propertyPath: "instances", reason })),
        ...fleet.map((reason) => ({ propertyPath: "fleet.instanceTypes", reason })),
        ...unknown.map((each) => ({
            propertyPath: `amis.${each}`,
            reason: `is for a machine that the target does not create: it creates ${names.join(", ")}`,
        })),
        ...(args.vpc && args.flowLogs ? [flowLogs] : []),
        ...missing.map(([image, needing]) => ({ propertyPath: image, reason: `is missing: ${purposeOf(needing)}` })),
        ...excluded.map(({ propertyPath }) => ({ propertyPath, reason: "is given, and so is login.sessionManager" })),
    ];
    if (errors.length > 0) {
        const lines = errors.map(({ propertyPath, reason }) => `  ${propertyPath} ${reason}`);
        throw new pulumi.InputPropertiesError({
            message: `Arguments of ${name} cannot be used:\n${lines.join("\n")}`,
            errors,
        });
    }
}

/** Why daemons cannot be placed as `instances` says. */
function placementReasons({ instances = [], daemons, zones, vpc }: Ec2TargetArgs): string[] {
    if (instances.length === 0) {
        return [];
    }
    const wanted = daemonRefs(daemons).map(({ name }) => name);
    const given = instances.flatMap((instance) => instance.daemons);
    const names = instances.map(({ name }) => name);
    const known = vpc ? Object.keys(vpc.subnets) : (zones ?? []);
    const twice = (all: string[]) => [...new Set(all.filter((each, index) => all.indexOf(each) !== index))];
    const kindsOf = (instance: Ec2Placement) => instance.daemons.flatMap((each) => parseDaemonName(each)?.kind ?? []);
    return [
        ...wanted.filter((each) => !given.includes(each)).map((each) => `has no place for ${each}`),
        ...given
            .filter((each) => !wanted.includes(each))
            .map((each) => `has ${each}, which is no daemon of the cluster`),
        ...twice(given).map((each) => `has ${each} twice`),
        ...twice(names).map((each) => `has two instances ${each}`),
        ...instances.flatMap((instance) => [
            ...twice(kindsOf(instance)).map((kind) => `has two daemons of the kind ${kind} on ${instance.name}`),
            ...(instance.zone === undefined || known.includes(instance.zone)
                ? []
                : [`has ${instance.name} in ${instance.zone}, where the network has no subnet`]),
            ...(isNameOfAnother(instance)
                ? [`has an instance ${instance.name}, whose name is that of another machine`]
                : []),
        ]),
    ];
}

/** Whether an instance has the name of the bastion, or of a daemon that is not on it. */
export function isNameOfAnother({ name, daemons }: Pick<Ec2Placement, "name" | "daemons">): boolean {
    return name === bastionName || (parseDaemonName(name) !== undefined && !daemons.includes(name));
}

/** Why an instance type cannot be among those of a fleet; undefined: it can. */
function fleetTypeReason(type: string, all: string[]): string | undefined {
    const reason = fleetTypeProblem(type, all);
    return reason && `(${type}) ${reason}`;
}

/**
 * Why an instance type cannot be among those of a fleet; undefined: it can.
 * @param all All types of the fleet.
 */
export function fleetTypeProblem(type: string, all: string[]): string | undefined {
    const problem = instanceTypeProblem(type, false);
    if (problem !== undefined) {
        return problem;
    }
    if (!isNitro(type)) {
        return "is not of the Nitro system, on which a machine learns of a tag that it is given: choose a type that is, such as m6i.large";
    }
    const [first = type] = all;
    return architectureOf(type) === architectureOf(first)
        ? undefined
        : `is for ${architectureOf(type)}, and ${first} for ${architectureOf(first)}: all must have one architecture, as they have one machine image`;
}

/** The machine image of a fleet's machines. */
export function fleetAmi(args: Ec2TargetArgs): string {
    return args[imageArgument({ instanceType: fleetTypes(args)[0] ?? "" })] as string;
}

/** What a machine image is for: `the machine image for arm64, of nimbus (t4g.medium)`. */
export function purposeOf(machines: Machine[]): string {
    const users = new Set(machines.map(({ called, instanceType }) => `${called} (${instanceType})`));
    return `the machine image for ${architectureOf(machines[0]?.instanceType ?? "")}, of ${[...users].join(", ")}`;
}

/** The argument that names the machine image of a machine. */
export function imageArgument({ instanceType }: Pick<Machine, "instanceType">): ImageArgument {
    return architectureOf(instanceType) === "arm64" ? "amiArm64" : "ami";
}
