import * as fs from "fs";
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { IAMClient } from "@aws-sdk/client-iam";
import { Route53Client } from "@aws-sdk/client-route-53";
import { type Found, resourcesOf } from "../../scripts/cloud/resources";
import { idsIn, regionOf, report } from "../../scripts/cloud/leftovers";

const tags = (Name: string, cluster = "storm-dev") => [
    { Key: "Name", Value: Name },
    { Key: "storm:cluster", Value: cluster },
];

/** What AWS has, by what is called: a cluster, another whose name begins alike, and what is nobody's. */
const account: Record<string, object> = {
    "autoscaling:DescribeAutoScalingGroups": {
        AutoScalingGroups: [
            { AutoScalingGroupName: "storm-dev-fleet", Tags: tags("storm-dev-fleet") },
            { AutoScalingGroupName: "web" },
        ],
    },
    "ec2:DescribeLaunchTemplates": {
        LaunchTemplates: [
            { LaunchTemplateId: "lt-1", LaunchTemplateName: "fleet-template-1", Tags: tags("storm-dev-fleet") },
            { LaunchTemplateId: "lt-web", LaunchTemplateName: "web" },
        ],
    },
    "ec2:DescribeInstances": {
        Reservations: [
            {
                Instances: [
                    { InstanceId: "i-1", State: { Name: "running" }, Tags: tags("storm-dev-nimbus-1") },
                    {
                        InstanceId: "i-fleet",
                        State: { Name: "running" },
                        Tags: [
                            ...tags("storm-dev-fleet"),
                            { Key: "aws:autoscaling:groupName", Value: "storm-dev-fleet" },
                        ],
                    },
                    { InstanceId: "i-gone", State: { Name: "terminated" }, Tags: tags("storm-dev-ui") },
                    { InstanceId: "i-other", State: { Name: "running" }, Tags: tags("storm-dev-2-ui", "storm-dev-2") },
                ],
            },
        ],
    },
    "ec2:DescribeNatGateways": {
        NatGateways: [
            { NatGatewayId: "nat-1", State: "available", Tags: tags("storm-dev-nat") },
            { NatGatewayId: "nat-gone", State: "deleted", Tags: tags("storm-dev-nat") },
        ],
    },
    "ec2:DescribeVpcEndpoints": { VpcEndpoints: [{ VpcEndpointId: "vpce-1", Tags: tags("storm-dev-s3") }] },
    "ec2:DescribeFlowLogs": { FlowLogs: [{ FlowLogId: "fl-1", Tags: tags("storm-dev-flow-logs") }] },
    "ec2:DescribeNetworkInterfaces": {
        NetworkInterfaces: [
            { NetworkInterfaceId: "eni-1", TagSet: tags("storm-dev-nimbus-1") },
            {
                NetworkInterfaceId: "eni-of-instance",
                Attachment: { DeleteOnTermination: true },
                TagSet: tags("storm-dev-ui"),
            },
        ],
    },
    "ec2:DescribeAddresses": {
        Addresses: [{ AllocationId: "eipalloc-1", Tags: tags("storm-dev-nat") }, { AllocationId: "eipalloc-other" }],
    },
    "ec2:DescribeVolumes": {
        Volumes: [
            // Named by hand, without the tag.
            { VolumeId: "vol-1", Tags: [{ Key: "Name", Value: "storm-dev-zookeeper-1" }] },
            { VolumeId: "vol-root", Attachments: [{ DeleteOnTermination: true }], Tags: tags("storm-dev-ui") },
        ],
    },
    "ec2:DescribeSecurityGroups": {
        SecurityGroups: [
            { GroupId: "sg-1", GroupName: "a", Tags: tags("storm-dev-ui") },
            { GroupId: "sg-default", GroupName: "default", Tags: tags("storm-dev-default") },
        ],
    },
    "ec2:DescribeSecurityGroupRules": {
        SecurityGroupRules: [
            { GroupId: "sg-1", SecurityGroupRuleId: "sgr-1", ReferencedGroupInfo: { GroupId: "sg-2" } },
            { GroupId: "sg-1", SecurityGroupRuleId: "sgr-2", CidrIpv4: "203.0.113.7/32" },
        ],
    },
    "ec2:DescribeSubnets": { Subnets: [{ SubnetId: "subnet-1", Tags: tags("storm-dev-public-a") }] },
    "ec2:DescribeRouteTables": {
        RouteTables: [
            {
                RouteTableId: "rtb-1",
                Associations: [{ RouteTableAssociationId: "rtbassoc-1" }],
                Tags: tags("storm-dev-public"),
            },
        ],
    },
    "ec2:DescribeInternetGateways": {
        InternetGateways: [
            { InternetGatewayId: "igw-1", Attachments: [{ VpcId: "vpc-1" }], Tags: tags("storm-dev-gateway") },
        ],
    },
    "ec2:DescribeVpcs": { Vpcs: [{ VpcId: "vpc-1", Tags: tags("storm-dev-vpc") }, { VpcId: "vpc-default" }] },
    "ec2:DescribeKeyPairs": { KeyPairs: [{ KeyName: "storm-dev" }, { KeyName: "mine" }] },
    "iam:ListRoles": {
        Roles: ["host-profile-role-1", "host-network-flow-logs-role-2", "profile-role-3", "Admin"].map((RoleName) => ({
            RoleName,
        })),
    },
    "iam:GetRole host-profile-role-1": { Role: { Tags: tags("") } },
    "iam:GetRole host-network-flow-logs-role-2": { Role: { Tags: tags("") } },
    "iam:GetRole profile-role-3": { Role: { Tags: tags("", "storm-prod") } },
    "iam:ListRolePolicies": { PolicyNames: ["session-manager"] },
    "iam:ListInstanceProfiles": {
        InstanceProfiles: [
            { InstanceProfileName: "host-profile-1", Roles: [{ RoleName: "host-profile-role-1" }] },
            { InstanceProfileName: "Admin", Roles: [] },
        ],
    },
    "iam:GetInstanceProfile": { InstanceProfile: { Tags: tags("") } },
    "logs:DescribeLogGroups": {
        logGroups: [{ logGroupName: "host-network-flow-logs-1", logGroupArn: "arn:aws:logs:::1" }],
    },
    "logs:ListTagsForResource": { tags: { "storm:cluster": "storm-dev" } },
    "route53:ListHostedZones": {
        HostedZones: [
            { Id: "/hostedzone/Z1", Name: "storm-dev.internal.", Config: { PrivateZone: true } },
            { Id: "/hostedzone/Z2", Name: "example.com.", Config: { PrivateZone: false } },
        ],
    },
    "route53:ListTagsForResource": { ResourceTagSet: { Tags: [] } },
    "route53:ListResourceRecordSets": {
        ResourceRecordSets: [
            { Name: "storm-dev.internal.", Type: "SOA" },
            { Name: "ui.storm-dev.internal.", Type: "A", TTL: 5, ResourceRecords: [{ Value: "10.20.0.9" }] },
        ],
    },
};

