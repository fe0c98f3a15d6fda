/** The region of an availability zone, which is named after it: `eu-central-1` of `eu-central-1a`. */
export function regionOf(zone: string): string {
    return /^[a-z]+(-[a-z]+)+-\d+/.exec(zone)?.[0] ?? zone;
}
