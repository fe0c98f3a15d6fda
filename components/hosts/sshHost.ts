import { createHash } from "crypto";
import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { type Bastion, connectSeconds, knownKey, type SshAccess, sshCommand, type SshEndpoint, sshOptions } from "../../provider/machines/ssh";
import { PinnedHostKey, SshContact } from "../../provider/resources";
import { bridgeAddressScript, dataDirectoryScript, dockerEngineScript, freeMebibytes, memoryScript, minimumDockerVersion } from "./dockerEngine";
import { volumeScript } from "./volume";
import type { Attachment, DataDirectory, DataDirectoryArgs, DockerDaemon, Host, Machine } from "./host";

/** How all hosts of a stack are logged in to. */
export interface SshLogin extends Pick<SshAccess, "keyPath"> {
    /** The machine through which the hosts are reached; undefined: they are reached directly. */
    bastion?: pulumi.Input<Bastion>;
    /** The private key; secret; undefined: the keys of the SSH agent. The same is in the file `keyPath`. */
    privateKey?: pulumi.Output<string>;
    /** Options of resources that have the key as an argument; default: none. */
    options?: pulumi.CustomResourceOptions;
}

/** Arguments of {@link SshHost}. */
export interface SshHostArgs {
    /** The machine's name: resources that stand on it have it in theirs; default: that of this one. */
    host?: string;
    /** IP address at which the other hosts dial it; an interface of its own has it. */
    address: pulumi.Input<string>;
    /** How it is reached over SSH; default: as root, at port 22 of `address`. */
    endpoint?: pulumi.Input<Partial<SshEndpoint>>;
    /** How it is logged in to; default: directly, by the SSH agent's keys. */
    login?: SshLogin;
    /** The key that it has to show, such as `ssh-ed25519 AAAA...`; default: the one that it shows at first, from then on. */
    hostKey?: pulumi.Input<string>;
    /** Seconds that it has to answer over SSH; default: 30. */
    seconds?: number;
    /** The key of the stack's {@link Owner}. */
    owner: pulumi.Output<string>;
    /** What the user can do when it does not answer, for the message; default: advice that names the arguments above. */
    ifGone?: string;
    /** What the user can do when it shows another host key, for the message; default: advice likewise. */
    ifOtherKey?: string;
    /** Where its daemons' data is kept; default: on the machine's own disk. */
    volume?: DataVolume;
    /** What it ends with: nothing on it is removed one by one when that is deleted; default: nothing. */
    deletedWith?: pulumi.Resource;
    /** URL of a registry mirror for its Docker, where that is installed here; default: none. */
    registryMirror?: string;
    /**
     * `left`: it does not answer now, and what stands on it is left as it is. `lost`: it never will again, and what
     * stands on it may be removed without reaching it. Default: it is there.
     */
    state?: "left" | "lost";
}

/** Seconds that a machine has to answer over SSH, unless told otherwise. */
export const answerSeconds = 30;

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

/** The contact has waited for the machine. The defaults would take three minutes to give up one that has died since. */
const limits = { dialErrorLimit: 3, perDialTimeout: connectSeconds };

/** How a command connects to a machine, or to the bastion before it. */
function connectionTo({ address, port, user }: SshEndpoint, hostKey: string, privateKey: string | undefined) {
    return { host: address, port, user, hostKey, privateKey, ...limits };
}

/** Where all data is, on every machine. */
const dataRoot = "/var/lib/storm";

/** Reads what it is given to the end: a command that ended before would fail with EOF, now and then. */
const drain = "cat >/dev/null";
/** The user that runs the provider's `ssh` on the host finds its Docker daemon. */
const answersDocker = `${drain}; docker version --format 'Docker {{.Server.Version}} answers'`;

/** A machine of its own, reached over SSH, on which Docker Engine is made sure of. Its containers use its network. */
export class SshHost extends pulumi.ComponentResource implements Host {
    readonly address: pulumi.Output<string>;
    readonly docker: DockerDaemon;
    readonly machine: Machine;
    /** The command line that logs in on it. */
    readonly ssh: pulumi.Output<string[]>;
    private readonly connection: pulumi.Output<command.types.input.remote.ConnectionArgs>;
    /** What the data of daemons is put there after. */
    private readonly dataAfter: pulumi.Resource[];
    private readonly contact: SshContact;
    private readonly options: pulumi.CustomResourceOptions;

