import * as pulumi from "@pulumi/pulumi";
import { Certificate } from "../../../provider/resources";
import { ofKind } from "../../daemonRef";
import type { Host } from "../../hosts/host";
import { addresses } from "../addresses";
import type { Discovery } from "../discovery";
import type { PlacedDaemon } from "../placedDaemon";
import type { Peer } from "../wiring";
import { Ambassador, type AmbassadorImages, type AmbassadorMachine, proxyOf } from "./ambassador";
import type { Offered } from "./registrar";
import { type CertificateFiles, certificateFiles } from "./certificates";
import { anyNimbusPort, nimbusPorts, securedPort } from "./ports";
import { type Backend, zooKeeperCheck } from "./proxyConfig";
import { Registry } from "./registry";

/** Arguments of {@link Ambassadors}. */
export interface AmbassadorsArgs extends AmbassadorImages {
    /** First part of the names of containers. */
    clusterName: string;
    /** The registry's image; it must have what the official `quay.io/coreos/etcd` has. */
    etcdImage: string;
    /** The cluster's daemons. */
    daemons: readonly PlacedDaemon[];
    /** The host of each member of the registry. */
    registry: readonly Host[];
    /** The machines with daemons, one for each Docker Engine. */
    machines: readonly AmbassadorMachine[];
    /** Seconds that the registry has to answer. */
    seconds: number;
    /**
     * Whether connections between ambassadors, and to the registry, are encrypted, and both sides must have a certificate of this
     * stack. Then ZooKeeper and Nimbus cannot be reached from other machines in any other way. It takes machines that can
     * {@link Host.enclose}.
     * @default false
     */
    ambassadorTls?: boolean;
}

/** The most ZooKeeper members and Nimbus daemons that a cluster may have: adding some up to that changes no proxy. */
const most = { zookeeper: 5, nimbus: 9 };

/**
 * Discovery by `ambassador`: a daemon connects to the ambassador on its own machine, which forwards to ZooKeeper or Nimbus. ZooKeeper
 * members among themselves, supervisors, workers and DRPC servers are reached at the addresses of their hosts.
 */
export class Ambassadors extends pulumi.ComponentResource {
    /** Discovery through these ambassadors. */
    readonly discovery: Discovery;

    constructor(name: string, args: AmbassadorsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:discovery:Ambassadors", name, {}, opts);
        const { clusterName, daemons, machines, ambassadorTls: isTls = false } = args;
        const prefix = `/${clusterName}/`;
        const nimbuses = ofKind(daemons, "nimbus");
        const certificateOf = isTls ? this.certificates(name, clusterName, machines) : undefined;
        const registry = new Registry(
            `${name}-registry`,
            {
                clusterName,
                image: args.etcdImage,
                members: args.registry,
                prefix,
                certificateOf,
                seconds: args.seconds,
            },
            { parent: this },
        );

        const onMachine = new Map<string, { ambassador: Ambassador; forNimbus: pulumi.Output<string> }>();
        for (const machine of machines) {
            const { docker } = machine.registrar;
            const local = daemons.filter(({ host }) => host.docker.name === docker.name);
            // A Nimbus with TLS has a network of its own, from which 127.0.0.1 is not the machine's.
            const bridgeAddress =
                isTls && local.some(({ kind }) => kind === "nimbus")
                    ? machine.registrar.bridgeAddress?.(`${name}-${docker.name}-bridge`, { parent: this })
                    : undefined;
            const ambassador = new Ambassador(
                `${name}-${docker.name}`,
                {
                    clusterName,
                    stormImage: args.stormImage,
                    proxyImage: args.proxyImage,
                    machine,
                    registry,
                    prefix,
                    bridgeAddress,
                    certificate: certificateOf?.(machine.registrar),
                    services: Object.fromEntries(
                        local
                            .filter(isProxied)
                            .map((daemon) => [`${daemon.kind}/${daemon.name}`, offered(daemon, isTls)]),
                    ),
                    needs: needs(daemons, machine.proxy),
                },
                { parent: this },
            );
            onMachine.set(docker.name, { ambassador, forNimbus: bridgeAddress ?? machine.address });
        }

        const machineOf = ({ host }: Peer) =>
            machines.find(({ registrar }) => registrar.docker.name === host.docker.name);
        const proxies = (from: Peer) => {
            const machine = machineOf(from);
            return machine ? [proxyOf(machine)] : [];
        };
        const asNimbus = ({ name: own }: Peer) => nimbuses.find((nimbus) => nimbus.name === own);
        const addressFor = (from: Peer): pulumi.Output<string> => {
            const address = machineOf(from)?.address ?? pulumi.output("");
            return asNimbus(from) ? (onMachine.get(from.host.docker.name)?.forNimbus ?? address) : address;
        };
        this.discovery = {
            ...addresses,
            advertise: (daemon) => ({
                host: daemon.kind === "nimbus" ? pulumi.output(daemon.name) : daemon.host.address,
                port: listenPort(daemon),
                bindAddress: isTls && isProxied(daemon) ? pulumi.output(enclosedAt(daemon)) : daemon.host.address,
            }),
            resolve: (service, from) => {
                const [first] = service.daemons;
                return first && isProxied(first)
                    ? {
                          servers: addressFor(from).apply((address) => [address]),
                          port: first.kind === "nimbus" ? anyNimbusPort : first.defaultPort,
                          peers: proxies(from),
                      }
                    : addresses.resolve(service, from);
            },
            attach: (from, published) => {
                const enclosed = isTls ? asNimbus(from) : undefined;
                const attachment =
                    (enclosed && from.host.enclose?.(from.name, listenPort(enclosed))) ??
                    from.host.attach(from.name, [], published);
                const others = nimbuses
                    .filter(({ name: other }) => other !== from.name)
                    .map((other) => ({ host: other.name, ip: addressFor(from) }));
                return { ...attachment, hosts: [...(attachment.hosts ?? []), ...others] };
            },
            // With TLS, connections reach a service from the ambassador on its own machine, whoever has opened them.
            source: (daemon) => (isTls ? machines[0] : machineOf(daemon))?.proxy ?? daemon.host,
            peers: proxies,
            before: (host) => onMachine.get(host.docker.name)?.ambassador.before ?? [],
        };
        this.registerOutputs({ urls: registry.urls });
    }

