import { createHash } from "crypto";
import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { connectSeconds, knownKey, sshCommand, type SshEndpoint, sshOptions } from "../../../provider/machines/ssh";
import { PinnedHostKey, Script, SshConnection } from "../../../provider/resources";
import {
    bridgeAddressScript,
    dataDirectoryScript,
    dockerEngineScript,
    freeMebibytes,
    memoryScript,
    minimumDockerVersion,
} from "../docker/dockerEngine";
import { answerSeconds, type DataVolume, ifOtherKey, type SshHostArgs, startItAgain } from "./sshHostArgs";
import { volumeScript } from "./volume";
import type { Attachment, DataDirectory, DataDirectoryArgs, DockerEngine, Host, Machine } from "../host";

/** The first connection has waited for the machine. The defaults would take three minutes to give up one that has died since. */
const limits = { dialErrorLimit: 3, perDialTimeout: connectSeconds };

/** How a command connects to a machine, or to the bastion before it. */
function connectionTo({ address, port, user }: SshEndpoint, hostKey: string, privateKey: string | undefined) {
    return { host: address, port, user, hostKey, privateKey, ...limits };
}

/** Where all data is, on every machine. */
const dataRoot = "/var/lib/storm";

/** Where a machine has a directory of a daemon's data. */
export function dataPath({ clusterName, daemon, containerPath }: Omit<DataDirectoryArgs, "owner">): string {
    return `${dataRoot}/${clusterName}/${daemon}${containerPath}`;
}

/** How a container joins the network of a machine of its own: it uses the machine's. */
export function machineAttachment(address: pulumi.Output<string>, daemon: string, aliases: string[]): Attachment {
    return {
        networkMode: "host",
        // Storm's daemons look their own host name up, which not every machine knows.
        hostname: daemon,
        hosts: [daemon, ...aliases].map((name) => ({ host: name, ip: address })),
    };
}

/** Reads what it is given to the end: a command that ended before would fail with EOF, now and then. */
const drain = "cat >/dev/null";
/** The user that runs the provider's `ssh` on the host finds its Docker daemon. */
const answersDocker = `${drain}; docker version --format 'Docker {{.Server.Version}} answers'`;

/** A machine of its own, reached over SSH, on which Docker Engine is made sure of. Its containers use its network. */
export class SshHost extends pulumi.ComponentResource implements Host {
    readonly address: pulumi.Output<string>;
    readonly docker: DockerEngine;
    readonly machine: Machine;
    /** The command line that logs in on it. */
    readonly ssh: pulumi.Output<string[]>;
    /** Whether it is reached through Session Manager, which remote.Command cannot: its SSH runs no proxy command. */
    private readonly sessions: boolean;
    private readonly connection: pulumi.Output<command.types.input.remote.ConnectionArgs>;
    /** What the data of daemons is put there after. */
    private readonly dataAfter: pulumi.Resource[];
    private readonly connected: SshConnection;
    private readonly options: pulumi.CustomResourceOptions;

    constructor(name: string, args: SshHostArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:hosts:SshHost", name, {}, opts);
        const { host = name, login = {}, seconds = answerSeconds } = args;
        const { keyPath, privateKey } = login;
        this.sessions = login.sessionManager !== undefined;
        const access = pulumi.output({ keyPath, bastion: login.bastion, sessionManager: login.sessionManager });
        const left = args.state ? { ignoreChanges: ["*"], retainOnDelete: args.state === "lost" } : {};
        // A script has no key among its arguments.
        this.options = { ...(!this.sessions && login.options), ...left };

        const endpoint = pulumi
            .all([args.address, args.endpoint])
            .apply(([own, { address = own, port = 22, user = "root" } = {}]): SshEndpoint => ({ address, port, user }));
        const reached = {
            ...{ host, endpoint, access, seconds },
            ifGone: args.ifGone ?? startItAgain,
            ifOtherKey: args.ifOtherKey ?? ifOtherKey(`hostKey of ${host}`),
        };
        const hostKey = pulumi.output(
            args.hostKey ?? new PinnedHostKey(`${name}-key`, reached, { parent: this, ...left }).pinned,
        );
        this.connected = new SshConnection(`${name}-contact`, { ...reached, hostKey }, { parent: this, ...left });
        this.ssh = pulumi.all([endpoint, access, hostKey]).apply(([at, by, key]) => sshCommand(at, by, knownKey(key)));
        this.connection = pulumi
            .all([endpoint, access, hostKey, privateKey])
            .apply(([at, { bastion }, key, secret]) => ({
                ...connectionTo(at, key, secret),
                ...(bastion && { proxy: connectionTo(bastion, bastion.hostKey, secret) }),
            }));

        const unusable = args.state && { left: "does not answer", lost: "is lost" }[args.state];
        this.machine = { host, key: hostKey, unusable };
        this.dataAfter = args.volume ? [this.mount(`${name}-volume`, args.volume, hostKey)] : [];
        const engine = this.run(
            `${name}-docker`,
            dockerEngineScript({
                minimumVersion: minimumDockerVersion,
                freeMebibytes,
                registryMirror: args.registryMirror,
            }),
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
        const { owner, logging } = args;
        this.docker = { name: host, provider, owner, options, logging, ssh: this.ssh, identity: hostKey };
        this.registerOutputs({ address: this.address });
    }

    attach(daemon: string, aliases: string[]): Attachment {
        return machineAttachment(this.address, daemon, aliases);
    }

    /** On Docker's own bridge. */
    enclose(daemon: string, port: number): Attachment {
        return {
            networkMode: "bridge",
            hostname: daemon,
            hosts: [],
            ports: [{ ip: "127.0.0.1", external: port, internal: port }],
        };
    }

    bridgeAddress(name: string, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
        const onceThere = pulumi.mergeOptions(opts, { dependsOn: this.docker.provider });
        // Whatever changes, it is to say the address again.
        const found = this.run(name, bridgeAddressScript, onceThere, { update: "sh", triggers: [this.machine.key] });
        return found.stdout.apply((address) => address.trim());
    }

    /** A directory of the machine's. */
    dataDirectory(name: string, args: DataDirectoryArgs, opts: pulumi.CustomResourceOptions): DataDirectory {
        const path = dataPath(args);
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
        compared.stdout.apply((said) =>
            said.startsWith("warning:") ? pulumi.log.warn(`${this.machine.host}: ${said}`, compared) : undefined,
        );
        return compared;
    }

    /** Mounts a volume where data directories are made. */
    private mount(name: string, { device, gibibytes }: DataVolume, hostKey: pulumi.Output<string>): pulumi.Resource {
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
    ): command.remote.Command | Script {
        const options = pulumi.mergeOptions({ ...opts, ...this.options }, { dependsOn: this.connected });
        const hash = pulumi.output(script).apply((text) => createHash("sha256").update(text).digest("hex"));
        const common = { stdin: script, update, triggers: pulumi.all([hash, ...triggers]) };
        return this.sessions
            ? new Script(name, { host: this.machine.host, ssh: this.ssh, ...common }, options)
            : new command.remote.Command(
                  name,
                  {
                      connection: this.connection,
                      // An error shows the command, which the script would be too long for.
                      create: "sh",
                      addPreviousOutputInEnv: false,
                      ...common,
                  },
                  options,
              );
    }
}
