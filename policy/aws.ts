import type { ResourceValidationPolicy } from "@pulumi/policy";
import { inProduction, known, of } from "./rule";
import { tagged } from "./tagged";

const instance = "aws:ec2/instance:Instance";
const launchTemplate = "aws:ec2/launchTemplate:LaunchTemplate";

const everywhere = ["0.0.0.0/0", "::/0"];

/** Nothing may be reached from the whole internet. */
export const noOpenIngress: ResourceValidationPolicy = {
    name: "no-open-ingress",
    description: "A security group must not let in the whole internet.",
    enforcementLevel: "mandatory",
    validateResource: [
        of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", ({ cidrIpv4, cidrIpv6 }, report) => {
            if ([cidrIpv4, cidrIpv6].some((cidr) => everywhere.includes(cidr as string))) {
                report(
                    "It lets in the whole internet. Name the networks that need it: storm:aws.from.ssh, storm:aws.from.ui.",
                );
            }
        }),
        of("aws:ec2/securityGroupRule:SecurityGroupRule", ({ type, cidrBlocks = [], ipv6CidrBlocks = [] }, report) => {
            if (
                type === "ingress" &&
                [cidrBlocks, ipv6CidrBlocks].flat().some((cidr) => everywhere.includes(cidr as string))
            ) {
                report("It lets in the whole internet. Name the networks that need it in its cidrBlocks.");
            }
        }),
        of("aws:ec2/securityGroup:SecurityGroup", ({ ingress = [] }, report) => {
            const cidrs = (ingress as { cidrBlocks?: string[]; ipv6CidrBlocks?: string[] }[]).flatMap((rule) => [
                ...(rule.cidrBlocks ?? []),
                ...(rule.ipv6CidrBlocks ?? []),
            ]);
            if (cidrs.some((cidr) => everywhere.includes(cidr))) {
                report(
                    "An ingress rule of it lets in the whole internet. Name the networks that need it in the rule's cidrBlocks.",
                );
            }
        }),
    ],
};

/** Version 1 of the metadata service gives the instance's credentials to whoever makes a program on it send a request. */
export const imdsV2: ResourceValidationPolicy = {
    name: "imdsv2",
    description: "An instance's metadata service must require a token.",
    enforcementLevel: "mandatory",
    validateResource: of([instance, launchTemplate], ({ metadataOptions }, report) => {
        if ((metadataOptions as { httpTokens?: string } | undefined)?.httpTokens !== "required") {
            report('Its metadata service answers without a token. Set metadataOptions.httpTokens to "required".');
        }
    }),
};

/** Disks outlive machines. */
export const encryptedVolumes: ResourceValidationPolicy = {
    name: "encrypted-volumes",
    description: "Volumes must be encrypted.",
    enforcementLevel: "mandatory",
    validateResource: [
        of("aws:ebs/volume:Volume", ({ encrypted }, report) => {
            if (encrypted !== true) {
                report(
                    "It is not encrypted. Set encrypted to true: on a volume that has data, by way of a snapshot of it.",
                );
            }
        }),
        of(launchTemplate, ({ blockDeviceMappings = [] }, report) => {
            const volumes = (blockDeviceMappings as { ebs?: { encrypted?: string } }[]).flatMap(({ ebs }) => ebs ?? []);
            if (volumes.length === 0 || volumes.some(({ encrypted }) => encrypted !== "true")) {
                report(
                    'Volumes of its instances are not encrypted. Set ebs.encrypted to "true" in each of blockDeviceMappings, ' +
                        "the root volume's too.",
                );
            }
        }),
        of(instance, ({ rootBlockDevice, ebsBlockDevices = [] }, report) => {
            const devices = [rootBlockDevice ?? {}, ...(ebsBlockDevices as object[])] as { encrypted?: boolean }[];
            if (devices.some(({ encrypted }) => encrypted !== true)) {
                report(
                    "A volume of it is not encrypted. Set encrypted to true in rootBlockDevice and in each of ebsBlockDevices.",
                );
            }
        }),
    ],
};

interface IamStatement {
    Effect: string;
    Action?: string | string[];
}

/** A policy that allows every action of a service allows those that the service will have one day. */
export const noWildcardActions: ResourceValidationPolicy = {
    name: "no-wildcard-actions",
    description: "An IAM policy must name the actions that it allows.",
    enforcementLevel: "mandatory",
    validateResource: of(["aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"], (properties, report) => {
        // A document that names a resource which is not created yet is unknown in a preview.
        const policy = known(() => properties["policy"] as unknown);
        if (policy === undefined) {
            return;
        }
        const document = (typeof policy === "string" ? JSON.parse(policy) : policy) as {
            Statement: IamStatement | IamStatement[];
        };
        for (const { Effect, Action } of [document.Statement].flat()) {
            // Without Action it has NotAction, which allows all others.
            const wide = [Action ?? "*"].flat().find((action) => /^([\w-]+:)?\*$/.test(action));
            if (Effect === "Allow" && wide !== undefined) {
                report(`It allows ${wide}. Name each action: ec2:DescribeInstances, or ec2:Describe*.`);
            }
        }
    }),
};

/** In production, no update takes data away. */
export const protectedData: ResourceValidationPolicy = {
    name: "protected-data",
    description: "In production, volumes with data must be protected.",
    enforcementLevel: "mandatory",
    validateResource: inProduction((args, report) => {
        if (args.type === "aws:ebs/volume:Volume" && !args.opts.protect) {
            report(
                "An update could delete it, with its data. Set storm:aws.protect to true, or the resource's option protect.",
            );
        }
    }),
};

/** Costs and left-overs are found by it. */
export const requiredTags: ResourceValidationPolicy = {
    name: "required-tags",
    description: "Resources on AWS must have the tag `storm:cluster`.",
    enforcementLevel: "mandatory",
    validateResource: of(tagged, ({ tags }, report) => {
        if (!(tags as Record<string, string> | undefined)?.["storm:cluster"]) {
            report("It does not say which cluster it is of. Give it the tag storm:cluster, with the cluster's name.");
        }
    }),
};
