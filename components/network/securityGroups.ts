import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** A connection that is allowed. */
export interface AllowedEdge {
    /** A kind of machines, or an outsider. */
    from: string;
    /** A kind of machines. */
    to: string;
    /** First and last TCP port. */
    ports: readonly [number, number];
    /** What for. */
    purpose: string;
}

/** Arguments of {@link SecurityGroups}. */
export interface SecurityGroupsArgs {
    /** The VPC's id. */
    vpcId: pulumi.Input<string>;
    /** Kinds of machines: each has a group. */
    kinds: string[];
    /** All connections that are allowed. One from or to a kind that is not in `kinds` gets no rule. */
    edges: AllowedEdge[];
    /** Subnets that outsiders come from, by the outsider's name; an outsider without subnets may connect from nowhere. */
    outsiders: Record<string, string[]>;
    /** Tags of all resources; the tag `Name` is added. */
    tags: Record<string, string>;
}

/** A firewall of EC2's: a security group for each kind of machines, and a rule for each connection between them. */
export class SecurityGroups extends pulumi.ComponentResource {
    /** Id of the group, by kind. */
    readonly ids: Record<string, pulumi.Output<string>>;

    constructor(name: string, args: SecurityGroupsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:network:SecurityGroups", name, {}, opts);
        const own = { parent: this };
        const tags = (kind: string) => ({ ...args.tags, Name: `${args.tags["storm:cluster"]}-${kind}` });
        const groups: Record<string, aws.ec2.SecurityGroup> = {};
        for (const kind of args.kinds) {
            const description = `${kind} of ${args.tags["storm:cluster"]}`;
            const group = new aws.ec2.SecurityGroup(
                `${name}-${kind}`,
                { vpcId: args.vpcId, description, tags: tags(kind) },
                own,
            );
            new aws.vpc.SecurityGroupEgressRule(
                `${name}-${kind}-out`,
                {
                    securityGroupId: group.id,
                    ipProtocol: "-1",
                    cidrIpv4: "0.0.0.0/0",
                    description: "packages and images",
                    tags: args.tags,
                },
                own,
            );
            groups[kind] = group;
        }
        for (const { from, to, ports, purpose } of args.edges) {
            const group = groups[to];
            if (!group) {
                continue;
            }
            const [fromPort, toPort] = ports;
            const rule = (source: string, given: Partial<aws.vpc.SecurityGroupIngressRuleArgs>) =>
                new aws.vpc.SecurityGroupIngressRule(
                    `${name}-${to}-${fromPort}-from-${source}`,
                    {
                        securityGroupId: group.id,
                        ipProtocol: "tcp",
                        fromPort,
                        toPort,
                        // EC2 allows no other characters.
                        description: `${from}: ${purpose}`.replace(/[^\w .:/()#,@[\]+=&;{}!$*-]/g, ""),
                        tags: args.tags,
                        ...given,
                    },
                    own,
                );
            const source = groups[from];
            if (source) {
                rule(from, { referencedSecurityGroupId: source.id });
            }
            for (const cidr of args.outsiders[from] ?? []) {
                rule(`${from}-${cidr}`, { cidrIpv4: cidr });
            }
        }
        this.ids = Object.fromEntries(Object.entries(groups).map(([kind, group]) => [kind, group.id]));
        this.registerOutputs({ ids: this.ids });
    }
}
