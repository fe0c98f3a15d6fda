/** What the kinds of resources have in common that a cluster can have on AWS. */
import type { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { EC2Client } from "@aws-sdk/client-ec2";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { Route53Client } from "@aws-sdk/client-route-53";

/** A resource on AWS. */
export interface Resource {
    /** Such as `instance`. */
    kind: string;
    /** By which Pulumi's state and AWS's commands know it: an id, or a name where there is none. */
    id: string;
    /** Its tag `Name`, or the name that it has otherwise. */
    name: string;
    /** What has to be deleted, or taken from it, before it can be deleted. */
    parts: string[];
    /** The id of what creates and deletes it; undefined: nothing does. */
    within?: string | undefined;
}

/** A tag, as most services of AWS have it. */
export interface Tag {
    Key?: string | undefined;
    Value?: string | undefined;
}

/** A resource as AWS describes it, of whichever cluster. */
export interface Listed {
    id: string | undefined;
    /** @default its tag `Name` */
    name?: string | undefined;
    tags: Tag[] | undefined;
    parts?: (string | undefined)[];
    within?: string | undefined;
}

/** The services that a cluster has something of. */
export interface Clients {
    autoScaling: AutoScalingClient;
    ec2: EC2Client;
    iam: IAMClient;
    logs: CloudWatchLogsClient;
    route53: Route53Client;
}

/** A kind of resources. */
export interface Kind {
    kind: string;
    /** All that there are, of whichever cluster. */
    list: (clients: Clients) => Promise<Listed[]>;
    /** The commands that delete these, once those of the kinds before it are deleted. */
    remove: (found: Resource[]) => string[];
}

/** The items of all pages of an answer. */
export async function all<Page, Item>(
    pages: AsyncIterable<Page>,
    itemsOf: (page: Page) => Item[] | undefined,
): Promise<Item[]> {
    const items: Item[] = [];
    for await (const page of pages) {
        items.push(...(itemsOf(page) ?? []));
    }
    return items;
}
