import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { machinesOf, registryHosts } from "../components/discovery/ambassador/machines";
import { PrivateZone } from "../components/discovery/privateZone";
import { Ec2Host } from "../components/hosts/ec2Host";
import { type Ec2Common, Ec2Instance } from "../components/hosts/ec2Instance";
import { InstanceProfile } from "../components/hosts/instanceProfile";
import { Protection } from "../provider/resources";
import { commandLine } from "../provider/machines/shell";
import { knownKey, sshCommand } from "../provider/machines/ssh";
import { Owner } from "../components/hosts/owner";
import type { SshLogin } from "../components/hosts/sshHost";
import { SecurityGroups } from "../components/network/securityGroups";
import { Vpc } from "../components/network/vpc";
import { type DaemonNames, daemonNames } from "../components/storm/daemonNames";
import { edges } from "../components/storm/edges";
import { ambassadorsOf, type StackSettings } from "../settings";
import type { AwsSettings } from "../settings/aws";
import { awsProvider } from "./awsProvider";
import { existingResources } from "./existing";
import { sshLogin } from "./sshLogin";
import type { Target } from "./target";

type Kind = keyof DaemonNames;

/** Kinds that others are told the address of: it stays when the instance is replaced. */
const keepAddress: Kind[] = ["zookeeper", "nimbus", "drpc"];
/** Kinds whose data outlives the instance. */
const keepData: Kind[] = ["zookeeper", "nimbus"];

/** What an update cannot do without and a preview can: a pull request from a fork has none of them. */
const placeholders = { ami: "ami-00000000000000000", publicKey: `ssh-ed25519 ${"A".repeat(68)}`, ssh: ["192.0.2.0/32"] };

/**
 * The target `aws`: an EC2 instance for each daemon, on a network of the stack's own or on one that is there.
 *
 * Instances that keep their address are replaced one after the other, each after the daemon on the one before is ready
 * again; when the cluster is made, all start at once.
 */
export async function awsHosts(settings: StackSettings, clusterName: string): Promise<Target> {
    const { ssh, startEmpty, registryMirror, uiPort } = settings;
    const { ami, publicKey, sshFrom } = required(settings.aws);
    const { from, instanceTypes, protect, private: isPrivate } = settings.aws;
    const login = sshLogin(settings, clusterName);
    const existing = await existingResources();
    const tags = { "storm:cluster": clusterName };
    const provider = awsProvider("aws");
    const onAws = { providers: { aws: provider } };

    const network = networkOf(settings.aws, tags, onAws);
    const hasBastion = isPrivate && !settings.aws.vpc && !ssh.bastion;
    const all = Object.entries(daemonNames(settings)) as [Kind, string[]][];
    const names = all.filter(([, daemons]) => daemons.length > 0);
    const kinds = names.map(([kind]) => kind);
    const groups = new SecurityGroups(
        "firewall",
        {
            vpcId: network.id,
            kinds: [...kinds, ...(hasBastion ? ["bastion"] : [])],
            edges: [
                ...edges({ slots: settings.slots, uiPort, ambassadors: ambassadorsOf(settings) }),
                ...kinds.map((to) => ({ from: hasBastion ? "bastion" : "ssh", to, ports: [22, 22] as const, purpose: "SSH" })),
                { from: "ssh", to: "bastion", ports: [22, 22], purpose: "SSH" },
            ],
            outsiders: { ssh: sshFrom, browser: from.ui, client: from.clients },
            tags,
        },
        onAws,
    );
    const profile = new InstanceProfile("profile", { tags }, onAws);
    const keyPair = new aws.ec2.KeyPair("key", { keyName: clusterName, publicKey, tags }, { provider, deleteBeforeReplace: true });
    const common: Ec2Common = {
        ami,
        user: ssh.user ?? "ec2-user",
        seconds: ssh.seconds ?? 300,
        // By its name alone: another public key is for machines to come, and replaces none.
        keyName: clusterName,
        keyPair,
        instanceProfile: profile.profileName,
        rootGibibytes: settings.aws.rootGibibytes,
        protect,
        tags,
    };
    const bastion = hasBastion
        ? new Ec2Instance(
              "bastion",
              {
                  ...common,
                  host: "bastion",
                  instanceType: instanceTypes.bastion,
                  subnetId: network.subnetOf(0, "public"),
                  securityGroupIds: [groups.ids.bastion as pulumi.Output<string>],
                  isPublic: true,
                  keepsAddress: true,
                  login,
              },
              onAws,
          )
        : undefined;
    const through: SshLogin = {
        ...login,
        bastion: bastion
            ? pulumi.all([bastion.endpoint, bastion.hostKey]).apply(([endpoint, hostKey]) => ({ ...endpoint, hostKey }))
            : ssh.bastion,
    };

    const { key: owner } = new Owner("owner");
    const hosts: Record<string, Ec2Host> = {};
    let previous: Ec2Host | undefined;
    for (const [kind, daemons] of names) {
        for (const [index, daemon] of daemons.entries()) {
            const keepsAddress = keepAddress.includes(kind);
            const host = new Ec2Host(
                `host-${daemon}`,
                {
                    ...common,
                    tags: { ...tags, "storm:daemon": daemon },
                    host: daemon,
                    owner,
                    instanceType: instanceTypes[kind],
                    subnetId: network.subnetOf(index, isPrivate ? "private" : "public"),
                    zone: network.zoneOf(index),
                    securityGroupIds: [groups.ids[kind] as pulumi.Output<string>],
                    isPublic: !isPrivate,
                    keepsAddress,
                    dataGibibytes: keepData.includes(kind) ? settings.aws.dataGibibytes : undefined,
                    mayStartEmpty: startEmpty.includes(daemon),
                    registryMirror: registryMirror || undefined,
                    login: through,
                    after: keepsAddress && existing.has(`host-${daemon}-instance`) ? previous : undefined,
                },
                onAws,
            );
            hosts[daemon] = host;
            previous = keepsAddress ? host : previous;
        }
    }

    const described = Object.entries(hosts).map(([daemon, { address, ssh: words }]) => [
        daemon,
        pulumi.all([address, words]).apply(([at, command]) => ({ address: at, daemons: [daemon], ssh: commandLine(command) })),
    ]);
    const { ui } = hosts;
    return {
        hosts,
        dns: () => new PrivateZone("dns", { clusterName, vpcId: network.id, region: regionOf(network.zoneOf(0)), daemons: hosts, tags }, onAws).discovery,
        ambassadors: () => ({ machines: machinesOf(hosts), registry: registryHosts(hosts) }),
        outputs: {
            ...(ui && {
                ...(from.ui.length > 0 && { uiUrl: pulumi.interpolate`http://${ui.endpoint.address}:${uiPort}` }),
                uiTunnel: pulumi
                    .all([ui.ssh, ui.address])
                    .apply(([words, address]) => commandLine([...words, "-N", "-L", `${uiPort}:${address}:${uiPort}`])),
            }),
            ...(bastion && {
                bastion: pulumi
                    .all([bastion.endpoint, bastion.hostKey])
                    .apply(([endpoint, hostKey]) => commandLine(sshCommand(endpoint, { keyPath: login.keyPath }, knownKey(hostKey)))),
            }),
            hosts: Object.fromEntries(described) as Target["outputs"]["hosts"],
        },
        protect: (running) => {
            const advice = "To remove it: storm:aws.protect: false, `pulumi up`, and again.";
            const made = [...running, ...Object.values(hosts), groups, profile, keyPair];
            const dependsOn = [...made, ...(bastion ? [bastion] : []), ...(network.resource ? [network.resource] : [])];
            new Protection("protection", { isOn: protect, advice }, { dependsOn });
        },
    };
}

