import * as pulumi from "@pulumi/pulumi";
import { Ready } from "../../../provider/resources";
import { ofKind } from "../../daemonRef";
import type { Discovery } from "../../discovery/discovery";
import { byDockerEngine, type PlacedDaemon } from "../../discovery/placedDaemon";
import { wiringOf } from "../../discovery/wiring";
import { hostContainer } from "../../hosts/docker/hostContainer";
import type { Host } from "../../hosts/host";
import { reverseProxyMemory } from "../spec/memory";
import { type PagePorts, ports, portsBehindProxy } from "../spec/ports";
import { connectionsBy, hasReverseProxies, type Security, type SecurityInUpdate } from "../spec/security";
import { certificateNames } from "./certificateNames";
import { type Backend, reverseProxyConfig } from "./reverseProxyConfig";

/** A reverse proxy, where it runs, and what is behind it. */
export interface PlacedReverseProxy {
    host: Host;
    /** The servers: at least one. */
    backends: readonly (Omit<Backend, "to"> & { daemon: PlacedDaemon })[];
}

/** What the placement of reverse proxies follows from. */
export interface ReverseProxiesArgs {
    /** Where that of Storm UI runs, if containers have addresses of their own. */
    reverseProxy?: Host;
    /** Whether logviewers run. */
    logviewers: boolean;
    /** TCP port at which Storm UI is reached. */
    uiPort: number;
    /** What is protected; reverse proxies run with `tls` alone. */
    security?: Security | SecurityInUpdate;
}

/** Whether containers on a host use the network of their machine. */
function sharesNetwork({ docker }: Host): boolean {
    return docker.ssh !== undefined;
}

/** TCP ports at which Storm's servers of pages on a host listen. */
export function pagePorts(host: Host, { security, uiPort }: ReverseProxiesArgs): PagePorts {
    return connectionsBy(security) === "tls" && sharesNetwork(host)
        ? portsBehindProxy
        : { ui: uiPort, logviewer: ports.logviewer, drpc: ports.drpcHttp };
}

/**
 * The reverse proxies of a cluster: one on each machine with pages, where links of Storm UI lead. Where each container has an address of
 * its own, no proxy can be at that of a logviewer or a DRPC server: there is one for Storm UI alone.
 * @throws Error if it has no host to run on.
 */
export function placeReverseProxies(daemons: readonly PlacedDaemon[], args: ReverseProxiesArgs): PlacedReverseProxy[] {
    if (!hasReverseProxies(args.security)) {
        return [];
    }
    const ui = ofKind(daemons, "ui").map((daemon) => ({
        ...{ daemon, server: "ui" as const, port: args.uiPort, commonName: "ui" },
    }));
    if (!daemons.some(({ host }) => sharesNetwork(host))) {
        const { reverseProxy: host } = args;
        if (ui.length > 0 && host === undefined) {
            throw new Error("is missing, which Storm UI is reached through: give that of the target");
        }
        return host ? ui.map((each) => ({ host, backends: [each] })) : [];
    }
    return [...byDockerEngine(daemons).values()].flatMap((on) => {
        const [logviewer] = [...ofKind(on, "supervisor"), ...ofKind(on, "nimbus")].filter(() => args.logviewers);
        const [drpc] = ofKind(on, "drpc");
        const backends: PlacedReverseProxy["backends"] = [
            ...ui.filter(({ daemon }) => on.includes(daemon)),
            ...(logviewer
                ? [{ daemon: logviewer, server: "logviewer" as const, port: ports.logviewer, commonName: "storm" }]
                : []),
            ...(drpc ? [{ daemon: drpc, server: "drpc" as const, port: ports.drpcHttp, commonName: "drpc" }] : []),
        ];
        const { host } = on[0] as PlacedDaemon;
        return backends.length > 0 ? [{ host, backends }] : [];
    });
}

/** Names, beside its host's address, in a reverse proxy's certificate: those of the daemons behind it on its machine too. */
export function namesOf({ host, backends }: PlacedReverseProxy, discovery: Discovery): pulumi.Output<string[]> {
    const daemons = backends.map(({ daemon }) => daemon).filter((daemon) => sharesNetwork(daemon.host));
    return certificateNames(host, daemons, discovery);
}

/** Arguments of {@link ReverseProxy}. */
export interface ReverseProxyArgs {
    /** First part of the container's name. */
    clusterName: string;
    /** Image, as the official `haproxy` has it, by a name that the host's Docker Engine has already. */
    image: string;
    placed: PlacedReverseProxy;
    /** How the container joins its host's network. */
    discovery: Discovery;
    /** The files that its configuration names: content by path. */
    files: Record<string, pulumi.Output<string>>;
    /** Password of each user, by name. */
    passwords: pulumi.Output<Record<string, string>>;
    /** Seconds that it has to become ready. */
    readySeconds: number;
    /** Resources that must exist before the container: the servers behind it have left its ports then. */
    after: readonly pulumi.Input<pulumi.Resource>[];
}

/** HAProxy in front of Storm's pages: it asks users for a certificate or a password. */
export class ReverseProxy extends pulumi.ComponentResource {
    /** Exists once it listens. */
    readonly ready: pulumi.Resource;

    constructor(name: string, args: ReverseProxyArgs, opts?: pulumi.ComponentResourceOptions) {
        const { clusterName, placed, discovery } = args;
        const { host, backends } = placed;
        const peer = { name: "reverse-proxy", host };
        const remote = backends.map(({ daemon }) => daemon).filter((daemon) => !sharesNetwork(daemon.host));
        const wiring = [wiringOf(peer, [...remote, ...discovery.peers(peer)])];
        super("storm:storm:ReverseProxy", name, { wiring }, opts);
        const options = { parent: this, ...host.docker.options };
        const servers = backends.map(({ daemon, ...backend }) => {
            const shared = sharesNetwork(daemon.host);
            const to = shared
                ? pulumi.output(`127.0.0.1:${portsBehindProxy[backend.server]}`)
                : pulumi.interpolate`${daemon.host.address}:${backend.port}`;
            return to.apply((at) => ({ ...backend, to: at }));
        });
        const config = pulumi
            .all([host.address, pulumi.all(servers), args.passwords])
            .apply(([address, all, passwords]) => reverseProxyConfig({ address, backends: all, passwords }));
        const published = backends.map(({ port }) => port);
        const container = hostContainer(
            `${name}-container`,
            { clusterName, daemon: peer.name, host, memory: reverseProxyMemory },
            {
                image: args.image,
                uploads: Object.entries({
                    "/usr/local/etc/haproxy/haproxy.cfg": config,
                    ...args.files,
                }).map(([file, content]) => ({ file, content })),
                ...discovery.attach(peer, published),
                user: "1000:1000",
                // The image's own has it wait for the end of all connections.
                stopSignal: "SIGTERM",
            },
            { ...options, dependsOn: [...args.after, ...discovery.before(host)] },
        );
        this.ready = new Ready(
            `${name}-ready`,
            {
                daemon: peer.name,
                container: container.name,
                containerId: container.id,
                check: host.address.apply((address) => ({
                    ...{ kind: "port" as const, address, port: published[0] as number },
                })),
                seconds: args.readySeconds,
                logFiles: [],
                ssh: host.docker.ssh,
            },
            options,
        );
        this.registerOutputs({ address: host.address });
    }
}
