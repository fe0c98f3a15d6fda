import {
    type Architecture,
    architectureOf,
    instanceTypeProblem,
    isNitro,
    memoryOf,
    vcpusOf,
} from "../../components/hosts/ec2/instanceTypes";
import { ec2Defaults } from "../../components/targets/ec2TargetArgs";
import { quotaWarning } from "../../components/targets/ec2Quota";
import { validateMachines } from "../../components/targets/ec2Machine";
import type { Ec2TargetArgs } from "../../components/targets/ec2TargetArgs";

const xen =
    "is not of the Nitro system, by which data volumes are found: choose a type that is, such as t3.medium or m6i.large";

test.each<[string, Architecture, number | undefined]>([
    ["t3.nano", "x86_64", 512],
    ["t3a.micro", "x86_64", 1024],
    ["t4g.small", "arm64", 2048],
    ["t4g.2xlarge", "arm64", 32768],
    ["m5.large", "x86_64", 8192],
    ["m7g.medium", "arm64", 4096],
    ["m7i-flex.large", "x86_64", 8192],
    ["m6i.xlarge", "x86_64", 16384],
    ["m8gd.12xlarge", "arm64", 196608],
    ["m5.metal", "x86_64", undefined],
    ["c7a.medium", "x86_64", 2048],
    ["c7gn.large", "arm64", 4096],
    ["c5n.large", "x86_64", undefined],
    ["r5b.xlarge", "x86_64", 32768],
    ["r8g.8xlarge", "arm64", 262144],
    ["a1.medium", "arm64", undefined],
    ["im4gn.large", "arm64", undefined],
    ["is4gen.medium", "arm64", undefined],
    ["i4i.large", "x86_64", undefined],
    ["x2gd.medium", "arm64", undefined],
    ["x2iezn.2xlarge", "x86_64", undefined],
    ["g4dn.xlarge", "x86_64", undefined],
    ["g4ad.xlarge", "x86_64", undefined],
    ["g5.xlarge", "x86_64", undefined],
    ["g5g.xlarge", "arm64", undefined],
    ["gr6.4xlarge", "x86_64", undefined],
    ["hpc7g.4xlarge", "arm64", undefined],
    ["p3dn.24xlarge", "x86_64", undefined],
    ["i3en.large", "x86_64", undefined],
    ["i3.metal", "x86_64", undefined],
    ["u-6tb1.56xlarge", "x86_64", undefined],
])("%s is %s, of the Nitro system, with %p MiB", (type, architecture, memory) => {
    expect([architectureOf(type), isNitro(type), memoryOf(type)]).toEqual([architecture, true, memory]);
    expect(instanceTypeProblem(type, true)).toBeUndefined();
});

test.each([
    "t1.micro",
    "t2.micro",
    "m4.large",
    "c4.xlarge",
    "r4.large",
    "i3.large",
    "d2.xlarge",
    "g3s.xlarge",
    "p3.2xlarge",
])("%s is not of the Nitro system", (type) => {
    expect([instanceTypeProblem(type, true), instanceTypeProblem(type, false)]).toEqual([xen, undefined]);
});

test.each(["t3", "t3.", ".medium", "t3 medium", "T3.medium", ""])("%j is no instance type", (type) => {
    expect(instanceTypeProblem(type, true)).toBe("must be an instance type, such as t3.medium");
});

describe("arguments of an Ec2Target", () => {
    const args = (given: Partial<Ec2TargetArgs>) => ({
        daemons: { zookeepers: 1, nimbuses: 1, supervisors: 1, drpcs: 0, ui: false },
        ...given,
    });
    const wrong = (given: Partial<Ec2TargetArgs>) => {
        try {
            validateMachines("ec2", { login: {}, from: {}, ...args(given) } as Ec2TargetArgs);
            return [];
        } catch (error) {
            const { message, errors } = error as {
                message: string;
                errors: { propertyPath: string; reason: string }[];
            };
            const lines = errors.map(({ propertyPath, reason }) => `${propertyPath} ${reason}`);
            expect(message).toBe(["Arguments of ec2 cannot be used:", ...lines].join("\n  "));
            return lines;
        }
    };
    const bothImages = { ami: "ami-00000001", amiArm64: "ami-00000002" };

    test("that name types which cannot be used are refused, all at once", () => {
        expect(
            wrong({ ...bothImages, instanceTypes: { zookeeper: "t1.micro", nimbus: "t4g", ui: "m6i.large" } }),
        ).toEqual([
            `instanceTypes.zookeeper (t1.micro) ${xen}`,
            "instanceTypes.nimbus (t4g) must be an instance type, such as t3.medium",
        ]);
    });

    test("need the machine images of the kinds that there are, and no others", () => {
        expect(wrong({ ami: "ami-00000001" })).toEqual([]);
        expect(wrong({})).toEqual([
            "ami is missing: the machine image for x86_64, of zookeeper (t3.small), nimbus (t3.medium), supervisor (t3.large)",
        ]);
        const graviton = { zookeeper: "t4g.small", nimbus: "t4g.medium", supervisor: "m7g.large" };
        expect(wrong({ amiArm64: "ami-00000002", instanceTypes: graviton })).toEqual([]);
        expect(wrong({ ami: "ami-00000001", instanceTypes: { nimbus: "t4g.medium", drpc: "t4g.small" } })).toEqual([
            "amiArm64 is missing: the machine image for arm64, of nimbus (t4g.medium)",
        ]);
    });

    test("need no image of machines that have one of their own, and none for machines that there are not", () => {
        const amis = { "zookeeper-1": "ami-00000003", "nimbus-1": "ami-00000003", "supervisor-1": "ami-00000003" };
        expect(wrong({ amis })).toEqual([]);
        expect(wrong({ ami: "ami-00000001", amis: { ui: "ami-00000003", bastion: "ami-00000003" } })).toEqual(
            ["ui", "bastion"].map(
                (name) =>
                    `amis.${name} is for a machine that the target does not create: it creates zookeeper-1, nimbus-1, supervisor-1`,
            ),
        );
        expect(wrong({ ami: "ami-00000001", amis: { bastion: "ami-00000003" }, private: true })).toEqual([]);
    });

    test("that ask for flow logs of an existing network are refused", () => {
        const given = { ...bothImages, flowLogs: true };
        expect(wrong(given)).toEqual([]);
        expect(wrong({ ...given, vpc: { id: "vpc-1", subnets: {} } })).toEqual([
            "flowLogs is for a network of the target's own, and `vpc` is given, whose owner decides about its flow logs: leave it out",
        ]);
    });

    test("need that of the bastion only if the target creates one", () => {
        const instanceTypes = { bastion: "t4g.nano" };
        const missing = "amiArm64 is missing: the machine image for arm64, of bastion (t4g.nano)";
        const given = { ami: "ami-00000001", instanceTypes };
        const bastion = { address: "192.0.2.1", port: 22, user: "root", hostKey: "ssh-ed25519 AAAA" };
        expect(wrong(given)).toEqual([]);
        expect(wrong({ ...given, private: true })).toEqual([missing]);
        expect(wrong({ ...given, private: true, vpc: { id: "vpc-1", subnets: {} } })).toEqual([]);
        expect(wrong({ ...given, private: true, login: { bastion } })).toEqual([]);
    });
});

