/** TCP ports of etcd: its defaults. */
export const etcdPorts = { clients: 2379, peers: 2380 } as const;

/** The port at which ambassadors lead to Nimbus, whichever answers. It is not Nimbus's own, which the one before or after may listen on. */
export const anyNimbusPort = 6640;

/** The ports of Nimbus daemons, the first one's first. Each has its own: an ambassador tells them apart by that. */
export const nimbusPorts = [6641, 6649] as const;

/** The port at which an ambassador takes encrypted connections for a port of its machine's. */
export function securedPort(port: number): number {
    return port + 10_000;
}
