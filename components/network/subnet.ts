import { ip2long, long2ip, Netmask } from "netmask";

/**
 * The address `offset` places above a subnet's first.
 * @param cidr An IPv4 subnet, such as `172.30.77.0/24`.
 * @throws RangeError when the address is not one that a host of the subnet can have.
 */
export function addressAt(cidr: string, offset: number): string {
    if (!(offset >= 1 && offset <= hostCount(cidr))) {
        throw new RangeError(`${cidr} has no host ${offset}`);
    }
    return long2ip(ip2long(new Netmask(cidr).base) + offset);
}

/**
 * Whether `cidr` is an IPv4 subnet in its normal form: four numbers and a prefix length, no bits set behind the prefix.
 */
export function isSubnet(cidr: string): boolean {
    try {
        return /^[\d.]+\/\d+$/.test(cidr) && String(new Netmask(cidr)) === cidr;
    } catch {
        return false;
    }
}

/** How many addresses hosts can have in a subnet. */
export function hostCount(cidr: string): number {
    return new Netmask(cidr).size - 2;
}

/**
 * One of the equal parts that a subnet is cut into.
 * @param bits Their number, as a power of two.
 * @param index Which one, from 0.
 */
export function subnetAt(cidr: string, bits: number, index: number): string {
    const { base, bitmask } = new Netmask(cidr);
    return String(new Netmask(`${base}/${bitmask + bits}`).next(index));
}
