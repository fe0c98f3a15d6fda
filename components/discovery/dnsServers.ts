import * as pulumi from "@pulumi/pulumi";
import { DnsRecords } from "../../provider/resources";
import { hostContainer } from "../hosts/hostContainer";
import type { Host } from "../hosts/host";
import { hostImage } from "../hosts/hostImage";
import type { Discovery } from "./discovery";
import { names, recordSeconds, zoneOf } from "./names";

/** Arguments of {@link DnsServers}. */
export interface DnsServersArgs {
    /** First part of the names of containers, and of the names' domain. */
    clusterName: string;
    /** Image, as the official `coredns/coredns` has it. */
    image: string;
    /** The host of each server, by the server's name. */
    servers: Record<string, Host>;
    /** The host of each daemon, by the daemon's name. */
    daemons: Record<string, Host>;
    /** Seconds that a server has to answer. */
    seconds: number;
}

/** MiB; it holds nothing but the records and a cache of a minute. */
const memory = 128;

/** Where a server's records are, in its container. */
const recordsFile = "/records";

/** DNS servers on hosts of the cluster, each with all of its names. They are made, and changed, one after the other. */
export class DnsServers extends pulumi.ComponentResource {
    /** Discovery by the names that they know. */
    readonly discovery: Discovery;

    constructor(name: string, args: DnsServersArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:discovery:DnsServers", name, {}, opts);
        const { clusterName, image } = args;
        const zone = zoneOf(clusterName);
        const addresses = pulumi.all(Object.fromEntries(Object.entries(args.daemons).map(([daemon, host]) => [daemon, host.address])));

        let before: DnsRecords[] = [];
        for (const [server, host] of Object.entries(args.servers)) {
            const own = server.replace(/^dns/, name);
            const options = { parent: this, ...host.docker.options };
            const { ssh } = host.docker;
            const pulled = hostImage(`${own}-image`, image, host, { parent: this, dependsOn: before });
            const container = hostContainer(
                `${own}-container`,
                { clusterName, daemon: server, host, memory },
                {
                    image,
                    command: ["-conf", "/Corefile"],
                    uploads: [{ file: "/Corefile", content: host.address.apply((address) => corefile(zone, address)) }],
                    ...host.attach(server, [], []),
                    // Port 53 is root's, whom nothing else is left of.
                    user: "0:0",
                    capabilities: { drops: ["ALL"], adds: ["CAP_NET_BIND_SERVICE"] },
                },
                { ...options, dependsOn: [pulled] },
            );
            const records = new DnsRecords(
                `${own}-records`,
                {
                    container: `${clusterName}-${server}`,
                    containerId: container.id,
                    file: recordsFile,
                    zone,
                    addresses,
                    server: host.address,
                    recordSeconds,
                    seconds: args.seconds,
                    ssh,
                },
                options,
            );
            before = [records];
        }

        // The other is asked after a second, where the first says nothing.
        const resolver = { dns: Object.values(args.servers).map(({ address }) => address), dnsOpts: ["timeout:1", "attempts:3"] };
        this.discovery = names(zone, before, resolver);
        this.registerOutputs({ zone });
    }
}

/** A server's configuration: it answers for the zone itself, and asks whom its host asks for the rest. */
function corefile(zone: string, address: string): string {
    return `
${zone} {
    bind ${address}
    file ${recordsFile} {
        reload 1s
    }
    errors
}
. {
    bind ${address}
    forward . /etc/resolv.conf
    cache 60
    errors
}
`.trimStart();
}