let calls: string[] = [];
let refused: Record<string, string> = {};
let pages: Record<string, object> = {};

/** AWS, as far as the clients need it. */
function answer(service: string, command: { constructor: { name: string }; input: Record<string, unknown> }): object {
    const call = `${service}:${command.constructor.name.replace("Command", "")}`;
    calls.push(call);
    const name = refused[call];
    if (name !== undefined) {
        throw Object.assign(new Error("not allowed"), { name });
    }
    const token = command.input.NextToken as string | undefined;
    const found =
        token === undefined ? (account[call] ?? account[`${call} ${command.input.RoleName as string}`]) : pages[token];
    if (found === undefined) {
        throw new Error(`nobody expects ${call}`);
    }
    return token === undefined && pages[call] ? { ...found, NextToken: call } : found;
}

beforeAll(() => {
    const services: [string, { prototype: { send: unknown } }][] = [
        ["autoscaling", AutoScalingClient],
        ["ec2", EC2Client],
        ["iam", IAMClient],
        ["logs", CloudWatchLogsClient],
        ["route53", Route53Client],
    ];
    for (const [service, { prototype }] of services) {
        jest.spyOn(prototype as { send: (command: never) => Promise<object> }, "send").mockImplementation((command) =>
            Promise.resolve().then(() => answer(service, command)),
        );
    }
});
beforeEach(() => {
    calls = [];
    refused = {};
    pages = {};
});
afterAll(() => jest.restoreAllMocks());

