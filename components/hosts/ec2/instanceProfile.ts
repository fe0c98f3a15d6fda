import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Logging } from "../docker/logging";
import { policyDocument, type PolicyStatement } from "../../network/policyDocument";

/** Arguments of {@link InstanceProfile}. */
export interface InstanceProfileArgs {
    /** Tags of the role and the profile. */
    tags: Record<string, string>;
    /** Where Docker sends the output of containers: with `awslogs`, instances may write to that log group; default: no driver of AWS's. */
    logging?: Logging;
    /** What instances may do beside; default: nothing. */
    statements?: PolicyStatement[];
}

/** What an agent of Session Manager calls, and no more: AWS Systems Manager's guide, "minimal Session Manager permissions". */
const sessionManager = [
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];

/** What instances may do on AWS: be reached by Session Manager, write logs to CloudWatch if these go there, and what is given beside. */
export class InstanceProfile extends pulumi.ComponentResource {
    /** Name of the instance profile. */
    readonly profileName: pulumi.Output<string>;

    constructor(name: string, args: InstanceProfileArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:hosts:InstanceProfile", name, {}, opts);
        const role = new aws.iam.Role(
            `${name}-role`,
            {
                assumeRolePolicy: policyDocument({
                    Action: "sts:AssumeRole",
                    Principal: { Service: "ec2.amazonaws.com" },
                }),
                tags: args.tags,
            },
            { parent: this },
        );
        const allowed = new aws.iam.RolePolicy(
            `${name}-session-manager`,
            { role: role.name, policy: policyDocument({ Action: sessionManager, Resource: "*" }) },
            { parent: this },
        );
        const logs =
            args.logging?.driver === "awslogs"
                ? [
                      new aws.iam.RolePolicy(
                          `${name}-logs`,
                          { role: role.name, policy: pulumi.output(args.logging.options ?? {}).apply(writesLogs) },
                          { parent: this },
                      ),
                  ]
                : [];
        const beside =
            args.statements === undefined
                ? []
                : [
                      new aws.iam.RolePolicy(
                          `${name}-beside`,
                          { role: role.name, policy: policyDocument(...args.statements) },
                          { parent: this },
                      ),
                  ];
        const profile = new aws.iam.InstanceProfile(
            name,
            { role: role.name, tags: args.tags },
            { parent: this, dependsOn: [allowed, ...logs, ...beside] },
        );
        this.profileName = profile.name;
        this.registerOutputs({ profileName: this.profileName });
    }
}

/** What the driver `awslogs` calls, with these options: https://docs.docker.com/engine/logging/drivers/awslogs/#credentials */
function writesLogs(options: Record<string, string>): string {
    const creates = options["awslogs-create-group"] === "true" ? ["logs:CreateLogGroup"] : [];
    return policyDocument({
        Action: [...creates, "logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: `arn:aws:logs:*:*:log-group:${options["awslogs-group"]}:*`,
    });
}
