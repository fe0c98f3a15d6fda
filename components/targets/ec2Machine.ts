import * as pulumi from "@pulumi/pulumi";
import { daemonKinds } from "../daemonRef";
import { architectureOf, instanceTypeProblem } from "../hosts/ec2/instanceTypes";
import { daemonRefs } from "../storm/spec/composition";
import { bastionName, ec2Defaults, type Ec2TargetArgs, type InstanceTypes, kindsWithData } from "./ec2TargetArgs";

/** A kind of machines: the kind of the daemon that runs there, or the bastion. */
export type MachineKind = keyof InstanceTypes;

/** The argument that names the machine image of an architecture. */
export type ImageArgument = "ami" | "amiArm64";

/** The arguments that say which machines there are, and of which instance types. */
export interface MachineArgs extends Pick<Ec2TargetArgs, "daemons" | "private" | "vpc" | "instanceTypes" | "amis"> {
    /** How instances are logged in to. */
    login: { bastion?: unknown; sessionManager?: unknown };
}

/** A machine that the target creates: its kind, and its name, which is that of its daemon, or `bastion`. */
export interface Machine {
    kind: MachineKind;
    name: string;
}

/** Whether the target creates a bastion: instances have private addresses, in a network of its own, and no other way to them is given. */
export function hasBastion({ private: isPrivate, vpc, login }: Omit<MachineArgs, "daemons">): boolean {
    return isPrivate === true && !vpc && !login.bastion && !login.sessionManager;
}

/** The machines that the target creates. */
export function machinesOf(args: MachineArgs): Machine[] {
    const bastions: Machine[] = hasBastion(args) ? [{ kind: "bastion", name: bastionName }] : [];
    return [...daemonRefs(args.daemons), ...bastions];
}

/** The kinds of machines that the target creates. */
export function machineKinds(args: MachineArgs): MachineKind[] {
    const kinds = new Set(machinesOf(args).map(({ kind }) => kind));
    return [...daemonKinds, "bastion" as const].filter((kind) => kinds.has(kind));
}

/** The arguments `ami` and `amiArm64`, as far as machines without an image in `amis` need them, with the kinds of these machines. */
export function neededImages(args: MachineArgs): Map<ImageArgument, MachineKind[]> {
    const needed = new Map<ImageArgument, MachineKind[]>();
    for (const { kind } of machinesOf(args).filter(({ name }) => !args.amis?.[name])) {
        const image = imageArgument(args, kind);
        const kinds = needed.get(image) ?? [];
        needed.set(image, kinds.includes(kind) ? kinds : [...kinds, kind]);
    }
    return needed;
}

/** The instance type and the machine image of a machine. */
export function ec2Machine(args: Ec2TargetArgs, { kind, name }: Machine): { instanceType: string; ami: string } {
    return {
        instanceType: instanceTypeOf(args, kind),
        ami: args.amis?.[name] ?? (args[imageArgument(args, kind)] as string),
    };
}

/**
 * @throws pulumi.InputPropertiesError that lists every instance type that cannot be used, every machine image that is missing, every image
 *     in `amis` for a machine that the target does not create, flow logs of an existing network, and what excludes another
 *     way to log in.
 */
export function validateMachines(name: string, args: Ec2TargetArgs): void {
    const types = machineKinds(args).flatMap((kind) => {
        const type = instanceTypeOf(args, kind);
        const reason = instanceTypeProblem(type, kindsWithData.includes(kind));
        return reason === undefined ? [] : [{ propertyPath: `instanceTypes.${kind}`, reason: `(${type}) ${reason}` }];
    });
    const missing = [...neededImages(args)].filter(([image]) => !args[image]);
    const flowLogs = {
        propertyPath: "flowLogs",
        reason: "is for a network of the target's own, and `vpc` is given, whose owner decides about its flow logs: leave it out",
    };
    const names = machinesOf(args).map((machine) => machine.name);
    const unknown = Object.keys(args.amis ?? {}).filter((each) => !names.includes(each));
    const excluded = [
        { propertyPath: "login.bastion", isGiven: args.login.bastion !== undefined },
        { propertyPath: "from.ssh", isGiven: (args.from.ssh ?? []).length > 0 },
    ].filter(({ isGiven }) => isGiven && args.login.sessionManager !== undefined);
    const errors = [
        ...types,
        ...unknown.map((each) => ({
            propertyPath: `amis.${each}`,
            reason: `is for a machine that the target does not create: it creates ${names.join(", ")}`,
        })),
        ...(args.vpc && args.flowLogs ? [flowLogs] : []),
        ...missing.map(([image, kinds]) => ({ propertyPath: image, reason: `is missing: ${purposeOf(args, kinds)}` })),
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

/** What a machine image is for: `the machine image for arm64, of nimbus (t4g.medium)`. */
export function purposeOf(args: MachineArgs, kinds: MachineKind[]): string {
    const types = kinds.map((kind) => instanceTypeOf(args, kind));
    const users = kinds.map((kind, index) => `${kind} (${types[index]})`);
    return `the machine image for ${architectureOf(types[0] ?? "")}, of ${users.join(", ")}`;
}

/** The instance type of a kind. */
export function instanceTypeOf({ instanceTypes }: MachineArgs, kind: MachineKind): string {
    return instanceTypes?.[kind] ?? ec2Defaults.instanceTypes[kind];
}

/** The argument that names the machine image of a kind. */
export function imageArgument(args: MachineArgs, kind: MachineKind): ImageArgument {
    return architectureOf(instanceTypeOf(args, kind)) === "arm64" ? "amiArm64" : "ami";
}