const find = () => resourcesOf("storm-dev", "eu-central-1");
const lines = (found: Found, inState: string[] = []) =>
    report({ stack: "dev", cluster: "storm-dev", region: "eu-central-1" }, found, new Set(inState));

test("everything that bears the cluster's tag or name is found, and nothing of another's", async () => {
    const { resources, errors } = await find();
    expect(errors).toEqual([]);
    expect(resources.map(({ kind, id, name }) => `${kind} ${id} ${name}`)).toEqual([
        "hosted zone Z1 storm-dev.internal",
        "scaling group storm-dev-fleet storm-dev-fleet",
        "instance i-1 storm-dev-nimbus-1",
        "instance i-fleet storm-dev-fleet",
        "launch template lt-1 fleet-template-1",
        "NAT gateway nat-1 storm-dev-nat",
        "VPC endpoint vpce-1 storm-dev-s3",
        "flow log fl-1 storm-dev-flow-logs",
        "network interface eni-1 storm-dev-nimbus-1",
        "address eipalloc-1 storm-dev-nat",
        "volume vol-1 storm-dev-zookeeper-1",
        "security group sg-1 storm-dev-ui",
        "route table rtb-1 storm-dev-public",
        "subnet subnet-1 storm-dev-public-a",
        "internet gateway igw-1 storm-dev-gateway",
        "VPC vpc-1 storm-dev-vpc",
        "key pair storm-dev storm-dev",
        "log group host-network-flow-logs-1 host-network-flow-logs-1",
        "instance profile host-profile-1 host-profile-1",
        "role host-profile-role-1 host-profile-role-1",
        "role host-network-flow-logs-role-2 host-network-flow-logs-role-2",
    ]);
});

test("the policy allows every call, and to read every role and profile that is asked about", async () => {
    await find();
    const { Statement } = JSON.parse(fs.readFileSync("docs/aws-policy.json", "utf8")) as {
        Statement: { Action: string | string[] }[];
    };
    const allowed = Statement.flatMap(({ Action }) => Action);
    expect(calls.length).toBeGreaterThan(20);
    expect(calls.filter((call) => !allowed.includes(call))).toEqual([]);
});

test("all pages are read", async () => {
    pages = {
        "ec2:DescribeVolumes": { Volumes: [{ VolumeId: "vol-2", Tags: tags("storm-dev-nimbus-1") }] },
    };
    const { resources } = await find();
    expect(resources.filter(({ kind }) => kind === "volume").map(({ id }) => id)).toEqual(["vol-1", "vol-2"]);
});

