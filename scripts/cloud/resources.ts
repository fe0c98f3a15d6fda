/** What a cluster has on AWS, found by its tag or its name and not by a stack's state, and the commands that delete it. */
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { IAMClient } from "@aws-sdk/client-iam";
import { Route53Client } from "@aws-sdk/client-route-53";
import { zoneOf } from "../../components/discovery/names";
import { autoScalingGroup } from "./autoScaling";
import { missingCredentials } from "./credentials";
import { ec2Kinds } from "./ec2";
import { instanceProfile, role } from "./iam";
import type { Kind, Listed, Resource, Tag } from "./kind";
import { logGroup } from "./logs";
import { hostedZone } from "./route53";

/** In the order in which they can be deleted. */
const kinds: Kind[] = [hostedZone, autoScalingGroup, ...ec2Kinds, logGroup, instanceProfile, role];

/** Whether a resource is of a cluster: by its tag, or by its name if it has no such tag. */
function isOf(cluster: string, { name, tags = [] }: Listed): boolean {
    const owner = tags.find(({ Key }) => Key === "storm:cluster")?.Value;
    return owner === undefined
        ? name === cluster || name === zoneOf(cluster) || (name?.startsWith(`${cluster}-`) ?? false)
        : owner === cluster;
}

function tagged(tags: Tag[] | undefined): string | undefined {
    return tags?.find(({ Key }) => Key === "Name")?.Value;
}

/** What was found of a cluster. */
export interface Found {
    /** In the order in which they can be deleted. */
    resources: Resource[];
    /** What AWS says about kinds that it does not list. */
    errors: string[];
}

/**
 * Everything that a cluster has in a region, and in the services that have none: IAM, Route 53.
 * @throws Error if there are no credentials.
 */
export async function resourcesOf(cluster: string, region: string): Promise<Found> {
    const clients = {
        autoScaling: new AutoScalingClient({ region }),
        ec2: new EC2Client({ region }),
        iam: new IAMClient({ region }),
        logs: new CloudWatchLogsClient({ region }),
        route53: new Route53Client({ region }),
    };
    const errors: string[] = [];
    const lists = await Promise.all(
        kinds.map(async ({ kind, list }) => {
            try {
                return (await list(clients))
                    .map((listed) => ({ ...listed, name: listed.name ?? tagged(listed.tags) }))
                    .filter((listed) => isOf(cluster, listed))
                    .map(({ id = "", name = "", parts = [], within }) => ({
                        ...{ kind, id, name, within },
                        parts: parts.filter((part) => part !== undefined),
                    }));
            } catch (error) {
                const advice = missingCredentials(error as Error);
                if (advice !== undefined) {
                    throw new Error(advice);
                }
                const { name, message } = error as Error;
                errors.push(`${kind}: ${name}: ${message}`);
                return [];
            }
        }),
    );
    return { resources: lists.flat(), errors };
}

/** The commands that delete these resources, in an order in which AWS does it. */
export function deletion(resources: Resource[]): string[] {
    return kinds.flatMap(({ kind, remove }) => {
        const found = resources.filter((resource) => resource.kind === kind);
        return found.length > 0 ? remove(found) : [];
    });
}
