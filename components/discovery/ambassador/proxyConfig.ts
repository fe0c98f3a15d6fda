/** A service that a proxy connects to. */
export interface Backend {
    /** Its name. */
    name: string;
    /** TCP port at which the proxy listens for it. */
    port: number;
    /** How many servers it may have. */
    places: number;
    /** Further lines of the proxy's section for it; default: a server is healthy if it accepts connections. */
    lines?: string[];
}

/** A daemon on a proxy's machine that others reach only through the proxy. */
export interface Inbound {
    /** The daemon. */
    name: string;
    /** Where it listens, on the machine alone: address and port. */
    to: string;
    /** Where others connect to it: address and port. */
    at: string;
}

/** Encrypted connections between proxies, in which each side must have a certificate. */
export interface MutualTls {
    /** File of the authority's certificate. */
    authority: string;
    /** File of the own certificate and its key. */
    own: string;
    inbound: Inbound[];
}

/** Arguments of {@link proxyConfig}. */
export interface ProxyConfigArgs {
    /** Addresses at which it listens for the daemons of its machine. */
    addresses: string[];
    backends: Backend[];
    /** File of the runtime API. */
    socket: string;
    /** Default: connections between proxies are plain. */
    tls?: MutualTls;
}

/** How a proxy finds the ZooKeeper members that serve: a member without a quorum accepts connections too. */
export const zooKeeperCheck = ["option tcp-check", "tcp-check send srvr", "tcp-check expect string Mode:"];

/** HAProxy's configuration. Its servers are out of service until its runtime API says where they are. */
export function proxyConfig({ addresses, backends, socket, tls }: ProxyConfigArgs): string {
    const secured = tls ? ` ssl verify required ca-file ${tls.authority} crt ${tls.own}` : "";
    const outbound = backends.map(({ name, port, places, lines = [] }) => [
        `listen ${name}`,
        ...addresses.map((address) => `    bind ${address}:${port}`),
        ...lines.map((line) => `    ${line}`),
        `    server-template server 1-${places} 127.0.0.1:${port}${secured} check disabled`,
    ]);
    const inbound = (tls?.inbound ?? []).map(({ name, at, to }) => [
        `listen of-${name}`,
        `    bind ${at}${secured}`,
        `    server ${name} ${to}`,
    ]);
    return `
global
    log stdout format raw local0 notice
    stats socket ${socket} mode 600 level admin
    maxconn 4096
defaults
    log global
    mode tcp
    balance leastconn
    option redispatch
    option clitcpka
    option srvtcpka
    timeout connect 2s
    timeout check 2s
    timeout client 1h
    timeout server 1h
    default-server inter 2s fall 2 rise 1 on-marked-down shutdown-sessions
${[...outbound, ...inbound].flat().join("\n")}
`.trimStart();
}
