/** What CloudWatch Logs has of a cluster, as `make leftovers` lists and deletes it. */
import { ListTagsForResourceCommand, paginateDescribeLogGroups } from "@aws-sdk/client-cloudwatch-logs";
import { all, type Kind } from "./kind";

/** How the names begin that Pulumi gives to a stack's log groups; docs/aws-policy.json allows to read no others. */
const logGroupNames = "host-network-flow-logs-";

/** Log groups, of flow logs. */
export const logGroup: Kind = {
    kind: "log group",
    list: async ({ logs: client }) => {
        const groups = await all(
            paginateDescribeLogGroups({ client }, { logGroupNamePrefix: logGroupNames }),
            (page) => page.logGroups,
        );
        return Promise.all(
            groups.map(async ({ logGroupName: id, logGroupArn: resourceArn }) => {
                const { tags = {} } = await client.send(new ListTagsForResourceCommand({ resourceArn }));
                return { id, name: id, tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
            }),
        );
    },
    remove: (found) => found.map(({ id }) => `aws logs delete-log-group --log-group-name ${id}`),
};
