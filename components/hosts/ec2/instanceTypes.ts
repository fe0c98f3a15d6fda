/** A processor's architecture, as EC2 calls it. */
export type Architecture = "x86_64" | "arm64";

/**
 * Families on Xen, in place of the Nitro system: those of the first generations, with but a few exceptions. Source:
 * https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-nitro-instances.html
 */
const xenFamilies = "t1 t2 m1 m2 m3 m4 c1 c3 c4 r3 r4 i2 i3 d2 h1 hs1 x1 x1e f1 g2 g3 g3s p2 p3 cc1 cc2 cg1 cr1".split(
    " ",
);

/** Burstable families of the Nitro system. */
const burstableFamilies = ["t3", "t3a", "t4g"];

/** Memory in MiB of their sizes. */
const burstable: Record<string, number> = {
    nano: 512,
    micro: 1024,
    small: 2048,
    medium: 4096,
    large: 8192,
    xlarge: 16384,
    "2xlarge": 32768,
};

/** vCPUs of their sizes. */
const burstableVcpus: Record<string, number> = {
    nano: 2,
    micro: 2,
    small: 2,
    medium: 2,
    large: 2,
    xlarge: 4,
    "2xlarge": 8,
};

/** Memory in MiB for each vCPU, by the series: compute, general purpose, memory optimized. */
const perVcpu: Record<string, number> = { c: 2048, m: 4096, r: 8192 };

/**
 * What is wrong with an instance type, and what would be right; undefined: nothing is known to be.
 * @param hasData Whether its instances have a data volume.
 */
export function instanceTypeProblem(type: string, hasData: boolean): string | undefined {
    if (!/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(type)) {
        return "must be an instance type, such as t3.medium";
    }
    return isNitro(type) || !hasData
        ? undefined
        : "is not of the Nitro system, by which data volumes are found: choose a type that is, such as t3.medium or m6i.large";
}

/**
 * The architecture of a type. Graviton's families have a `g` among the letters behind the generation, as in t4g and c7gn; the first
 * one, a1, has none. The `g` of g4dn is that of its series, before the generation.
 */
export function architectureOf(type: string): Architecture {
    const { name, attributes } = familyOf(type);
    return attributes.includes("g") || name === "a1" ? "arm64" : "x86_64";
}

/** Whether a type is of the Nitro system, on which EBS volumes are NVMe devices that udev names by the volumes' ids. */
export function isNitro(type: string): boolean {
    return !xenFamilies.includes(familyOf(type).name) || type === "i3.metal";
}

/** A type's memory in MiB, where it follows from family and size; undefined: it is not known. */
export function memoryOf(type: string): number | undefined {
    const { name, series, size } = familyOf(type);
    if (burstableFamilies.includes(name)) {
        return burstable[size];
    }
    const mebibytes = perVcpu[series];
    const vcpus = vcpusOfSize(size);
    // c5n has more for each vCPU than all others of its series.
    return isNitro(type) && name !== "c5n" && mebibytes !== undefined && vcpus !== undefined
        ? mebibytes * vcpus
        : undefined;
}

/**
 * The vCPUs of a type, where they follow from family and size, and count against the quota of Standard instances; undefined: they are not
 * known, or count against another quota. Source: https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html
 */
export function vcpusOf(type: string): number | undefined {
    const { name, series, size } = familyOf(type);
    if (burstableFamilies.includes(name)) {
        return burstableVcpus[size];
    }
    return isNitro(type) && series in perVcpu ? vcpusOfSize(size) : undefined;
}

/** The parts of a name such as `c7gn.2xlarge`: family c7gn, of the series c and with the attributes gn, and size 2xlarge. */
function familyOf(type: string): { name: string; series: string; attributes: string; size: string } {
    const [name = "", size = ""] = type.split(".");
    const [, series = "", attributes = ""] = /^([a-z]+)\d+([a-z]*)/.exec(name) ?? [];
    return { name, series, attributes, size };
}

/** vCPUs of a size, of which the larger ones count in xlarge: 8xlarge. */
function vcpusOfSize(size: string): number | undefined {
    const times = /^(\d*)xlarge$/.exec(size)?.[1];
    return times === undefined ? { medium: 1, large: 2 }[size] : 4 * Number(times || 1);
}
