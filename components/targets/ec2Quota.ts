import { instanceName } from "../hosts/ec2/ec2Instance";
import { vcpusOf } from "../hosts/ec2/instanceTypes";
import { regionOfNetwork } from "../network/region";
import { type Machine, type MachineArgs, machinesOf } from "./ec2Machine";
import type { Ec2TargetArgs } from "./ec2TargetArgs";

/** The arguments that the warning follows from. */
export interface QuotaArgs extends MachineArgs, Pick<Ec2TargetArgs, "existing" | "zones"> {}

/** The vCPUs of a stack's instances, as far as they are known. */
interface Vcpus {
    /** Of all instances. */
    running: number;
    /** While an update replaces all of them: of those that keep no address, the new instance is created first. */
    replacing: number;
    /** Instance types that are not counted. */
    uncounted: string[];
}

/** Code of the quota of vCPUs of Standard instances: families A, C, D, H, I, M, R, T and Z, of all stacks in the region. */
const quota = "--service-code ec2 --quota-code L-1216C47A";

/**
 * How many vCPUs the instances need, and how to read and raise the account's quota of them: a new account's is too small for most stacks.
 * @param name The target's name.
 * @returns undefined if no instance has to be created.
 */
export function quotaWarning(name: string, args: QuotaArgs): string | undefined {
    const machines = machinesOf(args);
    if (machines.every((machine) => args.existing.has(instanceName(`${name}-${machine.name}`)))) {
        return undefined;
    }
    const { running, replacing, uncounted } = vcpus(machines);
    const of = `${quota} --region ${regionOfNetwork(args)}`;
    const more = replacing > running ? `, and ${replacing} while an update replaces them` : "";
    const missing =
        uncounted.length > 0
            ? ` Not counted, as their vCPUs or their quota are not known here: ${uncounted.join(", ")}.`
            : "";
    return (
        `The stack's instances need ${running} vCPUs${more}.${missing} The account's quota, of all such instances in a region, is ` +
        `5 by default. It is read by \`aws service-quotas get-service-quota ${of} --query Quota.Value\`, ` +
        `and a higher one is requested by \`aws service-quotas request-service-quota-increase ${of} --desired-value ${replacing}\`.`
    );
}

function vcpus(machines: Machine[]): Vcpus {
    const counted = { running: 0, replacing: 0, uncounted: new Set<string>() };
    for (const { instanceType: type, keepsAddress } of machines) {
        const count = vcpusOf(type);
        if (count === undefined) {
            counted.uncounted.add(type);
        }
        counted.running += count ?? 0;
        counted.replacing += (count ?? 0) * (keepsAddress ? 1 : 2);
    }
    return { ...counted, uncounted: [...counted.uncounted] };
}