    /** Gives each machine a certificate, signed by an authority of the stack's own. */
    private certificates(
        name: string,
        clusterName: string,
        machines: readonly AmbassadorMachine[],
    ): (host: Host) => CertificateFiles {
        const authority = new Certificate(`${name}-authority`, { name: clusterName }, { parent: this });
        const by = pulumi.secret({ certificate: authority.certificate, key: authority.key });
        const files = Object.fromEntries(
            machines.map(({ registrar: { docker, address } }) => {
                const own = new Certificate(
                    `${name}-${docker.name}-certificate`,
                    { name: docker.name, address, by },
                    { parent: this },
                );
                return [docker.name, certificateFiles(own, authority)];
            }),
        );
        return ({ docker }) => files[docker.name] ?? {};
    }
}

/** Whether others reach a daemon through ambassadors. */
function isProxied({ kind }: PlacedDaemon): boolean {
    return kind === "zookeeper" || kind === "nimbus";
}

/** The port that a daemon listens on: each Nimbus has its own, by which a proxy knows them apart. */
function listenPort({ kind, index, defaultPort }: PlacedDaemon): number {
    return kind === "nimbus" ? nimbusPorts[0] + index - 1 : defaultPort;
}

/** The address at which a daemon is reached on its machine only. The proxy has ZooKeeper's port of 127.0.0.1 for itself. */
function enclosedAt({ kind }: PlacedDaemon): string {
    return kind === "zookeeper" ? "127.0.0.2" : "127.0.0.1";
}

/** Where ambassadors connect to a daemon. */
function offered(daemon: PlacedDaemon, isTls: boolean): Offered {
    const { address } = daemon.host;
    const port = listenPort(daemon);
    const open = pulumi.interpolate`${address}:${port}`;
    return isTls
        ? {
              to: pulumi.output(`${enclosedAt(daemon)}:${port}`),
              at: pulumi.interpolate`${address}:${securedPort(port)}`,
          }
        : { to: open, at: open };
}

/** The services that a proxy forwards to, by the prefix of their keys. */
function needs(daemons: readonly PlacedDaemon[], proxy: Host): Record<string, Backend> {
    const zookeeperPort = ofKind(daemons, "zookeeper")[0]?.defaultPort as number;
    const each = ofKind(daemons, "nimbus")
        // A Nimbus listens on all addresses of its network. If the proxy is in the same one, the port is taken: it needs no proxy there.
        .filter(({ host }) => host !== proxy)
        .map((daemon): [string, Backend] => [
            `nimbus/${daemon.name}`,
            { name: daemon.name, port: listenPort(daemon), places: 1 },
        ]);
    return {
        "zookeeper/": { name: "zookeeper", port: zookeeperPort, places: most.zookeeper, lines: zooKeeperCheck },
        "nimbus/": { name: "nimbus", port: anyNimbusPort, places: most.nimbus },
        ...Object.fromEntries(each),
    };
}
