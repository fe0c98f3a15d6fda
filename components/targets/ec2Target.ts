import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { commandLine } from "../../provider/machines/shell";
import { knownKey, sshCommand } from "../../provider/machines/ssh";
import { DeletionProtection } from "../../provider/resources";
import { parseDaemonName } from "../daemonRef";
import type { Discovery } from "../discovery/discovery";
import { PrivateZone } from "../discovery/privateZone";
import { Ec2Host, type Ec2HostArgs } from "../hosts/ec2/ec2Host";
import { type Ec2Common, Ec2Instance, instanceName } from "../hosts/ec2/ec2Instance";
import { controllerStatements, hasFleetGroup } from "../hosts/ec2/fleetControl";
import type { FleetMachines } from "../hosts/ec2/fleetMachines";
import { whileInUse } from "../hosts/ec2/inUse";
import { InstanceProfile } from "../hosts/ec2/instanceProfile";
import type { SshLogin } from "../hosts/ssh/sshHostArgs";
import { StackId } from "../hosts/stackId";
import { type Ec2Network, ec2Network } from "../network/ec2Network";
import { regionOf, regionOfNetwork } from "../network/region";
import { SecurityGroups } from "../network/securityGroups";
import { placeDaemons } from "../storm/spec/composition";
import { pageScheme } from "../storm/spec/security";
import { clusterDefaults } from "../storm/spec/defaults";
import { edges } from "../storm/spec/edges";
import {
    daemonMachines,
    fleetAmi,
    fleetTypes,
    hasBastion,
    imageOf,
    type Machine,
    machineKinds,
    machineOfKind,
    validateMachines,
} from "./ec2Machine";
import { bastionName, ec2Defaults, type Ec2TargetArgs, kindsWithData } from "./ec2TargetArgs";
import {
    type MonitoringHosts,
    monitoringHosts,
    nimbusHost,
    type Target,
    targetDiscovery,
    type TargetOutputs,
} from "./target";

/** A machine, and the host that it is. */
interface MachineWithHost extends Machine {
    host: Ec2Host;
}

/**
 * EC2: an instance for each daemon, or for several, on a network of the stack's own or on an existing one.
 *
 * Instances that keep their address are replaced one after the other, each after the first daemon on the one before is ready again. On a
 * first start, all start at once.
 */
export class Ec2Target extends pulumi.ComponentResource implements Target {
    readonly hosts: Readonly<Record<string, Ec2Host>>;
    readonly discovery: Discovery;
    readonly outputs: TargetOutputs;
    readonly monitoring?: MonitoringHosts;
    readonly fleetMachines?: FleetMachines;
    private readonly created: pulumi.Resource[] = [];

    /**
     * @param opts With the provider of AWS, if it is not the default one.
     * @throws pulumi.InputPropertiesError if an instance type cannot be used, a machine image is missing, daemons cannot be placed as
     * `instances` says, or flow logs are asked for of an existing network: all of them.
     */
    constructor(
        private readonly name: string,
        private readonly args: Ec2TargetArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("storm:targets:Ec2Target", name, {}, opts);
        validateMachines(name, args);
        const { clusterName, login, protect = false } = args;
        const options = { parent: this };
        const tags = { "storm:cluster": clusterName };
        const network = ec2Network(
            `${name}-network`,
            {
                vpc: args.vpc,
                zones: args.zones ?? [],
                cidr: args.cidr ?? ec2Defaults.cidr,
                private: args.private ?? false,
                flowLogs: args.flowLogs,
                tags,
            },
            options,
        );
        const groups = this.firewall(network, tags);
        const profile = new InstanceProfile(`${name}-profile`, { tags, logging: args.logging }, options);
        const keyPair = new aws.ec2.KeyPair(
            `${name}-key`,
            { keyName: clusterName, publicKey: args.publicKey, tags },
            { parent: this, deleteBeforeReplace: true },
        );
        const common: Ec2Common = {
            user: args.user ?? ec2Defaults.user,
            seconds: args.seconds ?? ec2Defaults.seconds,
            // By its name alone: another public key is for new machines, and replaces none.
            keyName: clusterName,
            keyPair,
            instanceProfile: profile.profileName,
            rootGibibytes: args.rootGibibytes ?? ec2Defaults.rootGibibytes,
            protect,
            existing: args.existing,
            tags,
            inUse: whileInUse(name),
        };
        const bastion = hasBastion(args)
            ? new Ec2Instance(
                  `${name}-bastion`,
                  {
                      ...common,
                      host: bastionName,
                      ...typeAndImage(args, machineOfKind("bastion", bastionName, args)),
                      subnetId: network.subnetIn(network.zoneOf(0), "public"),
                      securityGroupIds: [groups.ids.bastion as pulumi.Output<string>],
                      isPublic: true,
                      keepsAddress: true,
                      login,
                  },
                  options,
              )
            : undefined;
        const through: SshLogin = bastion ? { ...login, bastion: bastionOf(bastion) } : login;
        const { key: owner } = new StackId(`${name}-owner`, options);
        const nimbusProfile = this.nimbusProfile(tags);
        const machines = this.instances(common, network, groups, { login: through, owner, nimbusProfile });
        this.hosts = Object.fromEntries(
            machines.flatMap(({ daemons, host }) => daemons.map((daemon) => [daemon.name, host])),
        );
        this.created.push(
            ...machines.map(({ host }) => host),
            groups,
            profile,
            ...(nimbusProfile ? [nimbusProfile] : []),
            keyPair,
            ...(bastion ? [bastion] : []),
            ...(network.resource ? [network.resource] : []),
        );

        const daemons = placeDaemons(clusterName, this.hosts, args.security);
        this.discovery = targetDiscovery(
            name,
            args,
            daemons,
            {
                dns: () =>
                    new PrivateZone(
                        `${name}-dns`,
                        { clusterName, vpcId: network.id, region: regionOf(network.zoneOf(0)), daemons, tags },
                        options,
                    ).discovery,
            },
            this,
        );
        this.monitoring = monitoringHosts(this.hosts, args.monitoring);
        if (args.fleet) {
            this.fleetMachines = this.fleet(common, network, groups, owner);
        }
        this.outputs = this.describe(machines, bastion);
        this.registerOutputs(this.outputs);
    }

