import { type ChildProcess, spawn } from "child_process";
import { once } from "events";
import * as http from "http";
import { type AddressInfo, createServer } from "net";
import * as path from "path";
import { gzipSync } from "zlib";
import { AutoScaling } from "@aws-sdk/client-auto-scaling";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import {
    AuthorizeSecurityGroupIngressCommand,
    CreateKeyPairCommand,
    CreateLaunchTemplateCommand,
    CreateLaunchTemplateVersionCommand,
    CreateSecurityGroupCommand,
    CreateSubnetCommand,
    CreateTagsCommand,
    CreateVpcCommand,
    DescribeInstancesCommand,
    DescribeLaunchTemplateVersionsCommand,
    DescribeVolumesCommand,
    EC2Client,
    type Instance,
    RegisterImageCommand,
    type RequestLaunchTemplateData,
    StopInstancesCommand,
    TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
    AddRoleToInstanceProfileCommand,
    CreateInstanceProfileCommand,
    CreateRoleCommand,
    IAMClient,
} from "@aws-sdk/client-iam";
import { describeLab } from "../../lab/describeLab";
import { act } from "../../lab/ec2/action";
import { keyOf, readCloud, userDataOf } from "../../lab/ec2/wanted";
import { script } from "../../lab/run";
import { until } from "../stack";

interface Member {
    InstanceId: string;
    LifecycleState: string;
    AvailabilityZone: string;
    ProtectedFromScaleIn: boolean;
    LaunchTemplate: { Version: string };
}
interface Group {
    DesiredCapacity: number;
    MinSize: number;
    MaxSize: number;
    Instances: Member[];
}
interface Activity {
    ActivityId: string;
    Description: string;
    Cause: string;
    StatusCode: string;
    StatusMessage?: string;
}
interface Refresh {
    InstanceRefreshId: string;
    Status: string;
    PercentageComplete: number;
    InstancesToUpdate: number;
}

const region = "eu-central-1";
const zones = ["a", "b", "c"].map((zone) => `${region}${zone}`);
const launching = "autoscaling:EC2_INSTANCE_LAUNCHING";
const terminating = "autoscaling:EC2_INSTANCE_TERMINATING";
const base64 = (text: string) => Buffer.from(text).toString("base64");

