import { execFileSync } from "child_process";
import { gunzipSync } from "zlib";
import { configuration } from "../../fleet/controller/configuration";
import { hooks } from "../../fleet/names";
import { own, stackFile } from "./awsFixture";
import { wiring } from "../../scripts/wiring";
import { type Declared, madeAfter, type Run, revealed, runProgram } from "./program";

jest.setTimeout(120_000);

const bundle = { path: "/tmp/storm-fleet-controller-0.js", sha256: "ab".repeat(32) };
jest.mock("../../fleet/bundle", () => ({ controllerBundle: () => bundle }));

const types = ["m7i.large", "m7a.large"];
const zones = ["a", "b", "c"].map((letter) => `eu-central-1${letter}`);
const base = {
    ...stackFile("dev", { instances: [], private: true, zones }),
    ...{ nimbuses: 2, supervisors: 1, ui: false, stormImage: "storm:3.1.0" },
};
const settings = (fleet: object, changes: object = {}): Record<string, unknown> => ({
    ...base,
    fleet: { max: 20, instanceTypes: types, ...fleet },
    ...changes,
});
/** What AWS and the first machines say. */
const created = {
    "aws:iam/instanceProfile:InstanceProfile": (name: string) => ({ name }),
    "aws:ec2/launchTemplate:LaunchTemplate": { latestVersion: 7 },
    "aws:ec2/instance:Instance": { rootBlockDevice: { deviceName: "/dev/xvda" }, privateIp: "10.20.0.9" },
};
const declare = (given: Record<string, unknown>, more: object = {}) => runProgram(given, { created, ...more });
const ofType = (run: Run, type: string) => run.resources.filter((each) => each.type.includes(type));
const names = (resources: Declared[]) => resources.map(({ name }) => name).sort();
const ofFleet = (run: Run) => run.resources.filter(({ name }) => /^fleet(-|$)/.test(name));
const group = (run: Run) => run.get("fleet-group", "autoscaling/group");
/** The instances that have a profile. */
const withProfile = (run: Run, profile: string) =>
    names(ofType(run, "ec2/instance:").filter(({ inputs }) => inputs.iamInstanceProfile === profile));
const script = (run: Run) => {
    const { userData } = run.get("fleet-template").inputs;
    return gunzipSync(Buffer.from(userData as string, "base64")).toString();
};

/** The words of the script's `docker create`, as a machine with this address runs it. */
function createdBy(text: string, address: string): string[] {
    // What follows would start programs on this machine.
    const [, line] = /\n(docker create [^]*?)\n(?:folder=|docker start )/.exec(text) ?? [];
    if (line === undefined) {
        throw new Error("the script creates no container");
    }
    // Where standard input is a socket, as it is for Node.js, Bash would read ~/.bashrc.
    return execFileSync("bash", ["--norc", "-c", `docker() { printf '%s\\0' "$@"; }; address=${address}; ${line}`], {
        encoding: "utf8",
    })
        .split("\0")
        .slice(0, -1);
}

let run: Run;
beforeAll(async () => {
    run = await declare(settings({ min: 2, spot: true, onDemandBase: 2 }));
});

test("make graph draws it: a supervisor at no known address, which receives those that a single one does", () => {
    const { edges } = wiring(run.resources);
    const receivedBy = (of: string) =>
        edges.filter(({ from }) => from.name === of).map(({ to, isReceived }) => [to.name, to.host, isReceived]);
    expect(receivedBy("supervisor")).toEqual(receivedBy("supervisor-1"));
    expect(receivedBy("supervisor").length).toBeGreaterThan(2);
    expect(edges.find(({ from }) => from.name === "supervisor")?.from).toMatchObject({
        ...{ kind: "supervisor", host: "storm-test-fleet", address: undefined },
    });
    expect(receivedBy("fleet-controller").map(([name]) => name)).toEqual(
        expect.arrayContaining(["nimbus-1", "nimbus-2"]),
    );
});

test("the state has as many resources for 1000 machines as for 3", async () => {
    const names = async (max: number) => ofFleet(await declare(settings({ max }))).map(({ urn }) => urn);
    const few = await names(3);
    expect(few.length).toBeGreaterThan(10);
    expect(await names(1000)).toEqual(few);
});

