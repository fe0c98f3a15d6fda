/**
 * The address `offset` places above a subnet's first.
 * @param cidr An IPv4 subnet, such as `172.30.77.0/24`.
 * @throws RangeError when the address is not one that a host of the subnet can have.
 */
export function addressAt(cidr: string, offset: number): string {
    const { first, size } = parse(cidr);
    if (offset < 1 || offset > size - 2) {
        throw new RangeError(`${cidr} has no host ${offset}`);
    }
    return format(first + offset);
}

/**
 * Whether `cidr` is an IPv4 subnet in its normal form: four numbers and a prefix length, no bits set behind the prefix.
 */
export function isSubnet(cidr: string): boolean {
    const { first, size, prefix } = parse(cidr);
    return cidr === `${format(first)}/${prefix}` && first % size === 0;
}

/** How many addresses hosts can have in a subnet. */
export function hostCount(cidr: string): number {
    return parse(cidr).size - 2;
}

/**
 * One of the equal parts that a subnet is cut into.
 * @param bits Their number, as a power of two.
 * @param index Which one, from 0.
 */
export function subnetAt(cidr: string, bits: number, index: number): string {
    const { first, size, prefix } = parse(cidr);
    return `${format(first + (index * size) / 2 ** bits)}/${prefix + bits}`;
}

function parse(cidr: string): { first: number; size: number; prefix: number } {
    const [a = NaN, b = NaN, c = NaN, d = NaN, prefix = NaN] = cidr.split(/[./]/).map(Number);
    const valid = [a, b, c, d].every((n) => n >= 0 && n <= 255) && prefix >= 0 && prefix <= 32;
    return valid
        ? { first: ((a * 256 + b) * 256 + c) * 256 + d, size: 2 ** (32 - prefix), prefix }
        : { first: NaN, size: NaN, prefix: NaN };
}

function format(address: number): string {
    return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}
