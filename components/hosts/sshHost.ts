import { createHash } from "crypto";
import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { dataDirectoryScript, dockerEngineScript, freeMebibytes, memoryScript, minimumDockerVersion } from "./dockerEngine";
import type { Attachment, DataDirectory, DataDirectoryArgs, DockerDaemon, Host, Machine } from "./host";
import { connectSeconds, knownKey, type SshAccess, sshCommand, type SshEndpoint, sshOptions } from "./ssh";
import { PinnedHostKey, SshContact } from "./sshContact";

/** How all hosts of a stack are logged in to. */
export interface SshLogin extends SshAccess {
    /** The private key; secret; undefined: the keys of the SSH agent. The same is in the file `keyPath`. */
    privateKey?: pulumi.Output<string>;
    /** Options of resources that have the key as an argument; default: none. */
    options?: pulumi.CustomResourceOptions;
}

/** Arguments of {@link SshHost}. */
export interface SshHostArgs {
    /** The machine's name: resources that stand on it have it in theirs. */
    host: string;
    /** IP address at which the other hosts dial it; an interface of its own has it. */
    address: pulumi.Input<string>;
    /** How it is reached over SSH. */
    endpoint: pulumi.Input<SshEndpoint>;
    /** How it is logged in to. */
    login: SshLogin;
    /** The key that it has to show, such as `ssh-ed25519 AAAA...`; default: the one that it shows at first, from then on. */
    hostKey?: string;
    /** Seconds that it has to answer over SSH. */
    seconds: number;
    /** URL of a registry mirror for its Docker, where that is installed here; default: none. */
    registryMirror?: string;
    /**
     * `left`: it does not answer now, and what stands on it is left as it is. `lost`: it never will again, and what
     * stands on it may be removed without reaching it. Default: it is there.
     */
    state?: "left" | "lost";
}

/** The contact has waited for the machine. The defaults would take three minutes to give up one that has died since. */
const limits = { dialErrorLimit: 3, perDialTimeout: connectSeconds };

/** How a command connects to a machine, or to the bastion before it. */
function connectionTo({ address, port, user }: SshEndpoint, hostKey: string, privateKey: string | undefined) {
    return { host: address, port, user, hostKey, privateKey, ...limits };
}

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
    private readonly contact: SshContact;
    private readonly options: pulumi.CustomResourceOptions;

    constructor(name: string, args: SshHostArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:hosts:SshHost", name, {}, opts);
        const { keyPath, bastion, privateKey } = args.login;
        const access = { keyPath, bastion };
        const left = args.state ? { ignoreChanges: ["*"], retainOnDelete: args.state === "lost" } : {};
        this.options = { ...args.login.options, ...left };

        const reached = { host: args.host, endpoint: args.endpoint, access, seconds: args.seconds };
        const hostKey = pulumi.output(args.hostKey ?? new PinnedHostKey(`${name}-key`, reached, { parent: this, ...left }).pinned);
        this.contact = new SshContact(`${name}-contact`, { ...reached, hostKey }, { parent: this, ...left });
        const endpoint = pulumi.output(args.endpoint);
        this.ssh = pulumi.all([endpoint, hostKey]).apply(([to, key]) => sshCommand(to, access, knownKey(key)));
        this.connection = pulumi.all([endpoint, hostKey, privateKey]).apply(([to, key, secret]) => ({
            ...connectionTo(to, key, secret),
            ...(bastion && { proxy: connectionTo(bastion, bastion.hostKey, secret) }),
        }));

        const engine = this.run(
            `${name}-docker`,
            dockerEngineScript({ minimumVersion: minimumDockerVersion, freeMebibytes, registryMirror: args.registryMirror }),
            { parent: this },
            { update: answersDocker, triggers: [hostKey] },
        );
        const provider = new docker.Provider(
            `${name}-provider`,
            {
                host: endpoint.apply((to) => `ssh://${to.user}@${to.address}:${to.port}`),
                sshOpts: hostKey.apply((key) => sshOptions(access, knownKey(key))),
                // Previews connect to no host.
                disableDockerDaemonCheck: true,
            },
            { parent: this, dependsOn: [engine], ...left },
        );

        this.address = pulumi.output(args.address);
        this.docker = { name: args.host, provider, options: left, ssh: this.ssh };
        const unusable = args.state && { left: "does not answer", lost: "is lost" }[args.state];
        this.machine = { host: args.host, key: hostKey, unusable };
        this.registerOutputs({ address: this.address });
    }

    attach(daemon: string): Attachment {
        return {
            networkMode: "host",
            // Storm's daemons look their own host name up, which not every machine knows.
            hostname: daemon,
            hosts: [{ host: daemon, ip: this.address }],
        };
    }

    /** A directory of the machine's. */
    dataDirectory(name: string, args: DataDirectoryArgs, opts: pulumi.CustomResourceOptions): DataDirectory {
        const path = `/var/lib/storm/${args.clusterName}/${args.daemon}${args.containerPath}`;
        return {
            mount: { hostPath: path },
            resource: this.run(name, dataDirectoryScript({ path, uid: args.owner }), opts, { triggers: [this.machine.key] }),
        };
    }

    requireMemory(name: string, needed: number, wanted: number, opts: pulumi.CustomResourceOptions): pulumi.Resource {
        const script = memoryScript({ neededMebibytes: needed, wantedMebibytes: wanted });
        const compared = this.run(name, script, opts, { triggers: [this.machine.key] });
        compared.stdout.apply((said) => (said.startsWith("warning:") ? pulumi.log.warn(`${this.machine.host}: ${said}`, compared) : undefined));
        return compared;
    }

    /**
     * Runs a script on the machine: when it is made, and again when the script or a trigger becomes another. Another way
     * to connect runs no more than `update`.
     */
    private run(
        name: string,
        script: string,
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
                triggers: [createHash("sha256").update(script).digest("hex"), ...triggers],
            },
            pulumi.mergeOptions({ ...opts, ...this.options }, { dependsOn: this.contact }),
        );
    }
}
