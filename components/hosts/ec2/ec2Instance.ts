import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { launchScript } from "../../../provider/machines/launchKey";
import type { SshAccess, SshEndpoint } from "../../../provider/machines/ssh";
import { ExchangedHostKey, LaunchKey, OwnHostKey } from "../../../provider/resources";
import type { ExistingResources } from "../../stackState";
import type { SshLogin } from "../ssh/sshHostArgs";

/** What all instances of a stack have in common. */
export interface Ec2Common {
    /** Who logs in: the user that the image has for it. */
    user: string;
    /** Seconds that an instance has to answer over SSH, its start included. */
    seconds: number;
    /** Name of the EC2 key pair whose private key logs in. */
    keyName: string;
    /** What makes the key pair: instances are made after it. */
    keyPair: pulumi.Resource;
    /** Name of the instance profile. */
    instanceProfile: pulumi.Input<string>;
    /** Size of the root volume in GiB. */
    rootGibibytes: number;
    /** Whether instances and data volumes refuse to be deleted. */
    protect: boolean;
    /**
     * The stack's resources as of its last update.
     * @default none
     */
    existing?: ExistingResources;
    /** Tags of all resources. */
    tags: Record<string, string>;
    /**
     * Tries again while interface or volume are in use by the instance before: see `whileInUse`.
     * @default an update fails then
     */
    inUse?: pulumi.ErrorHook;
}

/** Arguments of {@link Ec2Instance}. */
export interface Ec2InstanceArgs extends Ec2Common {
    /** The machine's name, in its tag `Name` and in messages. */
    host: string;
    /** Id of the Amazon machine image, of the architecture of the instance type. */
    ami: string;
    /** Instance type, such as `t3.medium`. */
    instanceType: string;
    /** The subnet that it is in. */
    subnetId: pulumi.Input<string>;
    /** Ids of its security groups. */
    securityGroupIds: pulumi.Input<string>[];
    /** Whether it has a public address, at which it is reached. */
    isPublic: boolean;
    /** Whether its addresses, private and public, stay when it is replaced. If not, the new one is created before it is deleted. */
    keepsAddress: boolean;
    /** How it is logged in to. */
    login: SshLogin;
    /** Exists once the instance may be created or replaced; default: at once. */
    after?: Promise<pulumi.Resource>;
    /**
     * The locations of data on it, which refuse others before anything is changed.
     * @default it has no data
     */
    locations?: pulumi.Resource[];
}

/** The name of an instance's resource, by that of the {@link Ec2Instance}. */
export function instanceName(name: string): string {
    return `${name}-instance`;
}

/**
 * An EC2 instance that shows an SSH host key which only it and its stack know: it is launched with one, and exchanges it
 * at the first connection for one of its own.
 */
export class Ec2Instance extends pulumi.ComponentResource {
    /** The private IP address. */
    readonly address: pulumi.Output<string>;
    /** The address at which it is reached from outside: the public one or, where it has none, the private one. */
    readonly outerAddress: pulumi.Output<string>;
    /** How it is reached over SSH: at its outer address or, through Session Manager, by its id. */
    readonly endpoint: pulumi.Output<SshEndpoint>;
    /** Such as `ssh-ed25519 AAAA...`. */
    readonly hostKey: pulumi.Output<string>;
    /** The instance itself. */
    readonly instance: aws.ec2.Instance;
    /**
     * What the user can do when it does not answer, and when it shows another host key.
     * @internal
     */
    readonly advice: { ifGone: string; ifOtherKey: string };

