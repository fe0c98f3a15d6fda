import { type FleetBounds, mostMachines } from "../fleet/spec";
import { instanceName } from "../hosts/ec2/ec2Instance";
import { hasFleetGroup } from "../hosts/ec2/fleetControl";
import { vcpusOf } from "../hosts/ec2/instanceTypes";
import { regionOfNetwork } from "../network/region";
import { fleetTypes, type Machine, type MachineArgs, machinesOf } from "./ec2Machine";
import type { Ec2TargetArgs } from "./ec2TargetArgs";

/** The arguments that the warning follows from. */
export interface QuotaArgs
    extends Omit<MachineArgs, "fleet">, Pick<Ec2TargetArgs, "clusterName" | "existing" | "zones"> {
    /** The fleet; default: there is none. */
    fleet?: (FleetBounds & { instanceTypes?: string[] | undefined }) | undefined;
}

/** The vCPUs of a stack's instances, as far as they are known. */
interface Vcpus {
    /** Of all instances. */
    running: number;
    /** While an update replaces all of them: of those that keep no address, the new instance is created first. */
    replacing: number;
    /** Of the most machines that a fleet may have on demand, its largest type, while a refresh replaces them. */
    onDemand: number;
    /** Of those on spot. */
    onSpot: number;
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
    const { existing, clusterName, fleet } = args;
    const machines = machinesOf(args);
    const isThere = machines.every((machine) => existing.has(instanceName(`${name}-${machine.name}`)));
    if (isThere && (!fleet || hasFleetGroup(existing, clusterName))) {
        return undefined;
    }
    const { running, replacing, uncounted, onDemand, onSpot } = vcpus(machines, args);
    const of = `${quota} --region ${regionOfNetwork(args)}`;
    const more = replacing > running ? `, and ${replacing} while an update replaces them` : "";
    const missing =
        uncounted.length > 0
            ? ` Not counted, as their vCPUs or their quota are not known here: ${uncounted.join(", ")}.`
            : "";
    const ofFleet = onDemand > 0 ? ` A fleet of the most machines needs ${onDemand} more.` : "";
    const spot =
        onSpot > 0
            ? ` The fleet needs ${onSpot} vCPUs on spot, of the quota L-34B43A08: the same commands with that code.`
            : "";
    return (
        `The stack's instances need ${running} vCPUs${more}.${ofFleet}${missing} The account's quota, of all such instances in a region, is ` +
        `5 by default. It is read by \`aws service-quotas get-service-quota ${of} --query Quota.Value\`, ` +
        `and a higher one is requested by \`aws service-quotas request-service-quota-increase ${of} --desired-value ${replacing + onDemand}\`.${spot}`
    );
}

function vcpus(machines: Machine[], { fleet, instanceTypes }: QuotaArgs): Vcpus {
    const counted = { running: 0, replacing: 0, onDemand: 0, onSpot: 0, uncounted: new Set<string>() };
    for (const { instanceType: type, keepsAddress } of machines) {
        const count = vcpusOf(type);
        if (count === undefined) {
            counted.uncounted.add(type);
        }
        counted.running += count ?? 0;
        counted.replacing += (count ?? 0) * (keepsAddress ? 1 : 2);
    }
    if (fleet) {
        const types = fleetTypes({ fleet, instanceTypes });
        types.filter((type) => vcpusOf(type) === undefined).forEach((type) => counted.uncounted.add(type));
        const largest = Math.max(...types.map((type) => vcpusOf(type) ?? 0));
        const most = mostMachines(fleet);
        const first = fleet.spot ? Math.min(most, fleet.onDemandBase ?? 0) : most;
        counted.onDemand = first * largest;
        counted.onSpot = (most - first) * largest;
    }
    return { ...counted, uncounted: [...counted.uncounted] };
}
