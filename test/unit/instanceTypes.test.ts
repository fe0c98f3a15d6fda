import {
    type Architecture,
    architectureOf,
    instanceTypeProblem,
    isNitro,
    memoryOf,
} from "../../components/hosts/ec2/instanceTypes";
import { ec2Defaults } from "../../components/targets/ec2TargetArgs";
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
            validateMachines("ec2", { login: {}, ...args(given) } as Ec2TargetArgs);
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

test("default types can be used", () => {
    expect(
        Object.values(ec2Defaults.instanceTypes)
            .map((type) => instanceTypeProblem(type, true))
            .filter(Boolean),
    ).toEqual([]);
});