    protect(running: pulumi.Resource[]): void {
        const {
            protect: isOn = false,
            protectAdvice: advice = "To remove it: set `protect` to false, `pulumi up`, and again.",
        } = this.args;
        new DeletionProtection(
            `${this.name}-protection`,
            { isOn, advice },
            { parent: this, dependsOn: [...running, ...this.created] },
        );
    }

    /** A security group for each kind of machines, which lets in what the cluster needs. */
    private firewall(network: Ec2Network, tags: Record<string, string>): SecurityGroups {
        const { from, slots = clusterDefaults.slots, uiPort = clusterDefaults.uiPort } = this.args;
        const ambassadors =
            this.args.discovery === "ambassador" ? { tls: this.args.ambassadorTls ?? false } : undefined;
        const kinds = machineKinds(this.args);
        const sshKinds = this.args.login.sessionManager ? [] : kinds;
        const entry = hasBastion(this.args) ? "bastion" : "ssh";
        const ssh = { ports: [22, 22] as const, purpose: "SSH" };
        return new SecurityGroups(
            `${this.name}-firewall`,
            {
                vpcId: network.id,
                kinds,
                edges: [
                    ...edges({
                        slots,
                        uiPort,
                        ambassadors,
                        security: this.args.security,
                        monitoring: this.args.monitoring,
                    }),
                    ...sshKinds.map((to) => ({ from: to === "bastion" ? "ssh" : entry, to, ...ssh })),
                ],
                outsiders: {
                    ssh: from.ssh ?? [],
                    browser: from.ui ?? [],
                    client: from.clients ?? [],
                    prometheus: from.prometheus ?? [],
                },
                tags,
            },
            { parent: this },
        );
    }

    /** The instances with daemons. */
    private instances(
        common: Ec2Common,
        network: Ec2Network,
        groups: SecurityGroups,
        {
            login,
            owner,
            nimbusProfile,
        }: { login: SshLogin; owner: pulumi.Output<string>; nimbusProfile: InstanceProfile | undefined },
    ): MachineWithHost[] {
        const { name, args } = this;
        const isPrivate = args.private ?? false;
        let previous: Ec2Host | undefined;
        return daemonMachines(args).map((machine) => {
            const { name: host, daemons, kinds, keepsAddress } = machine;
            const exists = args.existing.has(instanceName(`${name}-${host}`));
            const zone = machine.zone ?? network.zoneOf(machine.position);
            const created = new Ec2Host(
                `${name}-${host}`,
                {
                    ...common,
                    ...(nimbusProfile && kinds.includes("nimbus") && { instanceProfile: nimbusProfile.profileName }),
                    tags: { ...common.tags, "storm:daemon": daemons.map((daemon) => daemon.name).join(" ") },
                    host,
                    owner,
                    ...typeAndImage(args, machine),
                    subnetId: network.subnetIn(zone, isPrivate ? "private" : "public"),
                    zone,
                    securityGroupIds: kinds.map((kind) => groups.ids[kind] as pulumi.Output<string>),
                    isPublic: !isPrivate,
                    keepsAddress,
                    data: machine.keepsData ? this.dataOf(machine) : undefined,
                    registryMirror: args.registryMirror,
                    logging: args.logging,
                    login,
                    after: keepsAddress && exists ? previous : undefined,
                },
                { parent: this },
            );
            previous = keepsAddress ? created : previous;
            return { ...machine, host: created };
        });
    }

    /**
     * What instances with a Nimbus may do in place of the others, so that the controller there can control a fleet. They keep it in the
     * update that removes the fleet, whose machines leave at its end.
     */
    private nimbusProfile(tags: Record<string, string>): InstanceProfile | undefined {
        const { fleet, clusterName, logging, existing } = this.args;
        return fleet || hasFleetGroup(existing, clusterName)
            ? new InstanceProfile(
                  `${this.name}-profile-nimbus`,
                  { tags, logging, statements: controllerStatements(clusterName) },
                  { parent: this },
              )
            : undefined;
    }