test("it may be all that the cluster has of supervisors", async () => {
    const alone = await declare(settings({}, { supervisors: 0 }));
    expect(alone.resources.filter(({ name }) => /supervisor-\d$/.test(name))).toEqual([]);
    // Its machines are let in all the same.
    expect(revealed(alone.get("fleet-template").inputs.networkInterfaces)).toMatchObject([
        { securityGroups: ["host-firewall-supervisor-id"], associatePublicIpAddress: "false" },
    ]);
    expect(names(ofType(alone, "SecurityGroupIngressRule"))).toContain("host-firewall-supervisor-6700-from-supervisor");
});

describe("the group", () => {
    test("is in all zones, of the types, by the bounds", () => {
        expect(group(run).inputs).toMatchObject({
            name: "storm-test-fleet",
            minSize: 2,
            maxSize: 20,
            vpcZoneIdentifiers: zones.map((zone) => `host-network-private-${zone}-id`),
            capacityRebalance: true,
            waitForCapacityTimeout: "0",
            mixedInstancesPolicy: {
                launchTemplate: {
                    launchTemplateSpecification: { launchTemplateId: "fleet-template-id", version: "7" },
                    overrides: types.map((instanceType) => ({ instanceType })),
                },
                instancesDistribution: { onDemandBaseCapacity: 2, onDemandPercentageAboveBaseCapacity: 0 },
            },
            instanceRefresh: {
                strategy: "Rolling",
                preferences: { minHealthyPercentage: 100, maxHealthyPercentage: 110 },
            },
            tags: [
                ["storm:cluster", "storm-test"],
                ["Name", "storm-test-fleet"],
                ["storm:daemon", "supervisor"],
            ].map(([key, value]) => ({ key, value, propagateAtLaunch: true })),
        });
        expect("desiredCapacity" in group(run).inputs).toBe(false);
        expect(group(run).ignoreChanges).toEqual(["desiredCapacity"]);
    });

    test("is on demand unless spot is asked for", async () => {
        const { inputs } = group(await declare(settings({})));
        expect(inputs).toMatchObject({
            capacityRebalance: false,
            minSize: 0,
            mixedInstancesPolicy: {
                instancesDistribution: { onDemandBaseCapacity: 0, onDemandPercentageAboveBaseCapacity: 100 },
            },
        });
    });

    test("has its hooks from the first machine on", () => {
        expect(group(run).inputs.initialLifecycleHooks).toEqual([
            {
                name: hooks.launching,
                lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
                heartbeatTimeout: 900,
                defaultResult: "ABANDON",
            },
            {
                name: hooks.terminating,
                lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
                heartbeatTimeout: 300,
                defaultResult: "CONTINUE",
            },
        ]);
    });

    test("comes after Nimbus and the controllers, and before topologies, so that it goes the other way round", async () => {
        const before = madeAfter(group(run), run);
        expect(before).toEqual(
            expect.arrayContaining([
                ...["storm-nimbus-1-ready", "storm-nimbus-2-ready", "storm-supervisor-1-ready", "storm-shutdown"],
                ...["fleet-controller-nimbus-1-container", "fleet-controller-nimbus-2-container", "fleet-template"],
            ]),
        );
        const topologies = [{ name: "t", jar: "test/unit/fleet.test.ts", mainClass: "A" }];
        const submitting = await declare(settings({}, { topologies }));
        const submission = submitting.get("topology-t-submission");
        expect(madeAfter(submission, submitting)).toContain("fleet-ready");
        expect(submission.inputs.seconds).toBe(180 + 900);
    });

    test("follows the slots that topologies want", () => {
        expect(run.get("fleet-demand").inputs).toMatchObject({
            policyType: "TargetTrackingScaling",
            targetTrackingConfiguration: {
                targetValue: 80,
                disableScaleIn: false,
                customizedMetricSpecification: {
                    namespace: "Storm",
                    metricName: "SlotDemand",
                    metricDimensions: [{ name: "Cluster", value: "storm-test" }],
                    unit: "Percent",
                },
            },
        });
    });
});