    constructor(name: string, args: SshHostArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:hosts:SshHost", name, {}, opts);
        const { host = name, login = {}, seconds = answerSeconds } = args;
        const { keyPath, privateKey } = login;
        const access = pulumi.output({ keyPath, bastion: login.bastion });
        const left = args.state ? { ignoreChanges: ["*"], retainOnDelete: args.state === "lost" } : {};
        this.options = { ...login.options, ...left };

        const endpoint = pulumi
            .all([args.address, args.endpoint])
            .apply(([own, { address = own, port = 22, user = "root" } = {}]): SshEndpoint => ({ address, port, user }));
        const reached = {
            ...{ host, endpoint, access, seconds },
            ifGone: args.ifGone ?? "Start it and run this again; or, if it is gone for good, give it the state `lost`.",
            ifOtherKey: args.ifOtherKey ?? ifOtherKey(`hostKey of ${host}`),
        };
        const hostKey = pulumi.output(args.hostKey ?? new PinnedHostKey(`${name}-key`, reached, { parent: this, ...left }).pinned);
        this.contact = new SshContact(`${name}-contact`, { ...reached, hostKey }, { parent: this, ...left });
        this.ssh = pulumi.all([endpoint, access, hostKey]).apply(([at, by, key]) => sshCommand(at, by, knownKey(key)));
        this.connection = pulumi.all([endpoint, access, hostKey, privateKey]).apply(([at, { bastion }, key, secret]) => ({
            ...connectionTo(at, key, secret),
            ...(bastion && { proxy: connectionTo(bastion, bastion.hostKey, secret) }),
        }));

        this.dataAfter = args.volume ? [this.mount(`${name}-volume`, args.volume, hostKey)] : [];
        const engine = this.run(
            `${name}-docker`,
            dockerEngineScript({ minimumVersion: minimumDockerVersion, freeMebibytes, registryMirror: args.registryMirror }),
            // Containers that start with Docker are not to find an empty directory in the volume's place.
            { parent: this, dependsOn: this.dataAfter },
            { update: answersDocker, triggers: [hostKey] },
        );
        const provider = new docker.Provider(
            `${name}-provider`,
            {
                host: endpoint.apply(({ user, address, port }) => `ssh://${user}@${address}:${port}`),
                sshOpts: pulumi.all([access, hostKey]).apply(([by, key]) => sshOptions(by, knownKey(key))),
                // Previews connect to no host.
                disableDockerDaemonCheck: true,
            },
            { parent: this, dependsOn: [engine], ...left },
        );

        this.address = pulumi.output(args.address);
        const options = { ...left, deletedWith: args.deletedWith };
        this.docker = { name: host, provider, owner: args.owner, options, ssh: this.ssh, identity: hostKey };
        const unusable = args.state && { left: "does not answer", lost: "is lost" }[args.state];
        this.machine = { host, key: hostKey, unusable };
        this.registerOutputs({ address: this.address });
    }

    attach(daemon: string, aliases: string[]): Attachment {
        return {
            networkMode: "host",
            // Storm's daemons look their own host name up, which not every machine knows.
            hostname: daemon,
            hosts: [daemon, ...aliases].map((name) => ({ host: name, ip: this.address })),
        };
    }

    /** On Docker's own bridge. */
    enclose(daemon: string, port: number): Attachment {
        return { networkMode: "bridge", hostname: daemon, hosts: [], ports: [{ ip: "127.0.0.1", external: port, internal: port }] };
    }

    bridgeAddress(name: string, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
        const onceThere = pulumi.mergeOptions(opts, { dependsOn: this.docker.provider });
        // Whatever changes, it is to say the address again.
        const found = this.run(name, bridgeAddressScript, onceThere, { update: "sh", triggers: [this.machine.key] });
        return found.stdout.apply((address) => address.trim());
    }

    /** A directory of the machine's. */
    dataDirectory(name: string, args: DataDirectoryArgs, opts: pulumi.CustomResourceOptions): DataDirectory {
        const path = `${dataRoot}/${args.clusterName}/${args.daemon}${args.containerPath}`;
        return {
            mount: { hostPath: path },
            resource: this.run(
                name,
                dataDirectoryScript({ path, uid: args.owner }),
                pulumi.mergeOptions(opts, { dependsOn: this.dataAfter }),
                { triggers: [this.machine.key] },
            ),
        };
    }

    requireMemory(name: string, needed: number, wanted: number, opts: pulumi.CustomResourceOptions): pulumi.Resource {
        const script = memoryScript({ neededMebibytes: needed, wantedMebibytes: wanted });
        const compared = this.run(name, script, opts, { triggers: [this.machine.key] });
        compared.stdout.apply((said) => (said.startsWith("warning:") ? pulumi.log.warn(`${this.machine.host}: ${said}`, compared) : undefined));
        return compared;
    }

    /** Mounts a volume where data directories are made. */
    private mount(name: string, { device, gibibytes }: DataVolume, hostKey: pulumi.Output<string>): command.remote.Command {
        const script = pulumi.output(device).apply((path) => volumeScript({ device: path, directory: dataRoot }));
        return this.run(name, script, { parent: this }, { triggers: [hostKey, String(gibibytes)] });
    }

    /**
     * Runs a script on the machine: when it is made, and again when the script or a trigger becomes another. Another way
     * to connect runs no more than `update`.
     */
    private run(
        name: string,
        script: pulumi.Input<string>,
        opts: pulumi.CustomResourceOptions,
        { update = drain, triggers }: { update?: string; triggers: pulumi.Input<string>[] },
    ): command.remote.Command {
        return new command.remote.Command(
            name,
            {
                connection: this.connection,
                // An error shows the command, which the script would be too long for.
                create: "sh",
                stdin: script,
                update,
                addPreviousOutputInEnv: false,
                triggers: [pulumi.output(script).apply((text) => createHash("sha256").update(text).digest("hex")), ...triggers],
            },
            pulumi.mergeOptions({ ...opts, ...this.options }, { dependsOn: this.contact }),
        );
    }
}
