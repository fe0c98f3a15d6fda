import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { DataLocation } from "../../../provider/resources";
import type { Inputs } from "../../../provider/schema";
import { Ec2Instance, type Ec2InstanceArgs } from "./ec2Instance";
import type { Attachment, DataDirectory, DataDirectoryArgs, DockerEngine, Host } from "../host";
import type { Logging } from "../docker/logging";
import { SshHost } from "../ssh/sshHost";

/** A daemon that must not start without its data. */
export interface DaemonWithData {
    /** Its name, such as `nimbus-1`. */
    name: string;
    /** The name of the resource that refuses another location of its data: the same whichever host it is on. */
    resourceName: string;
    /** Whether it may start on another host, or in another zone, without its data: a volume cannot follow there. */
    mayStartEmpty: boolean;
}

/** Arguments of {@link Ec2Host}. */
export interface Ec2HostArgs extends Omit<Ec2InstanceArgs, "after"> {
    /** The availability zone of its subnet. */
    zone: string;
    /** An EBS volume for the data of its daemons, which outlives the instance; default: none is made. */
    data?: {
        /** Its size in GiB. */
        gibibytes: number;
        /** The daemons that must not start without their data. */
        daemons: DaemonWithData[];
    };
    /** The key of the stack's `StackId`. */
    owner: pulumi.Output<string>;
    /** URL of a registry mirror for its Docker, where that is installed here; default: none. */
    registryMirror?: string;
    /** Where its Docker sends the output of containers; default: the driver `json-file`, three files of 10 MB for each. */
    logging?: Logging;
    /** The host whose first daemon has to be ready before this one's instance is made or replaced; default: none. */
    after?: Ec2Host;
}

/** An EC2 instance with an SshHost on it; address and data, where it keeps them, are on an interface and a volume that outlive it. */
export class Ec2Host extends pulumi.ComponentResource implements Host {
    readonly address: pulumi.Output<string>;
    readonly docker: DockerEngine;
    readonly waits: boolean;
    readonly isProtected: boolean;
    /** The command line that logs in on it. */
    readonly ssh: pulumi.Output<string[]>;
    /** The address at which it is reached from outside: the public one or, where it has none, the private one. */
    readonly outerAddress: pulumi.Output<string>;
    /** How it is reached over SSH. */
    readonly endpoint: Ec2Instance["endpoint"];
    /**
     * Its machine image, and what that calls the root volume, such as `/dev/xvda`.
     * @internal
     */
    readonly image: pulumi.Output<{ ami: string; rootDevice: string }>;
    /**
     * Only the first gate counts, of the first daemon that is created here: a later daemon may wait for daemons on the host that waits for
     * this one, as a Nimbus does for all ZooKeeper members.
     */
    readonly becomesReady: (ready: pulumi.Resource) => void;
    private readonly ready: Promise<pulumi.Resource>;
    private readonly sshHost: SshHost;

    constructor(name: string, args: Ec2HostArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:hosts:Ec2Host", name, {}, opts);
        let become: (ready: pulumi.Resource) => void = () => undefined;
        this.ready = new Promise((resolve) => (become = resolve));
        this.becomesReady = become;
        this.waits = args.after !== undefined;
        this.isProtected = args.protect;

        const locations = (args.data?.daemons ?? []).map(
            ({ name: daemon, resourceName, mayStartEmpty }) =>
                new DataLocation(
                    resourceName,
                    { daemon, ...locationOf(daemon, args), mayStartEmpty, replicas: [], seconds: args.seconds },
                    { parent: this },
                ),
        );
        const volume = args.data && this.volume(name, args, args.data.gibibytes, locations);
        const machine = new Ec2Instance(name, { ...args, after: args.after?.ready, locations }, { parent: this });
        const { instance, address, outerAddress, endpoint, hostKey, advice } = machine;
        const attachment =
            volume &&
            new aws.ec2.VolumeAttachment(
                `${name}-attachment`,
                {
                    // What AWS calls it; the machine knows it by its id.
                    deviceName: "/dev/sdf",
                    instanceId: instance.id,
                    volumeId: volume.id,
                    // A running machine would lose it while it writes.
                    stopInstanceBeforeDetaching: true,
                },
                { parent: this, deleteBeforeReplace: true, hooks: args.inUse && { onError: [args.inUse] } },
            );
        this.sshHost = new SshHost(
            `${name}-ssh`,
            {
                host: args.host,
                address,
                endpoint,
                login: args.login,
                hostKey,
                owner: args.owner,
                seconds: args.seconds,
                ...advice,
                registryMirror: args.registryMirror,
                logging: args.logging,
                volume: attachment && {
                    device: attachment.volumeId.apply(devicePath),
                    gibibytes: args.data?.gibibytes ?? 0,
                },
                deletedWith: instance,
            },
            { parent: this },
        );
        this.address = address;
        this.outerAddress = outerAddress;
        this.endpoint = endpoint;
        this.image = pulumi
            .all([instance.ami, instance.rootBlockDevice.deviceName])
            .apply(([ami, rootDevice]) => ({ ami, rootDevice }));
        this.docker = this.sshHost.docker;
        this.ssh = this.sshHost.ssh;
        this.registerOutputs({ address, instanceId: instance.id });
    }

    attach(daemon: string, aliases: string[]): Attachment {
        return this.sshHost.attach(daemon, aliases);
    }

    enclose(daemon: string, port: number): Attachment {
        return this.sshHost.enclose(daemon, port);
    }

    bridgeAddress(name: string, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
        return this.sshHost.bridgeAddress(name, opts);
    }

    dataDirectory(name: string, args: DataDirectoryArgs, opts: pulumi.CustomResourceOptions): DataDirectory {
        return this.sshHost.dataDirectory(name, args, opts);
    }

    requireMemory(name: string, needed: number, wanted: number, opts: pulumi.CustomResourceOptions): pulumi.Resource {
        return this.sshHost.requireMemory(name, needed, wanted, opts);
    }

    private volume(name: string, args: Ec2HostArgs, size: number, locations: DataLocation[]): aws.ebs.Volume {
        const tags = { ...args.tags, Name: `${args.tags["storm:cluster"]}-${args.host}` };
        return new aws.ebs.Volume(
            `${name}-volume`,
            { availabilityZone: args.zone, size, type: "gp3", encrypted: true, tags },
            { parent: this, protect: args.protect, dependsOn: locations },
        );
    }
}

/** As udev names an EBS volume on an instance of the Nitro system: by the volume's id, whatever other devices there are. */
function devicePath(volumeId: string): string {
    return `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volumeId.replace("-", "")}`;
}

/**
 * Where a daemon's data is: on the volume of its host, which stays in its zone. A host with the daemon's name is the one that a stack
 * without shared instances has for it, so that a stack may begin to share it.
 */
function locationOf(
    daemon: string,
    { host, zone }: Ec2HostArgs,
): Pick<Inputs<"DataLocation">, "kind" | "location" | "identity"> {
    const location = daemon === host ? zone : `${host} in ${zone}`;
    return { kind: daemon === host ? "zone" : "machine", location, identity: location };
}
