import type * as pulumi from "@pulumi/pulumi";
import { Vpc } from "./vpc";

/** An existing network. */
export interface ExistingNetwork {
    /** Id of the VPC. */
    id: string;
    /** Id of the subnet to use in each availability zone. */
    subnets: Record<string, string>;
}

/** Arguments of {@link ec2Network}. */
export interface Ec2NetworkArgs {
    /**
     * An existing network, in place of one of the stack's own.
     * @default a new VPC
     */
    vpc?: ExistingNetwork;
    /** Availability zones of a new VPC. */
    zones: string[];
    /** IPv4 subnet of a new VPC. */
    cidr: string;
    /** Whether instances have private addresses only. */
    private: boolean;
    /**
     * Whether a new VPC logs the connections that it refuses.
     * @default false
     */
    flowLogs?: boolean;
    /** Tags of all resources. */
    tags: Record<string, string>;
}

/** A network for instances, in its availability zones. */
export interface Ec2Network {
    /** Id of the VPC. */
    readonly id: pulumi.Input<string>;
    /** The network's resource; absent if it existed before. */
    readonly resource?: pulumi.Resource;
    /** Its availability zones. */
    readonly zones: readonly string[];
    /** The zone of an instance, by the instance's position among those of its kind. */
    zoneOf(position: number): string;
    /** The subnet of a zone. */
    subnetIn(zone: string, kind: "public" | "private"): pulumi.Input<string>;
}

/** A network of the stack's own, or an existing one. */
export function ec2Network(
    name: string,
    { vpc, zones, cidr, private: isPrivate, flowLogs, tags }: Ec2NetworkArgs,
    opts: pulumi.ComponentResourceOptions,
): Ec2Network {
    // A map has no order that everybody keeps.
    const used = vpc ? Object.keys(vpc.subnets).sort() : zones;
    const zoneOf = (position: number) => used[position % used.length] as string;
    if (vpc) {
        return { id: vpc.id, zones: used, zoneOf, subnetIn: (zone) => vpc.subnets[zone] as string };
    }
    const own = new Vpc(name, { cidr, zones, isPrivate, flowLogs, tags }, opts);
    const subnetIn = (zone: string, kind: "public" | "private") => own[`${kind}Subnets`][zone] as pulumi.Output<string>;
    return { id: own.id, resource: own, zones: used, zoneOf, subnetIn };
}
