import { createHash } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import { Password, RegistryUsers } from "../../../provider/resources";
import { hostContainer } from "../../hosts/hostContainer";
import type { Host } from "../../hosts/host";
import { hostImage } from "../../hosts/hostImage";
import { type CertificateFiles, certificatePaths, uploadsOf } from "./certificates";
import { etcdPorts } from "./ports";

/** Arguments of {@link Registry}. */
export interface RegistryArgs {
    /** First part of the names of containers. */
    clusterName: string;
    /** Image, as the official `quay.io/coreos/etcd` has it. */
    image: string;
    /** The host of each member, by the member's name. */
    members: Record<string, Host>;
    /** What the keys of those that register begin with. */
    prefix: string;
    /** The files of a host's certificate, where connections are encrypted and each side has to have one; default: they are not. */
    certificateOf?: (host: Host) => CertificateFiles;
    /** Seconds that it has to answer. */
    seconds: number;
}

/** MiB: it holds a key for each daemon. */
const memory = 256;

/**
 * A registry: etcd, on hosts of the cluster. All that is in it is put there again by those who did, each second: so where a member
 * goes to another machine, or is dialled in another way, the registry is made anew as a whole, empty.
 */
export class Registry extends pulumi.ComponentResource {
    /** URL of each member. */
    readonly urls: pulumi.Output<string[]>;
    /** The user that may read and write. */
    readonly user = "registrar";
    readonly password: pulumi.Output<string>;

    constructor(name: string, args: RegistryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:discovery:Registry", name, {}, opts);
        const { clusterName, image } = args;
        const members = Object.entries(args.members);
        const url = (address: string, port: number) => `${args.certificateOf ? "https" : "http"}://${address}:${port}`;
        const { own: pem, authority } = certificatePaths;
        const secured = ["", "peer-"].flatMap((side) => [
            ...[`--${side}cert-file`, pem, `--${side}key-file`, pem, `--${side}trusted-ca-file`, authority, `--${side}client-cert-auth`],
        ]);
        const addresses = pulumi.all(members.map(([, { address }]) => address));
        const machines = pulumi.all(members.map(([, host]) => host.docker.identity ?? ""));
        const everybody = addresses.apply((all) => all.map((address, index) => `${members[index]?.[0]}=${url(address, etcdPorts.peers)}`).join());
        const identity = pulumi
            .all([everybody, machines])
            .apply((parts) => createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12));

        const containers = members.map(([member, host]) => {
            const own = member.replace("etcd", name);
            const options = { parent: this, ...host.docker.options };
            const pulled = hostImage(`${own}-image`, image, host, { parent: this });
            const data = host.dataDirectory(`${own}-data`, { clusterName, daemon: member, containerPath: "/etcd", owner: 0 }, options);
            const command = pulumi.all([host.address, identity, everybody]).apply(([address, token, all]) => [
                ...["etcd", "--name", member, "--data-dir", `/etcd/${token}`],
                ...["--listen-peer-urls", url(address, etcdPorts.peers), "--initial-advertise-peer-urls", url(address, etcdPorts.peers)],
                ...["--listen-client-urls", url(address, etcdPorts.clients), "--advertise-client-urls", url(address, etcdPorts.clients)],
                ...(args.certificateOf ? secured : []),
                ...["--initial-cluster", all, "--initial-cluster-token", token, "--auto-compaction-retention", "1h", "--logger", "zap"],
            ]);
            return hostContainer(
                `${own}-container`,
                { clusterName, daemon: member, host, memory },
                {
                    image,
                    command,
                    volumes: [{ containerPath: "/etcd", ...data.mount }],
                    uploads: uploadsOf(args.certificateOf?.(host)),
                    ...host.attach(member, [], []),
                    // Its data is root's, whom nothing else is left of.
                    user: "0:0",
                },
                { ...options, dependsOn: [pulled, data.resource] },
            );
        });

        const rootPassword = new Password(`${name}-root`, { parent: this }).value;
        this.password = new Password(`${name}-${this.user}`, { parent: this }).value;
        this.urls = addresses.apply((all) => all.map((address) => url(address, etcdPorts.clients)));
        new RegistryUsers(
            `${name}-users`,
            {
                members: pulumi.all(
                    members.map(([member, { docker: { ssh } }]) =>
                        pulumi.output(ssh).apply((words) => ({ container: `${clusterName}-${member}`, ssh: words })),
                    ),
                ),
                options: this.urls.apply(([first = ""]) => [
                    `--endpoints=${first}`,
                    ...(args.certificateOf ? [`--cacert=${authority}`, `--cert=${pem}`, `--key=${pem}`] : []),
                ]),
                identity,
                rootPassword,
                user: this.user,
                password: this.password,
                prefix: args.prefix,
                seconds: args.seconds,
            },
            { parent: this, dependsOn: containers },
        );
        this.registerOutputs({ urls: this.urls });
    }
}