test.each<[string, number | undefined]>([
    ["t3.nano", 2],
    ["t3a.large", 2],
    ["t4g.xlarge", 4],
    ["t3.2xlarge", 8],
    ["m7g.medium", 1],
    ["m6i.large", 2],
    ["m7i-flex.large", 2],
    ["c5.9xlarge", 36],
    ["c5n.large", 2],
    ["r8g.48xlarge", 192],
    ["t2.micro", undefined],
    ["m4.large", undefined],
    ["m5.metal", undefined],
    ["i4i.large", undefined],
    ["g4dn.xlarge", undefined],
    ["hpc7g.4xlarge", undefined],
    ["x2gd.medium", undefined],
])("%s counts as %p vCPUs", (type, vcpus) => {
    expect(vcpusOf(type)).toBe(vcpus);
});

describe("the warning of the quota", () => {
    const daemons = { zookeepers: 3, nimbuses: 2, supervisors: 3, drpcs: 0, ui: true };
    const prod = { zookeeper: "m6i.large", nimbus: "m6i.large", supervisor: "m6i.xlarge" };
    const common = { daemons, login: {}, private: true, zones: ["eu-west-1a"], instanceTypes: prod };
    const args = { ...common, clusterName: "storm-prod", existing: new Map<string, Record<string, unknown>>() };

    test("counts the bastion, and twice what is created before it is deleted", () => {
        expect(quotaWarning("ec2", args)).toContain(
            "need 26 vCPUs, and 40 while an update replaces them. The account's",
        );
        expect(quotaWarning("ec2", { ...args, private: false })).toContain("need 24 vCPUs, and 38 while");
    });

    test("counts the most machines of a fleet, while a refresh replaces them, on demand and on spot", () => {
        const fleet = { max: 20, instanceTypes: ["m6i.large", "m6i.xlarge"] };
        expect(quotaWarning("ec2", { ...args, fleet })).toMatch(
            /replaces them\. A fleet of the most machines needs 88 more\. The account's .* --desired-value 128`/,
        );
        expect(quotaWarning("ec2", { ...args, fleet: { ...fleet, spot: true, onDemandBase: 2 } })).toMatch(
            /needs 8 more\. The account's .* --desired-value 48`\. The fleet needs 80 vCPUs on spot, of the quota L-34B43A08: /,
        );
    });

    test("tells of a fleet that a stack gets, and not of one that it has", () => {
        const daemon = { ...daemons, zookeepers: 0, nimbuses: 1, supervisors: 0, ui: false };
        const existing = new Map([["ec2-nimbus-1-instance", {}]]);
        const grown = { ...args, private: false, daemons: daemon, existing };
        expect(quotaWarning("ec2", grown)).toBeUndefined();
        expect(quotaWarning("ec2", { ...grown, fleet: { max: 1 } })).toContain("A fleet");
        const has = new Map([...existing, ["fleet-group", { name: "storm-prod-fleet" }]]);
        expect(quotaWarning("ec2", { ...grown, existing: has, fleet: { max: 1 } })).toBeUndefined();
    });

    test("names the types that are not counted", () => {
        const instanceTypes = { ...prod, supervisor: "i4i.xlarge", ui: "i4i.xlarge" };
        expect(quotaWarning("ec2", { ...args, instanceTypes })).toContain(
            "need 12 vCPUs. Not counted, as their vCPUs or their quota are not known here: i4i.xlarge.",
        );
    });

    test("is of the region of an existing network too", () => {
        const vpc = { id: "vpc-1", subnets: { "us-east-1c": "subnet-c" } };
        expect(quotaWarning("ec2", { ...args, zones: [], vpc })).toContain("--region us-east-1 ");
    });
});

test("default types can be used", () => {
    expect(
        Object.values(ec2Defaults.instanceTypes)
            .map((type) => instanceTypeProblem(type, true))
            .filter(Boolean),
    ).toEqual([]);
});