    constructor(name: string, args: Ec2InstanceArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:hosts:Ec2Instance", name, {}, opts);
        const { host, subnetId, securityGroupIds, isPublic } = args;
        const tags = { ...args.tags, Name: `${args.tags["storm:cluster"]}-${host}` };
        const { locations = [] } = args;
        const hooks = args.inUse && { onError: [args.inUse] };
        const launchKey = new LaunchKey(
            `${name}-launch-key`,
            { triggers: pulumi.all([args.ami, subnetId]) },
            { parent: this },
        );
        const networkInterface = args.keepsAddress
            ? new aws.ec2.NetworkInterface(
                  `${name}-interface`,
                  { subnetId, securityGroups: securityGroupIds, description: tags.Name, tags },
                  { parent: this, deleteBeforeReplace: true, dependsOn: locations, hooks },
              )
            : undefined;
        const elasticIp =
            networkInterface && isPublic
                ? new aws.ec2.Eip(
                      `${name}-eip`,
                      { networkInterface: networkInterface.id, domain: "vpc", tags },
                      { parent: this },
                  )
                : undefined;
        this.instance = new aws.ec2.Instance(
            instanceName(name),
            {
                ami: args.ami,
                instanceType: args.instanceType,
                keyName: args.keyName,
                iamInstanceProfile: args.instanceProfile,
                ...(networkInterface
                    ? primaryInterface(networkInterface.id, args.existing?.get(instanceName(name)))
                    : { subnetId, vpcSecurityGroupIds: securityGroupIds, associatePublicIpAddress: isPublic }),
                userData: pulumi.secret(launchKey.privateKey.apply(launchScript)),
                userDataReplaceOnChange: true,
                metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
                rootBlockDevice: { encrypted: true, volumeType: "gp3", volumeSize: args.rootGibibytes, tags },
                disableApiTermination: args.protect,
                tags,
            },
            {
                parent: this,
                protect: args.protect,
                deleteBeforeReplace: args.keepsAddress,
                // AWS would stop it for that, and the next one too before its daemon is back.
                replaceOnChanges: ["instanceType"],
                // The launch key is in them, and version 6 of the provider stores them in clear.
                additionalSecretOutputs: ["userData", "userDataBase64"],
                hooks: networkInterface && hooks,
                dependsOn: dependencies([args.keyPair, ...locations], args.after),
            },
        );
        this.address = networkInterface?.privateIp ?? this.instance.privateIp;
        const publicAddress = elasticIp?.publicIp ?? this.instance.publicIp;
        // Known beforehand or not, there is nothing to connect to before there is an instance.
        this.outerAddress = pulumi
            .all([isPublic ? publicAddress : this.address, this.instance.id])
            .apply(([address]) => address);
        const { sessionManager } = args.login;
        this.endpoint = (sessionManager ? this.instance.id : this.outerAddress).apply((address) => ({
            address,
            port: 22,
            user: args.user,
        }));

        this.advice = {
            ifGone: sessionManager
                ? "Does Session Manager's agent run there (the image needs version 2.3.672.0 or newer), and does the subnet reach AWS: by the " +
                  "internet, or by VPC endpoints for ssm, ssmmessages and ec2messages? If so, and EC2 says that the instance fails its status " +
                  "checks, terminate it; `pulumi up` then creates another in its place."
                : "Does the firewall let in the machine that runs Pulumi (`from.ssh`), and does the bastion answer, if there is one? If so, and " +
                  "EC2 says that the instance fails its status checks, terminate it; `pulumi up` then creates another in its place.",
            ifOtherKey:
                "If you have changed its host keys, put the old ones back; if not, somebody else may answer at its address. A new instance " +
                "has a key of its own: `pulumi up --replace` with the URN of the instance.",
        };
        const access: pulumi.Input<SshAccess> = pulumi.output({
            keyPath: args.login.keyPath,
            bastion: args.login.bastion,
            sessionManager,
        });
        const reached = { host, endpoint: this.endpoint, access, seconds: args.seconds, ...this.advice };
        const identity = { ...reached, machine: this.instance.id, launchKey: launchKey.publicKey };
        const { made } = new OwnHostKey(`${name}-own-key`, identity, { parent: this });
        this.hostKey = new ExchangedHostKey(`${name}-key`, { ...identity, hostKey: made }, { parent: this }).active;
        this.registerOutputs({ address: this.address, instanceId: this.instance.id });
    }
}

/**
 * The argument that makes an interface the first of an instance. `networkInterfaces` is deprecated since terraform-provider-aws 6.10. Its
 * successor would replace an instance whose state does not have it, which therefore keeps `networkInterfaces`.
 * @param existing The instance's outputs as of the last update; undefined: there is none.
 */
function primaryInterface(
    networkInterfaceId: pulumi.Input<string>,
    existing: Readonly<Record<string, unknown>> | undefined,
): Pick<aws.ec2.InstanceArgs, "networkInterfaces" | "primaryNetworkInterface"> {
    const { networkInterfaceId: known } = (existing?.primaryNetworkInterface ?? {}) as { networkInterfaceId?: string };
    return existing && !known
        ? { networkInterfaces: [{ deviceIndex: 0, networkInterfaceId }] }
        : { primaryNetworkInterface: { networkInterfaceId } };
}

async function dependencies(
    first: pulumi.Resource[],
    after: Promise<pulumi.Resource> | undefined,
): Promise<pulumi.Resource[]> {
    return after ? [...first, await after] : first;
}