    /** What a fleet's machines are launched with. */
    private fleet(
        common: Ec2Common,
        network: Ec2Network,
        groups: SecurityGroups,
        owner: pulumi.Output<string>,
    ): FleetMachines {
        const { args } = this;
        const isPrivate = args.private ?? false;
        const ami = fleetAmi(args);
        // An instance says it of its own image. Another one's may be another: EC2 would add a volume, beside a root that is not encrypted.
        const rootDevice = nimbusHost(this.hosts).image.apply((known) =>
            known.ami === ami
                ? pulumi.output(known.rootDevice)
                : aws.ec2.getAmiOutput({ filters: [{ name: "image-id", values: [ami] }] }, { parent: this })
                      .rootDeviceName,
        );
        return {
            provider: this.getProvider("aws:autoscaling/group:Group"),
            region: regionOfNetwork(args),
            profile: args.fleet?.profile,
            endpointUrl: args.fleet?.endpointUrl,
            instanceTypes: fleetTypes(args),
            ami,
            rootDevice,
            rootGibibytes: common.rootGibibytes,
            keyName: common.keyName,
            instanceProfile: common.instanceProfile,
            securityGroupIds: [groups.ids.supervisor as pulumi.Output<string>],
            subnetIds: network.zones.map((zone) => network.subnetIn(zone, isPrivate ? "private" : "public")),
            isPublic: !isPrivate,
            tags: common.tags,
            owner,
            logging: args.logging,
            registryMirror: args.registryMirror,
            nimbuses: Object.fromEntries(
                Object.entries(this.hosts).filter(([daemon]) => parseDaemonName(daemon)?.kind === "nimbus"),
            ),
            after: [common.keyPair, groups],
        };
    }

    /** What the data volume of a machine keeps. */
    private dataOf({ daemons }: Machine): Ec2HostArgs["data"] {
        const { dataGibibytes: gibibytes = ec2Defaults.dataGibibytes, startEmpty = [] } = this.args;
        return {
            gibibytes,
            daemons: daemons
                .filter(({ kind }) => kindsWithData.includes(kind))
                .map(({ name }) => ({
                    name,
                    // Whichever host it is on, or another one would not be refused.
                    resourceName: `${this.name}-${name}-zone`,
                    mayStartEmpty: startEmpty.includes(name),
                })),
        };
    }

    private describe(machines: MachineWithHost[], bastion: Ec2Instance | undefined): TargetOutputs {
        const { from, login, uiPort = clusterDefaults.uiPort, monitoring } = this.args;
        const described = machines.map(({ name, daemons, host }) => [
            name,
            pulumi.all([host.address, host.ssh]).apply(([address, words]) => ({
                address,
                daemons: daemons.map((daemon) => daemon.name),
                ssh: commandLine(words),
            })),
        ]);
        const { ui } = this.hosts;
        const nimbus = nimbusHost(this.hosts);
        const isOpen = (from.ui?.length ?? 0) > 0;
        const url = (host: Ec2Host, port: number, scheme = "http") =>
            pulumi.interpolate`${scheme}://${host.outerAddress}:${port}`;
        const tunnel = (host: Ec2Host, port: number) =>
            pulumi
                .all([host.ssh, host.address])
                .apply(([words, address]) => commandLine([...words, "-N", "-L", `${port}:${address}:${port}`]));
        const scheme = pageScheme(this.args.security);
        return {
            ...(ui &&
                scheme && {
                    ...(isOpen && { uiUrl: url(ui, uiPort, scheme) }),
                    uiTunnel: tunnel(ui, uiPort),
                }),
            ...(monitoring?.prometheus !== undefined && {
                ...(isOpen && { prometheusUrl: url(nimbus, monitoring.prometheus) }),
                prometheusTunnel: tunnel(nimbus, monitoring.prometheus),
            }),
            ...(monitoring?.grafana !== undefined && {
                ...(isOpen && { grafanaUrl: url(nimbus, monitoring.grafana) }),
                grafanaTunnel: tunnel(nimbus, monitoring.grafana),
            }),
            ...(bastion && {
                bastion: pulumi
                    .all([bastion.endpoint, bastion.hostKey])
                    .apply(([endpoint, hostKey]) =>
                        commandLine(sshCommand(endpoint, { keyPath: login.keyPath }, knownKey(hostKey))),
                    ),
            }),
            hosts: Object.fromEntries(described) as TargetOutputs["hosts"],
        };
    }
}

function bastionOf({ endpoint, hostKey }: Ec2Instance): SshLogin["bastion"] {
    return pulumi.all([endpoint, hostKey]).apply(([at, key]) => ({ ...at, hostKey: key }));
}

function typeAndImage(args: Ec2TargetArgs, machine: Machine): { instanceType: string; ami: string } {
    return { instanceType: machine.instanceType, ami: imageOf(args, machine) };
}
