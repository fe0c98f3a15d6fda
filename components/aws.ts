/**
 * EC2 as a target of clusters. It needs the package `@pulumi/aws`.
 *
 * @module
 */
export { PrivateZone, type PrivateZoneArgs } from "./discovery/privateZone";
export { type DaemonWithData, Ec2Host, type Ec2HostArgs } from "./hosts/ec2/ec2Host";
export { type Ec2Common, Ec2Instance, type Ec2InstanceArgs } from "./hosts/ec2/ec2Instance";
export { inUseSeconds, whileInUse } from "./hosts/ec2/inUse";
export { InstanceProfile, type InstanceProfileArgs } from "./hosts/ec2/instanceProfile";
export { Fleet, type FleetArgs } from "./fleet/fleet";
export { controllerImage, type FleetBounds, type FleetSchedule } from "./fleet/spec";
export type { FleetMachines } from "./hosts/ec2/fleetMachines";
export type { PolicyStatement } from "./network/policyDocument";
export { type AllowedEdge, SecurityGroups, type SecurityGroupsArgs } from "./network/securityGroups";
export { type Ec2Network, ec2Network, type Ec2NetworkArgs, type ExistingNetwork } from "./network/ec2Network";
export { FlowLogs, type FlowLogsArgs } from "./network/flowLogs";
export { Vpc, type VpcArgs } from "./network/vpc";
export type { ExistingResources } from "./stackState";
export { Ec2Target } from "./targets/ec2Target";
export {
    type Ec2Defaults,
    ec2Defaults,
    type Ec2Placement,
    type Ec2TargetArgs,
    type FleetTargetArgs,
    type InstanceTypes,
} from "./targets/ec2TargetArgs";
export { existingResources } from "./targets/existingResources";
