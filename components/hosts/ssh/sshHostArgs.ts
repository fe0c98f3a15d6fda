import type * as pulumi from "@pulumi/pulumi";
import type { Logging } from "../docker/logging";
import type { Bastion, SessionManager, SshAccess, SshEndpoint } from "../../../provider/machines/ssh";

/** How all hosts of a stack are logged in to. */
export interface SshLogin extends Pick<SshAccess, "keyPath"> {
    /** The machine through which the hosts are reached; undefined: they are reached directly. */
    bastion?: pulumi.Input<Bastion>;
    /** AWS's Session Manager, through which EC2 instances are reached in place of a bastion; undefined: they are reached otherwise. */
    sessionManager?: pulumi.Input<SessionManager>;
    /** The private key; secret; undefined: the keys of the SSH agent. The same is in the file `keyPath`. */
    privateKey?: pulumi.Output<string>;
    /** Options of resources that have the key as an argument; default: none. */
    options?: pulumi.CustomResourceOptions;
}

/** Arguments of {@link SshHost}. */
export interface SshHostArgs {
    /** The machine's name: the names of resources on it contain it; default: the name of this resource. */
    host?: string;
    /** IP address at which the other hosts connect to it; one of its interfaces has it. */
    address: pulumi.Input<string>;
    /** How it is reached over SSH; default: as root, at port 22 of `address`. */
    endpoint?: pulumi.Input<Partial<SshEndpoint>>;
    /** How it is logged in to; default: directly, by the SSH agent's keys. */
    login?: SshLogin;
    /** The key that it has to show, such as `ssh-ed25519 AAAA...`; default: the one that it shows at first, from then on. */
    hostKey?: pulumi.Input<string>;
    /** Seconds that it has to answer over SSH; default: 30. */
    seconds?: number;
    /** The key of the stack's {@link StackId}. */
    owner: pulumi.Output<string>;
    /** What the user can do when it does not answer, for the message; default: advice that names the arguments above. */
    ifGone?: string;
    /** What the user can do when it shows another host key, for the message; default: advice likewise. */
    ifOtherKey?: string;
    /** Where its daemons' data is kept; default: on the machine's own disk. */
    volume?: DataVolume;
    /** A resource whose deletion deletes all that is on the machine, so that nothing is deleted one by one; default: none. */
    deletedWith?: pulumi.Resource;
    /** URL of a registry mirror for its Docker, where that is installed here; default: none. */
    registryMirror?: string;
    /** Where Docker sends the output of its containers; default: the driver `json-file`, three files of 10 MB for each. */
    logging?: Logging;
    /**
     * `left`: it does not answer now, and its resources are left as they are. `lost`: it never will again, and its
     * resources may be deleted without a connection to it.
     * @default it answers
     */
    state?: "left" | "lost";
}

/** Seconds that a machine has to answer over SSH, by default. */
export const answerSeconds = 30;

/** What the user can do if a machine does not answer, by default. */
export const startItAgain = "Start it and run this again; or, if it is gone for good, set its `state` to `lost`.";

/**
 * What the user can do when a machine shows another host key than the one that is expected.
 * @param setting Where the new one belongs.
 */
export function ifOtherKey(setting: string): string {
    return (
        "If you have reinstalled it or changed its keys, compare with what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` " +
        `says on its console, then set ${setting} to the first two words of that file. If you have not, somebody else may answer at its address.`
    );
}

/** A block device for the data of a machine's daemons. */
export interface DataVolume {
    /** Path by which it is known whatever other devices there are, such as one in /dev/disk/by-id. */
    device: pulumi.Input<string>;
    /** Its size: when it has grown, its file system grows too. */
    gibibytes: number;
}
