import {
    type Architecture,
    architectureOf,
    instanceTypeProblem,
    isNitro,
    memoryOf,
} from "../../components/hosts/ec2/instanceTypes";
import { ec2Defaults } from "../../components/targets/ec2TargetArgs";

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
    expect(instanceTypeProblem(type)).toBeUndefined();
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
    expect(instanceTypeProblem(type)).toBe(xen);
});

test.each(["t3", "t3.", ".medium", "t3 medium", "T3.medium", ""])("%j is no instance type", (type) => {
    expect(instanceTypeProblem(type)).toBe("must be an instance type, such as t3.medium");
});

test("default types can be used", () => {
    expect(Object.values(ec2Defaults.instanceTypes).map(instanceTypeProblem).filter(Boolean)).toEqual([]);
});
