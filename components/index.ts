/**
 * Apache Storm clusters in Docker containers: a {@link StormCluster} runs on the hosts of a target, such as {@link LocalTarget} or
 * {@link SshTarget}. `Ec2Target` is in `storm-on-docker/aws`.
 *
 * @module
 */
export { type DaemonKind, daemonKinds, type DaemonRef } from "./daemonRef";
export type { Attachment, DataDirectory, DataDirectoryArgs, DockerEngine, Host, Machine } from "./hosts/host";
export type { Logging } from "./hosts/docker/logging";
export { LocalHost, type LocalHostArgs } from "./hosts/docker/localHost";
export { StackId } from "./hosts/stackId";
export type { Bastion, SessionManager, SshAccess, SshEndpoint } from "../provider/machines/ssh";
export { SshHost } from "./hosts/ssh/sshHost";
export type { DataVolume, SshHostArgs, SshLogin } from "./hosts/ssh/sshHostArgs";
export { LocalNetwork, type LocalNetworkArgs } from "./network/localNetwork";
export { addresses } from "./discovery/addresses";
export type { AmbassadorImages, AmbassadorMachine } from "./discovery/ambassador/ambassador";
export { Ambassadors, type AmbassadorsArgs } from "./discovery/ambassador/ambassadors";
export { machinesOf, registryHosts } from "./discovery/ambassador/machines";
export type { Advertised, Discovery, Resolved } from "./discovery/discovery";
export type { PlacedDaemon } from "./discovery/placedDaemon";
export { DnsServers, type DnsServersArgs } from "./discovery/dnsServers";
export { names, zoneOf } from "./discovery/names";
export type { Service } from "./discovery/service";
export type { Peer } from "./discovery/wiring";
export { type GrafanaOptions, Monitoring, type MonitoringArgs, type PrometheusOptions } from "./monitoring/monitoring";
export { machineImages, monitoringDefaults, monitoringLimits } from "./monitoring/defaults";
export type { ScrapeLabels, ScrapeTarget } from "./monitoring/scrapeTargets";
export { type DaemonCounts, placeDaemons } from "./storm/spec/composition";
export { type Edge, edges, type EdgesArgs, type Outsider } from "./storm/spec/edges";
export type { ExistingZooKeeper } from "./storm/daemons/ensemble";
export { defaultHeap, type Heap, type Memory, type MonitoringMemory } from "./storm/spec/memory";
export { ports } from "./storm/spec/ports";
export { securityInUpdate } from "./storm/rollout/securityInUpdate";
export type { NimbusStep, Security, SecurityInUpdate, SecurityStep } from "./storm/spec/security";
export type { UsersAuthority } from "./storm/security/authority";
export type { UserFiles } from "./storm/security/users";
export { StormCluster } from "./storm/stormCluster";
export type { StormClusterArgs } from "./storm/stormClusterArgs";
export type { StormConfig } from "./storm/spec/stormConfig";
export type { ZooCfg } from "./storm/spec/zooCfg";
export type { Delivery } from "./storm/daemons/stormDaemon";
export { Topology, type TopologyArgs, type TopologyCluster } from "./storm/topology/topology";
export type {
    AutoscaleRule,
    CapacityRule,
    LatencyRule,
    TopologyAutoscale,
    UrlRule,
} from "../provider/topologies/autoscale";
export type { Bounds, SpreadBounds } from "../provider/nimbus/running";
export { LocalTarget, type LocalTargetArgs } from "./targets/localTarget";
export { type SshMachine, SshTarget, type SshTargetArgs, unreachableMachines } from "./targets/sshTarget";
export {
    type DiscoveryImages,
    discoveryImages,
    type DiscoveryKind,
    type MonitoringHosts,
    type MonitoringPorts,
    type Target,
    type TargetArgs,
    type TargetOutputs,
} from "./targets/target";
