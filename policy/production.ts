import type { PolicyResource, StackValidationPolicy } from "@pulumi/policy";
import { isProduction } from "./rule";

/** How many daemons of a kind a cluster has. */
function daemons(resources: PolicyResource[], kind: string): number {
    return resources.filter(
        ({ type, name }) => type === "storm:storm:Daemon" && new RegExp(`(^|-)${kind}-\\d+$`).test(name),
    ).length;
}

/** The zones in which machines of a cluster may be. */
function zones(resources: PolicyResource[]): Set<string> {
    const subnets = resources.filter(({ type }) => type === "aws:ec2/subnet:Subnet");
    return new Set(subnets.map(({ props }) => props["availabilityZone"] as string));
}

/** The zones in which the data of ZooKeeper members is, on AWS: the location is the zone, or an instance in it (`b in eu-central-1b`). */
function memberZones(resources: PolicyResource[]): Set<string | undefined> {
    const locations = resources.filter(
        ({ type, props }) => type === "storm:index:DataLocation" && /^zookeeper-/.test(String(props["daemon"])),
    );
    return new Set(locations.map(({ props }) => String(props["location"]).split(" in ").at(-1)));
}

/** In production, a cluster survives the loss of one machine, and on AWS that of one zone. */
export const survivesLosses: StackValidationPolicy = {
    name: "survives-losses",
    description:
        "In production, a cluster must have an odd ensemble of three or more, two Nimbus daemons, and on AWS three zones.",
    enforcementLevel: "mandatory",
    validateStack: ({ resources }, report) => {
        const cluster = resources.find(({ type }) => type === "storm:storm:StormCluster");
        if (!cluster || !isProduction(cluster.urn)) {
            return;
        }
        const members = daemons(resources, "zookeeper");
        // Without members it uses an ensemble that was there already.
        if (members > 0 && (members < 3 || members % 2 === 0)) {
            report(
                `Its ensemble has ${members} ${members === 1 ? "member" : "members"}, too few to lose one. Set storm:zookeepers to 3 or 5.`,
                cluster.urn,
            );
        }
        const nimbuses = daemons(resources, "nimbus");
        if (nimbuses < 2) {
            report(
                `It has ${nimbuses} Nimbus, without which no work is given out. Set storm:nimbuses to 2.`,
                cluster.urn,
            );
        }
        if (!resources.some(({ type }) => type === "aws:ec2/instance:Instance")) {
            return;
        }
        const count = (size: number) => `${size} ${size === 1 ? "zone" : "zones"}`;
        const { size } = zones(resources);
        const ofMembers = memberZones(resources).size;
        if (size < 3) {
            report(`It is in ${count(size)}, and stops with one. Name three in storm:aws.zones.`, cluster.urn);
        } else if (members >= 3 && ofMembers < 3) {
            const message = `Its ensemble is in ${count(ofMembers)}, and stops with one. Give its instances in storm:aws.instances three zones.`;
            report(message, cluster.urn);
        }
    },
};