/** The region of an availability zone, which is named after it: `eu-central-1` of `eu-central-1a`. */
function regionOf(zone: string): string {
    return /^[a-z]+(-[a-z]+)+-\d+/.exec(zone)?.[0] ?? zone;
}

/** A network, as hosts see it: they are spread over its zones. */
interface Network {
    id: pulumi.Input<string>;
    /** Absent where it was there before. */
    resource?: pulumi.Resource;
    zoneOf(index: number): string;
    subnetOf(index: number, kind: "public" | "private"): pulumi.Input<string>;
}

function networkOf(
    { vpc, zones, cidr, private: isPrivate }: AwsSettings,
    tags: Record<string, string>,
    opts: pulumi.ComponentResourceOptions,
): Network {
    // A map has no order that everybody keeps.
    const places = vpc ? Object.keys(vpc.subnets).sort() : zones;
    const zoneOf = (index: number) => places[index % places.length] as string;
    if (vpc) {
        return { id: vpc.id, zoneOf, subnetOf: (index) => vpc.subnets[zoneOf(index)] as string };
    }
    const own = new Vpc("network", { cidr, zones, isPrivate, tags }, opts);
    const subnetOf = (index: number, kind: "public" | "private") => own[`${kind}Subnets`][zoneOf(index)] as pulumi.Output<string>;
    return { id: own.id, resource: own, zoneOf, subnetOf };
}

/**
 * What nobody but the user knows.
 * @throws pulumi.RunError in an update that lacks some of it; a preview says so, and does without.
 */
function required({ ami, publicKey, from }: AwsSettings): { ami: string; publicKey: string; sshFrom: string[] } {
    const missing = [
        ...(ami ? [] : ["  storm:aws.ami is not set: `make ami` looks up the newest image of Amazon Linux 2023 in your region, and sets it"]),
        ...(publicKey ? [] : ["  storm:aws.publicKey is not set: the line in ~/.ssh/id_ed25519.pub, of the key that storm:ssh.keyFile names"]),
        ...(from.ssh.length > 0
            ? []
            : ["  storm:aws.from.ssh is not set, and nobody is let in: the subnets that Pulumi runs in, such as 203.0.113.7/32 for one address"]),
    ];
    if (missing.length > 0 && !pulumi.runtime.isDryRun()) {
        throw new pulumi.RunError(`The stack's settings lack what only you know:\n${missing.join("\n")}`);
    }
    if (missing.length > 0) {
        void pulumi.log.warn(`This preview does without what an update needs:\n${missing.join("\n")}`);
    }
    return {
        ami: ami ?? placeholders.ami,
        publicKey: publicKey ?? placeholders.publicKey,
        sshFrom: from.ssh.length > 0 ? from.ssh : placeholders.ssh,
    };
}
