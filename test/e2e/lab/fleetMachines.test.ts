import * as fs from "fs";
import {
    CreateLaunchTemplateCommand,
    CreateSubnetCommand,
    CreateVpcCommand,
    EC2Client,
    ImportKeyPairCommand,
} from "@aws-sdk/client-ec2";
import { describeLab } from "../../lab/describeLab";
import { Ec2 } from "../../lab/ec2/ec2";
import { query } from "../../lab/ec2/query";
import { Lab } from "../../lab/lab";
import { until } from "../stack";

describeLab("machines of an auto scaling group", () => {
    let lab: Lab;
    let ec2: Ec2;
    let client: EC2Client;
    const name = "fleet";
    const region = "eu-central-1";

    const scaling = (action: string, parameters: Record<string, unknown> = {}) =>
        ec2.call("autoscaling", action, { AutoScalingGroupName: name, ...parameters });
    const members = async () => {
        const { AutoScalingInstances } = (await ec2.call("autoscaling", "DescribeAutoScalingInstances")) as {
            AutoScalingInstances: { InstanceId: string; LifecycleState: string }[];
        };
        return AutoScalingInstances;
    };
    /** What an instance says that it reads at a path of its metadata service. */
    const metadata = async (id: string, path: string) => {
        const request = `GET /latest/meta-data/${path} HTTP/1.0\\r\\n\\r\\n`;
        const host = await ec2.host(id);
        return host.exec(`exec 3<>/dev/tcp/169.254.169.254/80 && printf '${request}' >&3 && cat <&3 | tail -n 1`);
    };

    beforeAll(async () => {
        lab = await Lab.create({ name: "e2egroup", subnet: "10.77.13.0/24" });
        ec2 = await Ec2.start(lab, {
            region,
            publicSubnet: "10.78.13.0/24",
            host: (tag) => (tag === "recorded" ? undefined : { kind: "bare" }),
        });
        const endpoint = ec2.environment.AWS_ENDPOINT_URL;
        client = new EC2Client({ region, endpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
    });

    afterAll(async () => {
        client?.destroy();
        await ec2?.stop();
        await lab?.remove();
    });

    test("boot while they wait to be put into service, run while they wait to be terminated, and read their metadata", async () => {
        const { Vpc } = await client.send(new CreateVpcCommand({ CidrBlock: "10.77.13.0/24" }));
        const subnet = { VpcId: Vpc?.VpcId, CidrBlock: "10.77.13.64/26", AvailabilityZone: `${region}a` };
        const { Subnet } = await client.send(new CreateSubnetCommand(subnet));
        const PublicKeyMaterial = fs.readFileSync(`${lab.keyFile}.pub`);
        await client.send(new ImportKeyPairCommand({ KeyName: "key", PublicKeyMaterial }));
        await client.send(
            new CreateLaunchTemplateCommand({
                LaunchTemplateName: "fleet",
                LaunchTemplateData: {
                    ImageId: await ec2.registerImage("image"),
                    InstanceType: "t3.small",
                    KeyName: "key",
                    UserData: Buffer.from("#!/bin/bash\necho hello >/greeting\n").toString("base64"),
                },
            }),
        );
        await scaling("CreateAutoScalingGroup", {
            MinSize: 0,
            MaxSize: 9,
            DesiredCapacity: 2,
            VPCZoneIdentifier: Subnet?.SubnetId,
            LaunchTemplate: { LaunchTemplateName: "fleet", Version: "1" },
            LifecycleHookSpecificationList: [
                { LifecycleHookName: "up", LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING" },
                { LifecycleHookName: "down", LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING" },
            ],
            Tags: [{ Key: "Name", Value: "fleet", PropagateAtLaunch: true }],
        });
        const ids = (await members()).map(({ InstanceId }) => InstanceId);
        expect(Object.keys(await ec2.instances()).sort()).toEqual([...ids].sort());
        expect(await ec2.resources()).toEqual(expect.arrayContaining([name, expect.stringMatching(/^lt-/)]));
        const complete = (InstanceId: string, LifecycleHookName: string) =>
            scaling("CompleteLifecycleAction", { InstanceId, LifecycleHookName, LifecycleActionResult: "CONTINUE" });
        for (const id of ids) {
            const greeting = async () => (await ec2.host(id)).exec("cat /greeting");
            await until(`${id} runs`, 300, () => greeting().catch(() => ""));
            expect(await greeting()).toBe("hello");
            expect(await metadata(id, "instance-id")).toBe(id);
            await complete(id, "up");
        }
        await scaling("SetDesiredCapacity", { DesiredCapacity: 1 });
        const [leaving] = (await members()).filter(({ LifecycleState }) => LifecycleState === "Terminating:Wait");
        const id = leaving?.InstanceId ?? "";
        expect(await metadata(id, "autoscaling/target-lifecycle-state")).toBe("Terminated");
        await complete(id, "down");
        await until(`${id} is gone`, 300, () => !(id in lab.hosts));
        expect(Object.keys(lab.hosts)).toEqual(ids.filter((other) => other !== id));
    });

    test("CloudWatch's calls are told by the name that policies have", async () => {
        const caller = { url: ec2.environment.AWS_ENDPOINT_URL ?? "", region, key: "test" };
        const data = { Namespace: "Storm", MetricData: [{ MetricName: "SlotDemand", Value: 1 }] };
        await query(caller, "monitoring", "PutMetricData", data);
        expect(ec2.calls()).toContain("cloudwatch:PutMetricData");
        expect(ec2.calls()).not.toContain("autoscaling:SetDesiredCapacity");
    });

    test("are there where the test says so alone", async () => {
        const Tags = [{ ResourceId: name, Key: "Name", Value: "recorded", PropagateAtLaunch: true }];
        await scaling("CreateOrUpdateTags", { Tags });
        await scaling("DeleteLifecycleHook", { LifecycleHookName: "up" });
        await scaling("SetDesiredCapacity", { DesiredCapacity: 4 });
        const hosts = Object.keys(lab.hosts);
        await scaling("UpdateAutoScalingGroup", { MaxSize: 5 });
        Tags[0] = { ...Tags[0], Value: "fleet" } as (typeof Tags)[number];
        await scaling("CreateOrUpdateTags", { Tags });
        await scaling("SetDesiredCapacity", { DesiredCapacity: 5 });
        // Whoever came last is there, and the three before are not.
        await until("the last one runs", 300, () => Object.keys(lab.hosts).length > hosts.length);
        expect([Object.keys(lab.hosts).length, (await members()).length]).toEqual([hosts.length + 1, 5]);
    });
});
