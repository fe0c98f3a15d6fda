import * as pulumi from "@pulumi/pulumi";
import { Certificate } from "../../../provider/resources";
import type { Host } from "../../hosts/host";
import { addresses } from "../addresses";
import type { Discovery, Placed } from "../discovery";
import { Ambassador, type AmbassadorImages, type AmbassadorMachine, type Offered } from "./ambassador";
import { type CertificateFiles, certificateFiles } from "./certificates";
import { daemonsLike } from "./machines";
import { anyNimbusPort, nimbusPorts, securedPort } from "./ports";
import { type Backend, zooKeeperCheck } from "./proxyConfig";
import { Registry } from "./registry";

/** Arguments of {@link Ambassadors}. */
export interface AmbassadorsArgs extends AmbassadorImages {
    /** First part of the names of containers. */
    clusterName: string;
    /** The registry's image, as the official `quay.io/coreos/etcd` has it. */
    etcdImage: string;
    /** The host of each daemon, by the daemon's name. */
    hosts: Record<string, Host>;
    /** The host of each member of the registry, by the member's name: `etcd-1`. */
    registry: Record<string, Host>;
    /** The machines with daemons, one for each Docker daemon. */
    machines: AmbassadorMachine[];
    /** The port at which ZooKeeper is dialled. */
    zookeeperPort: number;
    /** The port at which Nimbus is dialled without ambassadors. */
    nimbusPort: number;
    /** Seconds that the registry has to answer. */
    seconds: number;
    /**
     * Whether connections between ambassadors, and to the registry, are encrypted and let in those alone whom this stack has given a
     * certificate; ZooKeeper and Nimbus are then not to be reached from other machines past them. Not on machines that cannot
     * {@link Host.enclose}. Default: they are plain.
     */
    ambassadorTls?: boolean;
}

/** The most members of ZooKeeper, and Nimbus daemons, that there may be: more of them change no proxy. */
const places = { zookeeper: 5, nimbus: 9 };

/**
 * Discovery by `ambassador`: a daemon dials its machine's ambassador, which leads it on. That goes for ZooKeeper and Nimbus; members of
 * ZooKeeper, supervisors, workers and DRPC servers are dialled at the addresses of their hosts.
 */
export class Ambassadors extends pulumi.ComponentResource {
    /** Discovery by way of them. */
    readonly discovery: Discovery;

