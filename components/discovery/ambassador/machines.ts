import * as pulumi from "@pulumi/pulumi";
import type { Host } from "../../hosts/host";
import type { AmbassadorMachine } from "./ambassador";

/** The machines that hosts are, each with its ambassador on it, dialled on the machine itself. */
export function machinesOf(hosts: Record<string, Host>): AmbassadorMachine[] {
    const byName = new Map(Object.values(hosts).map((host) => [host.docker.name, host]));
    return [...byName.values()].map((host) => ({ registrar: host, proxy: host, address: pulumi.output("127.0.0.1") }));
}

/** Hosts of the registry's members, by their names: those of the first three of ZooKeeper's, or that of the only one. */
export function registryHosts(hosts: Record<string, Host>): Record<string, Host> {
    const members = daemonsLike("zookeeper", Object.keys(hosts)).slice(0, 3);
    return Object.fromEntries(members.map((daemon) => [daemon.replace("zookeeper", "etcd"), hosts[daemon] as Host]));
}

/** Names of the daemons of a kind. */
export function daemonsLike(kind: string, daemons: string[]): string[] {
    return daemons.filter((daemon) => daemon.startsWith(`${kind}-`)).sort();
}