describe("a schedule", () => {
    const schedule = [
        { name: "morning", cron: "0 7 * * 1-5", timeZone: "Europe/Berlin", min: 6 },
        { name: "night", cron: "0 22 * * *", desired: 7 },
    ];

    test("leaves what is not set as it is", async () => {
        const planned = await declare(settings({ schedule }));
        const common = { autoscalingGroupName: "storm-test-fleet" };
        expect(ofType(planned, "autoscaling/schedule").map(({ inputs }) => inputs)).toEqual([
            {
                ...{ ...common, scheduledActionName: "morning", recurrence: "0 7 * * 1-5", timeZone: "Europe/Berlin" },
                ...{ minSize: 6, maxSize: -1, desiredCapacity: -1 },
            },
            {
                ...{ ...common, scheduledActionName: "night", recurrence: "0 22 * * *", timeZone: "UTC" },
                ...{ minSize: -1, maxSize: -1, desiredCapacity: 7 },
            },
        ]);
        expect(group(planned).ignoreChanges).toEqual(["desiredCapacity", "minSize"]);
        // Else the new entry would first be put, and then deleted, as both have one name.
        for (const { deleteBeforeReplace, replaceOnChanges } of ofType(planned, "autoscaling/schedule")) {
            expect([deleteBeforeReplace, replaceOnChanges]).toEqual([true, expect.arrayContaining(["recurrence"])]);
        }
    });
});

describe("a machine", () => {
    test("has its type by the group alone, as another first one would be another template", () => {
        expect(run.get("fleet-template").inputs).not.toHaveProperty("instanceType");
    });

    test("shows its tags to itself, and its credentials to no container behind another hop", () => {
        expect(revealed(run.get("fleet-template").inputs)).toMatchObject({
            imageId: own.ami,
            keyName: "storm-test",
            iamInstanceProfile: { name: "host-profile" },
            metadataOptions: {
                httpTokens: "required",
                httpPutResponseHopLimit: 1,
                instanceMetadataTags: "enabled",
            },
            blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { encrypted: "true", volumeSize: 20 } }],
        });
    });

    test.each<[string, object]>([
        ["arguments", {}],
        ["arguments, with names", { discovery: "dns" }],
        ["arguments, with logs", { logging: { driver: "awslogs", options: { "awslogs-group": "g" } } }],
        ["a file", { delivery: "file" }],
    ])("runs what a supervisor of the stack runs, by %s", async (_, changes) => {
        const both = await declare(settings({}, { drpcs: 1, heap: { worker: 500 }, ...changes }));
        const { inputs } = both.get("storm-supervisor-1-container", "docker:index/container");
        const { image, command, memory, labels, uploads } = revealed(inputs) as {
            image: string;
            command: string[];
            memory: number;
            labels: { label: string; value: string }[];
            uploads: { file: string; content: string }[];
        };
        const text = script(both);
        const words = createdBy(text, "10.20.0.9");
        const at = words.indexOf(image);
        // Its own name is its address, whatever the discovery.
        const address = (word: string) => word.replaceAll("supervisor-1.storm-test.internal", "10.20.0.9");
        const rendered = words.slice(at + 1).map((word) => word.replaceAll("10.20.0.9", "ADDRESS"));
        expect(rendered).toEqual(command.map((word) => address(word).replaceAll("10.20.0.9", "ADDRESS")));
        expect(words.slice(0, at)).toEqual(
            expect.arrayContaining(["--memory", `${memory}m`, "--network", "host", "--cap-drop", "ALL", "--init"]),
        );
        const owner = labels.find(({ label }) => label === "storm.owner");
        expect(words).toContain(`storm.owner=${owner?.value}`);
        for (const { content } of uploads) {
            expect(text).toContain(content.split("\n")[0]);
        }
    });

    test("has the root volume where its own image has it, which may be for another processor than Nimbus's", async () => {
        const { aws } = base as unknown as { aws: object };
        const graviton = await declare(
            settings({ instanceTypes: ["m7g.large"] }, { aws: { ...aws, amiArm64: "ami-0fedcba9876543210" } }),
        );
        expect(revealed(graviton.get("fleet-template").inputs)).toMatchObject({
            imageId: "ami-0fedcba9876543210",
            blockDeviceMappings: [{ deviceName: "/dev/sda1" }],
        });
    });

    test("needs no key, and has no secret", () => {
        expect(script(run)).not.toMatch(/PRIVATE KEY|private host/);
        expect(run.get("fleet-template").inputs.userData).toEqual(expect.any(String));
    });
});