    constructor(name: string, args: AmbassadorsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:discovery:Ambassadors", name, {}, opts);
        const { clusterName, hosts, machines, zookeeperPort, nimbusPort } = args;
        const prefix = `/${clusterName}/`;
        const nimbuses = daemonsLike("nimbus", Object.keys(hosts));
        const portOf = (daemon: string, usual: number) => (nimbuses.includes(daemon) ? nimbusPorts[0] + Number(daemon.split("-")[1]) - 1 : usual);
        const certificateOf = args.ambassadorTls ? this.certificates(name, clusterName, machines) : undefined;
        const registry = new Registry(
            `${name}-registry`,
            { clusterName, image: args.etcdImage, members: args.registry, prefix, certificateOf, seconds: args.seconds },
            { parent: this },
        );

        const bridges: Record<string, pulumi.Output<string>> = {};
        const ambassadors: Record<string, Ambassador> = {};
        for (const machine of machines) {
            const { docker } = machine.registrar;
            const there = Object.entries(hosts).filter(([, host]) => host.docker.name === docker.name);
            const services = there.flatMap(([daemon, { address }]) => {
                const [kind = ""] = daemon.split("-");
                const port = { zookeeper: zookeeperPort, nimbus: portOf(daemon, nimbusPort) }[kind];
                if (port === undefined) {
                    return [];
                }
                const open = pulumi.interpolate`${address}:${port}`;
                const closed = { to: pulumi.output(`${enclosedAt(daemon)}:${port}`), at: pulumi.interpolate`${address}:${securedPort(port)}` };
                return [[`${kind}/${daemon}`, args.ambassadorTls ? closed : { to: open, at: open }] as const];
            });
            const isBridged = args.ambassadorTls && there.some(([daemon]) => nimbuses.includes(daemon));
            const bridgeAddress = isBridged ? machine.registrar.bridgeAddress?.(`${name}-${docker.name}-bridge`, { parent: this }) : undefined;
            if (bridgeAddress) {
                bridges[docker.name] = bridgeAddress;
            }
            // A Nimbus listens on every address that it has: where it shares that with the proxy, it is dialled without.
            const isOwn = (daemon: string) => machine.proxy === hosts[daemon];
            const ofEach = nimbuses
                .filter((daemon) => !isOwn(daemon))
                .map((daemon): [string, Backend] => [`nimbus/${daemon}`, { name: daemon, port: portOf(daemon, nimbusPort), places: 1 }]);
            ambassadors[docker.name] = new Ambassador(
                `${name}-${docker.name}`,
                {
                    ...args,
                    ...{ machine, registry, prefix, bridgeAddress, certificate: certificateOf?.(machine.registrar) },
                    services: Object.fromEntries<Offered>(services),
                    needs: {
                        "zookeeper/": { name: "zookeeper", port: zookeeperPort, places: places.zookeeper, lines: zooKeeperCheck },
                        "nimbus/": { name: "nimbus", port: anyNimbusPort, places: places.nimbus },
                        ...Object.fromEntries(ofEach),
                    },
                },
                { parent: this },
            );
        }
        const dialledFrom = ({ daemon, host: { docker } }: Placed) => {
            const machine = machines.find(({ registrar }) => registrar.docker.name === docker.name);
            return (nimbuses.includes(daemon) ? bridges[docker.name] : undefined) ?? machine?.address ?? pulumi.output("");
        };
        const isProxied = (daemon = "") => /^(zookeeper|nimbus)-/.test(daemon);
        this.discovery = {
            ...addresses,
            nameOf: (daemon, host) => (nimbuses.includes(daemon) ? pulumi.output(daemon) : host.address),
            portOf,
            dialledAt: (usual) => (usual === nimbusPort ? anyNimbusPort : usual),
            serversOf: (service, from) => {
                const isLed = isProxied(service.endpoints[0]?.daemon);
                return isLed ? dialledFrom(from).apply((address) => [address]) : addresses.serversOf(service, from);
            },
            listensOn: (daemon, host) => (args.ambassadorTls && isProxied(daemon) ? pulumi.output(enclosedAt(daemon)) : host.address),
            attach: (placed, published) => {
                const { daemon, host } = placed;
                const isEnclosed = args.ambassadorTls && nimbuses.includes(daemon);
                const attachment = (isEnclosed && host.enclose?.(daemon, portOf(daemon, nimbusPort))) || host.attach(daemon, [], published);
                const others = nimbuses.filter((other) => other !== daemon).map((other) => ({ host: other, ip: dialledFrom(placed) }));
                return { ...attachment, hosts: [...(attachment.hosts ?? []), ...others] };
            },
            before: (host) => ambassadors[host.docker.name]?.before ?? [],
        };
        this.registerOutputs({ urls: registry.urls });
    }

    /** Gives each machine a certificate, by an authority of the stack's own. */
    private certificates(name: string, clusterName: string, machines: AmbassadorMachine[]): (host: Host) => CertificateFiles {
        const authority = new Certificate(`${name}-authority`, { name: clusterName }, { parent: this });
        const files = Object.fromEntries(
            machines.map(({ registrar: { docker, address } }) => {
                const by = pulumi.secret({ certificate: authority.certificate, key: authority.key });
                const whose = { name: docker.name, address, by };
                const own = new Certificate(`${name}-${docker.name}-certificate`, whose, { parent: this });
                return [docker.name, certificateFiles(own, authority)];
            }),
        );
        return ({ docker }) => files[docker.name] ?? {};
    }
}

/** The address at which a daemon is reached on its machine alone. The proxy has the port of ZooKeeper's at 127.0.0.1 for itself. */
function enclosedAt(daemon: string): string {
    return daemon.startsWith("zookeeper-") ? "127.0.0.2" : "127.0.0.1";
}
