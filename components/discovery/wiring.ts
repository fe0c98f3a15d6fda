import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "../hosts/host";

/** A daemon, or what a discovery runs beside them, and the host that it runs on. */
export interface Peer {
    /** Last part of its container's name. */
    readonly name: string;
    /** The host that it runs on. */
    readonly host: Host;
}

/** A container, and the peers whose addresses it receives. */
export interface Wiring {
    name: string;
    /** The host's name; undefined: this machine. */
    host?: string;
    address: pulumi.Output<string>;
    receives: Pick<Wiring, "name" | "host">[];
}

/** What `make graph` draws of a container. It is an input of its component, as a preview shows inputs, and no outputs. */
export function wiringOf(own: Peer, receives: readonly Peer[]): Wiring {
    const others = receives.filter((peer) => !isSame(peer, own));
    const distinct = others.filter((peer, index) => others.findIndex((each) => isSame(each, peer)) === index);
    return { ...placeOf(own), address: own.host.address, receives: distinct.map(placeOf) };
}

function isSame(one: Peer, other: Peer): boolean {
    return one.name === other.name && one.host === other.host;
}

function placeOf({ name, host: { docker } }: Peer): Pick<Wiring, "name" | "host"> {
    return { name, ...(docker.ssh && { host: docker.name }) };
}