test("what is in no state has its commands, in an order in which AWS deletes it", async () => {
    const output = lines(await find());
    expect(output.slice(output.findIndex((line) => line.startsWith("  export")))).toEqual([
        "  export AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1",
        `  aws route53 change-resource-record-sets --hosted-zone-id Z1 --change-batch '{"Changes":[{"Action":"DELETE","ResourceRecordSet":` +
            `{"Name":"ui.storm-dev.internal.","Type":"A","TTL":5,"ResourceRecords":[{"Value":"10.20.0.9"}]}}]}'`,
        "  aws route53 delete-hosted-zone --id Z1",
        "  aws autoscaling delete-auto-scaling-group --force-delete --auto-scaling-group-name storm-dev-fleet",
        "  aws ec2 modify-instance-attribute --no-disable-api-termination --instance-id i-1",
        "  aws ec2 modify-instance-attribute --no-disable-api-termination --instance-id i-fleet",
        "  aws ec2 terminate-instances --instance-ids i-1 i-fleet",
        "  aws ec2 wait instance-terminated --instance-ids i-1 i-fleet",
        "  aws ec2 delete-launch-template --launch-template-id lt-1",
        "  aws ec2 delete-nat-gateway --nat-gateway-id nat-1",
        "  aws ec2 wait nat-gateway-deleted --nat-gateway-ids nat-1",
        "  aws ec2 delete-vpc-endpoints --vpc-endpoint-ids vpce-1",
        "  aws ec2 delete-flow-logs --flow-log-ids fl-1",
        "  aws ec2 delete-network-interface --network-interface-id eni-1",
        "  aws ec2 release-address --allocation-id eipalloc-1",
        "  aws ec2 delete-volume --volume-id vol-1",
        "  aws ec2 revoke-security-group-ingress --group-id sg-1 --security-group-rule-ids sgr-1",
        "  aws ec2 delete-security-group --group-id sg-1",
        "  aws ec2 disassociate-route-table --association-id rtbassoc-1",
        "  aws ec2 delete-route-table --route-table-id rtb-1",
        "  aws ec2 delete-subnet --subnet-id subnet-1",
        "  aws ec2 detach-internet-gateway --internet-gateway-id igw-1 --vpc-id vpc-1",
        "  aws ec2 delete-internet-gateway --internet-gateway-id igw-1",
        "  aws ec2 delete-vpc --vpc-id vpc-1",
        "  aws ec2 delete-key-pair --key-name storm-dev",
        "  aws logs delete-log-group --log-group-name host-network-flow-logs-1",
        "  aws iam remove-role-from-instance-profile --instance-profile-name host-profile-1 --role-name host-profile-role-1",
        "  aws iam delete-instance-profile --instance-profile-name host-profile-1",
        "  aws iam delete-role-policy --role-name host-profile-role-1 --policy-name session-manager",
        "  aws iam delete-role --role-name host-profile-role-1",
        "  aws iam delete-role-policy --role-name host-network-flow-logs-role-2 --policy-name session-manager",
        "  aws iam delete-role --role-name host-network-flow-logs-role-2",
    ]);
});

test("what is in the stack's state is for `make down`, and no command deletes it", async () => {
    const found = await find();
    // A fleet's instances are in no state, and their group is.
    const resources = [{ id: "i-1" }, { id: "storm-dev-fleet" }, { urn: "no id" }];
    const state = JSON.stringify({ deployment: { resources } });
    const output = lines(found, [...idsIn(state)]).join("\n");
    expect(output).toMatch(
        /in the stack's state: `make down STACK=dev DATA=yes` deletes them\.\n {2}scaling group +storm-dev-fleet\n/,
    );
    expect(output).toMatch(/instance +i-1 .*\n.*instance +i-fleet .*\nstorm-dev has .* They are in no state/);
    expect(output).not.toContain("terminate-instances");
    expect(output).toContain("delete-volume --volume-id vol-1");
    const all = found.resources.map(({ id }) => id);
    expect(lines(found, all).join("\n")).not.toMatch(/in no state|aws ec2/);
});

test("nothing is left only if AWS has listed everything", async () => {
    refused = { "iam:ListRoles": "AccessDenied" };
    const { errors } = await find();
    expect(errors).toEqual(["role: AccessDenied: not allowed"]);
    expect(lines({ resources: [], errors })).toEqual([
        "AWS does not list these, so that they are missing below:",
        "  role: AccessDenied: not allowed",
    ]);
    expect(lines({ resources: [], errors: [] })).toEqual([
        "Nothing of storm-dev is left in eu-central-1, IAM and Route 53.",
    ]);
    expect(idsIn("{}")).toEqual(new Set());
});

test("without credentials there is one error, which says how to give them", async () => {
    refused = Object.fromEntries(Object.keys(account).map((call) => [call, "CredentialsProviderError"]));
    await expect(find()).rejects.toThrow("no credentials for AWS are found: export AWS_PROFILE");
});

test("a stack of another target, or without a region, is refused", () => {
    expect(() => regionOf("Pulumi.x.yaml", "config:\n  storm:target: hosts\n")).toThrow('has the target "hosts"');
    expect(() => regionOf("Pulumi.x.yaml", "config:\n  storm:target: aws\n")).toThrow("names no region");
    expect(regionOf("file", "config:\n  storm:target: aws\n  aws:region: eu-west-1\n")).toBe("eu-west-1");
});
