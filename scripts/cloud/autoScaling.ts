/** What EC2 Auto Scaling has of a cluster, as `make leftovers` lists and deletes it. */
import { paginateDescribeAutoScalingGroups } from "@aws-sdk/client-auto-scaling";
import { all, type Kind } from "./kind";

/** Groups, of fleets. Theirs are hooks, policies, their alarms, and schedules, which go with them. */
export const autoScalingGroup: Kind = {
    kind: "scaling group",
    list: async ({ autoScaling: client }) =>
        (await all(paginateDescribeAutoScalingGroups({ client }, {}), (page) => page.AutoScalingGroups)).map(
            ({ AutoScalingGroupName: id, Tags: tags }) => ({ id, name: id, tags }),
        ),
    // Without waiting for its hooks, which nobody completes any more.
    remove: (found) =>
        found.map(
            ({ id }) => `aws autoscaling delete-auto-scaling-group --force-delete --auto-scaling-group-name ${id}`,
        ),
};
