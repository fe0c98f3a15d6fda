/** Kinds of resources that EC2 has, as `make leftovers` lists and deletes them. */
import {
    DescribeAddressesCommand,
    DescribeKeyPairsCommand,
    paginateDescribeFlowLogs,
    paginateDescribeInstances,
    paginateDescribeInternetGateways,
    paginateDescribeLaunchTemplates,
    paginateDescribeNatGateways,
    paginateDescribeNetworkInterfaces,
    paginateDescribeRouteTables,
    paginateDescribeSecurityGroupRules,
    paginateDescribeSecurityGroups,
    paginateDescribeSubnets,
    paginateDescribeVolumes,
    paginateDescribeVpcEndpoints,
    paginateDescribeVpcs,
} from "@aws-sdk/client-ec2";
import { all, type Kind, type Resource } from "./kind";

const each = (command: (id: string) => string) => (found: Resource[]) => found.map(({ id }) => command(id));

const ids = (found: Resource[]) => found.map(({ id }) => id).join(" ");

/** In the order in which they can be deleted. */
export const ec2Kinds: Kind[] = [
    {
        kind: "instance",
        list: async ({ ec2: client }) =>
            (await all(paginateDescribeInstances({ client }, {}), (page) => page.Reservations))
                .flatMap(({ Instances = [] }) => Instances)
                .filter(({ State }) => State?.Name !== "terminated")
                .map(({ InstanceId: id, Tags: tags = [] }) => ({
                    ...{ id, tags },
                    within: tags.find(({ Key }) => Key === "aws:autoscaling:groupName")?.Value,
                })),
        remove: (found) => [
            // storm:aws.protect
            ...found.map(
                ({ id }) => `aws ec2 modify-instance-attribute --no-disable-api-termination --instance-id ${id}`,
            ),
            `aws ec2 terminate-instances --instance-ids ${ids(found)}`,
            `aws ec2 wait instance-terminated --instance-ids ${ids(found)}`,
        ],
    },
    {
        kind: "launch template",
        list: async ({ ec2: client }) =>
            (await all(paginateDescribeLaunchTemplates({ client }, {}), (page) => page.LaunchTemplates)).map(
                ({ LaunchTemplateId: id, LaunchTemplateName: name, Tags: tags }) => ({ id, name, tags }),
            ),
        remove: each((id) => `aws ec2 delete-launch-template --launch-template-id ${id}`),
    },
    {
        kind: "NAT gateway",
        list: async ({ ec2: client }) =>
            (await all(paginateDescribeNatGateways({ client }, {}), (page) => page.NatGateways))
                .filter(({ State }) => State !== "deleted")
                .map(({ NatGatewayId: id, Tags: tags }) => ({ id, tags })),
        remove: (found) => [
            ...found.map(({ id }) => `aws ec2 delete-nat-gateway --nat-gateway-id ${id}`),
            `aws ec2 wait nat-gateway-deleted --nat-gateway-ids ${ids(found)}`,
        ],
    },
    {
        kind: "VPC endpoint",
        list: async ({ ec2: client }) =>
            (await all(paginateDescribeVpcEndpoints({ client }, {}), (page) => page.VpcEndpoints))
                .filter(({ State }) => State?.toLowerCase() !== "deleted")
                .map(({ VpcEndpointId: id, Tags: tags }) => ({ id, tags })),
        remove: (found) => [`aws ec2 delete-vpc-endpoints --vpc-endpoint-ids ${ids(found)}`],
    },
    {
        kind: "flow log",
        list: async ({ ec2: client }) =>
            (await all(paginateDescribeFlowLogs({ client }, {}), (page) => page.FlowLogs)).map(
                ({ FlowLogId: id, Tags: tags }) => ({ id, tags }),
            ),
        remove: (found) => [`aws ec2 delete-flow-logs --flow-log-ids ${ids(found)}`],
    },
    {
        kind: "network interface",
        list: async ({ ec2: client }) =>
            (await all(paginateDescribeNetworkInterfaces({ client }, {}), (page) => page.NetworkInterfaces))
                // Deleted with its instance.
                .filter(({ Attachment }) => !Attachment?.DeleteOnTermination)
                .map(({ NetworkInterfaceId: id, TagSet: tags }) => ({ id, tags })),
        remove: each((id) => `aws ec2 delete-network-interface --network-interface-id ${id}`),
    },
    {
        kind: "address",
        list: async ({ ec2 }) =>
            ((await ec2.send(new DescribeAddressesCommand())).Addresses ?? []).map(
                ({ AllocationId: id, Tags: tags }) => ({ id, tags }),
            ),
        remove: each((id) => `aws ec2 release-address --allocation-id ${id}`),
    },
    {
        kind: "volume",
        list: async ({ ec2: client }) =>
            (await all(paginateDescribeVolumes({ client }, {}), (page) => page.Volumes))
                .filter(({ Attachments = [] }) => !Attachments.some(({ DeleteOnTermination }) => DeleteOnTermination))
                .map(({ VolumeId: id, Tags: tags }) => ({ id, tags })),
        remove: each((id) => `aws ec2 delete-volume --volume-id ${id}`),
    },
    {
        kind: "security group",
        list: async ({ ec2: client }) => {
            const groups = await all(paginateDescribeSecurityGroups({ client }, {}), (page) => page.SecurityGroups);
            const rules = await all(
                paginateDescribeSecurityGroupRules({ client }, {}),
                (page) => page.SecurityGroupRules,
            );
            // A network's default group goes with the network.
            const others = groups.filter(({ GroupName }) => GroupName !== "default");
            return others.map(({ GroupId: id, Tags: tags }) => ({
                id,
                tags,
                parts: rules
                    .filter(({ GroupId, ReferencedGroupInfo }) => GroupId === id && ReferencedGroupInfo)
                    .map(({ SecurityGroupRuleId }) => SecurityGroupRuleId),
            }));
        },
        // Groups whose rules name each other can only be deleted without these rules.
        remove: (found) => [
            ...found
                .filter(({ parts }) => parts.length > 0)
                .map(
                    ({ id, parts }) =>
                        `aws ec2 revoke-security-group-ingress --group-id ${id} --security-group-rule-ids ${parts.join(" ")}`,
                ),
            ...found.map(({ id }) => `aws ec2 delete-security-group --group-id ${id}`),
        ],
    },
    {
        kind: "route table",
        list: async ({ ec2: client }) =>
            (await all(paginateDescribeRouteTables({ client }, {}), (page) => page.RouteTables)).map(
                ({ RouteTableId: id, Tags: tags, Associations = [] }) => ({
                    id,
                    tags,
                    parts: Associations.map(({ RouteTableAssociationId }) => RouteTableAssociationId),
                }),
            ),
        remove: (found) =>
            found.flatMap(({ id, parts }) => [
                ...parts.map((association) => `aws ec2 disassociate-route-table --association-id ${association}`),
                `aws ec2 delete-route-table --route-table-id ${id}`,
            ]),
    },
    {
        kind: "subnet",
        list: async ({ ec2: client }) =>
            (await all(paginateDescribeSubnets({ client }, {}), (page) => page.Subnets)).map(
                ({ SubnetId: id, Tags: tags }) => ({ id, tags }),
            ),
        remove: each((id) => `aws ec2 delete-subnet --subnet-id ${id}`),
    },
    {
        kind: "internet gateway",
        list: async ({ ec2: client }) =>
            (await all(paginateDescribeInternetGateways({ client }, {}), (page) => page.InternetGateways)).map(
                ({ InternetGatewayId: id, Tags: tags, Attachments = [] }) => ({
                    id,
                    tags,
                    parts: Attachments.map(({ VpcId }) => VpcId),
                }),
            ),
        remove: (found) =>
            found.flatMap(({ id, parts }) => [
                ...parts.map((vpc) => `aws ec2 detach-internet-gateway --internet-gateway-id ${id} --vpc-id ${vpc}`),
                `aws ec2 delete-internet-gateway --internet-gateway-id ${id}`,
            ]),
    },
    {
        kind: "VPC",
        list: async ({ ec2: client }) =>
            (await all(paginateDescribeVpcs({ client }, {}), (page) => page.Vpcs)).map(({ VpcId: id, Tags: tags }) => ({
                id,
                tags,
            })),
        remove: each((id) => `aws ec2 delete-vpc --vpc-id ${id}`),
    },
    {
        kind: "key pair",
        list: async ({ ec2 }) =>
            ((await ec2.send(new DescribeKeyPairsCommand())).KeyPairs ?? []).map(({ KeyName: id, Tags: tags }) => ({
                id,
                name: id,
                tags,
            })),
        remove: each((id) => `aws ec2 delete-key-pair --key-name ${id}`),
    },
];
