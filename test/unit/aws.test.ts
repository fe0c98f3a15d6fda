import { edges } from "../../components/storm/spec/edges";
import { tagged } from "../../policy/tagged";
import { own, stackFile } from "./awsFixture";
import { type Declared, madeAfter, mocked, revealed, type Run, runProgram } from "./program";

jest.setTimeout(180_000);

const ofType = (run: Run, type: string) => run.resources.filter((resource) => resource.type.startsWith(`aws:${type}:`));
const instances = (run: Run) => ofType(run, "ec2/instance");
const names = (resources: Declared[]) => resources.map(({ name }) => name).sort();

const runs: Record<string, Run> = {};
beforeAll(async () => {
    runs.dev = await runProgram(stackFile("dev"));
    runs.each = await runProgram(stackFile("dev", { instances: [] }));
    runs.prod = await runProgram(stackFile("prod"));
    const subnets = { "eu-central-1a": "subnet-a", "eu-central-1b": "subnet-b" };
    runs.existing = await runProgram(stackFile("dev", { zones: [], vpc: { id: "vpc-1", subnets }, instances: [] }));
});

describe.each(["dev", "each", "prod", "existing"])("%s:", (name) => {
    let run: Run;
    beforeAll(() => (run = runs[name] as Run));

    test("nobody is let in from everywhere", () => {
        const sources = ofType(run, "vpc/securityGroupIngressRule").map(
            ({ inputs }) => inputs.cidrIpv4 ?? inputs.referencedSecurityGroupId,
        );
        expect(sources.length).toBeGreaterThan(10);
        expect(sources.filter((source) => source === undefined || /\/0$/.test(source as string))).toEqual([]);
        expect(ofType(run, "ec2/securityGroup").flatMap(({ inputs }) => inputs.ingress ?? [])).toEqual([]);
    });

    test("all of it is made by the provider that the stack's settings describe", () => {
        const others = run.resources.filter(
            ({ type, provider }) => type.startsWith("aws:") && !provider.includes("::aws::"),
        );
        expect(names(others)).toEqual([]);
    });

    test("every edge has its rule, and no rule lacks an edge", () => {
        const kinds = names(ofType(run, "ec2/securityGroup")).map((group) => group.replace("host-firewall-", ""));
        const cidrs: Record<string, string[]> = { browser: own.from.ui, ssh: own.from.ssh };
        const hasBastion = kinds.includes("bastion");
        const ssh = kinds.map((to) => ({
            from: hasBastion && to !== "bastion" ? "bastion" : "ssh",
            to,
            ports: [22, 22],
        }));
        const wanted = [...edges({ slots: 2, uiPort: 8080 }), ...ssh]
            .filter(({ to }) => kinds.includes(to))
            .flatMap(({ from, to, ports: [first, last] }) =>
                (kinds.includes(from) ? [`host-firewall-${from}-id`] : (cidrs[from] ?? [])).map(
                    (source) => `${source} → host-firewall-${to}-id ${first}-${last}`,
                ),
            );
        const rules = ofType(run, "vpc/securityGroupIngressRule").map(({ inputs }) => {
            expect(inputs.ipProtocol).toBe("tcp");
            const source = String(inputs.referencedSecurityGroupId ?? inputs.cidrIpv4);
            return `${source} → ${String(inputs.securityGroupId)} ${String(inputs.fromPort)}-${String(inputs.toPort)}`;
        });
        expect(rules.sort()).toEqual(wanted.sort());
    });

    test("all volumes are encrypted", () => {
        const roots = instances(run).map(({ inputs }) => inputs.rootBlockDevice as { encrypted: boolean });
        expect(roots.map(({ encrypted }) => encrypted)).toEqual(instances(run).map(() => true));
        const volumes = ofType(run, "ebs/volume");
        expect(volumes.length).toBeGreaterThan(0);
        expect(volumes.map(({ inputs }) => inputs.encrypted)).toEqual(volumes.map(() => true));
    });

    test("an instance's metadata take a token, and none passes on", () => {
        expect(instances(run).length).toBeGreaterThan(0);
        for (const { inputs } of instances(run)) {
            expect(inputs.metadataOptions).toEqual({
                httpEndpoint: "enabled",
                httpTokens: "required",
                httpPutResponseHopLimit: 1,
            });
        }
    });

    test("every machine is known by its own key from the first connection on", () => {
        for (const { inputs } of run.resources.filter(({ type }) => type === "command:remote:Command")) {
            const { hostKey } = revealed(inputs.connection) as { hostKey: string };
            expect(hostKey).toMatch(/^ssh-ed25519 made-by-/);
        }
        const userData = instances(run).map(({ inputs }) => inputs.userData as object);
        for (const data of userData) {
            expect(Object.values(data)).toContain("1b47061264138c4ac30d75fd1eb44270"); // The mark of a secret.
            expect(revealed(data)).toMatch(/^#!\/bin\/sh\n/);
        }
        for (const { secretOutputs } of instances(run)) {
            expect(secretOutputs).toEqual(["userData", "userDataBase64"]);
        }
    });

    test("everything that can have tags tells whose it is", () => {
        const untagged = run.resources.filter(
            ({ type, inputs }) => type.startsWith("aws:") && !(inputs.tags as object | undefined),
        );
        const cannot = ["RouteTableAssociation", "Route", "VolumeAttachment", "RolePolicy"];
        expect(
            untagged.filter(({ type }) => !cannot.includes(type.split(":").at(-1) as string)).map(({ urn }) => urn),
        ).toEqual([]);
        const types = run.resources
            .filter(({ type }) => type.startsWith("aws:"))
            .filter(({ inputs }) => inputs.tags)
            .map(({ type }) => type);
        expect([...new Set(types)].filter((type) => !tagged.includes(type))).toEqual([]);
    });

    test("what takes over an interface or a volume is tried again while that is in use", () => {
        const kept = ofType(run, "ec2/networkInterface").flatMap(({ name: each }) => [
            each,
            each.replace("-interface", "-instance"),
        ]);
        const attached = names(ofType(run, "ec2/volumeAttachment"));
        expect(attached.length).toBeGreaterThan(0);
        const again = run.resources.filter(({ onError }) => onError.includes("host-in-use"));
        expect(names(again)).toEqual([...kept, ...attached].sort());
    });

    test("what others are told the address of keeps it, and its data, when its instance is replaced", () => {
        const kept = names(instances(run)).filter((each) => /zookeeper|nimbus/.test(each));
        expect(kept.length).toBeGreaterThan(1);
        for (const daemon of kept) {
            const { inputs, deleteBeforeReplace } = run.get(daemon);
            expect(inputs.primaryNetworkInterface).toEqual({
                networkInterfaceId: `${daemon.replace("-instance", "-interface")}-id`,
            });
            expect(inputs.networkInterfaces).toBeUndefined();
            expect(deleteBeforeReplace).toBe(true);
            const attachment = run.get(daemon.replace("-instance", "-attachment"));
            expect(attachment.inputs).toMatchObject({
                volumeId: `${daemon.replace("-instance", "-volume")}-id`,
                stopInstanceBeforeDetaching: true,
            });
            // A zone that would leave the data behind is refused before anything is touched.
            for (const part of ["-volume", "-interface", "-instance"]) {
                expect(madeAfter(run.get(daemon.replace("-instance", part)), run)).toContain(
                    daemon.replace("-instance", "-zone"),
                );
            }
        }
    });
});

describe("dev", () => {
    test("has two instances, in a public subnet, and no NAT", () => {
        const run = runs.dev as Run;
        expect(instances(run).map(({ name, inputs }) => [name, inputs.instanceType])).toEqual([
            ["host-zookeeper-1-instance", "t3.large"],
            ["host-nimbus-1-instance", "t3.large"],
        ]);
        expect([ofType(run, "ec2/natGateway"), ofType(run, "ec2/subnet").length]).toEqual([[], 1]);
    });

    test("tells how the interface is reached", () => {
        const { outputs } = runs.dev as Run;
        expect(outputs.uiUrl).toBe("http://public address of host-nimbus-1-eip:8080");
        expect(outputs.uiTunnel).toMatch(/^ssh .* -N -L '8080:private address of host-nimbus-1-interface:8080'$/);
        expect(outputs.hosts).toMatchObject({
            "zookeeper-1": {
                address: "private address of host-zookeeper-1-interface",
                daemons: ["zookeeper-1", "supervisor-1"],
            },
            "nimbus-1": { daemons: ["nimbus-1", "supervisor-2", "ui"] },
        });
    });

    test("has what a stack with an instance for each daemon has, where that keeps an address or data", () => {
        const kept = /^host-(zookeeper|nimbus)-1-(zone|interface|eip|volume)$/;
        const inputs = (run: Run) =>
            Object.fromEntries(
                run.resources
                    .filter(({ name }) => kept.test(name))
                    .map(({ urn, inputs: given }) => [urn, { ...given, securityGroups: undefined, tags: undefined }]),
            );
        expect(Object.keys(inputs(runs.each as Run))).toHaveLength(8);
        expect(inputs(runs.dev as Run)).toEqual(inputs(runs.each as Run));
    });
});

describe("without instances that are named", () => {
    test("each daemon has one", () => {
        expect(names(instances(runs.each as Run))).toEqual(
            ["nimbus-1", "supervisor-1", "supervisor-2", "ui", "zookeeper-1"].map(
                (daemon) => `host-${daemon}-instance`,
            ),
        );
        const { uiUrl, hosts } = (runs.each as Run).outputs;
        expect([uiUrl, Object.keys(hosts as object).length]).toEqual([
            "http://public address of host-ui-instance:8080",
            5,
        ]);
    });
});

describe("an instance for several daemons", () => {
    const shared = [
        { name: "c", type: "t3.xlarge", daemons: ["supervisor-2", "drpc-1", "nimbus-2"], zone: "eu-central-1b" },
        { name: "b", type: "t3.xlarge", daemons: ["zookeeper-3", "nimbus-1", "ui"], zone: "eu-central-1b" },
        { name: "a", type: "t3.xlarge", daemons: ["supervisor-1", "zookeeper-1"] },
        { name: "zookeeper-2", type: "t4g.small", daemons: ["zookeeper-2"] },
        { name: "d", type: "t3.large", daemons: ["supervisor-3"] },
        { name: "e", type: "t3.medium", daemons: ["drpc-2"] },
    ];
    const settings = {
        ...stackFile("dev", {
            ...{ instances: shared, zones: ["eu-central-1a", "eu-central-1b"], amiArm64: "ami-0a5a5a5a5a5a5a5a5" },
            ...{ amis: { d: "ami-0b6b6b6b6b6b6b6b6" }, protect: true },
        }),
        ...{ zookeepers: 3, nimbuses: 2, supervisors: 3, drpcs: 2 },
    };
    let run: Run;
    beforeAll(async () => (run = await runProgram(settings)));

    test("has the security groups of all of their kinds, and their names in a tag", () => {
        const groups = (kinds: string[]) => kinds.map((kind) => `host-firewall-${kind}-id`);
        expect(run.get("host-b-interface").inputs.securityGroups).toEqual(groups(["zookeeper", "nimbus", "ui"]));
        expect(run.get("host-d-instance").inputs.vpcSecurityGroupIds).toEqual(groups(["supervisor"]));
        expect(run.get("host-b-instance").inputs.tags).toEqual({
            "storm:cluster": "storm-test",
            "storm:daemon": "zookeeper-3 nimbus-1 ui",
            Name: "storm-test-b",
        });
    });

    test("is in the first zone, unless it names one, and has an image of its type or its own", () => {
        const at = (name: string) => {
            const { subnetId, ami } = run.get(`host-${name}-instance`).inputs;
            return [subnetId ?? run.get(`host-${name}-interface`).inputs.subnetId, ami];
        };
        const subnet = (zone: string) => `host-network-public-${zone}-id`;
        expect([at("a"), at("b"), at("zookeeper-2"), at("d")]).toEqual([
            [subnet("eu-central-1a"), own.ami],
            [subnet("eu-central-1b"), own.ami],
            [subnet("eu-central-1a"), "ami-0a5a5a5a5a5a5a5a5"],
            [subnet("eu-central-1a"), "ami-0b6b6b6b6b6b6b6b6"],
        ]);
        expect(run.get("host-b-volume").inputs.availabilityZone).toBe("eu-central-1b");
    });

    test("keeps its address and one volume, if a daemon on it keeps its address", () => {
        const kept = ["a", "b", "c", "e", "zookeeper-2"];
        for (const [type, end] of [
            ["ec2/networkInterface", "interface"],
            ["ec2/eip", "eip"],
            ["ebs/volume", "volume"],
            ["ec2/volumeAttachment", "attachment"],
        ] as const) {
            expect(names(ofType(run, type))).toEqual(kept.map((name) => `host-${name}-${end}`));
        }
        const unprotected = [...instances(run), ...ofType(run, "ebs/volume")].filter(({ protect }) => !protect);
        expect(names(unprotected)).toEqual([]);
    });

    test("has data that stays there: each daemon's location is known by the daemon, wherever it is", () => {
        const locations = run.resources.filter(({ type }) => type === "storm:index:DataLocation");
        expect(Object.fromEntries(locations.map(({ name, inputs }) => [name, [inputs.kind, inputs.location]]))).toEqual(
            {
                "host-zookeeper-1-zone": ["machine", "a in eu-central-1a"],
                "host-zookeeper-2-zone": ["zone", "eu-central-1a"],
                "host-zookeeper-3-zone": ["machine", "b in eu-central-1b"],
                "host-nimbus-1-zone": ["machine", "b in eu-central-1b"],
                "host-nimbus-2-zone": ["machine", "c in eu-central-1b"],
            },
        );
        const urnsOf = (of: Run) =>
            of.resources.filter(({ type }) => type === "storm:index:DataLocation").map(({ urn }) => urn);
        expect(urnsOf(runs.each as Run).filter((urn) => !urnsOf(run).includes(urn))).toEqual([]);
        for (const part of ["volume", "interface", "instance"]) {
            expect(madeAfter(run.get(`host-b-${part}`), run)).toEqual(
                expect.arrayContaining(["host-zookeeper-3-zone", "host-nimbus-1-zone"]),
            );
        }
    });

    test("runs the containers of its daemons, which know it as one machine", () => {
        const provider = (daemon: string) => run.get(`storm-${daemon}-container`).provider.split("::").at(-2);
        expect(["zookeeper-3", "nimbus-1", "ui"].map(provider)).toEqual(Array(3).fill("host-b-ssh-provider"));
        expect(names(run.resources.filter(({ name }) => /^storm-memory-/.test(name)))).toEqual(
            shared.map(({ name }) => `storm-memory-${name}`).sort(),
        );
    });

    test("is replaced once the first daemon on the one before is ready, in the order of members, Nimbus and DRPC", async () => {
        const existing = run.resources.map(({ name }) => name);
        const again = await runProgram(settings, { existing });
        const waitsFor = (name: string) =>
            madeAfter(again.get(`host-${name}-instance`), again).filter((each) => /^storm-.*-ready$/.test(each));
        expect(waitsFor("a")).toEqual([]);
        expect(waitsFor("zookeeper-2")).toEqual(["storm-zookeeper-1-ready"]);
        expect(waitsFor("b")[0]).toBe("storm-zookeeper-2-ready");
        expect(waitsFor("c")[0]).toBe("storm-zookeeper-3-ready");
        expect(waitsFor("e")[0]).toBe("storm-nimbus-2-ready");
        expect(waitsFor("d")).toEqual([]);
    });

    test("has one ambassador", async () => {
        const ambassadors = await runProgram({ ...settings, discovery: "ambassador" });
        const proxies = ambassadors.resources.flatMap(
            ({ name }) => /^host-ambassador-(.*)-proxy-container$/.exec(name)?.[1] ?? [],
        );
        expect(proxies.sort()).toEqual(shared.map(({ name }) => name).sort());
    });

    test("without daemons of the cluster is refused by the target itself", async () => {
        await mocked({}, {});
        const { Ec2Target: Target } = await import("../../components/targets/ec2Target");
        const args = {
            ...{ clusterName: "a", publicKey: "ssh-ed25519 AAAA", login: {}, from: { ssh: [] } },
            ...{ zones: ["eu-central-1a"], ami: own.ami, existing: new Map<string, Record<string, unknown>>() },
            daemons: { zookeepers: 1, nimbuses: 2, supervisors: 1, drpcs: 0, ui: true },
        };
        const wrong = [
            { name: "bastion", type: "t2.large", daemons: ["zookeeper-1", "drpc-1"], zone: "eu-central-1c" },
            { name: "supervisor-1", type: "t3.large", daemons: ["nimbus-1", "nimbus-2"] },
            { name: "supervisor-1", type: "t3.large", daemons: ["zookeeper-1"] },
        ];
        expect(() => new Target("ec2", { ...args, instances: wrong })).toThrow(
            [
                "Arguments of ec2 cannot be used:",
                "instances.0.type (t2.large) is not of the Nitro system, by which data volumes are found: choose a type that is, such as t3.medium or m6i.large",
                "instances has no place for supervisor-1",
                "instances has no place for ui",
                "instances has drpc-1, which is no daemon of the cluster",
                "instances has zookeeper-1 twice",
                "instances has two instances supervisor-1",
                "instances has bastion in eu-central-1c, where the network has no subnet",
                "instances has an instance bastion, whose name is that of another machine",
                "instances has two daemons of the kind nimbus on supervisor-1",
                "instances has an instance supervisor-1, whose name is that of another machine",
            ].join("\n  "),
        );
    });
});

describe("prod", () => {
    const run = () => runs.prod as Run;

    test("spreads each kind over the zones, in private subnets", () => {
        const zones = ["a", "b", "c"].map((letter) => `eu-central-1${letter}`);
        expect([1, 2, 3].map((id) => run().get(`host-zookeeper-${id}-interface`).inputs.subnetId)).toEqual(
            zones.map((zone) => `host-network-private-${zone}-id`),
        );
        expect([1, 2, 3].map((id) => run().get(`host-zookeeper-${id}-volume`).inputs.availabilityZone)).toEqual(zones);
        expect([1, 2, 3].map((id) => run().get(`host-supervisor-${id}-instance`).inputs.subnetId)).toEqual(
            zones.map((zone) => `host-network-private-${zone}-id`),
        );
        expect(names(ofType(run(), "ec2/eip"))).toEqual(["host-bastion-eip", "host-network-nat"]);
    });

    test("is reached through a bastion that is known by its key", () => {
        for (const { inputs } of run().resources.filter(({ type }) => type === "command:remote:Command")) {
            const { proxy } = revealed(inputs.connection) as { proxy: { host: string; hostKey: string } };
            expect(proxy).toMatchObject({
                host: "public address of host-bastion-eip",
                hostKey: "ssh-ed25519 made-by-bastion",
            });
        }
    });

    test("is destroyed only after what refuses that, as long as it is protected", () => {
        const guard = run().get("host-protection");
        expect(guard.inputs.isOn).toBe(true);
        const first = run().resources.filter(({ urn, name }) => {
            const isComponent = /^storm:|^pulumi:/.test(urn.split("::").at(-2)?.split("$").at(-1) ?? "");
            return !isComponent && name !== "host-protection" && !madeAfter(guard, run()).includes(name);
        });
        expect(names(first)).toEqual([]);
        expect((runs.dev as Run).get("host-protection").inputs.isOn).toBe(false);
    });

    test("refuses to lose an instance or data", () => {
        expect(instances(run()).map(({ inputs }) => inputs.disableApiTermination)).toEqual(
            instances(run()).map(() => true),
        );
        const unprotected = [...instances(run()), ...ofType(run(), "ebs/volume")].filter(({ protect }) => !protect);
        expect(names(unprotected)).toEqual([]);
    });
});

test("a preview of a stack that is not there needs no account, and one of a stack that is there takes the account's", async () => {
    const provider = (run: Run) => run.resources.find(({ type }) => type === "pulumi:providers:aws") as Declared;
    expect(Object.keys(provider(runs.dev as Run).inputs)).not.toContain("accessKey");
    const { inputs, ignoreChanges } = provider(await runProgram(stackFile("dev"), { preview: true }));
    expect(inputs).toMatchObject({ skipCredentialsValidation: "true", skipRequestingAccountId: "true" });
    expect(ignoreChanges).toEqual(
        expect.arrayContaining(["accessKey", "skipRequestingAccountId", "profile", "assumeRoles", "allowedAccountIds"]),
    );
});

test("an existing instance keeps the argument of its interface that its state has", async () => {
    const type = "aws:ec2/instance:Instance";
    const warn = jest.spyOn(console, "warn").mockReturnValue();
    const run = await runProgram(stackFile("dev"), {
        preview: true,
        existing: ["supervisor-1", "supervisor-2", "ui"].map((daemon) => `host-${daemon}-instance`),
        state: {
            // So it is named in stacks from before targets were components.
            [`${type}::zookeeper-1-instance`]: { primaryNetworkInterfaceId: "eni-1" },
            [`${type}::host-nimbus-1-instance`]: { primaryNetworkInterface: { networkInterfaceId: "eni-2" } },
        },
    });
    const interfaces = ["zookeeper-1", "nimbus-1"].map((daemon) => {
        const { networkInterfaces, primaryNetworkInterface } = run.get(`host-${daemon}-instance`).inputs;
        return { networkInterfaces, primaryNetworkInterface };
    });
    expect(interfaces).toMatchObject([
        { networkInterfaces: [{ deviceIndex: 0 }], primaryNetworkInterface: undefined },
        { networkInterfaces: undefined, primaryNetworkInterface: {} },
    ]);
    // All instances exist.
    expect(warn.mock.calls.flat().join()).not.toContain("vCPUs");
    warn.mockRestore();
});

describe("a network of the stack's own", () => {
    test("has a free way to S3 for all of its subnets", () => {
        const tables = { dev: ["public"], prod: ["public", "private"] };
        for (const [name, kinds] of Object.entries(tables)) {
            const { inputs } = (runs[name] as Run).get("host-network-s3");
            expect(inputs).toMatchObject({
                vpcId: "host-network-id",
                vpcEndpointType: "Gateway",
                serviceName: "com.amazonaws.eu-central-1.s3",
                routeTableIds: kinds.map((kind) => `host-network-${kind}-id`),
            });
            const routed = ofType(runs[name] as Run, "ec2/routeTable").map(({ name: table }) => `${table}-id`);
            expect(inputs.routeTableIds).toEqual(expect.arrayContaining(routed));
        }
    });

    test("has a default security group without rules", () => {
        for (const name of ["dev", "prod"]) {
            const { inputs } = (runs[name] as Run).get("host-network-default");
            expect([inputs.vpcId, inputs.ingress, inputs.egress]).toEqual(["host-network-id", undefined, undefined]);
        }
    });

    test("logs refused connections if that is asked for, as prod does, for two weeks", () => {
        const run = runs.prod as Run;
        expect(ofType(run, "cloudwatch/logGroup").map(({ name, inputs }) => [name, inputs.retentionInDays])).toEqual([
            ["host-network-flow-logs", 14],
        ]);
        const flowLog = ofType(run, "ec2/flowLog")[0] as Declared;
        expect(flowLog.inputs).toMatchObject({ vpcId: "host-network-id", trafficType: "REJECT" });
        expect(madeAfter(flowLog, run)).toContain("host-network-flow-logs-write");
        const { policy } = run.get("host-network-flow-logs-write").inputs;
        expect(JSON.parse(policy as string)).toMatchObject({
            Statement: [{ Resource: "arn of host-network-flow-logs:*" }],
        });
        const { assumeRolePolicy } = run.get("host-network-flow-logs-role").inputs;
        expect(assumeRolePolicy).toContain("vpc-flow-logs.amazonaws.com");
        expect(ofType(runs.dev as Run, "ec2/flowLog")).toEqual([]);
    });

    test("has what an existing network does not get", () => {
        const added = ["ec2/vpcEndpoint", "ec2/defaultSecurityGroup", "ec2/flowLog", "cloudwatch/logGroup"];
        expect(added.flatMap((type) => ofType(runs.existing as Run, type))).toEqual([]);
    });
});

describe("instances", () => {
    const waitsFor = (run: Run, daemon: string) =>
        madeAfter(run.get(`host-${daemon}-instance`), run).filter((name) => /^storm-.*-ready$/.test(name));

    test("are made all at once", () => {
        for (const daemon of ["zookeeper-1", "zookeeper-3", "nimbus-1", "nimbus-2", "supervisor-1", "ui"]) {
            expect(waitsFor(runs.prod as Run, daemon)).toEqual([]);
        }
    });

    test("that keep their address are replaced one after the other, once there is a cluster", async () => {
        const existing = (runs.prod as Run).resources.map(({ name }) => name);
        const run = await runProgram(stackFile("prod"), { existing });
        expect(waitsFor(run, "zookeeper-1")).toEqual([]);
        expect(waitsFor(run, "zookeeper-2")[0]).toBe("storm-zookeeper-1-ready");
        expect(waitsFor(run, "zookeeper-3")[0]).toBe("storm-zookeeper-2-ready");
        expect(waitsFor(run, "nimbus-1")[0]).toBe("storm-zookeeper-3-ready");
        expect(waitsFor(run, "nimbus-2")[0]).toBe("storm-nimbus-1-ready");
        expect(waitsFor(run, "supervisor-1")).toEqual([]);
    });
});

describe("settings", () => {
    test("a smaller ensemble is refused", async () => {
        const error = await runProgram({ ...stackFile("dev"), mayLeave: ["zookeeper-3"] }).catch(
            (thrown: Error) => thrown.message,
        );
        expect(error).toContain('storm:mayLeave (["zookeeper-3"]) is for the targets `local` and `hosts`');
    });

    test.each([
        [
            "a network twice",
            { vpc: { id: "vpc-1", subnets: { "eu-central-1a": "subnet-a" } } },
            "are for a network of the stack's own, and storm:aws.vpc is given",
        ],
        [
            "flow logs of somebody else's network",
            { zones: [], vpc: { id: "vpc-1", subnets: { "eu-central-1a": "subnet-a" } }, flowLogs: true },
            "storm:aws.flowLogs (true) is for a network of the stack's own, and storm:aws.vpc is given, whose owner decides",
        ],
        ["no zone", { zones: [] }, "storm:aws.zones ([]) is empty: name at least one zone"],
        ["a zone twice", { zones: ["eu-central-1a", "eu-central-1a"] }, "lists eu-central-1a twice"],
        ["everybody", { from: { ssh: ["0.0.0.0/0"] } }, 'storm:aws.from.ssh.0 ("0.0.0.0/0") would let everybody in'],
        [
            "a region for a zone",
            { zones: ["eu-central-1"] },
            'storm:aws.zones.0 ("eu-central-1") must be an availability zone',
        ],
        ["a small network", { cidr: "10.0.0.0/25" }, 'storm:aws.cidr ("10.0.0.0/25") must be between a /16 and a /24'],
        ["an unknown key", { zone: "eu-central-1a" }, "storm:aws.zone is not a setting"],
    ])("%s is refused", async (_, changes, message) => {
        const error = await runProgram(stackFile("dev", changes)).catch((thrown: Error) => thrown.message);
        expect(error).toContain(message);
    });

    test("another port of SSH is refused, as instances listen on 22 alone", async () => {
        const error = await runProgram({ ...stackFile("dev"), ssh: { port: 2222 } }).catch(
            (thrown: Error) => thrown.message,
        );
        expect(error).toContain("storm:ssh.port (2222) is for the target `hosts`");
    });

    test("more machines than a zone has addresses for are refused", async () => {
        const settings = { ...stackFile("dev", { cidr: "10.0.0.0/24", instances: [] }), supervisors: 9 };
        const error = await runProgram(settings).catch((thrown: Error) => thrown.message);
        expect(error).toContain("storm:aws.cidr");
    });

    test.each(["dev", "prod"])(
        "what only the user knows is asked for by an update, all at once, and not by a preview: %s",
        async (name) => {
            const settings = stackFile(name, { ami: undefined, publicKey: undefined, from: undefined });
            const error = await runProgram(settings).catch((thrown: Error) => thrown.message);
            expect(error).toContain("storm:aws.ami is not set");
            expect(error).toContain("storm:aws.publicKey is not set");
            expect(error).toContain("storm:aws.from.ssh is not set");
            const warn = jest.spyOn(console, "warn").mockReturnValue();
            const preview = await runProgram(settings, { preview: true });
            expect(warn.mock.calls.flat().join()).toContain("storm:aws.ami is not set");
            expect(warn.mock.calls.flat().join()).toMatch(
                /need (4 vCPUs\.|26 vCPUs, and 40 while an update replaces them).* --region eu-central-1 --query Quota\.Value/,
            );
            expect(instances(preview).length).toBeGreaterThan(0);
        },
    );
});

describe("Graviton", () => {
    const amiArm64 = "ami-0a5a5a5a5a5a5a5a5";
    const imagesOf = (run: Run) =>
        Object.fromEntries(
            instances(run).map(({ name, inputs }) => [
                name.replace(/^host-|-instance$/g, ""),
                [inputs.instanceType, inputs.ami],
            ]),
        );

    test("a kind's image follows from its instance type, the bastion's too, unless a machine has one of its own", async () => {
        const instanceTypes = { nimbus: "t4g.medium", bastion: "t4g.nano" };
        const amis = { "nimbus-2": "ami-0b6b6b6b6b6b6b6b6", bastion: "ami-0c7c7c7c7c7c7c7c7" };
        const run = await runProgram(stackFile("prod", { amiArm64, instanceTypes, amis }));
        expect(imagesOf(run)).toMatchObject({
            "zookeeper-1": ["t3.small", own.ami],
            "nimbus-1": ["t4g.medium", amiArm64],
            "nimbus-2": ["t4g.medium", amis["nimbus-2"]],
            "supervisor-1": ["t3.large", own.ami],
            bastion: ["t4g.nano", amis.bastion],
        });
    });

    test("alone needs no image for x86", async () => {
        const instanceTypes = {
            zookeeper: "t4g.small",
            nimbus: "t4g.medium",
            supervisor: "m7g.large",
            ui: "t4g.small",
        };
        const run = await runProgram(stackFile("dev", { ami: undefined, amiArm64, instanceTypes, instances: [] }));
        expect(new Set(Object.values(imagesOf(run)).map(([, image]) => image))).toEqual(new Set([amiArm64]));
    });

    test("needs its image in an update, and not in a preview", async () => {
        const settings = stackFile("dev", { instanceTypes: { nimbus: "t4g.medium" }, instances: [] });
        const error = await runProgram(settings).catch((thrown: Error) => thrown.message);
        expect(error).toBe(
            "These settings are missing, which only you know:\n" +
                "  storm:aws.amiArm64 is not set, the machine image for arm64, of nimbus (t4g.medium): `make ami` looks up the newest one of Amazon Linux 2023 in your region, and sets it",
        );
        const warn = jest.spyOn(console, "warn").mockReturnValue();
        const preview = await runProgram(settings, { preview: true });
        expect(warn.mock.calls.flat().join()).toContain("storm:aws.amiArm64 is not set");
        expect(imagesOf(preview)["zookeeper-1"]).toEqual(["t3.small", own.ami]);
    });

    test("without its image is refused by the target itself, and so are two ways to log in", async () => {
        await mocked({}, {});
        const { Ec2Target: Target } = await import("../../components/targets/ec2Target");
        const args = {
            ...{
                clusterName: "a",
                publicKey: "ssh-ed25519 AAAA",
                login: {},
                from: { ssh: [] },
                zones: ["eu-central-1a"],
            },
            ...{
                daemons: { zookeepers: 1, nimbuses: 1, supervisors: 1, drpcs: 0, ui: false },
                existing: new Map<string, Record<string, unknown>>(),
            },
        };
        expect(() => new Target("ec2", { ...args, ami: own.ami, instanceTypes: { nimbus: "t4g.medium" } })).toThrow(
            "Arguments of ec2 cannot be used:\n  amiArm64 is missing: the machine image for arm64, of nimbus (t4g.medium)",
        );
        const sessionManager = { region: "eu-central-1" };
        const bastion = { address: "192.0.2.1", port: 22, user: "root", hostKey: "ssh-ed25519 AAAA" };
        const both = { ...args, ami: own.ami, login: { sessionManager, bastion }, from: own.from };
        expect(() => new Target("ec2", both)).toThrow(
            "  login.bastion is given, and so is login.sessionManager\n  from.ssh is given, and so is login.sessionManager",
        );
    });
});

test("an image of a single daemon's changes that daemon's instance alone, and `ami` is asked for by the others", async () => {
    const other = "ami-0b6b6b6b6b6b6b6b6";
    const amis = Object.fromEntries(["nimbus-1", "supervisor-1", "supervisor-2", "ui"].map((name) => [name, other]));
    const each = { instances: [], amis };
    const run = await runProgram(stackFile("dev", each));
    expect(
        Object.fromEntries(
            instances(run).map(({ name, inputs }) => [name.replace(/^host-|-instance$/g, ""), inputs.ami]),
        ),
    ).toEqual({ ...amis, "zookeeper-1": own.ami });
    // The launch key is in the user data, which replaces an instance.
    const key = (of: Run, daemon: string) => of.get(`host-${daemon}-launch-key`).inputs;
    expect(key(run, "zookeeper-1")).toEqual(key(runs.each as Run, "zookeeper-1"));
    expect(key(run, "ui")).not.toEqual(key(runs.each as Run, "ui"));
    const error = await runProgram(stackFile("dev", { ami: undefined, ...each })).catch(
        (thrown: Error) => thrown.message,
    );
    expect(error).toContain("storm:aws.ami is not set, the machine image for x86_64, of zookeeper (t3.small): ");
});

test("with a ZooKeeper that is there already, no instance is made for one", async () => {
    const run = await runProgram({ ...stackFile("dev", { instances: [] }), zookeeperServers: ["zk-1.example.com"] });
    expect(run.resources.filter(({ urn }) => /zookeeper/i.test(urn))).toEqual([]);
    expect(names(instances(run))).toEqual(
        ["nimbus-1", "supervisor-1", "supervisor-2", "ui"].map((daemon) => `host-${daemon}-instance`),
    );
});

test("settings of `aws:` reach the provider as what they are, and secrets as secrets", async () => {
    const account = {
        "aws:profile": "123",
        "aws:maxRetries": 7,
        "aws:token": "hidden",
        "aws:allowedAccountIds": ["1"],
    };
    const run = await runProgram({ ...stackFile("dev"), ...account }, { secret: ["aws:token"] });
    const { inputs } = run.get("aws", "pulumi:providers:aws");
    expect(inputs).toMatchObject({ profile: "123", maxRetries: "7", allowedAccountIds: '["1"]' });
    expect(inputs.token).not.toBe("hidden");
    expect(revealed(inputs.token)).toBe("hidden");
});
