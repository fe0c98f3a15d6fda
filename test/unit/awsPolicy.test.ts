import * as fs from "fs";

interface Statement {
    Sid: string;
    Action: string | string[];
    Resource: string | string[];
    Condition?: Record<string, Record<string, string>>;
}
const { Statement: statements } = JSON.parse(fs.readFileSync("docs/aws-policy.json", "utf8")) as {
    Statement: Statement[];
};
const allowed = statements.flatMap(({ Action }) => Action);

/**
 * What the provider calls, beside what the end-to-end tests record (`forbiddenCalls` in test/e2e/aws/cloud.ts): in changes that they do not
 * make, and in what the provider's older version that they run does not do.
 */
const alsoCalled: Record<string, string[]> = {
    "another network for a zone": ["route53:AssociateVPCWithHostedZone", "route53:DisassociateVPCFromHostedZone"],
    "the endpoint of S3": [
        "ec2:CreateVpcEndpoint",
        "ec2:DeleteVpcEndpoints",
        "ec2:DescribePrefixLists",
        "ec2:DescribeVpcEndpoints",
        "ec2:ModifyVpcEndpoint",
    ],
    "a flow log": ["ec2:CreateFlowLogs", "ec2:DeleteFlowLogs", "ec2:DescribeFlowLogs", "iam:PassRole"],
    "its log group": [
        "logs:CreateLogGroup",
        "logs:DeleteLogGroup",
        "logs:DescribeLogGroups",
        "logs:ListTagsForResource",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
        "logs:UntagResource",
    ],
    "a fleet": [
        "autoscaling:CancelInstanceRefresh",
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:CreateOrUpdateTags",
        "autoscaling:DeleteAutoScalingGroup",
        "autoscaling:DeletePolicy",
        "autoscaling:DeleteScheduledAction",
        "autoscaling:DeleteTags",
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribePolicies",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeScheduledActions",
        "autoscaling:PutLifecycleHook",
        "autoscaling:PutScalingPolicy",
        "autoscaling:PutScheduledUpdateGroupAction",
        "autoscaling:StartInstanceRefresh",
        "autoscaling:UpdateAutoScalingGroup",
        "ec2:CreateLaunchTemplate",
        "ec2:CreateLaunchTemplateVersion",
        "ec2:DeleteLaunchTemplate",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:DescribeLaunchTemplates",
        "iam:CreateServiceLinkedRole",
        "iam:PassRole",
    ],
    "the gate of a fleet": [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeInstanceRefreshes",
        "autoscaling:DescribeScalingActivities",
        "ec2:DescribeInstances",
    ],
    "protection that is lifted": ["ec2:ModifyInstanceAttribute"],
};

test.each(Object.entries(alsoCalled))("the policy allows %s", (_, actions) => {
    expect(actions.filter((action) => !allowed.includes(action))).toEqual([]);
});

test("IAM accepts its size: 6144 characters without white space", () => {
    expect(JSON.stringify(statements).length).toBeLessThan(6144 - 100);
});

test("a role can be passed to its own service alone", () => {
    const passing = statements.filter(({ Action }) => [Action].flat().includes("iam:PassRole"));
    expect(
        passing.map(({ Resource, Condition }) => [Resource, Condition?.StringEquals?.["iam:PassedToService"]]),
    ).toEqual([
        [["arn:aws:iam::*:role/profile-role-*", "arn:aws:iam::*:role/host-profile-*"], "ec2.amazonaws.com"],
        ["arn:aws:iam::*:role/host-network-flow-logs-role-*", "vpc-flow-logs.amazonaws.com"],
    ]);
});

test("what changes anything in IAM or in CloudWatch Logs is limited by name", () => {
    const unlimited = statements
        .filter(({ Resource }) => Resource === "*")
        .flatMap(({ Action }) => Action)
        .filter((action) => /^(iam|logs):/.test(action));
    expect(unlimited.filter((action) => !/:(List|Describe)/.test(action))).toEqual([]);
});
