/**
 * Apache Storm clusters in Docker containers: a cluster is a {@link StormCluster} on {@link Host | hosts}. EC2 instances as hosts
 * are in `storm-on-docker/aws`.
 *
 * @module
 */
export type { Attachment, DataDirectory, DataDirectoryArgs, DockerDaemon, Host, Machine } from "./hosts/host";
export { LocalHost, type LocalHostArgs } from "./hosts/localHost";
export { Owner } from "./hosts/owner";
export type { Bastion, SshAccess, SshEndpoint } from "../provider/machines/ssh";
export { type DataVolume, SshHost, type SshHostArgs, type SshLogin } from "./hosts/sshHost";
export { LocalNetwork, type LocalNetworkArgs } from "./network/localNetwork";
export { addresses } from "./discovery/addresses";
export type { AmbassadorImages, AmbassadorMachine } from "./discovery/ambassador/ambassador";
export { Ambassadors, type AmbassadorsArgs } from "./discovery/ambassador/ambassadors";
export { machinesOf, registryHosts } from "./discovery/ambassador/machines";
export type { Discovery, Placed } from "./discovery/discovery";
export { DnsServers, type DnsServersArgs } from "./discovery/dnsServers";
export { names, zoneOf } from "./discovery/names";
export type { Endpoint, Service } from "./discovery/service";
export type { DaemonNames } from "./storm/daemonNames";
export { type Edge, edges, type EdgesArgs, type Outsider } from "./storm/edges";
export type { ExistingZooKeeper } from "./storm/ensemble";
export { defaultHeap, type Heap, type Memory } from "./storm/memory";
export { ports } from "./storm/ports";
export { StormCluster, type StormClusterArgs } from "./storm/stormCluster";
export type { StormConfig } from "./storm/stormConfig";
export type { Delivery } from "./storm/stormDaemon";
export { Topology, type TopologyArgs } from "./storm/topology/topology";
