import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Discovery } from "./discovery";
import { nameIn, names, recordSeconds, zoneOf } from "./names";
import type { PlacedDaemon } from "./placedDaemon";

/** Arguments of {@link PrivateZone}. */
export interface PrivateZoneArgs {
    /** First part of the names' domain. */
    clusterName: string;
    /** Id of the VPC in which the names resolve. Its attributes enableDnsSupport and enableDnsHostnames must be on. */
    vpcId: pulumi.Input<string>;
    /** The VPC's region. */
    region: string;
    /** The daemons that get names. */
    daemons: readonly PlacedDaemon[];
    /** Tags of the zone; the tag `Name` is added. */
    tags: Record<string, string>;
}

/** A private zone in Route 53, which the VPC's resolver answers from, with a record for each daemon. */
export class PrivateZone extends pulumi.ComponentResource {
    /** Discovery by the zone's names. */
    readonly discovery: Discovery;

    constructor(name: string, args: PrivateZoneArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:discovery:PrivateZone", name, {}, opts);
        const domain = zoneOf(args.clusterName);
        const zone = new aws.route53.Zone(
            `${name}-zone`,
            {
                name: domain,
                vpcs: [{ vpcId: args.vpcId, vpcRegion: args.region }],
                comment: `${args.clusterName}: its daemons`,
                tags: { ...args.tags, Name: domain },
            },
            { parent: this },
        );
        const records = args.daemons.map(
            (daemon) =>
                new aws.route53.Record(
                    `${name}-${daemon.name}`,
                    {
                        zoneId: zone.id,
                        name: nameIn(domain, daemon.name),
                        type: "A",
                        ttl: recordSeconds,
                        records: [daemon.host.address],
                    },
                    { parent: this },
                ),
        );
        this.discovery = names(domain, records);
        this.registerOutputs({ zone: domain });
    }
}
