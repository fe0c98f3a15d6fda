import type { DaemonKind } from "../daemonRef";
import { addressAt, hostCount } from "../network/subnet";

/**
 * What has an address on a cluster's Docker network: daemons, containers of the discovery `ambassador`, what watches the cluster, and the
 * reverse proxy of Storm UI.
 */
export type LocalKind =
    | DaemonKind
    | "registrar"
    | "proxy"
    | "etcd"
    | "exporter"
    | "prometheus"
    | "grafana"
    | "nodeExporter"
    | "cadvisor"
    | "reverseProxy";

/** Where each kind's addresses begin. Those below 16 are for containers without a fixed address. */
const firstOffset: Record<LocalKind, number> = {
    zookeeper: 16,
    nimbus: 32,
    drpc: 48,
    ui: 64,
    registrar: 80,
    proxy: 81,
    etcd: 82,
    exporter: 96,
    prometheus: 97,
    grafana: 98,
    nodeExporter: 99,
    cadvisor: 100,
    reverseProxy: 101,
    supervisor: 127,
};

function offset(kind: LocalKind, index: number): number {
    const isOne = [
        "ui",
        "registrar",
        "proxy",
        "exporter",
        "prometheus",
        "grafana",
        "nodeExporter",
        "cadvisor",
        "reverseProxy",
    ].includes(kind);
    return firstOffset[kind] + (isOne ? 0 : index);
}

/** The address of a container on the Docker network of the cluster: it follows from kind and index, whatever other daemons there are. */
export function localAddress(subnet: string, kind: LocalKind, index = 1): string {
    return addressAt(subnet, offset(kind, index));
}

/** How many supervisors have an address in a subnet. */
export function localSupervisors(subnet: string): number {
    return hostCount(subnet) - firstOffset.supervisor;
}
