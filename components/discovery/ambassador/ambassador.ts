import * as path from "path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { hostContainer, type OwnArgs } from "../../hosts/docker/hostContainer";
import type { Host } from "../../hosts/host";
import { hostImage } from "../../hosts/docker/hostImage";
import { labels } from "../../network/labels";
import { type Peer, wiringOf } from "../wiring";
import { certificatePaths, uploadsOf } from "./certificates";
import { proxyConfig } from "./proxyConfig";
import { type RegistrarArgs, registrarScript, registrarSettings } from "./registrar";

/** A machine with daemons, and where its ambassador runs. */
export interface AmbassadorMachine {
    /** Where the registrar runs. */
    registrar: Host;
    /** Where the proxy runs. */
    proxy: Host;
    /** The address at which the machine's daemons connect to the proxy. */
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
export interface AmbassadorArgs extends AmbassadorImages, RegistrarArgs {
    /** First part of the names of containers. */
    clusterName: string;
    machine: AmbassadorMachine;
    /**
     * The address at which enclosed daemons on the machine connect to the proxy.
     * @default no daemon is enclosed
     */
    bridgeAddress?: pulumi.Output<string>;
}

/** MiB. */
const memory = { registrar: 128, proxy: 256 };
/** The directory that the two have in common. Storm's images have it, as their user's; so a new volume is theirs. */
const directory = "/data";
const socket = `${directory}/proxy.sock`;
const uid = 1000;

/** The proxy of a machine's ambassador. */
export function proxyOf({ proxy }: AmbassadorMachine): Peer {
    return { name: "proxy", host: proxy };
}

/** A machine's ambassador: one container registers what runs there, another is a proxy to the services that its daemons need. */
export class Ambassador extends pulumi.ComponentResource {
    /** Resources that must exist before the machine's daemons are created. */
    readonly before: readonly pulumi.Resource[];

    constructor(name: string, args: AmbassadorArgs, opts?: pulumi.ComponentResourceOptions) {
        const { clusterName, machine, registry } = args;
        const wiring = [
            wiringOf({ name: "registrar", host: machine.registrar }, registry.members),
            wiringOf(proxyOf(machine), []),
        ];
        super("storm:discovery:Ambassador", name, { wiring }, opts);
        const { provider, options: given } = machine.registrar.docker;
        const options = { parent: this, ...given, provider };
        const marks = labels({ "storm.cluster": clusterName, "storm.daemon": "ambassador" });
        const shared = new docker.Volume(
            `${name}-socket`,
            { name: `${clusterName}-ambassador`, labels: marks },
            options,
        );
        const container = (
            role: keyof typeof memory,
            image: string,
            own: Omit<OwnArgs, "image">,
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

        const registrar = container(
            "registrar",
            args.stormImage,
            {
                command: ["python3", "/registrar.py", "/registrar.json"],
                uploads: [
                    { file: "/registrar.py", content: registrarScript },
                    { file: "/registrar.json", content: registrarSettings(args, socket) },
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
                            inbound: Object.entries(services).map(([key, offered]) => ({
                                name: path.basename(key),
                                ...offered,
                            })),
                        },
                    }),
                }),
            );
        const proxy = container(
            "proxy",
            args.proxyImage,
            {
                uploads: [
                    { file: "/usr/local/etc/haproxy/haproxy.cfg", content: config },
                    ...uploadsOf(args.certificate),
                ],
            },
            // The first that the new volume is mounted into gives it its owner.
            [registrar],
        );
        this.before = [registrar, proxy];
        this.registerOutputs({ address: machine.address });
    }
}
