import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { FlowLogs } from "./flowLogs";
import { regionOf } from "./region";
import { subnetAt } from "./subnet";

/** Arguments of {@link Vpc}. */
export interface VpcArgs {
    /** Its IPv4 subnet: each zone gets a sixteenth of it for public addresses, and one for private. */
    cidr: string;
    /** Availability zones, such as `eu-central-1a`; 1 to 8. The place of a zone in the list decides its subnets' addresses. */
    zones: string[];
    /** Whether there are private subnets, which reach the internet through a NAT gateway in the first zone. */
    isPrivate: boolean;
    /**
     * Whether refused connections are logged: {@link FlowLogs}.
     * @default false
     */
    flowLogs?: boolean;
    /** Tags of all resources; the tag `Name` is added. */
    tags: Record<string, string>;
}

/** A network of a stack's own on AWS. */
export class Vpc extends pulumi.ComponentResource {
    /** The VPC's id. */
    readonly id: pulumi.Output<string>;
    /** Id of the subnet whose machines may have public addresses, by zone. */
    readonly publicSubnets: Record<string, pulumi.Output<string>>;
    /** Id of the subnet whose machines have private addresses alone, by zone; of none where it is not private. */
    readonly privateSubnets: Record<string, pulumi.Output<string>>;

    constructor(name: string, args: VpcArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:network:Vpc", name, {}, opts);
        const tags = (resource: string) => ({ ...args.tags, Name: `${args.tags["storm:cluster"]}-${resource}` });
        const own = { parent: this };
        const vpc = new aws.ec2.Vpc(
            name,
            { cidrBlock: args.cidr, enableDnsSupport: true, enableDnsHostnames: true, tags: tags("vpc") },
            own,
        );
        // It lets in and out nothing: what is created here without a group of its own has this one.
        new aws.ec2.DefaultSecurityGroup(`${name}-default`, { vpcId: vpc.id, tags: tags("default") }, own);
        const gateway = new aws.ec2.InternetGateway(`${name}-gateway`, { vpcId: vpc.id, tags: tags("gateway") }, own);
        const routes = new aws.ec2.RouteTable(`${name}-public`, { vpcId: vpc.id, tags: tags("public") }, own);
        const out = new aws.ec2.Route(
            `${name}-public-out`,
            { routeTableId: routes.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id },
            own,
        );
        const subnets = (kind: "public" | "private", first: number, table: aws.ec2.RouteTable, route: aws.ec2.Route) =>
            Object.fromEntries(
                args.zones.map((zone, index) => {
                    const subnet = new aws.ec2.Subnet(
                        `${name}-${kind}-${zone}`,
                        {
                            vpcId: vpc.id,
                            availabilityZone: zone,
                            cidrBlock: subnetAt(args.cidr, 4, first + index),
                            tags: tags(`${kind}-${zone}`),
                        },
                        own,
                    );
                    const association = new aws.ec2.RouteTableAssociation(
                        `${name}-${kind}-${zone}-routes`,
                        { subnetId: subnet.id, routeTableId: table.id },
                        own,
                    );
                    // A machine in it can reach the internet as soon as the id is known.
                    return [zone, pulumi.all([subnet.id, association.id, route.id]).apply(([id]) => id)];
                }),
            );
        this.id = vpc.id;
        this.publicSubnets = subnets("public", 0, routes, out);
        this.privateSubnets = {};
        const tables = [routes];
        if (args.isPrivate) {
            const address = new aws.ec2.Eip(`${name}-nat`, { domain: "vpc", tags: tags("nat") }, own);
            const nat = new aws.ec2.NatGateway(
                `${name}-nat`,
                {
                    subnetId: this.publicSubnets[args.zones[0] as string] as pulumi.Output<string>,
                    allocationId: address.id,
                    tags: tags("nat"),
                },
                own,
            );
            const hidden = new aws.ec2.RouteTable(`${name}-private`, { vpcId: vpc.id, tags: tags("private") }, own);
            const through = new aws.ec2.Route(
                `${name}-private-out`,
                { routeTableId: hidden.id, destinationCidrBlock: "0.0.0.0/0", natGatewayId: nat.id },
                own,
            );
            this.privateSubnets = subnets("private", 8, hidden, through);
            tables.push(hidden);
        }
        // Free of charge, unlike what passes the NAT gateway. Amazon Linux's packages are in S3.
        new aws.ec2.VpcEndpoint(
            `${name}-s3`,
            {
                vpcId: vpc.id,
                vpcEndpointType: "Gateway",
                serviceName: `com.amazonaws.${regionOf(args.zones[0] as string)}.s3`,
                routeTableIds: tables.map(({ id }) => id),
                tags: tags("s3"),
            },
            own,
        );
        if (args.flowLogs) {
            new FlowLogs(`${name}-flow-logs`, { vpcId: vpc.id, tags: args.tags }, own);
        }
        this.registerOutputs({ id: this.id });
    }
}
