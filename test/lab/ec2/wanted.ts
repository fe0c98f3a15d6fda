import {
    DescribeInstanceAttributeCommand,
    DescribeInstancesCommand,
    DescribeKeyPairsCommand,
    DescribeSecurityGroupsCommand,
    DescribeVolumesCommand,
    type EC2Client,
    type Instance,
    type IpPermission,
} from "@aws-sdk/client-ec2";
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
    const [{ Reservations = [] }, { Volumes = [] }, { SecurityGroups = [] }, { KeyPairs = [] }] = await Promise.all([
        client.send(new DescribeInstancesCommand()),
        client.send(new DescribeVolumesCommand()),
        client.send(new DescribeSecurityGroupsCommand()),
        client.send(new DescribeKeyPairsCommand({ IncludePublicKey: true })),
    ]);
    const instances = Reservations.flatMap(({ Instances = [] }) => Instances).filter(
        ({ State }) => State?.Name !== "terminated",
    );
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
        const groups = SecurityGroups.filter(({ GroupId = "" }) => groupsOf(instance).includes(GroupId));
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
            volumes: Volumes.flatMap(({ VolumeId = "", Size = 0, Attachments = [] }) =>
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

function groupsOf({ NetworkInterfaces = [] }: Instance): string[] {
    return NetworkInterfaces.flatMap(({ Groups = [] }) => Groups.map(({ GroupId = "" }) => GroupId));
}

/** The user data of an instance. */
export async function userDataOf(client: EC2Client, id: string): Promise<string | undefined> {
    const { UserData } = await client.send(
        new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: "userData" }),
    );
    return UserData?.Value === undefined ? undefined : Buffer.from(UserData.Value, "base64").toString();
}

/** An instance's tag `Name`. */
export function nameOf({ Tags = [] }: Instance): string {
    return Tags.find(({ Key }) => Key === "Name")?.Value ?? "";
}
