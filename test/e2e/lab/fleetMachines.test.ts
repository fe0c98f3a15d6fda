import * as fs from "fs";
import { gzipSync } from "zlib";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import {
    CreateLaunchTemplateCommand,
    CreateLaunchTemplateVersionCommand,
    CreateSubnetCommand,
    CreateTagsCommand,
    CreateVpcCommand,
    EC2Client,
    ImportKeyPairCommand,
    type RequestLaunchTemplateData,
} from "@aws-sdk/client-ec2";
import { dockerEngineScript, minimumDockerVersion } from "../../../components/hosts/docker/dockerEngine";
import { describeLab } from "../../lab/describeLab";
import { Ec2 } from "../../lab/ec2/ec2";
import { Lab } from "../../lab/lab";
import { until } from "../stack";

describeLab("machines of an auto scaling group", () => {
    let lab: Lab;
    let ec2: Ec2;
    let client: EC2Client;
    let endpoint: string;
    /** What the group's instances are launched by, without their user data. */
    let data: RequestLaunchTemplateData;
    const name = "fleet";
    const region = "eu-central-1";

    const scaling = (action: string, parameters: Record<string, unknown> = {}) =>
        ec2.scale(action, { AutoScalingGroupName: name, ...parameters });
    const members = async () => {
        const { AutoScalingInstances } = (await ec2.scale("DescribeAutoScalingInstances")) as {
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
        endpoint = ec2.environment.AWS_ENDPOINT_URL ?? "";
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
        data = { ImageId: await ec2.registerImage("image"), InstanceType: "t3.small", KeyName: "key" };
        const UserData = Buffer.from("#!/bin/bash\necho hello >/greeting\n").toString("base64");
        await client.send(
            new CreateLaunchTemplateCommand({
                LaunchTemplateName: "fleet",
                LaunchTemplateData: { ...data, UserData },
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

    test("install Docker by user data, which is compressed and has no systemd, and stop a container when a tag says so", async () => {
        const engine = dockerEngineScript({
            minimumVersion: minimumDockerVersion,
            registryMirror: `http://${lab.registry}`,
            freeMebibytes: 256,
        });
        const metadataOfTag = "http://169.254.169.254/latest/meta-data/tags/instance/storm:drain";
        const userData = [
            "#!/bin/bash",
            "set -eu",
            engine,
            "docker run --detach --name daemon --network host --entrypoint sleep zookeeper:3.9.5 infinity",
            "watch() {",
            `    until curl --silent --fail --output /dev/null ${metadataOfTag}; do sleep 1; done`,
            "    docker stop --time 0 daemon",
            "}",
            "export -f watch",
            "nohup bash -c watch >/var/log/watch.log 2>&1 </dev/null &",
        ].join("\n");
        const before = (await members()).map(({ InstanceId }) => InstanceId);
        await client.send(
            new CreateLaunchTemplateVersionCommand({
                LaunchTemplateName: "fleet",
                LaunchTemplateData: {
                    ...data,
                    UserData: gzipSync(userData).toString("base64"),
                    MetadataOptions: { InstanceMetadataTags: "enabled" },
                },
            }),
        );
        await scaling("UpdateAutoScalingGroup", { LaunchTemplate: { LaunchTemplateName: "fleet", Version: "2" } });
        await scaling("SetDesiredCapacity", { DesiredCapacity: 2 });
        const id = (await members()).map(({ InstanceId }) => InstanceId).find((each) => !before.includes(each)) ?? "";
        const said = async () => (await ec2.host(id)).exec("docker inspect --format '{{.State.Running}}' daemon");
        const isRunning = () => said().catch(() => "");
        await until("the container runs", 600, async () => (await isRunning()) === "true");
        await client.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: "storm:drain", Value: "now" }] }));
        await until("the container is stopped", 300, async () => (await isRunning()) === "false");
        await scaling("CompleteLifecycleAction", {
            InstanceId: id,
            LifecycleHookName: "up",
            LifecycleActionResult: "CONTINUE",
        });
    });

    test("calls are told by the names that policies have, and those of instances apart", async () => {
        const cloudWatch = (accessKeyId: string) =>
            new CloudWatch({ region, endpoint, credentials: { accessKeyId, secretAccessKey: "test" } });
        const MetricData = [{ MetricName: "SlotDemand", Value: 1 }];
        await cloudWatch("test").putMetricData({ Namespace: "Storm", MetricData });
        await cloudWatch("instance").listMetrics();
        expect(ec2.calls()).toContain("cloudwatch:PutMetricData");
        expect(ec2.calls()).not.toContain("autoscaling:SetDesiredCapacity");
        expect(ec2.calls("instances")).toEqual(["cloudwatch:ListMetrics"]);
    });

    test("are there where the test says so alone", async () => {
        const Tags = [{ ResourceId: name, Key: "Name", Value: "recorded", PropagateAtLaunch: true }];
        await scaling("CreateOrUpdateTags", { Tags });
        await scaling("DeleteLifecycleHook", { LifecycleHookName: "up" });
        await scaling("SetDesiredCapacity", { DesiredCapacity: 5 });
        const hosts = Object.keys(lab.hosts);
        await scaling("UpdateAutoScalingGroup", { LaunchTemplate: { LaunchTemplateName: "fleet", Version: "1" } });
        Tags[0] = { ...Tags[0], Value: "fleet" } as (typeof Tags)[number];
        await scaling("CreateOrUpdateTags", { Tags });
        await scaling("SetDesiredCapacity", { DesiredCapacity: 6 });
        // Whoever came last is there, and the three before are not.
        await until("the last one runs", 300, () => Object.keys(lab.hosts).length > hosts.length);
        expect([Object.keys(lab.hosts).length, (await members()).length]).toEqual([hosts.length + 1, 6]);
    });
});
