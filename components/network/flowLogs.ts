import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { policyDocument } from "./policyDocument";

/** Arguments of {@link FlowLogs}. */
export interface FlowLogsArgs {
    /** The VPC's id. */
    vpcId: pulumi.Input<string>;
    /** Tags of all resources; the tag `Name` is added to the flow log. */
    tags: Record<string, string>;
}

/** Days for which records of connections are kept. */
const retentionDays = 14;

/**
 * A VPC's flow log, in CloudWatch Logs: the connections that security groups have refused, for 14 days. That is what Security Hub's
 * control EC2.6 asks for: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-6
 */
export class FlowLogs extends pulumi.ComponentResource {
    /** Name of the log group. */
    readonly logGroup: pulumi.Output<string>;

    constructor(name: string, args: FlowLogsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:network:FlowLogs", name, {}, opts);
        const own = { parent: this };
        const group = new aws.cloudwatch.LogGroup(name, { retentionInDays: retentionDays, tags: args.tags }, own);
        const service = { Service: "vpc-flow-logs.amazonaws.com" };
        const role = new aws.iam.Role(
            `${name}-role`,
            { assumeRolePolicy: policyDocument({ Action: "sts:AssumeRole", Principal: service }), tags: args.tags },
            own,
        );
        const allowed = new aws.iam.RolePolicy(
            `${name}-write`,
            {
                role: role.name,
                policy: group.arn.apply((arn) =>
                    policyDocument({
                        // Without logs:CreateLogGroup, so that none comes back after the stack is destroyed.
                        Action: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                        Resource: `${arn}:*`,
                    }),
                ),
            },
            own,
        );
        new aws.ec2.FlowLog(
            name,
            {
                vpcId: args.vpcId,
                trafficType: "REJECT",
                logDestination: group.arn,
                iamRoleArn: role.arn,
                tags: { ...args.tags, Name: `${args.tags["storm:cluster"]}-flow-logs` },
            },
            { parent: this, dependsOn: [allowed] },
        );
        this.logGroup = group.name;
        this.registerOutputs({ logGroup: this.logGroup });
    }
}
