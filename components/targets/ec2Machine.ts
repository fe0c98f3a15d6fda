import * as pulumi from "@pulumi/pulumi";
import { daemonKinds, ofKind } from "../daemonRef";
import { architectureOf, instanceTypeProblem } from "../hosts/ec2/instanceTypes";
import { daemonRefs } from "../storm/spec/composition";
import { ec2Defaults, type Ec2TargetArgs, type InstanceTypes, kindsWithData } from "./ec2TargetArgs";

/** A kind of machines: the kind of the daemon that runs there, or the bastion. */
export type MachineKind = keyof InstanceTypes;

/** The argument that names the machine image of an architecture. */
export type ImageArgument = "ami" | "amiArm64";

/** The arguments that say which machines there are, and of which instance types. */
export interface MachineArgs extends Pick<Ec2TargetArgs, "daemons" | "private" | "vpc" | "instanceTypes"> {
    /** How instances are logged in to. */
    login: { bastion?: unknown };
}

/** Whether the target creates a bastion: instances have private addresses, in a network of its own, and no other bastion is given. */
export function hasBastion({ private: isPrivate, vpc, login }: Omit<MachineArgs, "daemons">): boolean {
    return isPrivate === true && !vpc && !login.bastion;
}

/** The kinds of machines that the target creates. */
export function machineKinds(args: MachineArgs): MachineKind[] {
    const refs = daemonRefs(args.daemons);
    const kinds = daemonKinds.filter((kind) => ofKind(refs, kind).length > 0);
    return hasBastion(args) ? [...kinds, "bastion"] : kinds;
}

/** The arguments `ami` and `amiArm64`, as far as machines need them, with the kinds of these machines. */
export function neededImages(args: MachineArgs): Map<ImageArgument, MachineKind[]> {
    const needed = new Map<ImageArgument, MachineKind[]>();
    for (const kind of machineKinds(args)) {
        const image = imageArgument(instanceTypeOf(args, kind));
        needed.set(image, [...(needed.get(image) ?? []), kind]);
    }
    return needed;
}

/** The instance type and the machine image of a kind. */
export function ec2Machine(args: Ec2TargetArgs, kind: MachineKind): { instanceType: string; ami: string } {
    const instanceType = instanceTypeOf(args, kind);
    return { instanceType, ami: args[imageArgument(instanceType)] as string };
}

/** @throws pulumi.InputPropertiesError that lists every instance type that cannot be used, and every machine image that is missing. */
export function validateMachines(name: string, args: Ec2TargetArgs): void {
    const types = machineKinds(args).flatMap((kind) => {
        const type = instanceTypeOf(args, kind);
        const reason = instanceTypeProblem(type, kindsWithData.includes(kind));
        return reason === undefined ? [] : [{ propertyPath: `instanceTypes.${kind}`, reason: `(${type}) ${reason}` }];
    });
    const missing = [...neededImages(args)].filter(([image]) => !args[image]);
    const errors = [
        ...types,
        ...missing.map(([image, kinds]) => ({ propertyPath: image, reason: `is missing: ${purposeOf(args, kinds)}` })),
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

function instanceTypeOf({ instanceTypes }: MachineArgs, kind: MachineKind): string {
    return instanceTypes?.[kind] ?? ec2Defaults.instanceTypes[kind];
}

function imageArgument(instanceType: string): ImageArgument {
    return architectureOf(instanceType) === "arm64" ? "amiArm64" : "ami";
}
