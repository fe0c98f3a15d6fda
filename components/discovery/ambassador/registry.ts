import { createHash } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import { Password, RegistryUsers } from "../../../provider/resources";
import { hostContainer } from "../../hosts/docker/hostContainer";
import type { Host } from "../../hosts/host";
import { hostImage } from "../../hosts/docker/hostImage";
import { type Peer, wiringOf } from "../wiring";
import { type CertificateFiles, certificatePaths, uploadsOf } from "./certificates";
import { etcdPorts } from "./ports";

/** Arguments of {@link Registry}. */
export interface RegistryArgs {
    /** First part of the names of containers. */
    clusterName: string;
    /** Image, as the official `quay.io/coreos/etcd` has it. */
    image: string;
    /** The host of each member. */
    members: readonly Host[];
    /** Prefix of all keys. */
    prefix: string;
    /**
     * The files of a host's certificate, if connections are encrypted and both sides must have one.
     * @default connections are plain
     */
    certificateOf?: (host: Host) => CertificateFiles;
    /** Seconds that it has to answer. */
    seconds: number;
}

/** MiB: it holds a key for each daemon. */
const memory = 256;

/**
 * A registry: etcd, on hosts of the cluster. Registrars write every key again each second. So if a member moves to another machine, or
 * its address changes, the whole registry is recreated, empty.
 */
export class Registry extends pulumi.ComponentResource {
    readonly members: readonly Peer[];
    /** URL of each member. */
    readonly urls: pulumi.Output<string[]>;
    /** The user that may read and write. */
    readonly user = "registrar";
    readonly password: pulumi.Output<string>;

    constructor(name: string, args: RegistryArgs, opts?: pulumi.ComponentResourceOptions) {
        const peers = args.members.map((host, index): Peer => ({ name: `etcd-${index + 1}`, host }));
        super("storm:discovery:Registry", name, { wiring: peers.map((member) => wiringOf(member, peers)) }, opts);
        this.members = peers;
        const { clusterName, image } = args;
        const members = peers.map(({ name: member, host }, index) => ({
            member,
            host,
            own: `${name}-${index + 1}`,
            container: `${clusterName}-${member}`,
        }));
        const url = (address: string, port: number) => `${args.certificateOf ? "https" : "http"}://${address}:${port}`;
        const { own: pem, authority } = certificatePaths;
        const secured = ["", "peer-"].flatMap((side) => [
            ...flags({ [`${side}cert-file`]: pem, [`${side}key-file`]: pem, [`${side}trusted-ca-file`]: authority }),
            `--${side}client-cert-auth`,
        ]);
        const addresses = pulumi.all(members.map(({ host }) => host.address));
        const machines = pulumi.all(members.map(({ host }) => host.docker.identity ?? ""));
        const everybody = addresses.apply((all) =>
            all.map((address, index) => `${members[index]?.member}=${url(address, etcdPorts.peers)}`).join(),
        );
        const identity = pulumi
            .all([everybody, machines])
            .apply((parts) => createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12));

        const containers = members.map(({ member, host, own }) => {
            const options = { parent: this, ...host.docker.options };
            const pulled = hostImage(`${own}-image`, image, host, { parent: this });
            const data = host.dataDirectory(
                `${own}-data`,
                { clusterName, daemon: member, containerPath: "/etcd", owner: 0 },
                options,
            );
            const command = pulumi.all([host.address, identity, everybody]).apply(([address, token, all]) => [
                "etcd",
                ...flags({
                    name: member,
                    "data-dir": `/etcd/${token}`,
                    "listen-peer-urls": url(address, etcdPorts.peers),
                    "initial-advertise-peer-urls": url(address, etcdPorts.peers),
                    "listen-client-urls": url(address, etcdPorts.clients),
                    "advertise-client-urls": url(address, etcdPorts.clients),
                }),
                ...(args.certificateOf ? secured : []),
                ...flags({
                    "initial-cluster": all,
                    "initial-cluster-token": token,
                    "auto-compaction-retention": "1h",
                    logger: "zap",
                }),
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
                    // Its data belongs to root, whose capabilities are dropped.
                    user: "0:0",
                    readOnly: args.certificateOf === undefined,
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
                    members.map(({ container, host }) =>
                        pulumi.output(host.docker.ssh).apply((ssh) => ({ container, ssh })),
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

function flags(values: Record<string, string>): string[] {
    return Object.entries(values).flatMap(([flag, value]) => [`--${flag}`, value]);
}
