import * as pulumi from "@pulumi/pulumi";
import { DnsRecords } from "../../provider/resources";
import { hostContainer } from "../hosts/docker/hostContainer";
import type { Host } from "../hosts/host";
import { hostImage } from "../hosts/docker/hostImage";
import type { Discovery } from "./discovery";
import type { PlacedDaemon } from "./placedDaemon";
import { names, recordSeconds, zoneOf } from "./names";
import { type Peer, wiringOf } from "./wiring";

/** Arguments of {@link DnsServers}. */
export interface DnsServersArgs {
    /** First part of the names of containers, and of the names' domain. */
    clusterName: string;
    /** Image, as the official `coredns/coredns` has it. */
    image: string;
    /** The host of each server. */
    servers: readonly Host[];
    /** The daemons that get names. */
    daemons: readonly PlacedDaemon[];
    /** Seconds that a server has to answer. */
    seconds: number;
}

/** MiB: a server holds the records, and a cache of a minute. */
const memory = 128;

/** Path of the records within a server's container. */
const recordsFile = "/records";

/** DNS servers on hosts of the cluster, each with all of its names. They are created, and updated, one after the other. */
export class DnsServers extends pulumi.ComponentResource {
    /** Discovery by names that these servers resolve. */
    readonly discovery: Discovery;

    constructor(name: string, args: DnsServersArgs, opts?: pulumi.ComponentResourceOptions) {
        const servers = args.servers.map((host, index): Peer => ({ name: `dns-${index + 1}`, host }));
        super("storm:discovery:DnsServers", name, { wiring: servers.map((server) => wiringOf(server, [])) }, opts);
        const { clusterName, image } = args;
        const zone = zoneOf(clusterName);
        const addresses = pulumi.all(
            Object.fromEntries(args.daemons.map((daemon) => [daemon.name, daemon.host.address])),
        );

        let before: DnsRecords[] = [];
        for (const [index, { name: server, host }] of servers.entries()) {
            const own = `${name}-${index + 1}`;
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
                    // Port 53 needs root, whose other capabilities are dropped.
                    user: "0:0",
                    capabilities: { drops: ["ALL"], adds: ["CAP_NET_BIND_SERVICE"] },
                },
                { ...options, dependsOn: [pulled] },
            );
            const records = new DnsRecords(
                `${own}-records`,
                {
                    container: container.name,
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

        // After a second without an answer from the first, the second is asked.
        const resolver = {
            dns: args.servers.map(({ address }) => address),
            dnsOpts: ["timeout:1", "attempts:3"],
        };
        this.discovery = names(zone, before, resolver, servers);
        this.registerOutputs({ zone });
    }
}

/** A server's configuration: it answers for the zone, and forwards everything else to its host's resolvers. */
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
