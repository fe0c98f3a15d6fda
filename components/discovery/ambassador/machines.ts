import * as pulumi from "@pulumi/pulumi";
import { ofKind } from "../../daemonRef";
import type { Host } from "../../hosts/host";
import type { PlacedDaemon } from "../placedDaemon";
import type { AmbassadorMachine } from "./ambassador";

/** The machines that daemons run on, each with its ambassador on it, which listens on a loopback address. */
export function machinesOf(daemons: readonly PlacedDaemon[]): AmbassadorMachine[] {
    return hostOfEachEngine(daemons.map(({ host }) => host)).map((host) => ({
        registrar: host,
        proxy: host,
        address: pulumi.output("127.0.0.1"),
    }));
}

/** Of hosts on machines, one for each Docker Engine. */
export function hostOfEachEngine(hosts: readonly Host[]): Host[] {
    return [...new Map(hosts.map((host) => [host.docker.name, host])).values()];
}

/** Hosts of the registry's members: those of the first three ZooKeeper members, or of the only one. */
export function registryHosts(daemons: readonly PlacedDaemon[]): Host[] {
    return ofKind(daemons, "zookeeper")
        .slice(0, 3)
        .map(({ host }) => host);
}
