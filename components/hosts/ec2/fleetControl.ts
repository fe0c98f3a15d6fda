import type { PolicyStatement } from "../../network/policyDocument";
import type { ExistingResources } from "../../stackState";

/** The name of a fleet's auto scaling group. */
export function fleetGroupName(clusterName: string): string {
    return `${clusterName}-fleet`;
}

/**
 * Whether a stack has a fleet's group.
 * @param existing Its resources as of its last update.
 */
export function hasFleetGroup(existing: ExistingResources, clusterName: string): boolean {
    return [...existing.values()].some(({ name }) => name === fleetGroupName(clusterName));
}

/**
 * What the controller of a fleet calls, and no more: it publishes metrics of Storm's, and changes groups and machines of its own cluster
 * alone, which have its name in the tag `storm:cluster`. What describes them cannot be limited by AWS.
 */
export function controllerStatements(clusterName: string): PolicyStatement[] {
    return [
        {
            Action: "cloudwatch:PutMetricData",
            Condition: { StringEquals: { "cloudwatch:namespace": "Storm" } },
            Resource: "*",
        },
        { Action: ["autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances"], Resource: "*" },
        {
            Action: [
                "autoscaling:CompleteLifecycleAction",
                "autoscaling:RecordLifecycleActionHeartbeat",
                "autoscaling:SetDesiredCapacity",
            ],
            Condition: { StringEquals: { "autoscaling:ResourceTag/storm:cluster": clusterName } },
            Resource: "*",
        },
        {
            Action: "ec2:CreateTags",
            Condition: {
                "ForAllValues:StringEquals": { "aws:TagKeys": "storm:drain" },
                StringEquals: { "aws:ResourceTag/storm:cluster": clusterName },
            },
            Resource: "arn:aws:ec2:*:*:instance/*",
        },
    ];
}
