import type * as pulumi from "@pulumi/pulumi";
import type { DaemonKind } from "../daemonRef";
import type { SshLogin } from "../hosts/ssh/sshHostArgs";
import type { ExistingNetwork } from "../network/ec2Network";
import type { DaemonCounts } from "../storm/spec/composition";
import type { ExistingResources } from "../stackState";
import type { TargetArgs } from "./target";

/** The instance type of each kind of machines. */
export type InstanceTypes = Record<DaemonKind | "bastion", string>;

/** Kinds of machines whose data outlives the instance, on a data volume. */
export const kindsWithData: readonly string[] = ["zookeeper", "nimbus"];

/** The name by which `amis` means the bastion, beside the daemons' names. */
export const bastionName = "bastion";

/**
 * Kinds of machines whose address others receive: it stays when the instance is replaced, for which the old one is deleted first. Of
 * other kinds, the new instance is created first.
 */
export const kindsWithAddress: readonly string[] = ["zookeeper", "nimbus", "drpc", "bastion"];

/** An instance, and the daemons that run on it. */
export interface Ec2Placement {
    /**
     * Its name within the stack: lower-case letters, digits and dashes, and not `bastion`. Data stays with the name. The name of a daemon
     * is for an instance with that daemon on it, and is that of the instance which the daemon has without `instances`: address and data
     * stay.
     */
    name: string;
    /** Its instance type; of the Nitro system, if a ZooKeeper member, a Nimbus or a DRPC server is among its daemons. */
    type: string;
    /** Names of the daemons that run on it, each of another kind. */
    daemons: string[];
    /**
     * Its availability zone: one of `zones`, or of the subnets of `vpc`.
     * @default the first of `zones`, or the first by name of the subnets of `vpc`
     */
    zone?: string;
}

/** What the machines of a fleet are, and how it is asked about. */
export interface FleetTargetArgs {
    /**
     * Instance types, at least one, all of the Nitro system and of one architecture. The first is preferred on demand.
     * @default that of supervisors
     */
    instanceTypes?: string[] | undefined;
    /**
     * The profile by whose credentials an update asks AWS whether the fleet is ready.
     * @default credentials of the environment
     */
    profile?: pulumi.Input<string> | undefined;
    /**
     * The URL at which the fleet's controllers call AWS, as AWS's SDKs have it in `AWS_ENDPOINT_URL`; Nimbus's machines must reach it.
     * @default AWS's own
     */
    endpointUrl?: string | undefined;
}

