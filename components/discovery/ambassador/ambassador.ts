import * as fs from "fs";
import * as path from "path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { hostContainer } from "../../hosts/hostContainer";
import type { Host } from "../../hosts/host";
import { hostImage } from "../../hosts/hostImage";
import { labels } from "../../network/labels";
import { type CertificateFiles, certificatePaths, uploadsOf } from "./certificates";
import { type Backend, proxyConfig } from "./proxyConfig";
import type { Registry } from "./registry";

/** A machine with daemons, and where its ambassador runs. */
export interface AmbassadorMachine {
    /** Where the registrar runs. */
    registrar: Host;
    /** Where the proxy runs. */
    proxy: Host;
    /** What the machine's daemons dial the proxy by. */
    address: pulumi.Output<string>;
}

/** Images of the two containers. */
export interface AmbassadorImages {
    /** The registrar's: it has Python, as Storm's images have. */
    stormImage: string;
    /** As the official `haproxy` has it. */
    proxyImage: string;
}

/** Arguments of {@link Ambassador}. */
export interface AmbassadorArgs extends AmbassadorImages {
    /** First part of the names of containers. */
    clusterName: string;
    machine: AmbassadorMachine;
    registry: Registry;
    /** What all keys in the registry begin with. */
    prefix: string;
    /** What the machine's daemons offer, by key, without the prefix. */
    services: Record<string, Offered>;
    /** What they need: by what its keys begin with, without the prefix. */
    needs: Record<string, Backend>;
    /** Where those that are enclosed on the machine dial the proxy; default: nobody is. */
    bridgeAddress?: pulumi.Output<string>;
    /** The files of the machine's certificate, where connections between ambassadors are encrypted; default: they are not. */
    certificate?: CertificateFiles;
}

/** Where a daemon is dialled: address and port each. */
export interface Offered {
    /** By its own machine's ambassador. */
    to: pulumi.Output<string>;
    /** By those of the others. */
    at: pulumi.Output<string>;
}

/** MiB. */
const memory = { registrar: 128, proxy: 256 };
/** Seconds after which what a machine offers is taken out of the registry, when nothing is heard of it. */
const leaseSeconds = 10;
/** The directory that the two have in common. Storm's images have it, as their user's; so a new volume is theirs. */
const directory = "/data";
const socket = `${directory}/proxy.sock`;
const uid = 1000;
const script = fs.readFileSync(path.join(__dirname, "registrar.py"), "utf8");

/** A machine's ambassador: one container registers what runs there, one leads its daemons to what they need. */
export class Ambassador extends pulumi.ComponentResource {
    /** What the machine's daemons are made after. */
    readonly before: readonly pulumi.Resource[];

    constructor(name: string, args: AmbassadorArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:discovery:Ambassador", name, {}, opts);
        const { clusterName, machine, registry, prefix } = args;
        const { provider, options: given } = machine.registrar.docker;
        const options = { parent: this, ...given, provider };
        const marks = labels({ "storm.cluster": clusterName, "storm.daemon": "ambassador" });
        const shared = new docker.Volume(`${name}-socket`, { name: `${clusterName}-ambassador`, labels: marks }, options);
        const container = (
            role: keyof typeof memory,
            image: string,
            own: Omit<docker.ContainerArgs, "image">,
            dependsOn: pulumi.Resource[],
        ) => {
            const host = machine[role];
            const pulled = hostImage(`${name}-${role}-image`, image, host, { parent: this });
            return hostContainer(
                `${name}-${role}-container`,
                { clusterName, daemon: role, host, memory: memory[role] },
                {
                    image,
                    ...host.attach(role, [], []),
                    volumes: [{ containerPath: directory, volumeName: shared.name }],
                    user: `${uid}:${uid}`,
                    stopSignal: "SIGTERM",
                    ...own,
                },
                { ...options, dependsOn: [pulled, ...dependsOn] },
            );
        };

        const settings = pulumi.all([registry.urls, registry.password, args.services]).apply(([etcd, password, services]) =>
            JSON.stringify({
                ...{ etcd, user: registry.user, password, prefix, leaseSeconds, proxySocket: socket },
                ...(args.certificate && { certificate: certificatePaths }),
                services: Object.fromEntries(Object.entries(services).map(([key, offered]) => [prefix + key, offered])),
                backends: Object.fromEntries(Object.entries(args.needs).map(([key, backend]) => [backend.name, prefix + key])),
            }),
        );
        const registrar = container(
            "registrar",
            args.stormImage,
            {
                command: ["python3", "/registrar.py", "/registrar.json"],
                uploads: [
                    { file: "/registrar.py", content: script },
                    { file: "/registrar.json", content: settings },
                    ...uploadsOf(args.certificate),
                ],
                init: true,
            },
            [],
        );
        const config = pulumi
            .all([machine.address, args.bridgeAddress, args.services])
            .apply(([address, bridgeAddress, services]) =>
                proxyConfig({
                    addresses: [address, ...(bridgeAddress === undefined ? [] : [bridgeAddress])],
                    backends: Object.values(args.needs),
                    socket,
                    ...(args.certificate && {
                        tls: {
                            ...certificatePaths,
                            inbound: Object.entries(services).map(([key, offered]) => ({ name: path.basename(key), ...offered })),
                        },
                    }),
                }),
            );
        const proxy = container(
            "proxy",
            args.proxyImage,
            { uploads: [{ file: "/usr/local/etc/haproxy/haproxy.cfg", content: config }, ...uploadsOf(args.certificate)] },
            // The first that the new volume is mounted into gives it its owner.
            [registrar],
        );
        this.before = [registrar, proxy];
        this.registerOutputs({ address: machine.address });
    }
}
