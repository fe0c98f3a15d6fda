/**
 * Hosts and networks on AWS. It takes the package `@pulumi/aws`, which others need not install, nor wait for.
 *
 * @module
 */
export { PrivateZone, type PrivateZoneArgs } from "./discovery/privateZone";
export { Ec2Host, type Ec2HostArgs } from "./hosts/ec2Host";
export { type Ec2Common, Ec2Instance, type Ec2InstanceArgs } from "./hosts/ec2Instance";
export { InstanceProfile, type InstanceProfileArgs } from "./hosts/instanceProfile";
export { type AllowedEdge, SecurityGroups, type SecurityGroupsArgs } from "./network/securityGroups";
export { Vpc, type VpcArgs } from "./network/vpc";