describe("a controller", () => {
    test("runs beside each Nimbus, with what it is told as its one argument", () => {
        for (const nimbus of ["nimbus-1", "nimbus-2"]) {
            const { inputs } = run.get(`fleet-controller-${nimbus}-container`, "docker:index/container");
            const [node, file, text = "", ...more] = revealed(inputs.command) as string[];
            expect([node, file, more]).toEqual(["node", "/home/node/controller.js", []]);
            expect(configuration.parse(JSON.parse(text))).toEqual({
                cluster: "storm-test",
                region: "eu-central-1",
                group: "storm-test-fleet",
                nimbuses: [1, 2].map((index) => ({
                    address: `private address of host-nimbus-${index}-interface`,
                    port: 6627,
                })),
                own: `private address of host-${nimbus}-interface`,
                owner: "organization/storm/test/",
                target: 80,
                batch: 1,
                cooldownSeconds: 300,
                seconds: 20,
            });
            expect(inputs).toMatchObject({ networkMode: "host", user: "1000:1000", readOnly: true });
        }
    });

    test("has its program by its hash, and not in the state", () => {
        const { inputs } = run.get("fleet-controller-nimbus-1-program");
        expect(inputs).toMatchObject({ source: bundle.path, sha256: bundle.sha256, file: "controller.js" });
        expect("content" in inputs).toBe(false);
        expect(inputs.volume).toBe("storm-test-fleet-controller-program-abababababab");
    });

    test("may do what it calls, on its own cluster", () => {
        const { policy } = run.get("host-profile-nimbus-beside").inputs;
        const own = "storm-test";
        expect(JSON.parse(policy as string)).toEqual({
            Statement: [
                {
                    Action: "cloudwatch:PutMetricData",
                    Condition: { StringEquals: { "cloudwatch:namespace": "Storm" } },
                    Effect: "Allow",
                    Resource: "*",
                },
                {
                    Action: ["autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances"],
                    Effect: "Allow",
                    Resource: "*",
                },
                {
                    Action: [
                        ...["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
                        "autoscaling:SetDesiredCapacity",
                    ],
                    Condition: { StringEquals: { "autoscaling:ResourceTag/storm:cluster": own } },
                    Effect: "Allow",
                    Resource: "*",
                },
                {
                    Action: "ec2:CreateTags",
                    Condition: {
                        "ForAllValues:StringEquals": { "aws:TagKeys": "storm:drain" },
                        StringEquals: { "aws:ResourceTag/storm:cluster": own },
                    },
                    Effect: "Allow",
                    Resource: "arn:aws:ec2:*:*:instance/*",
                },
            ],
            Version: "2012-10-17",
        });
        expect(withProfile(run, "host-profile-nimbus")).toEqual(["host-nimbus-1-instance", "host-nimbus-2-instance"]);
        expect(withProfile(run, "host-profile")).toContain("host-supervisor-1-instance");
    });
});

test("the gate waits again for another template, and for other bounds", async () => {
    expect(run.get("fleet-ready").inputs).toMatchObject({
        group: "storm-test-fleet",
        region: "eu-central-1",
        version: "7",
        instanceTypes: types,
        triggers: ["2", "20", "true", "2"],
        seconds: 1200,
    });
    expect(run.outputs.fleet).toBe("storm-test-fleet");
});

test("is refused with credentials that AWS's provider alone has", async () => {
    await expect(declare(settings({}, { "aws:assumeRoles": [{ roleArn: "arn:aws:iam::1:role/a" }] }))).rejects.toThrow(
        "storm:fleet cannot be used with aws:assumeRoles: an update asks AWS about the fleet with the credentials of aws:profile",
    );
});

describe("a stack without it", () => {
    test("declares nothing of a fleet's", async () => {
        const without = await declare(base);
        expect(ofFleet(without)).toEqual([]);
        expect(names(without.resources.filter(({ name }) => name.includes("profile-nimbus")))).toEqual([]);
    });

    test("gets all of it beside what it has, and changes Nimbus's profile alone", async () => {
        const before = await declare(base);
        const after = new Map(run.resources.map((each) => [each.urn, each]));
        const others = before.resources.filter(
            ({ urn, inputs }) => JSON.stringify(after.get(urn)?.inputs) !== JSON.stringify(inputs),
        );
        expect(names(others)).toEqual(["host-nimbus-1-instance", "host-nimbus-2-instance"]);
        for (const { urn, inputs } of others) {
            expect(inputs.iamInstanceProfile).toBe("host-profile");
            expect(after.get(urn)?.inputs).toEqual({ ...inputs, iamInstanceProfile: "host-profile-nimbus" });
        }
    });

    test("keeps that profile in the update that removes the fleet, which its controllers need to the end", async () => {
        const state = { "aws:autoscaling/group:Group::fleet-group": { name: "storm-test-fleet" } };
        const removing = await declare(base, { state });
        expect(withProfile(removing, "host-profile-nimbus")).toContain("host-nimbus-1-instance");
        expect(ofFleet(removing)).toEqual([]);
    });
});
