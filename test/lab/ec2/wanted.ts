import {
    DescribeInstanceAttributeCommand,
    DescribeKeyPairsCommand,
    type EC2Client,
    type Instance,
    type IpPermission,
    paginateDescribeInstances,
    paginateDescribeSecurityGroups,
    paginateDescribeVolumes,
} from "@aws-sdk/client-ec2";
import { all } from "../../../scripts/cloud/kind";
import type { FirewallRule } from "../firewall";

/** An EBS volume that an instance has beside that of its root. */
export interface WantedVolume {
    id: string;
    gibibytes: number;
}

/** A machine as EC2 has it. */
export interface WantedMachine {
    /** The instance's id. */
    id: string;
    /** Its tag `Name`. */
    name: string;
    address: string;
    publicAddress?: string;
    isOn: boolean;
    firewall: FirewallRule[];
    /** The public key of its key pair. */
    publicKey: string;
    volumes: WantedVolume[];
}

/** The machines that a region of EC2 has, by the id of the instance; terminated ones are gone. */
export async function readCloud(client: EC2Client): Promise<Record<string, WantedMachine>> {
    const [instances, allVolumes, allGroups, { KeyPairs = [] }] = await Promise.all([
        readInstances(client),
        all(paginateDescribeVolumes({ client }, {}), ({ Volumes }) => Volumes),
        all(paginateDescribeSecurityGroups({ client }, {}), ({ SecurityGroups }) => SecurityGroups),
        client.send(new DescribeKeyPairsCommand({ IncludePublicKey: true })),
    ]);
    const addressesOf = (group = "") =>
        instances
            .filter((instance) => groupsOf(instance).includes(group))
            .map(({ PrivateIpAddress = "" }) => PrivateIpAddress);
    const lets = ({
        IpProtocol,
        FromPort = 0,
        ToPort = 0,
        IpRanges = [],
        UserIdGroupPairs = [],
    }: IpPermission): FirewallRule => ({
        from: [
            ...IpRanges.map(({ CidrIp = "" }) => CidrIp),
            ...UserIdGroupPairs.flatMap(({ GroupId }) => addressesOf(GroupId)),
        ].sort(),
        ports: IpProtocol === "tcp" ? [[FromPort, ToPort]] : [],
    });
    const machines = instances.map((instance): WantedMachine => {
        const {
            InstanceId: id = "",
            PrivateIpAddress: address = "",
            PublicIpAddress: publicAddress,
            KeyName,
        } = instance;
        const groups = allGroups.filter(({ GroupId = "" }) => groupsOf(instance).includes(GroupId));
        return {
            id,
            name: nameOf(instance),
            address,
            publicAddress,
            isOn: instance.State?.Name === "running",
            firewall: groups
                .flatMap(({ IpPermissions = [] }) => IpPermissions.map(lets))
                .filter(({ from }) => from.length > 0),
            publicKey: KeyPairs.find((pair) => pair.KeyName === KeyName)?.PublicKey ?? "",
            volumes: allVolumes.flatMap(({ VolumeId = "", Size = 0, Attachments = [] }) =>
                Attachments.filter(
                    ({ InstanceId, Device }) => InstanceId === id && Device !== instance.RootDeviceName,
                ).map(() => ({
                    id: VolumeId,
                    gibibytes: Size,
                })),
            ),
        };
    });
    return Object.fromEntries(machines.map((machine) => [machine.id, machine]));
}

/** The instances that are not terminated. EC2 gives them in pages, of 100 reservations here. */
export async function readInstances(client: EC2Client): Promise<Instance[]> {
    const reservations = await all(paginateDescribeInstances({ client }, {}), ({ Reservations }) => Reservations);
    return reservations.flatMap(({ Instances = [] }) => Instances).filter(({ State }) => State?.Name !== "terminated");
}

function groupsOf({ NetworkInterfaces = [] }: Instance): string[] {
    return NetworkInterfaces.flatMap(({ Groups = [] }) => Groups.map(({ GroupId = "" }) => GroupId));
}

/** The user data of an instance. */
export async function userDataOf(client: EC2Client, id: string): Promise<Buffer | undefined> {
    const { UserData } = await client.send(
        new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: "userData" }),
    );
    return UserData?.Value === undefined ? undefined : Buffer.from(UserData.Value, "base64");
}

/** An instance's tag `Name`. */
export function nameOf(instance: Instance): string {
    return tagOf(instance, "Name") ?? "";
}

/** What tells an instance from the others: its tag `Name`, or its id where an auto scaling group made it, whose instances share a name. */
export function keyOf(instance: Instance): string {
    return tagOf(instance, "aws:autoscaling:groupName") === undefined ? nameOf(instance) : (instance.InstanceId ?? "");
}

function tagOf({ Tags = [] }: Instance, name: string): string | undefined {
    return Tags.find(({ Key }) => Key === name)?.Value;
}