/** Arguments of an `Ec2Target`. */
export interface Ec2TargetArgs extends TargetArgs {
    /** How many daemons of each kind the cluster has. */
    daemons: DaemonCounts;
    /**
     * Id of the Amazon machine image of instance types with x86 processors, such as the newest Amazon Linux 2023. It is needed if a
     * kind of machines is of such a type, as all are by default.
     * @default none
     */
    ami?: string;
    /**
     * Id of the Amazon machine image of instance types with Graviton processors (arm64), such as t4g.medium. It is needed if a kind of
     * machines is of such a type.
     * @default none
     */
    amiArm64?: string;
    /**
     * Ids of Amazon machine images of single instances, by the instance's name, which is that of its daemon unless `instances` is given, or
     * `bastion`, in place of `ami` and `amiArm64`. Each is of the architecture of its instance type.
     * @default none
     */
    amis?: Readonly<Record<string, string>>;
    /** Public key of the user that logs in, such as `ssh-ed25519 AAAA...`. */
    publicKey: string;
    /**
     * How instances are logged in to, with the private key of `publicKey`. With `sessionManager` the target creates no bastion, and no rule
     * lets SSH in: `aws` and its plugin have to be on the machine that runs Pulumi. It excludes `bastion` and `from.ssh`.
     */
    login: SshLogin;
    /** Who is let in from outside: subnets, such as `203.0.113.7/32` for one address. */
    from: {
        /**
         * Where Pulumi runs. It is needed unless `login` has `sessionManager`.
         * @default none
         */
        ssh?: string[];
        /**
         * Browsers of Storm UI and of logs.
         * @default none
         */
        ui?: string[];
        /**
         * Clients of Nimbus and of the DRPC servers.
         * @default none
         */
        clients?: string[];
        /**
         * A Prometheus server of somebody else's, if `monitoring` has none of the stack's own.
         * @default none
         */
        prometheus?: string[];
    };
    /** The stack's resources as of its last update, from `existingResources`. */
    existing: ExistingResources;
    /** Availability zones of a new VPC, at least one unless `vpc` is given. */
    zones?: string[];
    /**
     * IPv4 subnet of a new VPC, from a /16 to a /24.
     * @default "10.20.0.0/16"
     */
    cidr?: string;
    /**
     * An existing network, in place of one of the stack's own.
     * @default a new VPC
     */
    vpc?: ExistingNetwork;
    /**
     * Whether instances have private addresses only. In a new VPC they are then reached through a bastion, unless `login` has another
     * way, and reach the internet through a NAT gateway.
     * @default false
     */
    private?: boolean;
    /**
     * Whether a new VPC logs the connections that it refuses, in CloudWatch Logs for 14 days.
     * @default false
     */
    flowLogs?: boolean;
    /**
     * The instances, and the daemons that run on each: every daemon on one of them, and two of a kind on different ones. One with a
     * ZooKeeper member, a Nimbus or a DRPC server keeps its address, and the data of all its daemons, when it is replaced.
     * @default an instance for each daemon, with the daemon's name
     */
    instances?: Ec2Placement[];
    /**
     * Instance types by kind; those of ZooKeeper and Nimbus, of the Nitro system. Types with Graviton processors have the image
     * `amiArm64`, all others `ami`. If `instances` is given, only that of the bastion.
     * @default {@link ec2Defaults}
     */
    instanceTypes?: Partial<InstanceTypes>;
    /**
     * What the machines of a `Fleet` are, which the target's `fleetMachines` is for: the target lets them in, and Nimbus's machines control
     * them.
     * @default there is no fleet
     */
    fleet?: FleetTargetArgs;
    /**
     * Size in GiB of each instance's root volume.
     * @default 20
     */
    rootGibibytes?: number;
    /**
     * Size in GiB of each data volume.
     * @default 20
     */
    dataGibibytes?: number;
    /**
     * Whether instances and data volumes refuse to be deleted, and `pulumi destroy` fails.
     * @default false
     */
    protect?: boolean;
    /**
     * How to turn `protect` off, for the message.
     * @default advice that names the argument
     */
    protectAdvice?: string;
    /**
     * The user that logs in.
     * @default "ec2-user"
     */
    user?: string;
    /**
     * Seconds that an instance has to answer over SSH, its start included.
     * @default 300
     */
    seconds?: number;
    /**
     * Worker slots of each supervisor, whose ports are opened; the same as that of the cluster.
     * @default 2
     */
    slots?: number;
    /**
     * Names of daemons that may start in another zone than the one that has their data, without it.
     * @default none
     */
    startEmpty?: string[];
    /**
     * URL of a registry mirror for Docker.
     * @default none
     */
    registryMirror?: string;
}

/** Defaults of the arguments of an `Ec2Target`. */
export interface Ec2Defaults extends Required<
    Pick<Ec2TargetArgs, "cidr" | "user" | "seconds" | "rootGibibytes" | "dataGibibytes">
> {
    /** Instance types by kind of daemon, and of the bastion. */
    instanceTypes: InstanceTypes;
}

/**
 * Defaults of an `Ec2Target`. Instance types have the memory for Storm's default heaps. All are of the Nitro system, on which data
 * volumes are found by their ids.
 */
export const ec2Defaults: Readonly<Ec2Defaults> = {
    cidr: "10.20.0.0/16",
    user: "ec2-user",
    seconds: 300,
    rootGibibytes: 20,
    dataGibibytes: 20,
    instanceTypes: {
        zookeeper: "t3.small",
        nimbus: "t3.medium",
        supervisor: "t3.large",
        ui: "t3.small",
        drpc: "t3.small",
        bastion: "t3.micro",
    },
};
