/** What a host lets in. */
export interface FirewallRule {
    /** Addresses, or subnets as 10.77.0.0/24. */
    from: string[];
    /** TCP ports, each a number or a range with both its ends. */
    ports: (number | [number, number])[];
}

/** What the network does to a host's packets. */
export interface Filter {
    /** What is let in, and nothing else; undefined: everything. */
    firewall?: FirewallRule[];
    /** An address that no connection from is let in, but at that other one where it is given; its answers are. */
    unreachable?: { from: string; butAt?: string };
    /** Whether every packet is dropped, without a word. */
    cutOff: boolean;
}

/** The filter for iptables-restore, in chains of its own, LAB, which host.sh makes and hooks in. */
export function renderFilter({ firewall, unreachable, cutOff }: Filter): string {
    const input = [];
    if (unreachable !== undefined) {
        const { from, butAt } = unreachable;
        input.push(
            `-s ${from}${butAt ? ` ! -d ${butAt}` : ""} -m conntrack --ctstate NEW -j REJECT --reject-with icmp-host-unreachable`,
        );
    }
    if (firewall !== undefined) {
        input.push("-i lo -j ACCEPT", "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT");
        for (const { from, ports } of firewall) {
            for (const port of ports) {
                input.push(`-s ${from.join(",")} -p tcp --dport ${[port].flat().join(":")} -j ACCEPT`);
            }
        }
        input.push("-p tcp -j REJECT --reject-with tcp-reset", "-j REJECT");
    }
    const raw = cutOff ? ["-i eth0 -j DROP", "-o eth0 -j DROP"] : [];
    return table("filter", input) + table("raw", raw);
}

function table(name: string, rules: string[]): string {
    return [`*${name}`, ":LAB - [0:0]", ...rules.map((rule) => `-A LAB ${rule}`), "COMMIT", ""].join("\n");
}
