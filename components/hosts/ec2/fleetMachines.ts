import type * as pulumi from "@pulumi/pulumi";
import type { Logging } from "../docker/logging";
import type { Host } from "../host";

/** What the machines of a `Fleet` are launched with: an `Ec2Target` has it if it was given `fleet`. */
export interface FleetMachines {
    /** The provider of AWS; undefined: the default one. */
    provider: pulumi.ProviderResource | undefined;
    /** The region of their subnets. */
    region: string;
    /** The profile by whose credentials an update asks AWS whether they are ready; undefined: credentials of the environment. */
    profile: pulumi.Input<string> | undefined;
    /** The URL at which controllers call AWS; undefined: AWS's own. */
    endpointUrl: string | undefined;
    /** Instance types of one architecture; the first is preferred on demand. */
    instanceTypes: string[];
    /** Id of the Amazon machine image. */
    ami: string;
    /** What that image calls the root volume, such as `/dev/xvda`. */
    rootDevice: pulumi.Input<string>;
    /** Size of the root volume in GiB. */
    rootGibibytes: number;
    /** Name of the EC2 key pair whose private key logs in. */
    keyName: string;
    /** Name of the instance profile. */
    instanceProfile: pulumi.Input<string>;
    /** Ids of their security groups. */
    securityGroupIds: pulumi.Input<string>[];
    /** Ids of the subnets that they are spread over, one in each zone. */
    subnetIds: pulumi.Input<string>[];
    /** Whether they have public addresses. */
    isPublic: boolean;
    /** Tags of all resources. */
    tags: Record<string, string>;
    /** The key of the stack's `StackId`. */
    owner: pulumi.Output<string>;
    /** Where their Docker sends the output of containers; undefined: the driver `json-file`, three files of 10 MB for each. */
    logging: Logging | undefined;
    /** URL of a registry mirror for their Docker; undefined: none. */
    registryMirror: string | undefined;
    /** The host of each Nimbus, beside which a controller runs, by the name of the daemon. */
    nimbuses: Readonly<Record<string, Host>>;
    /** What they are created after. */
    after: readonly pulumi.Resource[];
}
