/** TCP ports of etcd: its defaults. */
export const etcdPorts = { clients: 2379, peers: 2380 } as const;

/** The port at which a proxy connects to whichever Nimbus answers. It is none of Nimbus's own, on which a Nimbus of its machine listens. */
export const anyNimbusPort = 6640;

/** The ports of Nimbus daemons, the first one's first. Each has its own: by which an ambassador knows them apart. */
export const nimbusPorts = [6641, 6649] as const;

/** The port at which a proxy accepts encrypted connections for a port of its machine. */
export function securedPort(port: number): number {
    return port + 10_000;
}