describeLab("EC2's auto scaling groups", () => {
    let server: ChildProcess;
    let log = "";
    let port: number;
    let ec2: EC2Client;
    let iam: IAMClient;
    let autoScaling: AutoScaling;
    let cloudWatch: CloudWatch;
    let image: string;
    let VpcId: string | undefined;
    let subnets: string[];
    let template: string;
    let made = 0;
    /** The group of the test. */
    let name: string;

    const scaling = (action: string, parameters: Record<string, unknown> = {}) =>
        act(autoScaling, action, { AutoScalingGroupName: name, ...parameters });

    async function lab(action: string, body: Record<string, unknown>): Promise<string> {
        const answer = await fetch(`http://127.0.0.1:${port}/lab/${action}`, {
            method: "POST",
            body: JSON.stringify(body),
        });
        return answer.ok ? "" : answer.text();
    }
    const tick = (minutes = 1) => lab("tick", { minutes });

    async function createTemplate(data: RequestLaunchTemplateData = {}): Promise<string> {
        const LaunchTemplateData = { ImageId: image, InstanceType: "t3.small" as const, ...data };
        const { LaunchTemplate } = await ec2.send(
            new CreateLaunchTemplateCommand({ LaunchTemplateName: `template-${++made}`, LaunchTemplateData }),
        );
        return LaunchTemplate?.LaunchTemplateId ?? "";
    }

    async function createVersion(data: RequestLaunchTemplateData): Promise<void> {
        const LaunchTemplateData = { ImageId: image, InstanceType: "t3.small" as const, ...data };
        await ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateId: template, LaunchTemplateData }));
    }

    const hook = (LifecycleHookName: string, LifecycleTransition: string, more: Record<string, unknown> = {}) => ({
        LifecycleHookName,
        LifecycleTransition,
        ...more,
    });

    /** Creates the group of the test, in three zones. */
    async function createGroup(
        sizes: { min?: number; max?: number; desired?: number } = {},
        more: Record<string, unknown> = {},
    ): Promise<void> {
        await scaling("CreateAutoScalingGroup", {
            MinSize: sizes.min ?? 0,
            MaxSize: sizes.max ?? 10,
            DesiredCapacity: sizes.desired,
            VPCZoneIdentifier: subnets.join(","),
            ...("MixedInstancesPolicy" in more ? {} : { LaunchTemplate: { LaunchTemplateId: template, Version: "1" } }),
            ...more,
        });
    }

    async function group(): Promise<Group> {
        const { AutoScalingGroups = [] } = await autoScaling.describeAutoScalingGroups({
            AutoScalingGroupNames: [name],
        });
        return AutoScalingGroups[0] as Group;
    }
    const members = async () => (await group()).Instances;
    const ids = async () => (await members()).map(({ InstanceId }) => InstanceId);
    const states = async () => (await members()).map(({ LifecycleState }) => LifecycleState).sort();
    const only = async () => (await members())[0] as Member;
    const setDesired = (DesiredCapacity: number) => scaling("SetDesiredCapacity", { DesiredCapacity });

    async function instance(id: string): Promise<Instance> {
        const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
        return Reservations[0]?.Instances?.[0] as Instance;
    }
    const stateOf = async (id: string) => (await instance(id)).State?.Name;

    async function activities(): Promise<Activity[]> {
        return ((await scaling("DescribeScalingActivities")) as { Activities: Activity[] }).Activities;
    }

    const complete = (InstanceId: string, LifecycleHookName: string, LifecycleActionResult = "CONTINUE") =>
        scaling("CompleteLifecycleAction", { InstanceId, LifecycleHookName, LifecycleActionResult });

    /** What an instance reads at a path of its metadata service. */
    async function metadata(address: string, path: string, headers = {}, method = "GET"): Promise<[number, string]> {
        return new Promise((resolve, reject) => {
            const options = {
                host: "127.0.0.1",
                port,
                path: `/latest/${path}`,
                localAddress: address,
                headers,
                method,
            };
            const asked = http.request(options, (answer) => {
                let body = "";
                answer.on("data", (chunk: Buffer) => (body += String(chunk)));
                answer.on("end", () => resolve([answer.statusCode ?? 0, body]));
            });
            asked.on("error", reject).end();
        });
    }

    beforeAll(async () => {
        port = await new Promise<number>((resolve) => {
            const free = createServer().listen(0, "127.0.0.1", () => {
                const { port: number } = free.address() as AddressInfo;
                free.close(() => resolve(number));
            });
        });
        const moto = await script("pypi.sh", ["moto"]);
        const file = path.resolve("test/lab/ec2/server.py");
        server = spawn(`${moto}/bin/python`, [file, "-H", "127.0.0.1", "-p", String(port)], {
            env: { ...process.env, PUBLIC_SUBNET: "10.78.250.0/24" },
        });
        const listen = (chunk: Buffer) => (log += String(chunk));
        server.stdout?.on("data", listen);
        server.stderr?.on("data", listen);
        await until("moto runs", 300, () => {
            if (server.exitCode !== null) {
                throw new Error(`moto ended: ${log}`);
            }
            return log.includes("Running on");
        });
        const account = {
            region,
            endpoint: `http://127.0.0.1:${port}`,
            credentials: { accessKeyId: "test", secretAccessKey: "test" },
        };
        ec2 = new EC2Client(account);
        iam = new IAMClient(account);
        autoScaling = new AutoScaling(account);
        cloudWatch = new CloudWatch(account);
        // Of loopback, so that this process can ask from an instance's address.
        const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "127.6.0.0/16" }));
        VpcId = Vpc?.VpcId;
        const creations = zones.map((AvailabilityZone, index) =>
            ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: `127.6.${index}.0/24`, AvailabilityZone })),
        );
        subnets = (await Promise.all(creations)).map(({ Subnet }) => Subnet?.SubnetId ?? "");
        const registered = await ec2.send(new RegisterImageCommand({ Name: "image", RootDeviceName: "/dev/xvda" }));
        image = registered.ImageId ?? "";
    });

    afterAll(async () => {
        ec2?.destroy();
        iam?.destroy();
        autoScaling?.destroy();
        cloudWatch?.destroy();
        server?.kill();
        await once(server, "close");
    });

    beforeEach(async () => {
        name = `group-${++made}`;
        template = await createTemplate();
    });

    afterEach(async () => {
        await scaling("DeleteAutoScalingGroup", { ForceDelete: true }).catch(() => undefined);
        expect(log).not.toContain("Traceback");
    });

    describe("launch", () => {
        test("what the version says that the group names, not the default one", async () => {
            await ec2.send(new CreateKeyPairCommand({ KeyName: "old" }));
            await ec2.send(new CreateKeyPairCommand({ KeyName: "new" }));
            await iam.send(new CreateRoleCommand({ RoleName: "role", AssumeRolePolicyDocument: "{}" }));
            await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "profile" }));
            await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: "profile", RoleName: "role" }));
            const { GroupId = "" } = await ec2.send(
                new CreateSecurityGroupCommand({ GroupName: "supervisors", Description: "supervisors", VpcId }),
            );
            await ec2.send(
                new AuthorizeSecurityGroupIngressCommand({
                    GroupId,
                    IpPermissions: [
                        { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "10.0.0.0/8" }] },
                    ],
                }),
            );
            template = await createTemplate({ KeyName: "old", UserData: base64("old") });
            await createVersion({
                KeyName: "new",
                UserData: base64("#!/bin/bash\necho ü\n"),
                InstanceType: "t3.large",
                IamInstanceProfile: { Name: "profile" },
                MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 2 },
                NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: true, Groups: [GroupId] }],
                TagSpecifications: [
                    {
                        ResourceType: "instance",
                        Tags: [
                            { Key: "Name", Value: "template" },
                            { Key: "of", Value: "template" },
                        ],
                    },
                    { ResourceType: "volume", Tags: [{ Key: "Name", Value: "volume" }] },
                ],
            });
            await createGroup(
                { desired: 1 },
                {
                    LaunchTemplate: { LaunchTemplateId: template, Version: "2" },
                    Tags: [{ Key: "Name", Value: "group", PropagateAtLaunch: true }],
                },
            );
            const { InstanceId, LaunchTemplate } = await only();
            expect(LaunchTemplate.Version).toBe("2");
            const launched = await instance(InstanceId);
            expect(launched).toMatchObject({
                KeyName: "new",
                InstanceType: "t3.large",
                MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 2 },
                IamInstanceProfile: { Arn: expect.stringMatching(/instance-profile\/profile$/) as string },
                PublicIpAddress: expect.stringMatching(/^10\.78\.250\./) as string,
                SecurityGroups: [{ GroupId }],
            });
            expect(launched.NetworkInterfaces?.map(({ Groups }) => Groups?.map((each) => each.GroupId))).toEqual([
                [GroupId],
            ]);
            const tags = Object.fromEntries((launched.Tags ?? []).map(({ Key = "", Value }) => [Key, Value]));
            // A group's tag goes before its template's.
            expect(tags).toMatchObject({ Name: "group", of: "template", "aws:autoscaling:groupName": name });
            expect(tags).toMatchObject({ "aws:ec2launchtemplate:version": "2" });
            expect(String(await userDataOf(ec2, InstanceId))).toBe("#!/bin/bash\necho ü\n");
            const [volume] = await volumesOf(InstanceId);
            expect(volume?.Tags).toEqual([{ Key: "Name", Value: "volume" }]);
        });

        test("the image's root device alone, of the size that the template says", async () => {
            await createGroup({ desired: 1 });
            const sizes = async () => {
                const { BlockDeviceMappings = [], InstanceId = "" } = await instance((await only()).InstanceId);
                const volumes = await volumesOf(InstanceId);
                return BlockDeviceMappings.map(({ DeviceName, Ebs }) => [
                    DeviceName,
                    volumes.find(({ VolumeId }) => VolumeId === Ebs?.VolumeId)?.Size,
                    Ebs?.DeleteOnTermination,
                ]);
            };
            expect(await sizes()).toEqual([["/dev/xvda", 8, true]]);
            await createVersion({ BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 30 } }] });
            await scaling("UpdateAutoScalingGroup", { LaunchTemplate: { LaunchTemplateId: template, Version: "2" } });
            await setDesired(0);
            await setDesired(1);
            expect(await sizes()).toEqual([["/dev/xvda", 30, true]]);
        });

        test("with the tags that a version has for it; those of the template itself are in no version", async () => {
            const { LaunchTemplate = {} } = await ec2.send(
                new CreateLaunchTemplateCommand({
                    LaunchTemplateName: `template-${++made}`,
                    LaunchTemplateData: { ImageId: image, InstanceType: "t3.small" },
                    TagSpecifications: [
                        { ResourceType: "launch-template", Tags: [{ Key: "of", Value: "the template" }] },
                    ],
                }),
            );
            template = LaunchTemplate.LaunchTemplateId ?? "";
            await createGroup({ desired: 1 });
            const { LaunchTemplateVersions = [] } = await ec2.send(
                new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: template }),
            );
            expect(LaunchTemplate.Tags).toEqual([{ Key: "of", Value: "the template" }]);
            expect(LaunchTemplateVersions[0]?.LaunchTemplateData).not.toHaveProperty("TagSpecifications");
            expect((await instance((await only()).InstanceId)).Tags?.map(({ Key }) => Key)).not.toContain("of");
        });

        test("user data that is compressed as it is", async () => {
            const userData = gzipSync("x".repeat(20_000));
            template = await createTemplate({ UserData: userData.toString("base64") });
            await createGroup({ desired: 1 });
            expect(await userDataOf(ec2, (await only()).InstanceId)).toEqual(userData);
        });

        test("nothing with a tag that an instance which may read its tags could not ask for", async () => {
            template = await createTemplate({ MetadataOptions: { InstanceMetadataTags: "enabled" } });
            const Tags = [{ Key: "example.com/team", Value: "data", PropagateAtLaunch: true }];
            await createGroup({ desired: 1 }, { Tags });
            expect((await activities())[0]?.StatusMessage).toMatch(
                /^'example\.com\/team' is not a valid tag key.* Launching EC2 instance failed\.$/,
            );
            expect(await members()).toEqual([]);
        });

        test("no user data that is longer than EC2 takes", async () => {
            await createVersion({ UserData: base64("x".repeat(16384)) });
            await expect(createVersion({ UserData: base64("x".repeat(16385)) })).rejects.toThrow(
                "User data is limited to 16384 bytes",
            );
        });

        test("in the zone that has the fewest, and terminate in that which has the most", async () => {
            const perZone = async () => {
                const there = (await members()).map(({ AvailabilityZone }) => AvailabilityZone);
                return zones.map((zone) => there.filter((each) => each === zone).length);
            };
            await createGroup({ desired: 1 });
            const addresses = async () =>
                (await Promise.all((await ids()).map(instance))).map((each) => each.PrivateIpAddress);
            await scaling("UpdateAutoScalingGroup", { VPCZoneIdentifier: subnets[1], DesiredCapacity: 3 });
            expect(await perZone()).toEqual([1, 2, 0]);
            // Not the oldest, which is alone in its zone.
            await setDesired(2);
            expect(await perZone()).toEqual([1, 1, 0]);
            await scaling("UpdateAutoScalingGroup", { VPCZoneIdentifier: subnets.join(","), DesiredCapacity: 5 });
            expect(await perZone()).toEqual([2, 2, 1]);
            expect((await addresses()).map((address = "") => address.split(".")[2]).sort()).toEqual([
                "0",
                "0",
                "1",
                "1",
                "2",
            ]);
        });

        test("not at all what EC2 refuses, for which an activity gives the reason; and again later", async () => {
            template = await createTemplate({ IamInstanceProfile: { Name: "later" } });
            await createGroup({ desired: 1 });
            expect(await members()).toEqual([]);
            const [failed] = await activities();
            expect(failed).toMatchObject({ Description: "Launching a new EC2 instance", StatusCode: "Failed" });
            expect(failed?.StatusMessage).toMatch(/later.*Launching EC2 instance failed\.$/);
            await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "later" }));
            await tick();
            expect(await states()).toEqual(["InService"]);
        });
    });

    test("the desired capacity is between min and max", async () => {
        await expect(createGroup({ min: 1, max: 3, desired: 4 })).rejects.toThrow(
            "ValidationError: Desired capacity:4 must be between the specified min size:1 and max size:3",
        );
        await expect(createGroup({ min: 4, max: 3 })).rejects.toThrow(
            "ValidationError: Max bound, 3, must be greater than or equal to min bound, 4",
        );
        await createGroup({ min: 1, max: 3 });
        expect((await group()).DesiredCapacity).toBe(1);
        await expect(createGroup()).rejects.toThrow("AlreadyExists");
        await expect(setDesired(4)).rejects.toThrow(
            "ValidationError: New SetDesiredCapacity value 4 is above max value 3 for the AutoScalingGroup.",
        );
        await expect(setDesired(0)).rejects.toThrow("value 0 is below min value 1 for");
        await expect(scaling("UpdateAutoScalingGroup", { DesiredCapacity: 4 })).rejects.toThrow(
            "Desired capacity:4 must be between",
        );
        await scaling("UpdateAutoScalingGroup", { MinSize: 2 });
        expect(await group()).toMatchObject({ MinSize: 2, MaxSize: 3, DesiredCapacity: 2 });
        await scaling("UpdateAutoScalingGroup", { MinSize: 0, MaxSize: 1 });
        expect(await group()).toMatchObject({ MinSize: 0, MaxSize: 1, DesiredCapacity: 1 });
        expect(await members()).toHaveLength(1);
        await expect(
            scaling("SetDesiredCapacity", { AutoScalingGroupName: "none", DesiredCapacity: 1 }),
        ).rejects.toThrow("ValidationError: AutoScalingGroup name not found");
    });

    test("the lab refuses what it would not do", async () => {
        await expect(createGroup({}, { TerminationPolicies: ["NewestInstance"] })).rejects.toThrow("Default alone");
        await expect(createGroup({}, { LaunchTemplate: undefined, LaunchConfigurationName: "old" })).rejects.toThrow(
            "launch by a launch template",
        );
    });

    describe("lifecycle hooks", () => {
        test("hold an instance that is launched, also the group's first", async () => {
            await createGroup({ desired: 1 }, { LifecycleHookSpecificationList: [hook("up", launching)] });
            const { InstanceId, LifecycleState } = await only();
            expect(LifecycleState).toBe("Pending:Wait");
            expect(await stateOf(InstanceId)).toBe("running");
            expect((await activities())[0]?.StatusCode).toBe("MidLifecycleAction");
            await complete(InstanceId, "up");
            expect(await states()).toEqual(["InService"]);
            expect((await activities())[0]?.StatusCode).toBe("Successful");
        });

        test("hold an instance that is terminated, which still runs", async () => {
            await createGroup({ desired: 1 });
            await scaling("PutLifecycleHook", hook("down", terminating));
            const { InstanceId } = await only();
            await setDesired(0);
            expect(await states()).toEqual(["Terminating:Wait"]);
            expect(await stateOf(InstanceId)).toBe("running");
            expect((await activities())[0]?.StatusCode).toBe("MidTerminatingLifecycleAction");
            await complete(InstanceId, "down", "ABANDON");
            expect(await states()).toEqual([]);
            expect(await stateOf(InstanceId)).toBe("terminated");
        });

        test("end a launch that is abandoned, through those of termination; another instance is launched", async () => {
            const hooks = [hook("up", launching), hook("down", terminating)];
            await createGroup({ desired: 1 }, { LifecycleHookSpecificationList: hooks });
            const { InstanceId } = await only();
            await complete(InstanceId, "up", "ABANDON");
            expect(await states()).toEqual(["Pending:Wait", "Terminating:Wait"]);
            await complete(InstanceId, "down");
            expect(await stateOf(InstanceId)).toBe("terminated");
            expect(await ids()).not.toContain(InstanceId);
            expect((await activities()).map(({ StatusCode }) => StatusCode)).toContain("Cancelled");
        });

        test("are all waited for", async () => {
            const hooks = [hook("first", launching), hook("second", launching)];
            await createGroup({ desired: 1 }, { LifecycleHookSpecificationList: hooks });
            const { InstanceId } = await only();
            await complete(InstanceId, "first");
            expect(await states()).toEqual(["Pending:Wait"]);
            await complete(InstanceId, "second");
            expect(await states()).toEqual(["InService"]);
        });

        test("end with the default result at the heartbeat's timeout, which a heartbeat starts again", async () => {
            const hooks = [
                hook("up", launching, { HeartbeatTimeout: 300, DefaultResult: "CONTINUE" }),
                hook("down", terminating, { HeartbeatTimeout: 300 }),
            ];
            await createGroup({ desired: 1 }, { LifecycleHookSpecificationList: hooks });
            const { InstanceId } = await only();
            await tick(4);
            await scaling("RecordLifecycleActionHeartbeat", { InstanceId, LifecycleHookName: "up" });
            await tick(4);
            expect(await states()).toEqual(["Pending:Wait"]);
            await tick(2);
            expect(await states()).toEqual(["InService"]);
            await setDesired(0);
            await tick(4);
            expect(await states()).toEqual(["Terminating:Wait"]);
            await tick(2);
            expect(await states()).toEqual([]);
        });

        test("abandon a launch at the timeout where no default result is given", async () => {
            const hooks = [hook("up", launching, { HeartbeatTimeout: 60 })];
            await createGroup({ desired: 1 }, { LifecycleHookSpecificationList: hooks });
            const { InstanceId } = await only();
            await tick(2);
            expect(await states()).toEqual(["Pending:Wait"]);
            expect(await ids()).not.toContain(InstanceId);
        });

        test("last at most a hundred heartbeats", async () => {
            const hooks = [hook("down", terminating, { HeartbeatTimeout: 180 })];
            await createGroup({ desired: 1 }, { LifecycleHookSpecificationList: hooks });
            const { InstanceId } = await only();
            await setDesired(0);
            for (let minutes = 0; minutes < 298; minutes += 2) {
                await scaling("RecordLifecycleActionHeartbeat", { InstanceId, LifecycleHookName: "down" });
                await tick(2);
            }
            expect(await states()).toEqual(["Terminating:Wait"]);
            await scaling("RecordLifecycleActionHeartbeat", { InstanceId, LifecycleHookName: "down" });
            await tick(2);
            expect(await states()).toEqual([]);
        });

        test("are completed for what waits for them alone", async () => {
            await createGroup({ desired: 1 }, { LifecycleHookSpecificationList: [hook("up", launching)] });
            const { InstanceId } = await only();
            await expect(complete("i-0123", "up")).rejects.toThrow(
                "ValidationError: No active Lifecycle Action found with instance ID i-0123",
            );
            await expect(complete(InstanceId, "down")).rejects.toThrow("No active Lifecycle Action found");
            const LifecycleActionToken = "bcd2f1b8-9a78-44d3-8a7a-4dd07d7cf635";
            const asked = { LifecycleHookName: "up", LifecycleActionToken };
            await expect(
                scaling("CompleteLifecycleAction", { ...asked, LifecycleActionResult: "CONTINUE" }),
            ).rejects.toThrow(`No active Lifecycle Action found with token ${LifecycleActionToken}`);
            await expect(scaling("RecordLifecycleActionHeartbeat", asked)).rejects.toThrow("with token");
            await expect(complete(InstanceId, "up", "MAYBE")).rejects.toThrow("ValidationError");
            await complete(InstanceId, "up");
            await expect(complete(InstanceId, "up")).rejects.toThrow("No active Lifecycle Action found");
        });

        test("are described as they were put, and changed by what is put again", async () => {
            await createGroup();
            await scaling("PutLifecycleHook", hook("up", launching, { HeartbeatTimeout: 600 }));
            await scaling("PutLifecycleHook", { LifecycleHookName: "up", DefaultResult: "CONTINUE" });
            expect(await scaling("DescribeLifecycleHooks")).toMatchObject({
                LifecycleHooks: [
                    {
                        LifecycleHookName: "up",
                        AutoScalingGroupName: name,
                        LifecycleTransition: launching,
                        HeartbeatTimeout: 600,
                        GlobalTimeout: 60_000,
                        DefaultResult: "CONTINUE",
                    },
                ],
            });
            await expect(scaling("PutLifecycleHook", hook("none", "autoscaling:NOTHING"))).rejects.toThrow(
                "ValidationError",
            );
        });

        test("complete what waits for them when they are deleted", async () => {
            const hooks = [hook("up", launching), hook("down", terminating)];
            await createGroup({ desired: 2 }, { LifecycleHookSpecificationList: hooks });
            const [first = "", second = ""] = await ids();
            await complete(first, "up");
            await scaling("TerminateInstanceInAutoScalingGroup", {
                InstanceId: first,
                ShouldDecrementDesiredCapacity: true,
            });
            await scaling("DeleteLifecycleHook", { LifecycleHookName: "down" });
            expect(await stateOf(first)).toBe("terminated");
            await scaling("DeleteLifecycleHook", { LifecycleHookName: "up" });
            expect(await stateOf(second)).toBe("terminated");
            expect(await states()).toEqual(["InService"]);
        });
    });

    describe("instances", () => {
        test("are replaced when they are terminated, stopped or unhealthy, through the hooks", async () => {
            await createGroup({ desired: 3 }, { LifecycleHookSpecificationList: [hook("down", terminating)] });
            const before = await ids();
            const [killed = "", stopped = "", sick = ""] = before;
            await ec2.send(new TerminateInstancesCommand({ InstanceIds: [killed] }));
            await ec2.send(new StopInstancesCommand({ InstanceIds: [stopped] }));
            await autoScaling.setInstanceHealth({ InstanceId: sick, HealthStatus: "Unhealthy" });
            expect(await states()).toEqual([
                ...Array<string>(3).fill("InService"),
                ...Array<string>(3).fill("Terminating:Wait"),
            ]);
            expect((await activities()).map(({ Cause }) => Cause)).toEqual(
                expect.arrayContaining([
                    expect.stringMatching(
                        /in response to an EC2 health check indicating it has been terminated or stopped/,
                    ),
                    expect.stringMatching(/in response to a user health-check/),
                ]),
            );
            for (const id of before) {
                await complete(id, "down");
                expect(await stateOf(id)).toBe("terminated");
            }
            expect(await states()).toEqual(Array(3).fill("InService"));
        });

        test("are terminated by their id, with or without a smaller capacity, but not below min", async () => {
            await createGroup({ min: 1, desired: 2 });
            const terminate = (InstanceId: string, ShouldDecrementDesiredCapacity: boolean) =>
                act(autoScaling, "TerminateInstanceInAutoScalingGroup", {
                    InstanceId,
                    ShouldDecrementDesiredCapacity,
                });
            const [first = "", second = ""] = await ids();
            await terminate(first, false);
            expect(await ids()).toHaveLength(2);
            expect(await ids()).not.toContain(first);
            const { Activity: activity } = (await terminate(second, true)) as { Activity: Activity };
            expect(activity.Cause).toMatch(/in response to a user request, shrinking the capacity from 2 to 1\./);
            expect(await group()).toMatchObject({ DesiredCapacity: 1 });
            const [last = ""] = await ids();
            await expect(terminate(last, true)).rejects.toThrow(
                "ValidationError: Currently, desiredSize equals minSize (1).",
            );
            await expect(terminate("i-0123", false)).rejects.toThrow("ValidationError: Instance Id not found");
        });

        test("that are protected from scale-in stay", async () => {
            await createGroup({ desired: 2 }, { NewInstancesProtectedFromScaleIn: true });
            const [first = "", second = ""] = await ids();
            await setDesired(0);
            expect(await ids()).toEqual([first, second]);
            await scaling("SetInstanceProtection", { InstanceIds: [first], ProtectedFromScaleIn: false });
            expect(await ids()).toEqual([second]);
            expect(await stateOf(first)).toBe("terminated");
        });

        test("of the oldest version go first in a zone", async () => {
            await createGroup({ desired: 1 }, { VPCZoneIdentifier: subnets[0] });
            const old = await ids();
            await createVersion({});
            await scaling("UpdateAutoScalingGroup", { LaunchTemplate: { LaunchTemplateId: template, Version: "2" } });
            await setDesired(3);
            await setDesired(2);
            expect(await ids()).toHaveLength(2);
            expect(await ids()).not.toEqual(expect.arrayContaining(old));
        });

        test("are described 50 at a time", async () => {
            await createGroup({ max: 60, desired: 51 });
            const first = await autoScaling.describeAutoScalingInstances();
            expect(first.AutoScalingInstances).toHaveLength(50);
            const { NextToken } = first;
            const second = await autoScaling.describeAutoScalingInstances({ NextToken });
            expect([second.AutoScalingInstances?.length, second.NextToken]).toEqual([1, undefined]);
        });
    });

    test("a group with instances is deleted by force alone, which waits for no hook", async () => {
        await createGroup({ desired: 1 }, { LifecycleHookSpecificationList: [hook("down", terminating)] });
        const { InstanceId } = await only();
        await expect(scaling("DeleteAutoScalingGroup")).rejects.toThrow(
            "ResourceInUseFault: You cannot delete an AutoScalingGroup",
        );
        await scaling("DeleteAutoScalingGroup", { ForceDelete: true });
        expect(await group()).toBeUndefined();
        expect(await stateOf(InstanceId)).toBe("terminated");
        await createGroup();
        expect(await scaling("DescribeLifecycleHooks")).toMatchObject({ LifecycleHooks: [] });
    });

    test("activities have their cause, the last first, in pages", async () => {
        await createGroup({ desired: 1 });
        await setDesired(2);
        await scaling("UpdateAutoScalingGroup", { MaxSize: 1 });
        const at = String.raw`At \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ `;
        const difference = "in response to a difference between desired and actual capacity,";
        const causes = (await activities()).map(({ Cause }) => Cause);
        expect(causes).toEqual([
            expect.stringMatching(
                `^${at}a user request update of AutoScalingGroup constraints to min: 0, max: 1, desired: 1 ` +
                    `changing the desired capacity from 2 to 1\\.  ${at}an instance was taken out of service ${difference} ` +
                    `shrinking the capacity from 2 to 1\\.  ${at}instance i-\\w+ was selected for termination\\.$`,
            ),
            expect.stringMatching(
                `^${at}a user request explicitly set group desired capacity changing the desired capacity from 1 to 2\\.  ` +
                    `${at}an instance was started ${difference} increasing the capacity from 1 to 2\\.$`,
            ),
            expect.stringMatching(
                /a user request created an AutoScalingGroup changing the desired capacity from 0 to 1\./,
            ),
        ]);
        type Page = { Activities: Activity[]; NextToken: string };
        const { Activities, NextToken } = (await scaling("DescribeScalingActivities", { MaxRecords: 2 })) as Page;
        expect(Activities.map(({ Cause }) => Cause)).toEqual(causes.slice(0, 2));
        const rest = (await scaling("DescribeScalingActivities", { NextToken })) as Page;
        expect(rest.Activities.map(({ Cause }) => Cause)).toEqual(causes.slice(2));
    });

    describe("instance refresh", () => {
        const start = async (Preferences: Record<string, unknown> = {}) =>
            ((await scaling("StartInstanceRefresh", { Preferences })) as Refresh).InstanceRefreshId;
        const refresh = async () => {
            const { InstanceRefreshes } = (await scaling("DescribeInstanceRefreshes")) as {
                InstanceRefreshes: Refresh[];
            };
            return InstanceRefreshes[0] as Refresh;
        };
        const versions = async () => (await members()).map(({ LaunchTemplate }) => LaunchTemplate.Version).sort();
        const toVersion2 = async () => {
            await createVersion({});
            await scaling("UpdateAutoScalingGroup", { LaunchTemplate: { LaunchTemplateId: template, Version: "2" } });
        };

        test("replaces as many at a time as may be missing, once those before have warmed up", async () => {
            await createGroup({ desired: 4 });
            await toVersion2();
            await start({ MinHealthyPercentage: 50, InstanceWarmup: 120 });
            expect(await versions()).toEqual(["1", "1", "2", "2"]);
            expect(await refresh()).toMatchObject({
                Status: "InProgress",
                PercentageComplete: 50,
                InstancesToUpdate: 2,
            });
            await tick();
            expect(await versions()).toEqual(["1", "1", "2", "2"]);
            await tick();
            expect(await versions()).toEqual(["2", "2", "2", "2"]);
            expect(await refresh()).toMatchObject({ Status: "InProgress" });
            await tick(2);
            expect(await refresh()).toMatchObject({
                Status: "Successful",
                PercentageComplete: 100,
                InstancesToUpdate: 0,
            });
        });

        test("waits for the hooks of what goes and of what comes", async () => {
            const hooks = [hook("up", launching), hook("down", terminating)];
            await createGroup({ desired: 1 }, { LifecycleHookSpecificationList: hooks });
            const old = await only();
            await complete(old.InstanceId, "up");
            await start({ InstanceWarmup: 0 });
            expect(await states()).toEqual(["Pending:Wait", "Terminating:Wait"]);
            const [young = ""] = (await ids()).filter((id) => id !== old.InstanceId);
            await complete(young, "up");
            expect(await refresh()).toMatchObject({ Status: "InProgress" });
            await complete(old.InstanceId, "down");
            expect(await refresh()).toMatchObject({ Status: "Successful" });
            expect((await activities()).map(({ Cause }) => Cause)).toContainEqual(
                expect.stringMatching(/taken out of service in response to an instance refresh/),
            );
        });

        test("launches before it terminates where there may be more than the desired capacity", async () => {
            await createGroup({ desired: 2 }, { LifecycleHookSpecificationList: [hook("up", launching)] });
            const old = await ids();
            await complete(old[0] ?? "", "up");
            await complete(old[1] ?? "", "up");
            await start({ MinHealthyPercentage: 100, MaxHealthyPercentage: 150, InstanceWarmup: 0 });
            for (const size of [3, 3]) {
                expect(await members()).toHaveLength(size);
                const [waiting] = (await members()).filter(({ LifecycleState }) => LifecycleState === "Pending:Wait");
                await complete(waiting?.InstanceId ?? "", "up");
            }
            expect(await members()).toHaveLength(2);
            expect(await ids()).not.toEqual(expect.arrayContaining([old[0]]));
            expect(await refresh()).toMatchObject({ Status: "Successful" });
        });

        test("goes one at a time at 100 percent", async () => {
            await createGroup({ desired: 3 });
            await toVersion2();
            await start({ MinHealthyPercentage: 100, InstanceWarmup: 60 });
            expect(await versions()).toEqual(["1", "1", "2"]);
            await tick();
            expect(await versions()).toEqual(["1", "2", "2"]);
        });

        test("is one at a time, and is cancelled, which undoes nothing", async () => {
            await createGroup({ desired: 2 });
            await expect(scaling("CancelInstanceRefresh")).rejects.toThrow("ActiveInstanceRefreshNotFound");
            await toVersion2();
            const id = await start({ MinHealthyPercentage: 50 });
            await expect(start()).rejects.toThrow("InstanceRefreshInProgress");
            expect(await scaling("CancelInstanceRefresh")).toMatchObject({ InstanceRefreshId: id });
            expect(await refresh()).toMatchObject({ InstanceRefreshId: id, Status: "Cancelled" });
            await tick(10);
            expect(await versions()).toEqual(["1", "2"]);
            expect(await start()).not.toBe(id);
        });

        test("skips what matches where it is asked to, and waits for what is protected, or ignores or refreshes it", async () => {
            await createGroup({ desired: 1 });
            const before = await ids();
            await start({ SkipMatching: true, InstanceWarmup: 0 });
            expect([await ids(), await refresh()]).toMatchObject([before, { Status: "Successful" }]);
            await scaling("SetInstanceProtection", { InstanceIds: before, ProtectedFromScaleIn: true });
            await start({ ScaleInProtectedInstances: "Ignore", InstanceWarmup: 0 });
            expect([await ids(), await refresh()]).toMatchObject([before, { Status: "Successful" }]);
            await start({ InstanceWarmup: 0 });
            expect([await ids(), await refresh()]).toMatchObject([before, { Status: "InProgress" }]);
            await scaling("CancelInstanceRefresh");
            await start({ ScaleInProtectedInstances: "Refresh", InstanceWarmup: 0 });
            expect(await refresh()).toMatchObject({ Status: "Successful" });
            expect(await ids()).not.toEqual(before);
        });
    });

    describe("scheduled actions", () => {
        const put = (ScheduledActionName: string, more: Record<string, unknown>) =>
            scaling("PutScheduledUpdateGroupAction", { ScheduledActionName, Recurrence: "0 8 * * *", ...more });
        const fire = (action: string) => lab("scheduled-action", { group_name: name, name: action });

        test("change what they name, and leave the rest", async () => {
            await createGroup({ min: 1, max: 5 });
            await put("morning", { MinSize: 3 });
            await put("noon", { DesiredCapacity: 4, Recurrence: "0 12 * * *" });
            await put("night", { MinSize: 0, MaxSize: 2, Recurrence: "0 20 * * *" });
            expect(await fire("morning")).toBe("");
            expect(await group()).toMatchObject({ MinSize: 3, MaxSize: 5, DesiredCapacity: 3 });
            expect(await members()).toHaveLength(3);
            expect(await fire("noon")).toBe("");
            expect(await group()).toMatchObject({ MinSize: 3, MaxSize: 5, DesiredCapacity: 4 });
            expect((await activities())[0]?.Cause).toMatch(
                /a scheduled action update of AutoScalingGroup constraints to min: 3, max: 5, desired: 4 changing the desired/,
            );
            expect(await fire("night")).toBe("");
            expect(await group()).toMatchObject({ MinSize: 0, MaxSize: 2, DesiredCapacity: 2 });
            expect(await members()).toHaveLength(2);
            expect(await fire("never")).toMatch(/has no scheduled action never/);
        });

        test("refuse the zeros that Terraform sends for what is not set", async () => {
            await createGroup();
            await expect(put("morning", { MinSize: 2, MaxSize: 0, DesiredCapacity: 0 })).rejects.toThrow(
                "ValidationError: Desired capacity must be greater than or equal to min size",
            );
            await expect(put("noon", { MaxSize: 0, DesiredCapacity: 2 })).rejects.toThrow(
                "Desired capacity must be less than or equal to max size",
            );
        });

        test("run next by their cron, unless they are given a time, which is not over, and no other one's", async () => {
            await createGroup();
            const next = async () => {
                const { ScheduledUpdateGroupActions: found } = (await scaling("DescribeScheduledActions")) as {
                    ScheduledUpdateGroupActions: { StartTime: Date }[];
                };
                return found.map(({ StartTime }) => StartTime.toISOString().replace(/^.*T|:00.000Z$/g, ""));
            };
            await put("tokyo", { DesiredCapacity: 1, TimeZone: "Asia/Tokyo" });
            expect(await next()).toEqual(["23:00"]);
            await put("tokyo", { DesiredCapacity: 1, Recurrence: "30 5 * * 1-5", TimeZone: "UTC" });
            expect(await next()).toEqual(["05:30"]);
            const day = 86_400_000;
            const StartTime = new Date(Math.floor(Date.now() / day) * day + 400 * day + 3_600_000);
            await put("tokyo", { DesiredCapacity: 1, StartTime });
            expect(await next()).toEqual(["01:00"]);
            await expect(put("other", { DesiredCapacity: 1, StartTime })).rejects.toThrow("already exists");
            await expect(put("tokyo", { StartTime: new Date(0), DesiredCapacity: 1 })).rejects.toThrow(
                "Given start time is in the past",
            );
        });
    });

    describe("target tracking", () => {
        const policy = (more: Record<string, unknown> = {}, configuration: Record<string, unknown> = {}) =>
            scaling("PutScalingPolicy", {
                PolicyName: `${name}-demand`,
                PolicyType: "TargetTrackingScaling",
                TargetTrackingConfiguration: {
                    TargetValue: 80,
                    CustomizedMetricSpecification: {
                        MetricName: "SlotDemand",
                        Namespace: "Storm",
                        Statistic: "Average",
                        Dimensions: [{ Name: "Cluster", Value: name }],
                    },
                    ...configuration,
                },
                ...more,
            });
        const publish = (Value: number, cluster = name) =>
            cloudWatch.putMetricData({
                Namespace: "Storm",
                MetricData: [{ MetricName: "SlotDemand", Value, Dimensions: [{ Name: "Cluster", Value: cluster }] }],
            });
        const desired = async () => (await group()).DesiredCapacity;

        test("scales out in proportion after three minutes above the target, within max", async () => {
            await createGroup({ max: 5, desired: 2 }, { DefaultInstanceWarmup: 0 });
            await policy();
            await publish(150);
            await publish(170);
            await tick(2);
            expect(await desired()).toBe(2);
            await publish(160);
            await tick();
            expect(await desired()).toBe(4);
            expect((await activities())[0]?.Cause).toMatch(
                new RegExp(
                    `a monitor alarm TargetTracking-${name}-AlarmHigh-[\\w-]+ in state ALARM triggered policy ${name}-demand ` +
                        "changing the desired capacity from 2 to 4",
                ),
            );
            await publish(1000);
            await tick(3);
            expect(await desired()).toBe(5);
        });

        test("counts what warms up as capacity", async () => {
            await createGroup({ desired: 2 }, { DefaultInstanceWarmup: 600 });
            await policy();
            await tick(10);
            await publish(160);
            await tick(9);
            expect(await desired()).toBe(4);
            await publish(160);
            await tick(6);
            expect(await desired()).toBe(8);
        });

        test("scales in by one after fifteen minutes below, once all have warmed up, while the rest suffice", async () => {
            await createGroup({ min: 1, desired: 3 }, { DefaultInstanceWarmup: 1200 });
            await policy();
            await publish(10);
            await tick(19);
            expect(await desired()).toBe(3);
            await publish(30);
            await tick();
            expect(await desired()).toBe(2);
            expect((await activities())[0]?.Cause).toMatch(/AlarmLow/);
            // Of one they would be more than the target.
            await publish(60);
            await tick(15);
            expect(await desired()).toBe(2);
            await publish(0);
            await tick(15);
            expect(await desired()).toBe(1);
        });

        test("does nothing where there is no data, or of another cluster", async () => {
            await createGroup({ max: 5, desired: 2 }, { DefaultInstanceWarmup: 0 });
            await policy();
            await publish(160);
            await tick(2);
            await tick();
            await publish(160);
            await tick(2);
            expect(await desired()).toBe(2);
            await publish(160, "another");
            await tick(3);
            expect(await desired()).toBe(2);
            await publish(10);
            await tick(14);
            await tick();
            expect(await desired()).toBe(2);
        });

        test("does not scale in where that is disabled", async () => {
            await createGroup({ desired: 2 }, { DefaultInstanceWarmup: 0 });
            await policy({}, { DisableScaleIn: true });
            await publish(0);
            await tick(30);
            expect(await desired()).toBe(2);
        });

        test("scales a group from nothing and to nothing", async () => {
            await createGroup({}, { DefaultInstanceWarmup: 0 });
            await policy();
            await publish(100);
            await tick(3);
            expect(await desired()).toBe(2);
            await publish(0);
            await tick(16);
            expect(await desired()).toBe(0);
        });

        test("warms up by the policy's own time, or by the group's cooldown", async () => {
            await createGroup({ desired: 1 });
            await policy({ EstimatedInstanceWarmup: 60 });
            await publish(160);
            await tick(3);
            expect(await desired()).toBe(2);
            await scaling("DeletePolicy", { PolicyName: `${name}-demand` });
            await policy();
            await publish(0);
            await setDesired(3);
            // The default cooldown is five minutes.
            await tick(16);
            expect(await desired()).toBe(1);
        });

        test("is described as it was put, with its alarms", async () => {
            await createGroup();
            const { Alarms } = (await policy()) as { Alarms: unknown[] };
            expect(Alarms).toHaveLength(2);
            const { ScalingPolicies } = (await scaling("DescribePolicies")) as { ScalingPolicies: object[] };
            expect(ScalingPolicies).toMatchObject([{ PolicyName: `${name}-demand`, Enabled: true, Alarms }]);
            expect(ScalingPolicies[0]).not.toHaveProperty("PredictiveScalingConfiguration");
        });

        test("has no metric math here", async () => {
            await createGroup();
            const CustomizedMetricSpecification = { Metrics: [{ Id: "a", Expression: "b / c" }] };
            await expect(policy({}, { CustomizedMetricSpecification })).rejects.toThrow("no metric math");
        });
    });

    describe("spot", () => {
        const mixed = (OnDemandBaseCapacity: number) => ({
            MixedInstancesPolicy: {
                LaunchTemplate: {
                    LaunchTemplateSpecification: { LaunchTemplateId: template, Version: "1" },
                    Overrides: [{ InstanceType: "m5.large" }, { InstanceType: "m5a.large" }],
                },
                InstancesDistribution: {
                    OnDemandBaseCapacity,
                    OnDemandPercentageAboveBaseCapacity: 0,
                    SpotAllocationStrategy: "price-capacity-optimized",
                },
            },
        });
        const options = async () => {
            const there = await Promise.all((await ids()).map(instance));
            return there.map(({ InstanceLifecycle = "on-demand" }) => InstanceLifecycle).sort();
        };

        test("is what exceeds the base on demand, of the first type; the base stays", async () => {
            await createGroup({ desired: 4 }, mixed(1));
            expect(await options()).toEqual(["on-demand", "spot", "spot", "spot"]);
            expect((await instance((await only()).InstanceId)).InstanceType).toBe("m5.large");
            await setDesired(1);
            expect(await options()).toEqual(["on-demand"]);
        });

        test("is interrupted two minutes after a notice, which its metadata show, and replaced then", async () => {
            await createGroup({ desired: 1 }, mixed(0));
            const { InstanceId } = await only();
            const { PrivateIpAddress = "" } = await instance(InstanceId);
            const action = () => metadata(PrivateIpAddress, "meta-data/spot/instance-action");
            expect((await action())[0]).toBe(404);
            expect(await lab("spot-interruption", { instance: InstanceId })).toBe("");
            const [status, notice] = await action();
            expect([status, JSON.parse(notice)]).toEqual([
                200,
                { action: "terminate", time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string },
            ]);
            await tick();
            expect([await stateOf(InstanceId), await ids()]).toEqual(["running", [InstanceId]]);
            await tick(2);
            expect((await instance(InstanceId)).StateReason?.Code).toBe("Server.SpotInstanceTermination");
            expect(await ids()).toHaveLength(1);
            expect(await ids()).not.toContain(InstanceId);
        });

        test("is replaced at the notice, through the hooks, with Capacity Rebalancing", async () => {
            const hooks = { LifecycleHookSpecificationList: [hook("down", terminating)] };
            await createGroup({ desired: 1 }, { ...mixed(0), ...hooks, CapacityRebalance: true });
            const { InstanceId } = await only();
            await lab("spot-interruption", { instance: InstanceId });
            expect(await states()).toEqual(["InService", "Terminating:Wait"]);
            const { PrivateIpAddress = "" } = await instance(InstanceId);
            expect(await metadata(PrivateIpAddress, "meta-data/autoscaling/target-lifecycle-state")).toEqual([
                200,
                "Terminated",
            ]);
            await complete(InstanceId, "down");
            expect(await stateOf(InstanceId)).toBe("terminated");
        });

        test("alone is interrupted", async () => {
            await createGroup({ desired: 1 });
            expect(await lab("spot-interruption", { instance: (await only()).InstanceId })).toMatch(
                /is no spot instance/,
            );
            expect(await lab("spot-interruption", { instance: "i-0123" })).toMatch(/i-0123/);
        });
    });

    test("the metadata service answers an instance, with a token where it is required", async () => {
        template = await createTemplate({ MetadataOptions: { HttpTokens: "required" } });
        await createGroup({ desired: 1 });
        const { InstanceId } = await only();
        const { PrivateIpAddress: address = "" } = await instance(InstanceId);
        expect(await metadata(address, "meta-data/instance-id")).toEqual([401, ""]);
        const lifetime = { "X-aws-ec2-metadata-token-ttl-seconds": "60" };
        const [, token] = await metadata(address, "api/token", lifetime, "PUT");
        const given = { "X-aws-ec2-metadata-token": token };
        expect(await metadata(address, "meta-data/instance-id", given)).toEqual([200, InstanceId]);
        expect(await metadata(address, "meta-data/autoscaling/target-lifecycle-state", given)).toEqual([
            200,
            "InService",
        ]);
        expect(await metadata(address, "meta-data/placement/region", given)).toEqual([200, region]);
        expect((await metadata(address, "meta-data/iam/security-credentials/", given))[0]).toBe(404);
        expect((await metadata("127.6.9.9", "meta-data/instance-id", given))[0]).toBe(404);
        await iam.send(new CreateRoleCommand({ RoleName: "reader", AssumeRolePolicyDocument: "{}" }));
        await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "reader-profile" }));
        await iam.send(
            new AddRoleToInstanceProfileCommand({ InstanceProfileName: "reader-profile", RoleName: "reader" }),
        );
        template = await createTemplate({ IamInstanceProfile: { Name: "reader-profile" } });
        await scaling("UpdateAutoScalingGroup", { LaunchTemplate: { LaunchTemplateId: template, Version: "1" } });
        await scaling("TerminateInstanceInAutoScalingGroup", { InstanceId, ShouldDecrementDesiredCapacity: false });
        const { PrivateIpAddress: other = "" } = await instance((await only()).InstanceId);
        expect(await metadata(other, "meta-data/iam/security-credentials/")).toEqual([200, "reader"]);
        const [, credentials] = await metadata(other, "meta-data/iam/security-credentials/reader");
        expect(JSON.parse(credentials)).toMatchObject({ Code: "Success", AccessKeyId: "instance" });
    });

    test("the metadata service shows an instance its tags where the template says so, a new one at once", async () => {
        template = await createTemplate({ MetadataOptions: { InstanceMetadataTags: "enabled" } });
        await createGroup({ desired: 1 }, { Tags: [{ Key: "Name", Value: "fleet", PropagateAtLaunch: true }] });
        const addressOf = async (id: string) => (await instance(id)).PrivateIpAddress ?? "";
        const { InstanceId } = await only();
        const address = await addressOf(InstanceId);
        const drain = () => metadata(address, "meta-data/tags/instance/storm:drain");
        expect((await drain())[0]).toBe(404);
        await ec2.send(
            new CreateTagsCommand({ Resources: [InstanceId], Tags: [{ Key: "storm:drain", Value: "now" }] }),
        );
        expect(await drain()).toEqual([200, "now"]);
        for (const list of ["meta-data/tags/instance", "meta-data/tags/instance/"]) {
            const [, keys] = await metadata(address, list);
            expect(keys.split("\n")).toEqual(expect.arrayContaining(["Name", "storm:drain"]));
        }
        template = await createTemplate();
        await scaling("UpdateAutoScalingGroup", { LaunchTemplate: { LaunchTemplateId: template, Version: "1" } });
        await setDesired(2);
        const other = await addressOf((await ids()).find((id) => id !== InstanceId) ?? "");
        expect((await metadata(other, "meta-data/tags/instance/Name"))[0]).toBe(404);
        expect((await metadata(other, "meta-data/tags/instance/"))[0]).toBe(404);
    });

    test("the lab reads all pages of instances, and tells those of a group apart by their ids", async () => {
        await createGroup(
            { max: 101, desired: 101 },
            { Tags: [{ Key: "Name", Value: "fleet", PropagateAtLaunch: true }] },
        );
        const there = await ids();
        expect(Object.keys(await readCloud(ec2))).toEqual(expect.arrayContaining(there));
        const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ MaxResults: 100 }));
        expect(Reservations.length).toBeLessThanOrEqual(100);
        const one = await instance(there[0] ?? "");
        expect(keyOf(one)).toBe(there[0]);
        expect(keyOf({ ...one, Tags: [{ Key: "Name", Value: "storm-nimbus-1" }] })).toBe("storm-nimbus-1");
    });

    async function volumesOf(id: string) {
        const Filters = [{ Name: "attachment.instance-id", Values: [id] }];
        return (await ec2.send(new DescribeVolumesCommand({ Filters }))).Volumes ?? [];
    }
});
