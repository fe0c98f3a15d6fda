/** The region of an availability zone, which is named after it: `eu-central-1` of `eu-central-1a`. */
export function regionOf(zone: string): string {
    return /^[a-z]+(-[a-z]+)+-\d+/.exec(zone)?.[0] ?? zone;
}

/** The region of a network: that of its first zone, `""` if it has none. */
export function regionOfNetwork({
    zones,
    vpc,
}: {
    zones?: string[];
    vpc?: { subnets: Record<string, unknown> };
}): string {
    const [zone = ""] = vpc ? Object.keys(vpc.subnets) : (zones ?? []);
    return regionOf(zone);
}
